"""The pool of instead.syscall.ru and nlbproject.com as they answer: short lists in the format of instead-games.ru.

The pool has the oldest games of the world, each in Russian and the first also in English, as one package. Neither site
takes in what happens after the first day.
"""

from collections.abc import Iterable
from hashlib import blake2b
from html import escape

from game_pipeline.demo.world import InsteadEntry

from .days import World, world_on
from .instead_site import file_name
from .reply import Reply, Target, html_page, robots
from .site import Site

_IN_THE_POOL = 12
_NLB = {"/hub/services/nlbproject_games": 0, "/hub/services/community_games": 1}
_Row = tuple[InsteadEntry, str, str]  # entry, title, language


def _pool_rows() -> list[_Row]:
    oldest = sorted((entry for entry in world_on(1).instead if entry.approved), key=lambda entry: entry.id)[
        :_IN_THE_POOL
    ]
    rows = [(entry, entry.title, entry.lang) for entry in oldest]
    first = oldest[0]
    return [rows[0], (first, f"{first.name.title()} (translated)", "en"), *rows[1:]]


def _nlb_rows(part: int) -> list[_Row]:
    """Games of the sandbox, shared out between the two lists."""
    return [
        (entry, entry.title, entry.lang) for entry in world_on(1).instead if not entry.approved and entry.id % 2 == part
    ]


def _list(rows: Iterable[_Row], *, named: bool) -> Reply:
    """`named`: entries name the page at instead-games.ru that they are about."""
    games = "".join(
        f"\t<game>\n\t\t<name>{entry.name}</name>\n\t\t<title>{escape(title)}</title>\n"
        f"\t\t<version>{entry.version}</version>\n"
        f"\t\t<url>http://instead-games.ru/download/{file_name(entry)}</url>\n\t\t<size>{entry.size}</size>\n"
        f"\t\t<lang>{language}</lang>\n"
        + (f"\t\t<descurl>http://instead-games.ru/game.php?ID={entry.id}</descurl>\n" if named else "")
        + "\t</game>\n\n"
        for entry, title, language in rows
    )
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<game_list version="1.0">\n{games}</game_list>\n'.encode()
    tag = blake2b(body, digest_size=12).hexdigest()
    return Reply(body=body, content_type="text/xml", headers=(("ETag", f'"{tag}"'),))


def _pool(world: World, target: Target) -> Reply:
    if target.path == "/robots.txt":
        return robots()
    if target.path == "/pool/game_list.xml":
        return _list(_pool_rows(), named=True)
    return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)


def _nlb(world: World, target: Target) -> Reply:
    if target.path == "/robots.txt":
        return robots()
    if target.path in _NLB:
        return _list(_nlb_rows(_NLB[target.path]), named=False)
    return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)


def _identities(rows: Iterable[_Row]) -> list[str]:
    return [f"{entry.name}-{language}" for entry, _, language in rows]


POOL = Site(
    "instead_pool",
    ("instead.syscall.ru", "www.instead.syscall.ru"),
    _pool,
    holds=lambda world: _identities(_pool_rows()),
)
NLB = Site(
    "nlbproject",
    ("nlbproject.com", "www.nlbproject.com"),
    _nlb,
    holds=lambda world: _identities([*_nlb_rows(0), *_nlb_rows(1)]),
)
