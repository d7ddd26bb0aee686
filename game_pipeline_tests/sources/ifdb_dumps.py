"""A dump of a replica's IFDB, as mariadb-dump writes it: the tables that concern games, and some that do not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from game_pipeline.demo.replicas.days import World
from game_pipeline.demo.replicas.ifdb_pages import _markup, _modified, cover
from game_pipeline.demo.world import IfdbEntry

_GAMES = [
    "id",
    "title",
    "author",
    "authorExt",
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
_USERS = ["id", "name", "gender", "publicemail", "location", "profile", "picture", "created"]
# Name credited -> id and name of the member whom the site links to; ids and member names are made up.
MEMBERS = {
    "Marc Blank": ("b1ankb1ankb1ank0", "Marc Blank"),
    "Andrew Plotkin": ("p10tk1np10tk1np1", "a member of Plotkin's"),
    "fireton": ("f1ret0nf1ret0nf", "Fireton"),
}
HIDDEN = "h1ddenmemberh1d0"
_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\0": "\\0", "\x1a": "\\Z"}


def dump_of(
    world: World,
    *,
    rows_a_line: int = 3,
    lines: Mapping[str, str] | None = None,
    members: Mapping[str, str] | None = None,
) -> str:
    """The dump's text. `lines`: author lines with links, by TUID; `members`: their names by id. Without them, those of
    `MEMBERS` are linked wherever they are credited."""
    if lines is None or members is None:
        lines = {entry.tuid: _with_links(entry.author) for entry in world.ifdb}
        members = dict(MEMBERS.values())
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
    hidden = ("h1ddenh1ddenh1dd", "Hidden", "Nobody", f"Nobody {{{HIDDEN}}}", *[None] * 16, "2020-01-01 00:00:00", 1, 1)
    linked = [
        *((tuid, user, None) for tuid, line in lines.items() for user in re.findall(r"\{(\w+)\}", line)),
        ("h1ddenh1ddenh1dd", HIDDEN, None),
    ]
    users = [
        *itertools.starmap(_user, members.items()),
        _user(HIDDEN, "Of a hidden game"),
        _user("n0b0dyn0b0dyn0b0", "No author"),
    ]
    tables: list[tuple[str, Sequence[str], Iterable[Sequence[object]]]] = [
        ("clubs", ["clubid", "name"], [(1, "A 'club'; with\nodd (signs), and \\ more")]),
        ("filetypes", ["id", "externid", "fmtname"], [(n, name, name) for name, n in numbers.items()]),
        ("gamelinks", _LINKS, links),
        ("gameprofilelinks", ["gameid", "userid", "moddate"], linked),
        ("games", _GAMES, [*(_game(world, entry, lines.get(entry.tuid, "")) for entry in world.ifdb), hidden]),
        ("gametags", ["tag", "gameid", "userid"], [(tag, e.tuid, "u1") for e in world.ifdb for tag in e.tags]),
        ("ifids", ["ifid", "gameid"], [(ifid, entry.tuid) for entry in world.ifdb for ifid in entry.ifids]),
        ("users", _USERS, users),
    ]
    head = "/*M!999999\\- enable the sandbox mode */\n-- MariaDB dump 10.19  Distrib 10.11\n\n"
    return head + "".join(_table(name, columns, list(rows), rows_a_line) for name, columns, rows in tables)


def _game(world: World, entry: IfdbEntry, line: str) -> Sequence[object]:
    """The line with links is NULL where it has none, as on the site."""
    language = re.sub(r".*\(([^)]*)\)$", r"\1", entry.language)
    published = entry.published and (
        f"{entry.published}-01-01 00:00:00" if len(entry.published) == 4 else f"{entry.published} 12:00:00"
    )
    return (
        *(
            entry.tuid,
            entry.title,
            entry.author,
            line if "{" in line else None,
            entry.title.lower(),
            ",".join(entry.tags),
        ),
        *(published, None, None),
        *(entry.devsys, language, _markup(entry.description), cover(entry), None, None, entry.genre, None, None, None),
        *(None, f"{_modified(world, entry)} 10:00:00", entry.pageversion, 0),
    )


def _with_links(author: str) -> str:
    """The author line with the ids of members behind their names."""
    for name, (user, _) in MEMBERS.items():
        author = author.replace(name, f"{name} {{{user}}}")
    return author


def _user(user: str, name: str) -> Sequence[object]:
    picture = f"https://ifdb.org/showuser?pic&id={user}"
    profile = f"<b>{name}</b> writes &amp; tests.<br>Nights, mostly."
    return (user, name, "F", "never@example.org", "Nowhere", profile, picture, "2010-01-01 00:00:00")


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
