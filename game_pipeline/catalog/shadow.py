"""Shadow mode: everything runs, but what the sources would change is proposed, and people alone change the catalogue.

What a person does in it must not let in by the way what is only proposed: records are heard as their games heard them
last, but for those that the act is about.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.model import GameRecord, digest
from game_pipeline.store import Event

from .fields import changed_fields
from .hearing import ALL, SILENT, compose, heard_version, resolve
from .records import StoredRecord, read_versions
from .revise import Plan, Wording, member_entry
from .standing import Standing

__all__ = ["PUBLISHING", "as_heard_last", "proposed_instead", "settled", "with_proposal"]

PUBLISHING = frozenset({"imported", "merge", "split"})
"""Causes that make a game one of the catalogue, although only sources knew it before."""

_REVISIONS = ("game.created", "game.revised")
_NAMED = (
    "title", "kind", "url", "alt_titles", "descriptions", "release_date", "credits", "tags", "urls", "external_ids",
)  # fmt: skip


# What a person's act hears -------------------------------------------------------------------------------------------


def as_heard_last(
    connection: Connection[DictRow],
    records: Sequence[StoredRecord],
    *,
    newly: Collection[int] = (),
    about: str | None = None,
    only_newly: bool = False,
) -> list[StoredRecord]:
    """The records as their games heard them last; one that no game has heard yet stays as it is.

    `newly`: ids of records that the act is about, which are heard as they are now; `only_newly`: and no other.
    `about`: a field that the act gives back to the sources, about which all are heard as they are now.
    """
    last = {
        row["record_id"]: row["heard"] or {ALL: row["record_version"]}
        for row in connection.execute(
            b"SELECT record_id, record_version, heard FROM game_member WHERE record_id = ANY(%s)",
            ([record.record_id for record in records],),
        )
    }
    wanted: dict[int, Mapping[str, int]] = {}
    for record in records:
        if record.record_id not in newly and only_newly:
            wanted[record.record_id] = SILENT
        elif record.record_id not in newly and record.record_id in last:
            wanted[record.record_id] = _parts(record, last[record.record_id], about)
    documents = read_versions(connection, wanted)
    return [
        _heard_so(record, wanted[record.record_id], documents)
        if wanted.get(record.record_id, record.versions) != record.versions
        else record
        for record in records
    ]


def _parts(record: StoredRecord, last: Mapping[str, int], about: str | None) -> Mapping[str, int]:
    # What a person took back stays so.
    parts = {**({} if ALL in record.taken else last), **record.taken}
    if about is not None and not record.silent:
        if parts[ALL] == 0:
            parts = {ALL: record.version} | dict.fromkeys(_NAMED, 0)
        parts[about] = heard_version(record.versions, about)
    return resolve(parts, record.version)


def _heard_so(
    record: StoredRecord,
    parts: Mapping[str, int],
    documents: Mapping[int, Mapping[int, tuple[dict[str, Any], str]]],
) -> StoredRecord:
    if parts == SILENT:
        return replace(record, version=0, heard=SILENT)
    known = documents[record.record_id]
    document, change = known[parts[ALL]]
    live = change != "vanished"
    if set(parts) == {ALL}:
        return replace(record, version=parts[ALL], record=GameRecord.from_json(document), live=live, heard=None)
    said = {version: told for version, (told, _) in known.items()}
    return replace(record, record=compose(said, parts), live=live, heard=parts)


# What is proposed ----------------------------------------------------------------------------------------------------


def proposed_instead(connection: Connection[DictRow], standing: Standing, result: Plan, wording: Wording) -> Plan:
    """An import's plan, a proposal in the place of the revision. A game that is itself proposed goes on changing."""
    if standing.status in (None, "proposed"):
        return result
    revision = next((event for event in result.events if event.event_type in _REVISIONS), None)
    if revision is None:
        events = [*result.events, *_closed(connection, standing, wording)]
    else:
        # A pin ends with the revision that lets the sources speak again.
        kept = [event for event in result.events if event.event_type not in (*_REVISIONS, "game.unpinned")]
        events = [*kept, *_proposed(connection, standing, revision.payload, wording)]
    return replace(result, events=tuple(events), status=standing.status or "active")


def settled(connection: Connection[DictRow], standing: Standing, result: Plan, wording: Wording) -> Plan:
    """A plan outside shadow mode: a proposal from the time of it ends, though nothing is left of it to be done."""
    if any(event.event_type in _REVISIONS for event in result.events):
        return result
    return replace(result, events=(*result.events, *_closed(connection, standing, wording)))


def with_proposal(
    connection: Connection[DictRow],
    standing: Standing,
    act: Plan,
    everything: Plan,
    records: Sequence[StoredRecord],
    wording: Wording,
) -> Plan:
    """A person's act, and what is still proposed beside it; `everything` is the plan that hears all that is said.

    Conflicts and what sources say about edits are those of everything that is said.
    """
    if act.status == "proposed":
        return act
    own = [event for event in act.events if not event.event_type.startswith("conflict.")]
    conflicts = [event for event in everything.events if event.event_type.startswith("conflict.")]
    state = everything.merged.state
    changed = changed_fields(act.merged.state, state)
    revised = any(event.event_type in _REVISIONS for event in own)
    told = {
        "state": state,
        "provenance": everything.merged.provenance,
        "changed_fields": changed,
        "members": [member_entry(record) for record in records],
    }
    if changed:
        own += _proposed(connection, standing, told, wording, again=revised)
    elif not revised:
        own += _closed(connection, standing, wording)
    heard = everything.merged
    merged = replace(
        act.merged, conflicts=heard.conflicts, disagreements=heard.disagreements, agreements=heard.agreements
    )
    return replace(act, events=(*own, *conflicts), merged=merged)


def _proposed(
    connection: Connection[DictRow],
    standing: Standing,
    told: Mapping[str, Any],
    wording: Wording,
    *,
    again: bool = False,
) -> list[Event]:
    """`again`: the game is revised, which ends what was proposed before. The same is not proposed twice."""
    before = _standing_proposal(connection, standing.game_id)
    if before is not None and not again and digest(before) == digest(told["state"]):
        return []
    payload = {name: told[name] for name in ("state", "provenance", "changed_fields", "members")}
    return [_event(standing, "game.proposed", payload, wording)]


def _closed(connection: Connection[DictRow], standing: Standing, wording: Wording) -> list[Event]:
    if _standing_proposal(connection, standing.game_id) is None:
        return []
    return [_event(standing, "game.proposal_closed", {"reason": "the sources say what the game says"}, wording)]


def _standing_proposal(connection: Connection[DictRow], game_id: int) -> dict[str, Any] | None:
    row = connection.execute(b"SELECT state FROM game_proposal WHERE game_id = %s", (game_id,)).fetchone()
    return row["state"] if row else None


def _event(standing: Standing, event_type: str, payload: dict[str, Any], wording: Wording) -> Event:
    return Event(
        stream=f"game:{standing.game_id}",
        event_type=event_type,
        payload=payload,
        actor="pipeline" if wording.cause != "import" else wording.actor,
        correlation_id=wording.correlation_id,
        game_id=standing.game_id,
    )
