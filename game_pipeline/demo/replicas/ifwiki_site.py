"""ifwiki.ru as it answers: its API, raw pages and pages for people."""

from html import escape
from urllib.parse import unquote

from .days import World
from .events import IFWIKI
from .ifwiki_pages import SUBCATEGORIES, articles_on, pages_on, recent_changes
from .mediawiki_api import Wiki, api, normal_title
from .noise import advertisement, token
from .reply import Reply, Target, html_page, robots
from .site import Site

_FRONT_PAGE = "Интерактивная литература"


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    if target.path == "/api.php":
        return api(wiki_on(world), world, target.query)
    if target.path == "/robots.txt":
        return robots("/special/")
    title = unquote(target.path.lstrip("/"))
    if target.path in ("/", "/index.php"):
        by_id = [article for article in articles_on(world.day) if str(article.pageid) == target.query.get("curid")]
        title = by_id[0].title if by_id else target.query.get("title") or _FRONT_PAGE
    return _page(world, title, raw=target.query.get("action") == "raw")


def wiki_on(world: World) -> Wiki:
    """What the wiki holds."""
    return Wiki(
        home="https://ifwiki.ru/",
        lang="ru",
        category="Категория:Игры",
        articles=pages_on(world.day),
        changes=recent_changes(world),
        subcategories=SUBCATEGORIES,
    )


def _page(world: World, title: str, *, raw: bool) -> Reply:
    article = wiki_on(world).titled(normal_title(title))
    if article is None:
        return html_page("ifwiki", "<p>В этой вики нет страницы с таким названием.</p>", lang="ru", status=404)
    if raw:
        return Reply(body=article.text.encode(), content_type="text/x-wiki; charset=UTF-8")
    return html_page(
        f"{escape(article.title)} — ifwiki",
        f'<div class="sitenotice">{advertisement(world.day, article.pageid)}</div>\n<h1>{escape(article.title)}</h1>\n'
        f"<pre>{escape(article.text)}</pre>\n"
        f"<!-- Saved in parser cache with key wiki:{article.pageid}, {token(world.day, article.pageid)} -->",
        lang="ru",
    )


SITE = Site(IFWIKI, ("ifwiki.ru", "www.ifwiki.ru"), answer, lambda world: (str(entry.pageid) for entry in world.wiki))
