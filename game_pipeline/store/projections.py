"""What each event does to the catalogue's tables. A pure function of the events: replaying them gives the same rows.

Nothing here looks at the clock, at other tables' present state or at code that may change its mind: keys that
matching computes travel in the event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from .event import RecordedEvent

__all__ = ["project"]

Values = dict[str, Any]


def project(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    """Apply events in order; neighbours of one kind go as one batch."""
    for handler, batch in groupby(events, key=lambda event: _HANDLERS.get(event.event_type)):
        if handler is not None:
            handler(connection, list(batch))


def _many(connection: Connection[DictRow], statement: bytes, rows: Sequence[Values]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _base(event: RecordedEvent) -> Values:
    return {"game_id": event.game_id, "at": event.recorded_at, "actor": event.actor, "event_id": event.event_id}


_GAME = b"""
INSERT INTO game (game_id, revision, title, kind, release_date, state, provenance, human_edited_fields,
                  needs_human_review, created_at, updated_at)
VALUES (%(game_id)s, %(revision)s, %(title)s, %(kind)s, %(release_date)s, %(state)s, %(provenance)s, %(edited)s,
        false, %(created)s, %(at)s)
ON CONFLICT (game_id) DO UPDATE SET
    revision = excluded.revision, title = excluded.title, kind = excluded.kind,
    release_date = excluded.release_date, state = excluded.state, provenance = excluded.provenance,
    human_edited_fields = excluded.human_edited_fields, updated_at = excluded.updated_at
"""

_REVISION = b"""
INSERT INTO game_revision (game_id, revision, event_id, state, provenance, changed_fields, cause, actor, reason,
                           recorded_at)
VALUES (%(game_id)s, %(revision)s, %(event_id)s, %(state)s, %(provenance)s, %(changed_fields)s, %(cause)s, %(actor)s,
        %(reason)s, %(at)s)
"""

_CHILDREN: dict[str, bytes] = {
    "titles": b"""INSERT INTO game_title (game_id, title, lang, is_main)
                  VALUES (%(game_id)s, %(title)s, %(lang)s, %(main)s)""",
    "urls": b"""INSERT INTO game_url (game_id, url, kind, label, url_hash, source, verified_by_human)
                VALUES (%(game_id)s, %(url)s, %(kind)s, %(label)s, %(hash)s, %(source)s, %(by_human)s)""",
    "credits": b"""INSERT INTO game_credit (game_id, position, name, role, url, source)
                   VALUES (%(game_id)s, %(position)s, %(name)s, %(role)s, %(url)s, %(source)s)""",
    "tags": b"""INSERT INTO game_tag (game_id, kind, value, source)
                VALUES (%(game_id)s, %(kind)s, %(value)s, %(source)s)""",
    "external_ids": b"""INSERT INTO game_external_id (game_id, scheme, value, source)
                        VALUES (%(game_id)s, %(scheme)s, %(value)s, %(source)s)""",
}
_CHILD_TABLES = (b"game_title", b"game_url", b"game_credit", b"game_tag", b"game_external_id")


def _revised(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    rows = []
    for event in events:
        payload = event.payload
        state = payload["state"]
        rows.append(
            _base(event)
            | {
                "created": event.recorded_at,
                "revision": payload["revision"],
                "title": state["title"],
                "kind": state["kind"],
                "release_date": state["release_date"],
                "state": Jsonb(state),
                "provenance": Jsonb(payload["provenance"]),
                "edited": payload["edited"],
                "changed_fields": payload["changed_fields"],
                "cause": payload["cause"],
                "reason": payload["reason"],
            }
        )
    _many(connection, _GAME, rows)
    _many(connection, _REVISION, rows)
    newest = {event.game_id: event for event in events}
    for table in _CHILD_TABLES:
        connection.execute(b"DELETE FROM " + table + b" WHERE game_id = ANY(%s)", (list(newest),))
    for name, statement in _CHILDREN.items():
        children = [
            {"game_id": event.game_id} | child for event in newest.values() for child in event.payload["index"][name]
        ]
        _many(connection, statement, children)
    _members(connection, events)


_MEMBER = b"""
INSERT INTO game_import_state (record_id, game_id, source, identity, record_version, live, imported_at)
VALUES (%(record_id)s, %(game_id)s, %(source)s, %(identity)s, %(version)s, %(live)s, %(at)s)
ON CONFLICT (record_id) DO UPDATE SET
    game_id = excluded.game_id, record_version = excluded.record_version, live = excluded.live,
    imported_at = excluded.imported_at
WHERE (game_import_state.game_id, game_import_state.record_version, game_import_state.live)
      IS DISTINCT FROM (excluded.game_id, excluded.record_version, excluded.live)
"""


def _members(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    members = [_base(event) | member for event in events for member in event.payload["members"]]
    _many(connection, _MEMBER, members)
    newest = {member["record_id"]: member for member in members}
    connection.execute("DELETE FROM game_match_key WHERE record_id = ANY(%s)", (list(newest),))
    keys = [
        {"game_id": member["game_id"], "record_id": member["record_id"], "key": key}
        for member in newest.values()
        for key in member["keys"]
    ]
    _many(
        connection,
        b"INSERT INTO game_match_key (game_id, record_id, key) VALUES (%(game_id)s, %(record_id)s, %(key)s)",
        keys,
    )


_END_MATCH = b"""
UPDATE match_decision SET ended_at = %(at)s WHERE record_id = %(record_id)s AND ended_at IS NULL
"""
_MATCH = b"""
INSERT INTO match_decision (decision_id, record_id, game_id, band, method, score, evidence, alternatives, decided_by,
                            decided_at)
VALUES (%(decision_id)s, %(record_id)s, %(game)s, %(band)s, %(method)s, %(score)s, %(evidence)s,
        %(alternatives)s, %(actor)s, %(at)s)
"""


def _matched(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    rows = [
        _base(event) | event.payload | {"game": event.payload["game_id"], "evidence": Jsonb(event.payload["evidence"])}
        for event in events
    ]
    # One row after the other: a record decided twice in a batch ends its first decision.
    for row in rows:
        connection.execute(_END_MATCH, row)
        connection.execute(_MATCH, row)


_EDIT = b"""
INSERT INTO human_edit (edit_id, game_id, field, value, previous, author, reason, edited_at)
VALUES (%(edit_id)s, %(game_id)s, %(field)s, %(value)s, %(previous)s, %(actor)s, %(reason)s, %(at)s)
"""
_RELEASE_OLDER = b"""
UPDATE human_edit SET released_at = %(at)s, released_by = %(actor)s
WHERE game_id = %(game_id)s AND field = %(field)s AND released_at IS NULL
"""


def _edited(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    for event in events:
        row = _base(event) | event.payload
        row["value"], row["previous"] = Jsonb(row["value"]), Jsonb(row["previous"])
        connection.execute(_RELEASE_OLDER, row)
        connection.execute(_EDIT, row)


def _edit_released(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    for event in events:
        connection.execute(_RELEASE_OLDER, _base(event) | event.payload)


_CONFLICT = b"""
INSERT INTO data_conflict (conflict_id, game_id, field, sides, sides_hash, state, detected_at)
VALUES (%(conflict_id)s, %(game_id)s, %(field)s, %(sides)s, %(sides_hash)s, 'pending', %(at)s)
"""
_CONFLICT_CLOSED = b"""
UPDATE data_conflict SET state = 'gone', closed_at = %(at)s WHERE conflict_id = %(conflict_id)s
"""
_CONFLICT_STATE = b"UPDATE data_conflict SET state = 'resolved' WHERE conflict_id = %(conflict_id)s"
_RESOLUTION = b"""
INSERT INTO conflict_resolution (conflict_id, method, chosen, confidence, resolved_by, reasoning, resolved_at)
VALUES (%(conflict_id)s, %(method)s, %(chosen)s, %(confidence)s, %(actor)s, %(reasoning)s, %(at)s)
ON CONFLICT (conflict_id) DO UPDATE SET
    method = excluded.method, chosen = excluded.chosen, confidence = excluded.confidence,
    resolved_by = excluded.resolved_by, reasoning = excluded.reasoning, resolved_at = excluded.resolved_at
"""


def _conflict_detected(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    _many(connection, _CONFLICT, [_base(e) | e.payload | {"sides": Jsonb(e.payload["sides"])} for e in events])


def _conflict_closed(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    _many(connection, _CONFLICT_CLOSED, [_base(event) | event.payload for event in events])


def _conflict_resolved(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    rows = [_base(e) | e.payload | {"chosen": Jsonb(e.payload["chosen"])} for e in events]
    _many(connection, _RESOLUTION, rows)
    _many(connection, _CONFLICT_STATE, rows)


_REVIEW = b"""
INSERT INTO review_item (item_id, kind, question, game_id, record_id, proposal, summary, priority, opened_at)
VALUES (%(item_id)s, %(kind)s, %(question)s, %(game_id)s, %(record_id)s, %(proposal)s, %(summary)s, %(priority)s,
        %(at)s)
"""
_REVIEW_CLOSED = b"""
UPDATE review_item SET state = %(state)s, closed_at = %(at)s, closed_by = %(actor)s, note = %(note)s
WHERE item_id = %(item_id)s
"""
_NEEDS_REVIEW = b"""
UPDATE game SET needs_human_review = asked FROM (
    SELECT game_id AS id, EXISTS (SELECT FROM review_item WHERE review_item.game_id = game.game_id AND state = 'open')
        AS asked
    FROM game WHERE game_id = ANY(%s)) AS question
WHERE game_id = id AND needs_human_review <> asked
"""


def _review_opened(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    _many(connection, _REVIEW, [_base(e) | e.payload | {"proposal": Jsonb(e.payload["proposal"])} for e in events])
    _flag(connection, events)


def _review_closed(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    _many(connection, _REVIEW_CLOSED, [_base(event) | event.payload for event in events])
    _flag(connection, events)


def _flag(connection: Connection[DictRow], events: list[RecordedEvent]) -> None:
    connection.execute(_NEEDS_REVIEW, ([event.game_id for event in events if event.game_id is not None],))


Handler = Callable[[Connection[DictRow], list[RecordedEvent]], None]
_HANDLERS: dict[str, Handler] = {
    "game.created": _revised,
    "game.revised": _revised,
    "game.sources_updated": _members,
    "record.matched": _matched,
    "game.edited": _edited,
    "game.edit_released": _edit_released,
    "conflict.detected": _conflict_detected,
    "conflict.closed": _conflict_closed,
    "conflict.resolved": _conflict_resolved,
    "review.opened": _review_opened,
    "review.closed": _review_closed,
}
