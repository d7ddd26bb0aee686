"""ifwiki.org as it answers: the API and pages for people. What its templates are is not known, so it has none.

Its pages are those of the world's English games that more than a few people have rated on IFDB.
"""

import datetime as dt
from html import escape
from urllib.parse import unquote

from game_pipeline.demo.world import IfdbEntry

from .days import World, date_of
from .mediawiki_api import Article, Row, Wiki, api, normal_title
from .noise import advertisement, roll
from .reply import Reply, Target, html_page, robots
from .site import Site

_CATEGORY = "Category:Games"
_WELL_KNOWN = 20  # ratings


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    wiki = wiki_on(world)
    if target.path == "/api.php":
        return api(wiki, world, target.query)
    if target.path == "/robots.txt":
        return robots()
    title = unquote(target.path.lstrip("/")) or "Main Page"
    if target.path == "/index.php":
        title = target.query.get("title", "Main Page")
    article = wiki.titled(normal_title(title))
    if article is None:
        return html_page("IFWiki", "<p>There is currently no text in this page.</p>", lang="en", status=404)
    return html_page(
        f"{escape(article.title)} - IFWiki",
        f"<div>{advertisement(world.day, article.pageid)}</div>\n<pre>{escape(article.text)}</pre>",
        lang="en",
    )


def wiki_on(world: World) -> Wiki:
    """What the wiki holds."""
    articles = [_article(world, entry) for entry in _games(world)]
    changes = sorted(map(_edit, articles), key=lambda row: (row.timestamp, row.rcid), reverse=True)
    return Wiki(home="https://www.ifwiki.org/", lang="en", category=_CATEGORY, articles=articles, changes=changes)


def _games(world: World) -> list[IfdbEntry]:
    titles: dict[str, IfdbEntry] = {}
    for entry in world.ifdb:
        if entry.language.startswith("en") and entry.ratings >= _WELL_KNOWN and "|" not in entry.title:
            titles.setdefault(normal_title(entry.title), entry)
    return list(titles.values())


def _article(world: World, entry: IfdbEntry) -> Article:
    edited = world.edited.get(entry.tuid, date_of(1) - dt.timedelta(days=roll(80, "edited", entry.tuid) + 1))
    links = "\n".join(f"* [{link.url} {link.title}]" for link in entry.links)
    year = f"\n[[Category:Works in {entry.published[:4]}]]" if entry.published else ""
    text = (
        f"'''{entry.title}''' is a game by [[{entry.author}]].\n\n{entry.description}\n\n== Links ==\n"
        f"* [https://ifdb.org/viewgame?id={entry.tuid} {entry.title} at IFDB]\n{links}\n\n"
        f"[[{_CATEGORY}]]\n[[Category:{entry.devsys} works]]{year}\n"
    )
    return Article(
        pageid=_pageid(entry.tuid),
        title=normal_title(entry.title),
        revid=_pageid(entry.tuid) * 10 + entry.pageversion,
        timestamp=f"{edited}T10:{roll(60, 'minute', entry.tuid):02}:00Z",
        text=text,
        is_game=True,
        redirects=tuple(f"IFID:{ifid}" for ifid in entry.ifids),
    )


def _edit(article: Article) -> Row:
    return Row(
        type="edit",
        ns=0,
        title=article.title,
        pageid=article.pageid,
        revid=article.revid,
        old_revid=article.revid - 1,
        rcid=article.revid * 2,
        timestamp=article.timestamp,
    )


def _pageid(tuid: str) -> int:
    return roll(20_000, "ifwiki.org", tuid) + 1


def _holds(world: World) -> list[str]:
    return [str(_pageid(entry.tuid)) for entry in _games(world)]


SITE = Site("ifwiki_org", ("ifwiki.org", "www.ifwiki.org"), answer, holds=_holds)
