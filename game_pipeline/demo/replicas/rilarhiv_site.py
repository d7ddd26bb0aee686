"""rilarhiv.ru as it answers: static pages in Windows-1251, a row a game, written by hand over many years."""

import re
from hashlib import blake2b
from urllib.parse import quote

from game_pipeline.demo.world.shelves import ShelfEntry

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, robots
from .shelf import entries_of, markup, page_in_1251
from .site import Site

_NAME = "rilarhiv"
_HOST = "rilarhiv.ru"
_PAGES = re.findall(
    r"\w+", "rinform rtads urq qsp aeroqsp instead adrift milena 6days yaril tweebox tge2 tkr spectrum vneplatform"
)
_ELSEWHERE = "urq"  # the page of the games that are kept on other hosts
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
_LAST_MODIFIED = ("Last-Modified", "Sun, 06 Apr 2025 10:11:12 GMT")


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    path = target.path.lstrip("/")
    if path.removesuffix(".htm") in _PAGES and path.endswith(".htm"):
        return _static(_page(target, path.removesuffix(".htm")))
    if any(entry.key == path for entry in entries_of(_NAME)):
        return Reply(body=_EMPTY_ZIP, content_type="application/octet-stream")
    if path == "robots.txt":
        return robots()
    return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)


def _page(target: Target, name: str) -> Reply:
    menu = "".join(f'<p><b><a href="{page}.htm">{page.upper()}</a></b></p>\n' for page in _PAGES)
    mine = [entry for entry in entries_of(_NAME) if _page_of(entry) == name]
    row = _redesigned_row if "layout" in target.switches else _row
    rows = "\n".join(map(row, mine))
    body = f'<div id="bl-left">{menu}</div>\n<div id="bl-right">\n<H1>{name}</H1>\n{rows}\n</div>'
    return page_in_1251(f"РилАрхив: {name}", body)


def _page_of(entry: ShelfEntry) -> str:
    return _ELSEWHERE if entry.key.startswith("http") else entry.key.partition("/")[0]


def _row(entry: ShelfEntry) -> str:
    """Bold, in a paragraph; the tags are in capitals or not, and lines break inside of the link, as ever it came."""
    authors = " и ".join([", ".join(entry.authors[:-1]), entry.authors[-1]] if entry.authors[1:] else entry.authors)
    said = f'"{markup(entry.title)}"\n{markup(authors)}'
    if _page_of(entry) == "vneplatform":
        said = f'"{markup(entry.title)}"\n({markup(authors)}; {entry.platform}) '
    elif entry.year:
        said += f", {entry.year}{('', ' год', ' г.')[roll(3, 'year', entry.key)]}"
    if entry.text:
        said += f" /{markup(entry.text)}/"
    elsewhere = ' \nTARGET="_blank"' if entry.key.startswith("http") else ""
    size = "" if elsewhere else f"\n({entry.size} Кбайт)"
    online = ""
    if _page_of(entry) == "vneplatform":
        online = ' //\n<STRONG><a href="https://example.org/play/lift"\nTARGET="_blank">(играть онлайн)</a></STRONG>'
    return f'<P><b><a href="{entry.key}"{elsewhere}>{said}</a></b>{size}{online} </P>\n'


def _redesigned_row(entry: ShelfEntry) -> str:
    return f'<div class="game"><a href="{entry.key}">{markup(entry.title)}</a></div>'


def _static(page: Reply) -> Reply:
    tag = blake2b(page.body, digest_size=8).hexdigest()
    return Reply(body=page.body, content_type="text/html", headers=(("ETag", f'"{tag}"'), _LAST_MODIFIED))


SITE = Site(
    _NAME,
    (_HOST, f"www.{_HOST}"),
    answer,
    lambda world: (f"{_page_of(entry)}#{quote(entry.key, safe='')}" for entry in entries_of(_NAME)),
    redesigns=True,
)
