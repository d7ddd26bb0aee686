"""Games, their revisions, the tables they are searched by, and the records they are made of."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store.event import RecordedEvent

from .batch import BATCH, Family, as_batch

__all__ = ["GAMES", "MEMBERS"]

# The tables that games are searched by: the list in the event that has their rows, and each column of such a row `x`.
_SEARCHED: dict[str, tuple[str, dict[str, str]]] = {
    "game_title": ("titles", {"title": "x->>'title'", "lang": "x->>'lang'", "is_main": "(x->>'main')::boolean"}),
    "game_url": (
        "urls",
        {"url": "x->>'url'", "kind": "x->>'kind'", "label": "x->>'label'", "url_hash": "x->>'hash'"}
        | {"source": "x->>'source'", "confidence": "coalesce((x->>'confidence')::real, 1)"}
        | {"verified_by_human": "(x->>'by_human')::boolean"},
    ),
    "game_credit": (
        "credits",
        {"position": "(x->>'position')::int", "name": "x->>'name'", "role": "x->>'role'", "url": "x->>'url'"}
        | {"source": "x->>'source'"},
    ),
    "game_tag": ("tags", {"kind": "x->>'kind'", "value": "x->>'value'", "source": "x->>'source'"}),
    "game_external_id": (
        "external_ids",
        {"scheme": "x->>'scheme'", "value": "x->>'value'", "source": "x->>'source'"},
    ),
}
# Most revisions leave most lists as they are. Those are not written anew: until something clears away the rows that
# were before, which within a replay nothing does, each look at a game would pass over all of them. A list whose rows
# come back in another order than they went in is written once too often; to sort them would cost more than that.
_SEARCH_ROWS = """, other_{table} AS MATERIALIZED (
    SELECT game_id, p->'index'->'{rows}' AS rows FROM newest
    WHERE (SELECT array_agg(ROW({columns})) FROM {table} WHERE {table}.game_id = newest.game_id)
          IS DISTINCT FROM
          (SELECT array_agg(ROW({values})) FROM jsonb_array_elements(p->'index'->'{rows}') AS x)
), no_{table} AS (DELETE FROM {table} USING other_{table} AS other WHERE {table}.game_id = other.game_id
), new_{table} AS (
    INSERT INTO {table} (game_id, {columns})
    SELECT game_id, {values} FROM other_{table}, jsonb_array_elements(rows) AS x
)"""
_GAMES = (
    BATCH
    + b""", newest AS MATERIALIZED (
    SELECT DISTINCT ON (game_id) batch.*, first_value(at) OVER (PARTITION BY game_id ORDER BY n) AS created
    FROM batch ORDER BY game_id, n DESC
), revisions AS (
    INSERT INTO game_revision (game_id, revision, event_id, status, state, provenance, members, changed_fields, cause,
                               actor, reason, recorded_at)
    SELECT game_id, (p->>'revision')::int, event_id, p->>'status', p->'state', p->'provenance',
           (SELECT coalesce(jsonb_object_agg(
                m->>'record_id',
                CASE WHEN jsonb_typeof(m->'heard') = 'object' THEN m->'heard'
                     ELSE jsonb_build_object('*', m->'version') END), '{}')
            FROM jsonb_array_elements(p->'members') AS m),
           ARRAY(SELECT jsonb_array_elements_text(p->'changed_fields')), p->>'cause', actor, p->>'reason', at
    FROM batch
)"""
    + "".join(
        _SEARCH_ROWS.format(table=table, rows=rows, columns=", ".join(columns), values=", ".join(columns.values()))
        for table, (rows, columns) in _SEARCHED.items()
    ).encode()
    + b"""
INSERT INTO game (game_id, revision, status, merged_into, title, kind, release_date, state, provenance,
                  human_edited_fields, quality_score, import_metadata, needs_human_review, created_at, updated_at)
SELECT game_id, (p->>'revision')::int, p->>'status', (p->>'merged_into')::bigint, p->'state'->>'title',
       p->'state'->>'kind', p->'state'->>'release_date', p->'state', p->'provenance',
       ARRAY(SELECT jsonb_array_elements_text(p->'edited')), (p->>'quality_score')::real, p->'import_metadata',
       false, created, at
FROM newest
ON CONFLICT (game_id) DO UPDATE SET
    revision = excluded.revision, status = excluded.status, merged_into = excluded.merged_into,
    title = excluded.title, kind = excluded.kind, release_date = excluded.release_date, state = excluded.state,
    provenance = excluded.provenance, human_edited_fields = excluded.human_edited_fields,
    quality_score = excluded.quality_score, import_metadata = excluded.import_metadata,
    updated_at = excluded.updated_at
"""
)

# A record that a batch tells of several times moved on when it last changed, not when it was last told of.
_MEMBERS = (
    BATCH
    + b""", told AS MATERIALIZED (
    SELECT n, at, game_id, (m->>'record_id')::bigint AS record_id, m->>'source' AS source, m->>'identity' AS identity,
           (m->>'version')::int AS version, (m->>'live')::boolean AS live, nullif(m->'heard', 'null') AS heard,
           m->'keys' AS keys
    FROM batch, jsonb_array_elements(p->'members') AS m
), moved AS (
    SELECT *, (game_id, version, live, heard) IS DISTINCT FROM (lag(game_id) OVER told_before,
               lag(version) OVER told_before, lag(live) OVER told_before, lag(heard) OVER told_before) AS news
    FROM told WINDOW told_before AS (PARTITION BY record_id ORDER BY n)
), newest AS MATERIALIZED (
    SELECT DISTINCT ON (record_id) *, count(*) OVER (PARTITION BY record_id) AS changes
    FROM moved WHERE news ORDER BY record_id, n DESC
), known AS (
    UPDATE game_member SET
        game_id = newest.game_id, record_version = newest.version, live = newest.live, heard = newest.heard,
        imported_at = newest.at
    FROM newest WHERE game_member.record_id = newest.record_id AND (
        newest.changes > 1 OR (game_member.game_id, game_member.record_version, game_member.live, game_member.heard)
            IS DISTINCT FROM (newest.game_id, newest.version, newest.live, newest.heard))
), latest AS (
    SELECT DISTINCT ON (record_id) game_id, record_id, keys FROM told ORDER BY record_id, n DESC
), other AS MATERIALIZED (
    SELECT * FROM latest
    WHERE (SELECT array_agg(ROW(game_id, key)) FROM game_match_key AS known WHERE known.record_id = latest.record_id)
          IS DISTINCT FROM
          (SELECT array_agg(ROW(latest.game_id, key)) FROM jsonb_array_elements_text(keys) AS key)
), no_keys AS (DELETE FROM game_match_key USING other WHERE game_match_key.record_id = other.record_id
), new_keys AS (
    INSERT INTO game_match_key (game_id, record_id, key)
    SELECT game_id, record_id, jsonb_array_elements_text(keys) FROM other
)
INSERT INTO game_member (record_id, game_id, source, identity, record_version, live, heard, imported_at)
SELECT record_id, game_id, source, identity, version, live, heard, at FROM newest
ON CONFLICT (record_id) DO NOTHING
"""
)


def _games(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    connection.execute(_GAMES, as_batch(events))


def _members(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    connection.execute(_MEMBERS, as_batch(events))


_REVISIONS = frozenset({"game.created", "game.revised"})
GAMES = Family(_REVISIONS, _games, in_log=True)
MEMBERS = Family(_REVISIONS | {"game.sources_updated"}, _members, in_log=True)
