"""A dump of a replica's IFDB, as mariadb-dump writes it: the tables that concern games, and some that do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from game_pipeline.demo.replicas.days import World
from game_pipeline.demo.replicas.ifdb_pages import _markup, _modified, cover
from game_pipeline.demo.world import IfdbEntry

_GAMES = [
    "id",
    "title",
    "author",
    "sort_title",
    "tags",
    "published",
    "version",
    "license",
    "system",
    "language",
    "desc",
    "coverart",
    "seriesname",
    "seriesnumber",
    "genre",
    "forgiveness",
    "bafsid",
    "website",
    "downloadnotes",
    "moddate",
    "pagevsn",
    "flags",
]
_LINKS = [
    "gameid",
    "url",
    "title",
    "desc",
    "fmtid",
    "osid",
    "osvsn",
    "compression",
    "compressedprimary",
    "attrs",
    "displayorder",
]
_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\0": "\\0", "\x1a": "\\Z"}


def dump_of(world: World, *, rows_a_line: int = 3) -> str:
    """The dump's text."""
    formats = sorted({link.format for entry in world.ifdb for link in entry.links if link.format})
    numbers = {name: number for number, name in enumerate(formats, start=1)}
    links = [
        (
            *(entry.tuid, link.url, link.title, link.desc, numbers.get(link.format or "", 0), None, None, None, None),
            *(int(link.is_game), position),
        )
        for entry in world.ifdb
        for position, link in enumerate(entry.links)
    ]
    hidden = ("h1ddenh1ddenh1dd", "Hidden", "Nobody", *[None] * 16, "2020-01-01 00:00:00", 1, 1)
    tables: list[tuple[str, Sequence[str], Iterable[Sequence[object]]]] = [
        ("clubs", ["clubid", "name"], [(1, "A 'club'; with\nodd (signs), and \\ more")]),
        ("filetypes", ["id", "externid", "fmtname"], [(n, name, name) for name, n in numbers.items()]),
        ("gamelinks", _LINKS, links),
        ("games", _GAMES, [*(_game(world, entry) for entry in world.ifdb), hidden]),
        ("gametags", ["tag", "gameid", "userid"], [(tag, e.tuid, "u1") for e in world.ifdb for tag in e.tags]),
        ("ifids", ["ifid", "gameid"], [(ifid, entry.tuid) for entry in world.ifdb for ifid in entry.ifids]),
    ]
    head = "/*M!999999\\- enable the sandbox mode */\n-- MariaDB dump 10.19  Distrib 10.11\n\n"
    return head + "".join(_table(name, columns, list(rows), rows_a_line) for name, columns, rows in tables)


def _game(world: World, entry: IfdbEntry) -> Sequence[object]:
    language = re.sub(r".*\(([^)]*)\)$", r"\1", entry.language)
    published = entry.published and (
        f"{entry.published}-01-01 00:00:00" if len(entry.published) == 4 else f"{entry.published} 12:00:00"
    )
    return (
        *(entry.tuid, entry.title, entry.author, entry.title.lower(), ",".join(entry.tags), published, None, None),
        *(entry.devsys, language, _markup(entry.description), cover(entry), None, None, entry.genre, None, None, None),
        *(None, f"{_modified(world, entry)} 10:00:00", entry.pageversion, 0),
    )


def _table(name: str, columns: Sequence[str], rows: Sequence[Sequence[object]], rows_a_line: int) -> str:
    declared = ",\n".join(f"  `{column}` text DEFAULT NULL" for column in columns)
    text = (
        f"DROP TABLE IF EXISTS `{name}`;\n/*!40101 SET character_set_client = utf8mb4 */;\nCREATE TABLE `{name}` (\n"
        f"{declared},\n  PRIMARY KEY (`{columns[0]}`),\n  KEY `other` (`{columns[-1]}`)\n) ENGINE=InnoDB;\n\n"
        f"LOCK TABLES `{name}` WRITE;\n"
    )
    for start in range(0, len(rows), rows_a_line):
        values = ",\n".join(f"({','.join(map(_value, row))})" for row in rows[start : start + rows_a_line])
        text += f"INSERT INTO `{name}` VALUES\n{values};\n"
    return text + "UNLOCK TABLES;\n\n"


def _value(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return "'" + "".join(_ESCAPES.get(char, char) for char in str(value)) + "'"
