"""The ledger: judgements about pairs of records, keys that link no more, and relations between games."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store.event import RecordedEvent

from .batch import BATCH, Family, as_batch

__all__ = ["DEMOTED_KEYS", "EDGES", "RELATIONS"]

# A judgement ends by the next of the same judge about the same two, or by an event that says so, whichever is first in
# the log. What a batch both judges and ends goes in ended: two standing rows for one pair are never there at once.
_TOLD = (
    BATCH
    + b""", ended AS (
    SELECT (p->>'edge_id')::bigint AS edge_id, min(n) AS n, (array_agg(at ORDER BY n))[1] AS at,
           (array_agg(actor ORDER BY n))[1] AS actor, (array_agg(p->>'why' ORDER BY n))[1] AS why
    FROM batch WHERE type = 'records.judgement_ended' GROUP BY 1
), judged AS (
    SELECT n, at, actor, p, (p->>'edge_id')::bigint AS edge_id, (p->>'a')::bigint AS a, (p->>'b')::bigint AS b,
           p->>'judge' AS judge
    FROM batch WHERE type = 'records.judged'
), replaced AS (
    SELECT edge_id, lead(n) OVER next AS n, lead(at) OVER next AS at, lead(actor) OVER next AS actor
    FROM judged WINDOW next AS (PARTITION BY a, b, judge ORDER BY n)
)
"""
)
_END_EDGES = (
    _TOLD
    + b""", first AS (
    SELECT DISTINCT ON (a, b, judge) a, b, judge, n, at, actor FROM judged ORDER BY a, b, judge, n
), over AS (
    SELECT DISTINCT ON (edge_id) * FROM (
        SELECT edge_id, n, at, actor, why FROM ended
        UNION ALL
        SELECT edge.edge_id, first.n, first.at, first.actor, 'judged anew'
        FROM first JOIN match_edge AS edge ON edge.a = first.a AND edge.b = first.b AND edge.judge = first.judge
        WHERE edge.ended_at IS NULL
    ) AS each ORDER BY edge_id, n
)
UPDATE match_edge SET ended_at = over.at, ended_by = over.actor, ended_why = over.why
FROM over WHERE match_edge.edge_id = over.edge_id AND match_edge.ended_at IS NULL
"""
)
_EDGES = (
    _TOLD
    + b"""
INSERT INTO match_edge (edge_id, a, b, judgement, judge, method, score, keys, reason, judged_by, judged_at, ended_at,
                        ended_by, ended_why)
SELECT edge_id, a, b, p->>'judgement', judge, p->>'method', (p->>'score')::real,
       ARRAY(SELECT jsonb_array_elements_text(p->'keys')), p->'reason', judged.actor, judged.at, over.at, over.actor,
       over.why
FROM judged JOIN replaced USING (edge_id) LEFT JOIN ended USING (edge_id) CROSS JOIN LATERAL (
    SELECT ended.at, ended.actor, ended.why WHERE replaced.n IS NULL OR ended.n < replaced.n
    UNION ALL
    SELECT replaced.at, replaced.actor, 'judged anew' WHERE replaced.n < coalesce(ended.n, replaced.n + 1)
) AS over
"""
)
_DEMOTED = (
    BATCH
    + b"""
INSERT INTO demoted_key (key, records, titles, demoted_at)
SELECT DISTINCT ON (p->>'key') p->>'key', ARRAY(SELECT jsonb_array_elements_text(p->'records')::bigint),
       (p->>'titles')::int, at
FROM batch ORDER BY p->>'key', n
ON CONFLICT (key) DO NOTHING
"""
)

_END_RELATIONS = (
    BATCH
    + b"""
UPDATE game_relation SET ended_at = batch.at, ended_by = batch.actor, ended_why = p->>'why' FROM batch
WHERE type = 'relation.ended' AND relation_id = (p->>'relation_id')::bigint
"""
)
_RELATIONS = (
    BATCH
    + b""", ended AS (
    SELECT (p->>'relation_id')::bigint AS id, at, actor, p->>'why' AS why FROM batch WHERE type = 'relation.ended'
)
INSERT INTO game_relation (relation_id, record_id, kind, of_record, judge, reason, stated_by, stated_at, ended_at,
                           ended_by, ended_why)
SELECT (p->>'relation_id')::bigint, (p->>'record_id')::bigint, p->>'kind', (p->>'of_record')::bigint, p->>'judge',
       p->>'reason', batch.actor, batch.at, ended.at, ended.actor, ended.why
FROM batch LEFT JOIN ended ON ended.id = (p->>'relation_id')::bigint WHERE type = 'relation.stated'
"""
)


def _edges(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    batch = as_batch(events)
    connection.execute(_END_EDGES, batch)
    connection.execute(_EDGES, batch)


def _demoted_keys(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    connection.execute(_DEMOTED, as_batch(events))


def _relations(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    batch, types = as_batch(events), {event.event_type for event in events}
    if "relation.ended" in types:
        connection.execute(_END_RELATIONS, batch)
    if "relation.stated" in types:
        connection.execute(_RELATIONS, batch)


EDGES = Family(frozenset({"records.judged", "records.judgement_ended"}), _edges, in_log=True)
DEMOTED_KEYS = Family(frozenset({"key.demoted"}), _demoted_keys, in_log=True)
RELATIONS = Family(frozenset({"relation.stated", "relation.ended"}), _relations, in_log=True)
