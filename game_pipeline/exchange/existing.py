"""One game of an existing catalogue, and the check that makes it out of raw values.

How files spell those is in `reading_json`, `reading_csv` and `reading_export`.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from game_pipeline.model import Attribution, GameRecord, Language, Line, describe_errors
from game_pipeline.sources.links import classify

__all__ = ["CLAIMS", "ExistingEdit", "ExistingGame", "Problem", "RawGame", "did_you_mean", "read_game"]

CLAIMS = (
    "kind", "title", "alt_titles", "descriptions", "release_date", "credits", "tags", "urls", "external_ids",
)  # fmt: skip
_EXPECTED = {
    "id": "a text or a whole number",
    "kind": "game, edition, demo, dlc, soundtrack or other",
    "title": "a text",
    "alt_titles": '[{"title": "...", "lang": "en"}]',
    "descriptions": '[{"lang": "en", "text": "..."}], one a language',
    "release_date": "YYYY, YYYY-MM or YYYY-MM-DD",
    "credits": '[{"name": "...", "role": "author"}]',
    "tags": '[{"kind": "genre", "value": "..."}]',
    "urls": '[{"url": "https://...", "kind": "play_online"}]',
    "external_ids": '[{"scheme": "ifid", "value": "..."}]',
    "edited": '{"title": {"at": "2021-03-01", "by": "ann", "reason": "..."}} or {"title": "2021-03-01"}',
}
_NEVER_EMPTY = ("title", "kind")
_LANGUAGE: TypeAdapter[str] = TypeAdapter(Language)
_LINE: TypeAdapter[str] = TypeAdapter(Line)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line. `field` is a column, a key or, where the line as a whole is wrong, empty."""

    file: str
    line: int
    field: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", _shown(self.field, 40))
        object.__setattr__(self, "message", _shown(self.message, 400))

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{where}, {self.field}: {self.message}" if self.field else f"{where}: {self.message}"


def _shown(text: str, most: int) -> str:
    """One line that can be printed: half a surrogate pair cannot, and a file may hold anything."""
    text = " ".join(text[: most + 1].split()).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else f"{text[:most]}…"


@dataclass(frozen=True, slots=True)
class ExistingEdit:
    """A field that a person had set: `title`, `descriptions.en`... Who and why may not be known.

    Its value is the game's own; a field that has none was emptied by hand. A date without a time is its midnight, UTC.
    """

    field: str
    author: str | None
    edited_at: dt.datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class ExistingGame:
    """A game as the catalogue had it. `claims` is what it states and nothing else, as `GameRecord.build` takes it."""

    id: str
    claims: dict[str, Any]
    edits: tuple[ExistingEdit, ...]
    line: int


@dataclass(frozen=True, slots=True)
class RawGame:
    """A line as its file gives it: values in the canonical record's form, not checked yet.

    `edited` is field -> a date, or {"at", "by", "reason"}. `expected` says in the file's own way what a field takes;
    `names` are the file's own names of fields.
    """

    file: str
    line: int
    id: Any
    claims: Mapping[str, Any]
    edited: Any
    expected: Mapping[str, str]
    names: Mapping[str, str]


def did_you_mean(name: str, known: Collection[str]) -> str:
    """`; did you mean NAME?` for the known name most like it, else the list of all."""
    near = difflib.get_close_matches(name[:80], known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"


def read_game(raw: RawGame) -> ExistingGame | list[Problem]:
    """The game, or everything that is wrong with it."""
    problems: list[Problem] = []

    def wrong(field: str, message: str) -> None:
        expected = raw.expected.get(field) or _EXPECTED.get(field)
        name = raw.names.get(field, field)
        problems.append(Problem(raw.file, raw.line, name, f"{message}; expected {expected}" if expected else message))

    claims = {name: value for name, value in raw.claims.items() if value is not None}
    identity = str(raw.id) if isinstance(raw.id, int) and not isinstance(raw.id, bool) else raw.id
    if identity is None or identity == "":
        wrong("id", "missing")
        identity = "-"
    if claims.get("title") in (None, ""):
        wrong("title", "missing")
        claims["title"] = "-"
    _name_links(claims)
    record = None
    try:
        record = GameRecord(
            **claims,
            source="existing",
            identity=identity,
            url="https://existing.invalid/",
            attribution=Attribution(site="existing", licence="unknown"),
            parser_version=1,
        )
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            place = [str(part) for part in problem["loc"]] or ["descriptions"]
            field = "id" if place[0] == "identity" else place[0]
            told = problem["msg"].removeprefix("Value error, ").removeprefix("descriptions: ")
            wrong(field, f"{'.'.join(place[1:])}: {told}" if place[1:] else told)
    edits = _edits(raw, claims, wrong)
    if record is None or problems:
        return problems
    stated = record.model_dump(mode="json", include=set(CLAIMS) & claims.keys())
    return ExistingGame(
        record.identity,
        {name: stated[name] for name in CLAIMS if stated.get(name) not in (None, [])},
        edits,
        raw.line,
    )


def _name_links(claims: dict[str, Any]) -> None:
    """A link whose kind is not given has the kind that its address tells."""
    links = claims.get("urls")
    if isinstance(links, list):
        claims["urls"] = [
            link | {"kind": classify(link["url"])}
            if isinstance(link, dict) and link.get("kind") is None and isinstance(link.get("url"), str)
            else link
            for link in links
        ]


def _edits(raw: RawGame, claims: Mapping[str, Any], wrong: Callable[[str, str], None]) -> tuple[ExistingEdit, ...]:
    if raw.edited is None:
        return ()
    if not isinstance(raw.edited, dict):
        wrong("edited", f"is {type(raw.edited).__name__}")
        return ()
    edits = []
    for field, value in raw.edited.items():
        try:
            edits.append(_edit(field, value, claims))
        except ValueError as error:
            wrong("edited", f"{field}: {error}")
    return tuple(sorted(edits, key=lambda edit: edit.field))


def _edit(field: str, value: Any, claims: Mapping[str, Any]) -> ExistingEdit:
    name, _, lang = field.partition(".")
    if bool(lang) != (name == "descriptions") or name not in CLAIMS:
        raise ValueError(f"no such field{did_you_mean(field, (*CLAIMS, 'descriptions.en'))} (descriptions.LANG)")
    if lang:
        try:
            _LANGUAGE.validate_python(lang)
        except ValidationError as error:
            raise ValueError(describe_errors(error)) from None
    if name in _NEVER_EMPTY and claims.get(name) is None:
        raise ValueError("was edited and is missing; it cannot be empty")
    told = {"at": value} if isinstance(value, str) else value
    if not isinstance(told, dict):
        raise ValueError("is neither a date nor an object")
    for key in told:
        if key not in ("at", "by", "reason"):
            raise ValueError(f"unknown key {key!r}{did_you_mean(key, ('at', 'by', 'reason'))}")
    by, reason = (_words(key, told.get(key)) for key in ("by", "reason"))
    return ExistingEdit(field, by, _moment(told.get("at")), reason)


def _words(key: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")
    try:
        return _LINE.validate_python(value)
    except ValidationError as error:
        raise ValueError(f"{key}: {describe_errors(error)}") from None


def _moment(value: Any) -> dt.datetime:
    if not isinstance(value, str):
        raise ValueError("its date is missing")
    try:
        moment = dt.datetime.fromisoformat(value.strip())
        moment = moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"no date: {value[:40]!r}; write it like 2021-03-01 or 2021-03-01T14:30Z") from None
    # It would outrank whatever people do here until then. A day: clocks and zones differ.
    if moment > dt.datetime.now(dt.UTC) + dt.timedelta(days=1):
        raise ValueError(f"{value[:40]} has not come yet")
    return moment
