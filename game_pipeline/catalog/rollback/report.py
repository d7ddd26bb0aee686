"""What is taken back, and what that came to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

__all__ = ["GameChange", "PersonChange", "RollbackError", "RollbackReport", "Scope"]


class RollbackError(ValueError):
    """The rollback cannot be made; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which versions of records are taken back: those that fit all that is given. At least one must be."""

    source: str | None = None
    run_id: str | None = None
    parser_version: int | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: value.isoformat() if isinstance(value, dt.datetime) else value
            for name, value in given.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class GameChange:
    """What a rollback did to a game. `changes`: field, old, new; `edits`: later human edits that stand all the same."""

    game_id: int
    title: str
    revision: int
    status: str
    changes: tuple[dict[str, Any], ...]
    edits: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What a page about a person is heard to say otherwise. `changes`: field, old, new; where nothing of the page is
    heard any more, or nothing was before, that side of all of them is null."""

    person_id: int | None
    name: str
    source: str
    url: str
    changes: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class RollbackReport:
    """`records`: how many are heard otherwise; `moved_on`: how many have been changed again by their pages since."""

    rollback_id: int
    games: tuple[GameChange, ...]
    records: int
    moved_on: int
    people: tuple[PersonChange, ...] = ()
