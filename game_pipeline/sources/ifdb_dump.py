"""IFDB's quarterly dump (`ifdb-archive.sql`, in a zip on the IF Archive): every game as the document of its page, and
every member whom a game's author line links to (`ifdb_profiles`).

Columns are read from the dump itself; what they mean, from the site's own code (viewgame-api.php, gameinfo.php,
util.php). What only the site computes (ratings, play times, where to play online) is not in a dump's page; the first
visit brings it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .ifdb_profiles import profile_documents
from .mysqldump import Row, Values, read_rows

__all__ = ["dump_games", "dump_profiles", "read_tables"]

_TABLES = ("filetypes", "gamelinks", "gameprofilelinks", "games", "gametags", "ifids", "users")
_IS_GAME, _PENDING = 1, 2  # bits of gamelinks.attrs
_HIDDEN = 1  # of games.flags
# How the site derives a story's format: from the system first, else from the first download that is a story file.
_FORMAT_OF_SYSTEM = {
    "TADS 2": "tads2",
    "TADS 3": "tads3",
    "Hugo": "hugo",
    "AGT": "agt",
    "Alan 2": "alan2",
    "Alan 3": "alan3",
    "ADRIFT": "adrift",
    "AdvSys": "advsys",
    "Level 9": "level9",
    "Magnetic Scrolls": "magscrolls",
}
_FORMAT_OF_FILE = {
    **{name: name for name in _FORMAT_OF_SYSTEM.values() if name not in ("level9", "magscrolls")},
    "zcode": "zcode",
    "blorb/zcode": "zcode",
    "glulx": "glulx",
    "blorb/glulx": "glulx",
    "executable": "executable",
}


Tables = Mapping[str, list[Values]]


def read_tables(lines: Iterable[str]) -> Tables:
    """What of the dump is read, by table. Raises `ParseError` for what is no such dump.

    Tables refer to each other in any order, so all are read before the first page is made: some 100 MB for the
    site's 16,000 games.
    """
    tables: dict[str, list[Values]] = defaultdict(list)
    for row in read_rows(lines, _TABLES):
        _keep(tables, row)
    return tables


def dump_games(tables: Tables) -> Iterator[tuple[str, bytes]]:
    """TUID and body of every game of the dump, in its order."""
    formats = {row["id"]: row.get("externid") or "" for row in tables["filetypes"]}
    links, ifids, tags = (_by_game(tables[name]) for name in ("gamelinks", "ifids", "gametags"))
    for game in tables["games"]:
        tuid = game.get("id") or ""
        document = _document(game, links.get(tuid, []), ifids.get(tuid, []), tags.get(tuid, []), formats)
        yield tuid, json.dumps(document, ensure_ascii=False, sort_keys=True).encode()


def dump_profiles(tables: Tables) -> Iterator[tuple[str, bytes]]:
    """Id and body of every member whom a listed game of the dump links to as an author."""
    return profile_documents(tables["games"], tables["gameprofilelinks"], tables["users"])


def _keep(tables: dict[str, list[Values]], row: Row) -> None:
    if row.table == "users":
        # The others of its columns are nobody's business.
        row = Row(row.table, {name: row.values.get(name) for name in ("id", "name", "profile", "picture")})
    if row.table == "games" and int(row.values.get("flags") or 0) & _HIDDEN:
        return
    if row.table == "gamelinks" and int(row.values.get("attrs") or 0) & _PENDING:
        return
    tables[row.table].append(row.values)


def _by_game(rows: Iterable[Values]) -> dict[str, list[Values]]:
    found: dict[str, list[Values]] = defaultdict(list)
    for row in rows:
        found[row.get("gameid") or ""].append(row)
    return found


def _document(
    game: Values, links: list[Values], ifids: list[Values], tags: list[Values], formats: dict[str | None, str]
) -> dict[str, Any]:
    """The game in the shape of the viewgame JSON."""
    ordered = sorted(links, key=lambda row: int(row.get("displayorder") or 0))
    downloads = [_link(row, formats) for row in ordered]
    system = game.get("system") or ""
    story = _FORMAT_OF_SYSTEM.get(system) or next(
        (found for link in downloads if (found := _FORMAT_OF_FILE.get(link.get("format", "")))), None
    )
    identification = {"ifids": [row["ifid"] for row in ifids], "bafn": game.get("bafsid"), "format": story}
    bibliographic = {
        "title": game.get("title"),
        "author": game.get("author"),
        "language": game.get("language"),
        "firstpublished": _published(game.get("published") or ""),
        "genre": game.get("genre"),
        "description": game.get("desc"),
        "series": game.get("seriesname"),
        "seriesnumber": game.get("seriesnumber"),
    }
    site: dict[str, Any] = {
        "tuid": game.get("id"),
        "pageversion": game.get("pagevsn"),
        "downloads": {"links": downloads} if downloads else {},
        "tags": [{"name": tag} for tag in dict.fromkeys(row["tag"] for row in tags)],
    }
    if game.get("coverart"):
        site["coverart"] = {"url": f"https://ifdb.org/coverart?id={game.get('id')}"}
    return {
        "colophon": {"originated": (game.get("moddate") or "")[:10]},
        "identification": _stated(identification),
        "bibliographic": _stated(bibliographic),
        "contacts": _stated({"url": game.get("website")}),
        "ifdb": site,
    }


def _link(row: Values, formats: dict[str | None, str]) -> dict[str, Any]:
    link: dict[str, Any] = {"url": row.get("url"), "title": row.get("title"), "desc": row.get("desc")}
    link["format"] = formats.get(row.get("fmtid"))
    link["compression"] = formats.get(row.get("compression"))
    link["compressedPrimary"] = row.get("compressedprimary")
    if int(row.get("attrs") or 0) & _IS_GAME:
        link["isGame"] = True
    return _stated(link)


def _published(date: str) -> str:
    """January 1 at midnight is how the site writes that only the year is known; a full date has a time."""
    return date[:4] if re.fullmatch(r"\d{4}-(?:01-01|00-00)(?: 00:00:00)?", date) else date[:10]


def _stated(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}
