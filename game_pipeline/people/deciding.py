"""What people decide about people: these two are one; these names are somebody else's. A person's word stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow
from uuid_utils.compat import uuid7

from game_pipeline.store import Event, Store, append

from .reading import lock_people, next_person

__all__ = ["PersonError", "SplitPerson", "merge_people", "split_person"]


class PersonError(ValueError):
    """It cannot be done so; the message says why."""


@dataclass(frozen=True, slots=True)
class SplitPerson:
    """Who the names belong to now; `back`: to the person whose they were before a merge."""

    person_id: int
    back: bool


def merge_people(store: Store, kept: int, merged: int, *, reason: str, actor: str) -> int:
    """All names of person `merged` are person `kept`'s. Returns how many personas changed hands. Raises
    `PersonError`."""
    if kept == merged:
        raise PersonError(f"person {kept} is one person already")
    with store.transaction() as connection:
        lock_people(connection)
        _personas(connection, kept)
        moved = sorted(persona["key"] for persona in _personas(connection, merged))
        payload = {
            "merged": merged,
            "personas": moved,
            "rule": "person",
            "evidence": [{"kind": "person", "detail": f"{actor} said so"}],
            "reason": reason,
        }
        _append(connection, "person.merged", kept, payload, actor)
    return len(moved)


def split_person(store: Store, person_id: int, keys: Sequence[str], *, reason: str, actor: str) -> SplitPerson:
    """The personas (by key) are somebody else's, and no rule joins them to the rest again. Raises `PersonError`.

    Where all of them were one person before a merge, that person is there again.
    """
    with store.transaction() as connection:
        lock_people(connection)
        has = {persona["key"]: persona for persona in _personas(connection, person_id)}
        strangers = [key for key in keys if key not in has]
        if strangers or not keys:
            what = f"has no name {strangers[0]!r}" if strangers else "keeps all its names: say which are another's"
            raise PersonError(f"person {person_id} {what}; it has {', '.join(sorted(has))}")
        if len(set(keys)) == len(has):
            raise PersonError(f"these are all names of person {person_id}; at least one must stay")
        before = {has[key]["first_person_id"] for key in keys}
        back = len(before) == 1 and person_id not in before
        into = int(before.pop()) if back else next_person(connection)
        payload = {"into": into, "personas": sorted(set(keys)), "reason": reason}
        _append(connection, "person.split", person_id, payload, actor)
    return SplitPerson(into, back)


def _personas(connection: Connection[DictRow], person_id: int) -> list[dict[str, Any]]:
    found = connection.execute(
        b"SELECT key, first_person_id FROM persona WHERE person_id = %s ORDER BY key", (person_id,)
    ).fetchall()
    if found:
        return found
    row = connection.execute(b"SELECT merged_into FROM person WHERE person_id = %s", (person_id,)).fetchone()
    if row and row["merged_into"]:
        raise PersonError(f"person {person_id} is person {row['merged_into']} now")
    raise PersonError(f"no person {person_id}; look them up with: game-pipeline person list TEXT")


def _append(
    connection: Connection[DictRow], event_type: str, person_id: int, payload: dict[str, Any], actor: str
) -> None:
    event = Event(
        stream=f"person:{person_id}",
        event_type=event_type,
        payload={"person_id": person_id, **payload},
        actor=actor,
        correlation_id=f"command:{uuid7()}",
    )
    append(connection, [event])
