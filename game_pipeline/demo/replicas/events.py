"""What happened on the sites between the demo's first day and its second: data, each with a sentence for people.

A `site` is the name of a source, a `key` the identity of one of its games. The new games are told in the manner of
`demo.world`: titles, authors and years are facts, the descriptions were written for this project.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from game_pipeline.demo.world import GAMES, IfdbEntry, InsteadEntry, Link, WikiEntry

IFDB = "ifdb"
INSTEAD = "instead_games"
IFWIKI = "ifwiki_ru"
SITES = (INSTEAD, IFDB, IFWIKI)

FIRST_DAY = "2026-09-01"
SECOND_DAY = "2026-09-02"

EventKind = Literal["changed", "appeared", "vanished", "malformed", "failing", "down"]

MALFORMED_TUID = "op0uw1gn1tjqmjt7"  # Anchorhead
FAILING_TUID = "hsfc7fnl40k4a30q"  # Shade
EDITED_TUID = "g9k4sch3jd5twq1e"  # Кащей прячет смерть
WRONG_RELEASE_DATE = "2010"
TRUE_RELEASE_DATE = "2009"
VANISHED_INSTEAD_ID = 178  # Особняк: Ночь кошмаров
NEW_INSTEAD_ID = 298  # Другой Марс
NEW_TUID = "j49crlvd62mhwuzu"  # Aisle: as remembered, unconfirmed

_SPIDER_TUID = "2xyccw3pe0uovfad"
_SNIFFER_TUID = "uq18rw9gt8j58da"
_PHOTOPIA_TUID = "ju778uv5xaswnlpl"
_ZORK_PAGEID = 268


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a site (`key` empty) or to one game there.

    `changes` are the entry's new values by field name; `entry` is the whole entry of a game that appeared.
    """

    kind: EventKind
    site: str
    key: str = ""
    sentence: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    entry: InsteadEntry | IfdbEntry | None = None


def _on_ifdb(tuid: str) -> IfdbEntry:
    return next(game.ifdb for game in GAMES if game.ifdb and game.ifdb.tuid == tuid)


def _on_wiki(pageid: int) -> WikiEntry:
    return next(game.wiki for game in GAMES if game.wiki and game.wiki.pageid == pageid)


_SPIDER, _SNIFFER, _PHOTOPIA, _KOSCHEI = map(_on_ifdb, (_SPIDER_TUID, _SNIFFER_TUID, _PHOTOPIA_TUID, EDITED_TUID))
_ZORK = _on_wiki(_ZORK_PAGEID)

EVENTS_OF_DAY_2: tuple[Event, ...] = (
    Event(
        kind="changed",
        site=INSTEAD,
        key="297",
        sentence="«Волшебники и Камень» was uploaded to instead-games.ru again: version 0.06 instead of 0.05.",
        changes={"version": "0.06", "size": 4912377, "date": SECOND_DAY},
    ),
    Event(
        kind="changed",
        site=INSTEAD,
        key="90",
        sentence="«Материк» was uploaded to instead-games.ru again: version 2.4 instead of 2.3.",
        changes={"version": "2.4", "size": 14027915, "date": SECOND_DAY},
    ),
    Event(
        kind="appeared",
        site=INSTEAD,
        key=str(NEW_INSTEAD_ID),
        sentence="«Другой Марс» by Пётр Косых is new on instead-games.ru.",
        entry=InsteadEntry(
            id=NEW_INSTEAD_ID,
            name="anothermars",
            title="Другой Марс",
            author="Пётр Косых",
            version="1.5",
            size=17234335,
            date=SECOND_DAY,
            description=(
                "Научно-фантастическая история об экспедиции на Марс, которая сразу пошла не по плану. "
                "Герою предстоит понять, что происходит на планете и можно ли верить собственным глазам.\n\n"
                "Текст здесь важнее головоломок, а сцены сопровождаются картинками и музыкой."
            ),
        ),
    ),
    Event(
        kind="vanished",
        site=INSTEAD,
        key=str(VANISHED_INSTEAD_ID),
        sentence="«Особняк: Ночь кошмаров» is no longer listed on instead-games.ru, its only site.",
    ),
    Event(
        kind="changed",
        site=IFDB,
        key=_SPIDER_TUID,
        sentence="The description of “Spider and Web” on IFDB has one more paragraph.",
        changes={
            "description": (
                f"{_SPIDER.description}\n\n"
                "What you say under questioning is acted out as you type it, so every wrong answer is a wrong turn "
                "in the story as well."
            ),
            "pageversion": _SPIDER.pageversion + 1,
        },
    ),
    Event(
        kind="changed",
        site=IFDB,
        key=_SNIFFER_TUID,
        sentence="IFDB corrected the release date of “The Wizard Sniffer” from 2017 to 2017-10-01.",
        changes={"published": "2017-10-01", "pageversion": _SNIFFER.pageversion + 1},
    ),
    Event(
        kind="changed",
        site=IFDB,
        key=_PHOTOPIA_TUID,
        sentence="Readers of IFDB tagged “Photopia” with “dreams” and “science fiction”.",
        changes={
            "tags": (*_PHOTOPIA.tags, "dreams", "science fiction"),
            "pageversion": _PHOTOPIA.pageversion + 1,
        },
    ),
    Event(
        kind="changed",
        site=IFDB,
        key=EDITED_TUID,
        sentence="«Кащей прячет смерть» has the new tag “folklore” on IFDB, which still gives 2010 as its year.",
        changes={"tags": (*_KOSCHEI.tags, "folklore"), "pageversion": _KOSCHEI.pageversion + 1},
    ),
    Event(
        kind="appeared",
        site=IFDB,
        key=NEW_TUID,
        sentence="“Aisle” by Sam Barlow is new on IFDB.",
        entry=IfdbEntry(
            tuid=NEW_TUID,
            title="Aisle",
            author="Sam Barlow",
            published="1999",
            language="en",
            genre="Slice of life",
            devsys="Inform 6",
            description=(
                "A man stands in the pasta aisle of a supermarket, and you have a single command to give him. "
                "Whatever you type ends the story; the game lies in the many endings, which contradict each other "
                "& add up to a life."
            ),
            format="zcode",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/zcode/aisle.z5",
                    title="aisle.z5",
                    format="zcode",
                    is_game=True,
                ),
            ),
            tags=("multiple endings", "one-move", "supermarket"),
            pageversion=1,
            rating=None,
            ratings=0,
        ),
    ),
    Event(
        kind="malformed",
        site=IFDB,
        key=MALFORMED_TUID,
        sentence="IFDB's page of “Anchorhead” breaks off in the middle of the title.",
    ),
    Event(
        kind="failing",
        site=IFDB,
        key=FAILING_TUID,
        sentence="IFDB answers every request for “Shade” with an error.",
    ),
    Event(
        kind="down",
        site=IFWIKI,
        sentence="ifwiki.ru is out of order: it answers every request with an error.",
    ),
    Event(
        kind="changed",
        site=IFWIKI,
        key=str(_ZORK_PAGEID),
        sentence="The page of “Zork” on ifwiki.ru has a new link, seen once the wiki is back.",
        changes={
            "links": (
                *_ZORK.links,
                Link(
                    url=(
                        "https://iplayif.com/?story=https%3A%2F%2Feblong.com%2Finfocom%2Fgamefiles%2F"
                        "zork1-invclues-r52-s871125.z5"
                    ),
                    title="Играть в оригинал онлайн",
                ),
            ),
            "revid": 34012,
        },
    ),
)

CHANGED: tuple[tuple[str, str], ...] = tuple(
    (event.site, event.key) for event in EVENTS_OF_DAY_2 if event.kind == "changed"
)
"""Site and key of every page whose content is really another one."""
