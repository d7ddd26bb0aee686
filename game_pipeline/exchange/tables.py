"""What an export says of a game: one JSON document, or rows of flat tables. Pure; files are made in `export`.

Columns and keys are a contract (docs/export.md): they may be added, with a new `SCHEMA_VERSION`, never renamed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["SCHEMA_VERSION", "TABLES", "Cell", "Column", "ColumnType", "Table", "game_document"]

SCHEMA_VERSION = 1

ColumnType = Literal["integer", "text", "texts", "flag", "number", "moment"]
Cell = int | str | list[str] | bool | float | dt.datetime | None
Game = Mapping[str, Any]
"""A row of the export's query: the game's own columns, its `sources` and its standing `edits`."""


@dataclass(frozen=True, slots=True)
class Column:
    """`texts` is a list of short texts. Of the others, None is what is not known."""

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Table:
    """A file of the flat formats: its columns and the rows that a game has in it, in the columns' order."""

    name: str
    columns: tuple[Column, ...]
    rows: Callable[[Game], Iterator[tuple[Cell, ...]]]


def game_document(game: Game) -> dict[str, Any]:
    """The game as one document: the canonical record's fields, then where they come from and how they stand."""
    state, provenance = game["state"], {name: dict(entry) for name, entry in game["provenance"].items()}
    for lang, description in state["descriptions"].items():
        # How a text was put together says where it comes from: beside the rule, not in the text.
        made = {key: value for key, value in description.items() if key != "text"}
        provenance[f"descriptions.{lang}"] = provenance.get(f"descriptions.{lang}", {}) | made
    return {
        "id": game["game_id"],
        "revision": game["revision"],
        "kind": state["kind"],
        "title": state["title"],
        "alt_titles": state["alt_titles"],
        "descriptions": [
            {"lang": _lang(lang), "text": description["text"]} for lang, description in state["descriptions"].items()
        ],
        "release_date": state["release_date"],
        "credits": state["credits"],
        "tags": state["tags"],
        "urls": state["urls"],
        "external_ids": state["external_ids"],
        "edited": {
            edit["field"]: {
                "at": _moment(edit["edited_at"]).isoformat(),
                "by": edit["author"],
                "reason": edit["reason"],
            }
            for edit in game["edits"]
        },
        "provenance": provenance,
        "sources": game["sources"],
        "quality_score": game["quality_score"],
        "needs_human_review": game["needs_human_review"],
        "human_edited_fields": game["human_edited_fields"],
        "last_ai_review": game["last_ai_review"] and game["last_ai_review"].isoformat(),
        "created_at": game["created_at"].isoformat(),
        "updated_at": game["updated_at"].isoformat(),
    }


def _lang(lang: str) -> str | None:
    return None if lang == "und" else lang


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def _says(game: Game, field: str) -> list[str]:
    """Who says a field: sources, or `human`."""
    entry = game["provenance"].get(field, {})
    if entry.get("rule") == "human_edit":
        return ["human"]
    return list(dict.fromkeys(by["source"] for by in entry.get("sources", ())))


def _items(game: Game, field: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The items of a list with who says each."""
    items, each = game["state"][field], game["provenance"].get(field, {}).get("values")
    for place, item in enumerate(items):
        yield item, list(each[place]) if each and len(each) == len(items) else _says(game, field)


def _games(game: Game) -> Iterator[tuple[Cell, ...]]:
    state = game["state"]
    yield (
        game["game_id"],
        game["revision"],
        state["title"],
        state["kind"],
        state["release_date"],
        list(dict.fromkeys(by["source"] for by in game["sources"])),
        game["quality_score"],
        game["needs_human_review"],
        game["human_edited_fields"],
        game["last_ai_review"],
        game["created_at"],
        game["updated_at"],
    )


def _titles(game: Game) -> Iterator[tuple[Cell, ...]]:
    yield game["game_id"], game["state"]["title"], None, True, _says(game, "title")
    for item, sources in _items(game, "alt_titles"):
        yield game["game_id"], item["title"], item["lang"], False, sources


def _descriptions(game: Game) -> Iterator[tuple[Cell, ...]]:
    for lang, description in game["state"]["descriptions"].items():
        sources = _says(game, f"descriptions.{lang}")
        text, method, confidence = (description.get(key) for key in ("text", "method", "confidence"))
        yield game["game_id"], _lang(lang), text, method, confidence, sources


def _credits(game: Game) -> Iterator[tuple[Cell, ...]]:
    for position, (item, sources) in enumerate(_items(game, "credits")):
        yield game["game_id"], position, item["name"], item["role"], item["url"], sources


def _tags(game: Game) -> Iterator[tuple[Cell, ...]]:
    for item, sources in _items(game, "tags"):
        yield game["game_id"], item["kind"], item["value"], sources


def _urls(game: Game) -> Iterator[tuple[Cell, ...]]:
    for item, sources in _items(game, "urls"):
        yield game["game_id"], item["url"], item["kind"], item["label"], sources


def _external_ids(game: Game) -> Iterator[tuple[Cell, ...]]:
    for item, sources in _items(game, "external_ids"):
        yield game["game_id"], item["scheme"], item["value"], sources


def _records(game: Game) -> Iterator[tuple[Cell, ...]]:
    for by in game["sources"]:
        yield game["game_id"], by["record"], by["source"], by["identity"], by["url"], by["version"], by["live"]


def _edits(game: Game) -> Iterator[tuple[Cell, ...]]:
    for edit in game["edits"]:
        yield game["game_id"], edit["field"], edit["author"], _moment(edit["edited_at"]), edit["reason"]


_ID = Column("game_id", "integer")
_SOURCES = Column("sources", "texts")

TABLES: tuple[Table, ...] = (
    Table(
        "games",
        (
            _ID,
            Column("revision", "integer"),
            Column("title", "text"),
            Column("kind", "text"),
            Column("release_date", "text"),
            _SOURCES,
            Column("quality_score", "number"),
            Column("needs_human_review", "flag"),
            Column("human_edited_fields", "texts"),
            Column("last_ai_review", "moment"),
            Column("created_at", "moment"),
            Column("updated_at", "moment"),
        ),
        _games,
    ),
    Table("titles", (_ID, Column("title", "text"), Column("lang", "text"), Column("main", "flag"), _SOURCES), _titles),
    Table(
        "descriptions",
        (
            _ID,
            Column("lang", "text"),
            Column("text", "text"),
            Column("method", "text"),
            Column("confidence", "number"),
            _SOURCES,
        ),
        _descriptions,
    ),
    Table(
        "credits",
        (
            _ID,
            Column("position", "integer"),
            Column("name", "text"),
            Column("role", "text"),
            Column("url", "text"),
            _SOURCES,
        ),
        _credits,
    ),
    Table("tags", (_ID, Column("kind", "text"), Column("value", "text"), _SOURCES), _tags),
    Table("urls", (_ID, Column("url", "text"), Column("kind", "text"), Column("label", "text"), _SOURCES), _urls),
    Table("external_ids", (_ID, Column("scheme", "text"), Column("value", "text"), _SOURCES), _external_ids),
    Table(
        "records",
        (
            _ID,
            Column("record_id", "integer"),
            Column("source", "text"),
            Column("identity", "text"),
            Column("url", "text"),
            Column("version", "integer"),
            Column("live", "flag"),
        ),
        _records,
    ),
    Table(
        "edits",
        (
            _ID,
            Column("field", "text"),
            Column("author", "text"),
            Column("edited_at", "moment"),
            Column("reason", "text"),
        ),
        _edits,
    ),
)
