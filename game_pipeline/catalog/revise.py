"""What a game should say now, from its records and its human edits, and the events that make it so.

Pure but for reading: `plan` looks at the game as it stands and returns events; nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.merging import Conflict, Merged, MergePolicy, SourceClaims, merge
from game_pipeline.model import digest
from game_pipeline.sources.urls import identity_url
from game_pipeline.store import Event

from .fields import changed_fields, put_value, value_of
from .hearing import heard_version
from .ids import next_id
from .records import StoredRecord, match_keys
from .score import quality_score
from .standing import Standing

__all__ = ["Plan", "Wording", "member_entry", "plan", "revised"]

DEFAULT_PRIORITY = 1_000  # a source that nobody ranked speaks last


@dataclass(frozen=True, slots=True)
class Wording:
    """Why a game is planned anew, in the words of its history."""

    actor: str
    cause: str
    correlation_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The events that bring a game up to date (none: it is), and what changed in words."""

    events: tuple[Event, ...]
    status: str
    changed_fields: tuple[str, ...]
    merged: Merged


def plan(
    connection: Connection[DictRow],
    standing: Standing,
    records: Sequence[StoredRecord],
    wording: Wording,
    *,
    priorities: Mapping[str, int],
    policy: MergePolicy,
    proposing: bool = False,
) -> Plan:
    """Merge the records and edits of a game and say which events bring the catalogue there.

    Nothing changed: no events. Only the records moved on: one small event. `connection` gives out ids of conflicts.
    `proposing`: a game that is not in the catalogue yet does not enter it, but is proposed.
    """
    speaking = [record for record in records if not record.silent]
    withdrawn = not speaking and not standing.edits  # what a person has worked on is not withdrawn
    left = standing.members.keys() - {record.record_id for record in records}
    if withdrawn and standing.state is not None and not left:
        status = "withdrawn"
        merged = Merged(standing.state, standing.provenance, (), ())
    else:
        # Where none of a game's records is heard, it is told by them all the same if nothing else could tell it: a new
        # game, or one that still says what records said that have left.
        status = "proposed" if proposing and standing.status in (None, "proposed") else "active"
        status = "withdrawn" if withdrawn else status
        merged = merge([_claims(record, priorities) for record in speaking or records], standing.edits, policy)
        merged = _as_heard(merged, speaking)
    merged, unpinned = _pinned(merged, standing, wording, withdrawn=withdrawn)
    changed = changed_fields(standing.state, merged.state)
    members = [member_entry(record) for record in records]
    moved = {entry["record_id"]: (entry["version"], entry["live"], entry["heard"]) for entry in members}

    # A field that a person set, or gave back, without changing its value stands on another's word from now on.
    edited = {edit.field for edit in standing.edits}
    was_edited = {field for field, entry in standing.provenance.items() if entry["rule"] == "human_edit"}
    events = unpinned
    if changed or standing.status != status or (edited != was_edited and status != "withdrawn"):
        merged = replace(merged, provenance=_dated(merged, standing, changed))
        told = revised(standing, merged, records, wording, status=status, changed=changed, edited=sorted(edited))
        events = [*events, told]
    elif moved != dict(standing.members):
        events = [*events, _event(standing, "game.sources_updated", {"members": members}, wording)]
    events += [
        _event(standing, event_type, payload, wording)
        for event_type, payload in _conflict_news(connection, standing, merged.conflicts)
    ]
    return Plan(tuple(events), status, tuple(changed), merged)


def revised(
    standing: Standing,
    merged: Merged,
    records: Sequence[StoredRecord],
    wording: Wording,
    *,
    status: str,
    changed: Sequence[str],
    edited: Sequence[str],
    merged_into: int | None = None,
) -> Event:
    """The game's next revision."""
    payload = {
        "revision": standing.revision + 1,
        "status": status,
        "merged_into": merged_into,
        "state": merged.state,
        "provenance": merged.provenance,
        "changed_fields": list(changed),
        "cause": wording.cause,
        "reason": wording.reason,
        "index": _index(merged, records),
        "members": [member_entry(record) for record in records],
        "edited": list(edited),
        "quality_score": quality_score(merged.state, merged.provenance, len(merged.conflicts)),
        "import_metadata": _import_metadata(records, wording),
    }
    return _event(standing, "game.revised" if standing.revision else "game.created", payload, wording)


def _event(standing: Standing, event_type: str, payload: dict[str, Any], wording: Wording) -> Event:
    return Event(
        stream=f"game:{standing.game_id}",
        event_type=event_type,
        payload=payload,
        actor=wording.actor,
        correlation_id=wording.correlation_id,
        game_id=standing.game_id,
    )


def _claims(record: StoredRecord, priorities: Mapping[str, int]) -> SourceClaims:
    return SourceClaims(
        source=record.source,
        priority=priorities.get(record.source, DEFAULT_PRIORITY),
        record_id=record.record_id,
        version=record.version,
        record=record.record,
        live=record.live,
        mute=record.mute,
    )


def member_entry(record: StoredRecord) -> dict[str, Any]:
    """A record as a member of a game, with the keys that it is found by."""
    return {
        "record_id": record.record_id,
        "source": record.source,
        "identity": record.identity,
        "version": record.version,
        "live": record.live,
        "heard": dict(record.heard) if record.heard else None,
        "keys": match_keys(record.record),
    }


def _import_metadata(records: Sequence[StoredRecord], wording: Wording) -> dict[str, Any]:
    """What a revision was made of: the run, and of each source its records and the newest parser that read them."""
    parsers: dict[str, int] = {}
    for record in records:
        parsers[record.source] = max(record.record.parser_version, parsers.get(record.source, 0))
    return {
        "run": wording.correlation_id,
        "records": len(records),
        "listed": sum(record.live for record in records),
        "held": sum(record.heard is not None for record in records),
        "parsers": parsers,
    }


# Provenance ---------------------------------------------------------------------------------------------------------


def _as_heard(merged: Merged, records: Sequence[StoredRecord]) -> Merged:
    """The versions that were truly heard, where older words of a record stand."""
    heard = {record.record_id: record.heard for record in records if record.heard}
    if not heard:
        return merged

    def ref(field: str, source: dict[str, Any]) -> dict[str, Any]:
        parts = heard.get(source["record"])
        return source | {"version": heard_version(parts, field)} if parts else source

    provenance = {
        field: entry | {"sources": [ref(field, source) for source in entry["sources"]]} if "sources" in entry else entry
        for field, entry in merged.provenance.items()
    }
    return replace(merged, provenance=provenance)


def _pinned(merged: Merged, standing: Standing, wording: Wording, *, withdrawn: bool) -> tuple[Merged, list[Event]]:
    """Values of an older revision over those that were taken back; a pin ends where the sources say something new.

    About a game that is withdrawn they say nothing.
    """
    state, provenance = merged.state, dict(merged.provenance)
    over: list[Event] = []
    edited = {edit.field for edit in standing.edits}
    for field, pin in sorted(standing.pins.items()):
        if field in edited:
            continue
        if not withdrawn and digest(value_of(state, field)) != pin.rejected:
            over.append(_event(standing, "game.unpinned", {"pin_id": pin.pin_id, "field": field}, wording))
            continue
        state = put_value(state, field, pin.value)
        provenance.pop(field, None)
        if pin.provenance is not None:
            provenance[field] = pin.provenance | {"rolled_back_to": pin.revision}
    return replace(merged, state=state, provenance=provenance), over


def _dated(merged: Merged, standing: Standing, changed: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Each field's provenance with the revision in which its value came to stand."""

    def since(field: str) -> int:
        before = standing.provenance.get(field, {}).get("revision")
        return standing.revision + 1 if field in changed or before is None else before

    return {field: entry | {"revision": since(field)} for field, entry in merged.provenance.items()}


# Search tables ------------------------------------------------------------------------------------------------------


def _index(merged: Merged, records: Sequence[StoredRecord]) -> dict[str, list[dict[str, Any]]]:
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
    sure: dict[str, float] = {}
    for record in records:
        sure[record.source] = max(record.score, sure.get(record.source, 0.0))
    rows["urls"] = [
        row
        | {
            "hash": digest(identity_url(row["url"])),
            "by_human": by_human,
            # A link is as surely the game's as the record that gives it.
            "confidence": max((sure.get(source, 1.0) for source in row["source"].split()), default=1.0),
        }
        for row in rows["urls"]
    ]
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


# Conflicts ----------------------------------------------------------------------------------------------------------


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
            news.append(
                (
                    "conflict.detected",
                    {
                        "conflict_id": next_id(connection, "data_conflict"),
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
