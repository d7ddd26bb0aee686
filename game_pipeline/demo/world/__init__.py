"""The games the replica sites of `make demo` list: data only, no pages and no server.

Titles, authors and years are facts, as are ids but for the placeholders below; which site lists a game, its links,
genres, themes and tags are arranged for the demo, and in a few places the sites are made to disagree on purpose. Every
description was written for this project, in plain text with blank lines between paragraphs (`<`, `&` and quotes stand
for themselves: escaping is the replica's business).

Ids: INSTEAD ids, names, versions, sizes and dates are those of instead-games.ru. Wiki `pageid`/`revid`, IFDB
`pageversion`, ratings and rating counts are placeholders of the right shape. TUIDs are IFDB's own unless listed in
`PLACEHOLDER_TUIDS`. IFIDs are from memory, or placeholders if listed in `PLACEHOLDER_IFIDS`; most games carry none. A
wiki platform or author that is not known is empty.
"""

from game_pipeline.demo.world.english_classics import ENGLISH_CLASSICS
from game_pipeline.demo.world.english_modern import ENGLISH_MODERN
from game_pipeline.demo.world.entries import Game, IfdbEntry, InsteadEntry, Link, WikiEntry
from game_pipeline.demo.world.infocom import INFOCOM
from game_pipeline.demo.world.instead import INSTEAD
from game_pipeline.demo.world.instead_series import INSTEAD_SERIES
from game_pipeline.demo.world.russian import RUSSIAN
from game_pipeline.demo.world.sandbox import SANDBOX

GAMES: tuple[Game, ...] = (
    *INSTEAD,
    *INSTEAD_SERIES,
    *SANDBOX,
    *RUSSIAN,
    *INFOCOM,
    *ENGLISH_CLASSICS,
    *ENGLISH_MODERN,
)

PLACEHOLDER_TUIDS = frozenset(
    {
        "c3q8mt0v7kzj1xwd",  # Returning the Quantum Cat
        "m5a1nl4nd0tq7xw2",  # Mainland
        "l8ft3rq0pz6vy1ck",  # Лифтер
        "k7y4leth2w9rd0sb",  # Kayleth
        "b0cr4shd1ve8u5qn",  # Crash Dive!
        "n1ghtgu3st5xk0ap",  # A Night Guest
        "r0fr4nk1987wq6zt",  # Frankenstein (1987)
        "x2fr4nk2012jd9mv",  # Frankenstein (2012)
        "g9k4sch3jd5twq1e",  # Кащей прячет смерть
        "v7wth3r0m2qk5zla",  # A Change in the Weather
        "28uhmejlntcbccqm",  # Jigsaw: as remembered, unconfirmed
        "yzzm4puxyjakk8c4",  # Zork II: as remembered, unconfirmed
        "vrsot1zgy1wfcdru",  # Zork III: as remembered, unconfirmed
    }
)

PLACEHOLDER_IFIDS = frozenset(
    {
        "TADS2-5F0C3E8A91B74D26A0E7C4513B9D82F6",  # Кащей прячет смерть
        "TADS2-A71D40C65E2B4F389C06D8E1F2753BA4",  # A Night Guest
    }
)

__all__ = [
    "GAMES",
    "PLACEHOLDER_IFIDS",
    "PLACEHOLDER_TUIDS",
    "Game",
    "IfdbEntry",
    "InsteadEntry",
    "Link",
    "WikiEntry",
]
