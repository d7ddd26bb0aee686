"""What a game should say now, from its records and its human edits, and the events that make it so.

Pure but for reading: `plan` looks at the game as it stands and returns events; nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.merging import Conflict, HumanEdit, Merged, MergePolicy, SourceClaims, merge
from game_pipeline.model import digest
from game_pipeline.sources.urls import identity_url
from game_pipeline.store import Event

from .records import StoredRecord, match_keys

__all__ = ["Plan", "Standing", "member_entry", "plan", "read_standing"]

DEFAULT_PRIORITY = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """A game as it stands before the next revision. Revision 0: it does not exist yet."""

    game_id: int
    revision: int
    state: dict[str, Any] | None
    provenance: dict[str, Any]
    edits: tuple[HumanEdit, ...]
    previous: Mapping[int, Any]
    """Edit id -> what the sources said when the edit was made."""
    conflicts: Mapping[str, tuple[int, str]]
    """Field -> (id, hash of the sides) of each open conflict."""
    members: Mapping[int, tuple[int, bool]]
    """Record id -> (version, live) that the game's last revision was computed from."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The events that bring a game up to date (none: it is), and what changed in words."""

    events: tuple[Event, ...]
    changed_fields: tuple[str, ...]
    merged: Merged


def read_standing(connection: Connection[DictRow], game_id: int) -> Standing:
    """The game as it stands, edits and open conflicts included."""
    game = connection.execute(b"SELECT revision, state, provenance FROM game WHERE game_id = %s", (game_id,)).fetchone()
    edits = connection.execute(
        b"SELECT edit_id, field, value, previous, author, edited_at FROM human_edit "
        b"WHERE game_id = %s AND released_at IS NULL ORDER BY edit_id",
        (game_id,),
    ).fetchall()
    conflicts = connection.execute(
        b"SELECT conflict_id, field, sides_hash FROM data_conflict WHERE game_id = %s AND closed_at IS NULL", (game_id,)
    ).fetchall()
    members = connection.execute(
        b"SELECT record_id, record_version, live FROM game_import_state WHERE game_id = %s", (game_id,)
    ).fetchall()
    return Standing(
        game_id=game_id,
        revision=game["revision"] if game else 0,
        state=game["state"] if game else None,
        provenance=game["provenance"] if game else {},
        edits=tuple(
            HumanEdit(
                edit_id=row["edit_id"],
                field=row["field"],
                value=row["value"],
                author=row["author"],
                at=row["edited_at"],
            )
            for row in edits
        ),
        previous={row["edit_id"]: row["previous"] for row in edits},
        conflicts={row["field"]: (row["conflict_id"], row["sides_hash"]) for row in conflicts},
        members={row["record_id"]: (row["record_version"], row["live"]) for row in members},
    )


def plan(
    connection: Connection[DictRow],
    standing: Standing,
    records: Sequence[StoredRecord],
    *,
    priorities: Mapping[str, int],
    policy: MergePolicy,
    actor: str,
    correlation_id: str,
    cause: str,
    reason: str | None = None,
) -> Plan:
    """Merge the records and edits of a game and say which events bring the catalogue there.

    Nothing changed: no events. Only the records moved on: one small event. `connection` gives out ids of conflicts.
    """
    claims = [
        SourceClaims(
            source=record.source,
            priority=priorities.get(record.source, DEFAULT_PRIORITY),
            record_id=record.record_id,
            version=record.version,
            record=record.record,
            live=record.live,
        )
        for record in records
    ]
    merged = merge(claims, standing.edits, policy)
    changed = changed_fields(standing.state, merged.state)
    members = [member_entry(record) for record in records]
    moved = {record.record_id: (record.version, record.live) for record in records} != dict(standing.members)

    def event(event_type: str, payload: dict[str, Any]) -> Event:
        return Event(
            stream=f"game:{standing.game_id}",
            event_type=event_type,
            payload=payload,
            actor=actor,
            correlation_id=correlation_id,
            game_id=standing.game_id,
        )

    # A field that a person set, or gave back, without changing its value stands on another's word from now on.
    edited = {edit.field for edit in standing.edits}
    was_edited = {field for field, entry in standing.provenance.items() if entry["rule"] == "human_edit"}
    events: list[Event] = []
    if changed or edited != was_edited or standing.revision == 0:
        events.append(
            event(
                "game.revised" if standing.revision else "game.created",
                {
                    "revision": standing.revision + 1,
                    "state": merged.state,
                    "provenance": merged.provenance,
                    "changed_fields": changed,
                    "cause": cause,
                    "reason": reason,
                    "index": _index(merged),
                    "members": members,
                    "edited": sorted(edited),
                },
            )
        )
    elif moved:
        events.append(event("game.sources_updated", {"members": members}))
    for event_type, payload in _conflict_news(connection, standing, merged.conflicts):
        events.append(event(event_type, payload))
    return Plan(tuple(events), tuple(changed), merged)


def member_entry(record: StoredRecord) -> dict[str, Any]:
    """A record as a member of a game, with the keys that it is found by."""
    return {
        "record_id": record.record_id,
        "source": record.source,
        "identity": record.identity,
        "version": record.version,
        "live": record.live,
        "keys": match_keys(record.record),
    }


def changed_fields(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[str]:
    """Names of the fields whose value differs; descriptions are told apart by language."""
    before, after = _flat(old or {}), _flat(new)
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _flat(state: Mapping[str, Any]) -> dict[str, Any]:
    flat = {name: value for name, value in state.items() if name != "descriptions" and value not in (None, [], {})}
    for lang, description in state.get("descriptions", {}).items():
        flat[f"descriptions.{lang}"] = description
    return flat


def _index(merged: Merged) -> dict[str, list[dict[str, Any]]]:
    """The rows of the game's child tables, with the keys that other code computes, so that replay needs no code."""
    state = merged.state
    titles = [
        {"title": state["title"], "lang": None, "main": True},
        *({"title": alt["title"], "lang": alt["lang"], "main": False} for alt in state["alt_titles"]),
    ]
    rows: dict[str, list[dict[str, Any]]] = {"titles": titles}
    for field in ("urls", "credits", "tags", "external_ids"):
        origins = _origins(merged, field)
        rows[field] = [item | {"source": origin} for item, origin in zip(state[field], origins, strict=True)]
    by_human = merged.provenance.get("urls", {}).get("rule") == "human_edit"
    rows["urls"] = [row | {"hash": digest(identity_url(row["url"])), "by_human": by_human} for row in rows["urls"]]
    rows["credits"] = [row | {"position": position} for position, row in enumerate(rows["credits"])]
    return rows


def _origins(merged: Merged, field: str) -> list[str]:
    """Who says each item of a list: its sources, or `human`."""
    count = len(merged.state[field])
    entry = merged.provenance.get(field, {})
    if entry.get("rule") == "human_edit":
        return ["human"] * count
    if "values" in entry:
        return [" ".join(sources) for sources in entry["values"]]
    return [" ".join(dict.fromkeys(item["source"] for item in entry.get("sources", [])))] * count


def _conflict_news(
    connection: Connection[DictRow], standing: Standing, conflicts: Sequence[Conflict]
) -> list[tuple[str, dict[str, Any]]]:
    news: list[tuple[str, dict[str, Any]]] = []
    present: dict[str, Conflict] = {conflict.field: conflict for conflict in conflicts}
    for field, (conflict_id, sides_hash) in standing.conflicts.items():
        conflict = present.get(field)
        if conflict is None or _sides_hash(conflict) != sides_hash:
            news.append(("conflict.closed", {"conflict_id": conflict_id, "field": field}))
    for field, conflict in sorted(present.items()):
        known = standing.conflicts.get(field)
        sides_hash = _sides_hash(conflict)
        if known is None or known[1] != sides_hash:
            row = connection.execute(b"SELECT nextval('data_conflict_id_seq') AS id").fetchone()
            news.append(
                (
                    "conflict.detected",
                    {
                        "conflict_id": row["id"] if row else 0,
                        "field": field,
                        "sides": _sides(conflict),
                        "sides_hash": sides_hash,
                    },
                )
            )
    return news


def _sides(conflict: Conflict) -> list[dict[str, Any]]:
    return [{"value": side.value, "sources": [by.to_dict() for by in side.sources]} for side in conflict.sides]


def _sides_hash(conflict: Conflict) -> str:
    """The same values of the same records are the same conflict, whatever version they are from."""
    return digest([[side.value, sorted([by.source, by.record_id] for by in side.sources)] for side in conflict.sides])
