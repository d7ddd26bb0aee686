"""Who is who: people, the personas that are theirs, and what was decided about them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.store.event import RecordedEvent

from .batch import Family, one_by_one

__all__ = ["PEOPLE"]

_PERSON = b"""
INSERT INTO person (person_id, name, created_at, changed_at) VALUES (%(person_id)s, %(name)s, %(at)s, %(at)s)
ON CONFLICT (person_id) DO UPDATE SET changed_at = excluded.changed_at
"""
_PERSONA = b"""
INSERT INTO persona (key, person_id, first_person_id, source, name, url, claimed_at)
VALUES (%(key)s, %(person_id)s, %(person_id)s, %(source)s, %(name)s, %(url)s, %(at)s) ON CONFLICT (key) DO NOTHING
"""
_SPELLINGS = b"""
INSERT INTO person_spelling (key, source, name, url)
SELECT %(key)s, %(source)s, each->>'name', each->>'url' FROM jsonb_array_elements(%(spellings)s) AS each
"""
_DESCRIBED = b"UPDATE persona SET record_id = %(record_id)s, name = %(name)s WHERE key = %(key)s"
# By the personas that are theirs now alone: what somebody has a page under, else what they were first known as.
_NAMED = b"""
UPDATE person SET name = best.name, changed_at = %(at)s
FROM unnest(%(named)s::bigint[]) AS asked (person_id) CROSS JOIN LATERAL (
    SELECT name FROM persona WHERE persona.person_id = asked.person_id
    ORDER BY record_id IS NULL, first_person_id <> asked.person_id, key COLLATE "C" LIMIT 1) AS best
WHERE person.person_id = asked.person_id AND person.name <> best.name
"""
_UNTOLD = b"DELETE FROM person_spelling WHERE key = %(key)s AND origin = 'page'"
_TOLD = b"""
INSERT INTO person_spelling (key, source, name, url, origin)
SELECT %(key)s, %(source)s, name, %(url)s, 'page' FROM unnest(%(names)s::text[]) AS name
"""
_UNCLAIMED = b"DELETE FROM persona_claim WHERE key = %(key)s"
_CLAIMED = b"""
INSERT INTO persona_claim (key, source, identity, name, bare)
SELECT %(key)s, %(source)s, claim->>'identity', claim->>'name', claim->>'bare'
FROM jsonb_array_elements(%(claims)s) AS claim
"""

_MOVE = b"UPDATE persona SET person_id = %(to)s WHERE key = ANY(%(personas)s)"
_MERGED = b"""
UPDATE person SET status = CASE person_id WHEN %(merged)s THEN 'merged' ELSE status END,
                  merged_into = CASE person_id WHEN %(merged)s THEN %(person_id)s ELSE merged_into END,
                  changed_at = %(at)s
WHERE person_id IN (%(person_id)s, %(merged)s)
"""
# A person who says that they are one takes back that they are two.
_TOGETHER = b"""
DELETE FROM person_apart USING persona AS a, persona AS b
WHERE %(rule)s = 'person' AND a.key = key_a AND b.key = key_b
  AND a.person_id = %(person_id)s AND b.person_id = %(person_id)s
"""
_SPLIT_OFF = b"""
INSERT INTO person (person_id, name, created_at, changed_at)
SELECT %(into)s, name, %(at)s, %(at)s FROM persona WHERE key = %(first)s
ON CONFLICT (person_id) DO UPDATE SET status = 'active', merged_into = NULL, changed_at = excluded.changed_at
"""
_CHANGED = b"UPDATE person SET changed_at = %(at)s WHERE person_id = %(person_id)s"
_APART = b"""
INSERT INTO person_apart (key_a, key_b, actor, reason, decided_at)
SELECT least(ours.key, theirs.key), greatest(ours.key, theirs.key), %(actor)s, %(reason)s, %(at)s
FROM persona AS ours, persona AS theirs
WHERE ours.person_id = %(into)s AND ours.key = ANY(%(personas)s) AND theirs.person_id = %(person_id)s
ON CONFLICT DO NOTHING
"""
_CONFIRMED = b"""
UPDATE persona SET confirmed_at = %(at)s WHERE %(rule)s = 'person' AND person_id = %(person_id)s
"""
_NAMED_TOGETHER = b"UPDATE persona SET confirmed_at = %(at)s WHERE key = ANY(%(personas)s)"
# What a page says is theirs is not where a person said that they are not who is credited so.
_DISOWNED = b"""
DELETE FROM persona_claim AS claim USING person_apart
WHERE key_a = least(claim.key, bare) AND key_b = greatest(claim.key, bare)
"""
_DECISION = b"""
INSERT INTO person_decision (person_id, other_id, kind, rule, evidence, personas, reason, actor, decided_at)
VALUES (%(person_id)s, %(other)s, %(kind)s, %(rule)s, %(evidence)s, %(personas)s, %(reason)s, %(actor)s, %(at)s)
"""


def _people(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    statements: list[tuple[bytes, dict[str, Any]]] = []
    for event in events:
        values: dict[str, Any] = json.loads(event.payload) | {"at": event.recorded_at, "actor": event.actor}
        match event.event_type:
            case "person.claimed":
                values |= {"spellings": Jsonb(values["spellings"])}
                statements += [(_PERSON, values), (_PERSONA, values), (_SPELLINGS, values)]
            case "person.described":
                values |= {"named": [values["person_id"]]}
                statements += [(_DESCRIBED, values), (_UNTOLD, values), (_TOLD, values), (_NAMED, values)]
                values |= {"claims": Jsonb(values["claims"])}
                statements += [(_UNCLAIMED, values), (_CLAIMED, values)]
            case "person.merged":
                values |= {"to": values["person_id"], "other": values["merged"], "kind": "merged"}
                values |= {"evidence": Jsonb(values["evidence"]), "named": [values["person_id"]]}
                statements += [(_MOVE, values), (_MERGED, values), (_TOGETHER, values), (_CONFIRMED, values)]
                statements += [(_DECISION, values), (_NAMED, values)]
            case _:
                by_hand = event.event_type == "person.split"
                values |= {"to": values["into"], "other": values["into"], "kind": "split"}
                values |= {"rule": "person" if by_hand else "no_rule", "first": values["personas"][0]}
                values |= {"evidence": Jsonb(values.get("evidence", [])), "reason": values.get("reason")}
                statements += [(_SPLIT_OFF, values), (_MOVE, values), (_CHANGED, values)]
                if by_hand:
                    statements += [(_NAMED_TOGETHER, values), (_APART, values), (_DISOWNED, values)]
                values |= {"named": [values["person_id"], values["into"]]}
                statements += [(_DECISION, values), (_NAMED, values)]
    one_by_one(connection, statements)


PEOPLE = Family(
    frozenset({"person.claimed", "person.described", "person.merged", "person.parted", "person.split"}), _people
)
