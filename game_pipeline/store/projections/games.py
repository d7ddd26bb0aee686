"""Games, their revisions, the tables they are searched by, and the records they are made of."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store.event import RecordedEvent

from .batch import BATCH, Family, as_batch

__all__ = ["GAMES", "MEMBERS"]

_GAMES = (
    BATCH
    + b""", newest AS MATERIALIZED (
    SELECT DISTINCT ON (game_id) batch.*, first_value(at) OVER (PARTITION BY game_id ORDER BY n) AS created
    FROM batch ORDER BY game_id, n DESC
), games AS (
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
), no_titles AS (DELETE FROM game_title USING newest WHERE game_title.game_id = newest.game_id
), no_urls AS (DELETE FROM game_url USING newest WHERE game_url.game_id = newest.game_id
), no_credits AS (DELETE FROM game_credit USING newest WHERE game_credit.game_id = newest.game_id
), no_tags AS (DELETE FROM game_tag USING newest WHERE game_tag.game_id = newest.game_id
), no_ids AS (DELETE FROM game_external_id USING newest WHERE game_external_id.game_id = newest.game_id
), titles AS (
    INSERT INTO game_title (game_id, title, lang, is_main)
    SELECT game_id, x->>'title', x->>'lang', (x->>'main')::boolean
    FROM newest, jsonb_array_elements(p->'index'->'titles') AS x
), urls AS (
    INSERT INTO game_url (game_id, url, kind, label, url_hash, source, confidence, verified_by_human)
    SELECT game_id, x->>'url', x->>'kind', x->>'label', x->>'hash', x->>'source',
           coalesce((x->>'confidence')::real, 1), (x->>'by_human')::boolean
    FROM newest, jsonb_array_elements(p->'index'->'urls') AS x
), credits AS (
    INSERT INTO game_credit (game_id, position, name, role, url, source)
    SELECT game_id, (x->>'position')::int, x->>'name', x->>'role', x->>'url', x->>'source'
    FROM newest, jsonb_array_elements(p->'index'->'credits') AS x
), tags AS (
    INSERT INTO game_tag (game_id, kind, value, source)
    SELECT game_id, x->>'kind', x->>'value', x->>'source' FROM newest, jsonb_array_elements(p->'index'->'tags') AS x
)
INSERT INTO game_external_id (game_id, scheme, value, source)
SELECT game_id, x->>'scheme', x->>'value', x->>'source'
FROM newest, jsonb_array_elements(p->'index'->'external_ids') AS x
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
), new AS (
    INSERT INTO game_member (record_id, game_id, source, identity, record_version, live, heard, imported_at)
    SELECT record_id, game_id, source, identity, version, live, heard, at FROM newest
    ON CONFLICT (record_id) DO NOTHING
), no_keys AS (
    DELETE FROM game_match_key USING newest WHERE game_match_key.record_id = newest.record_id
), latest AS (
    SELECT DISTINCT ON (record_id) game_id, record_id, keys FROM told ORDER BY record_id, n DESC
)
INSERT INTO game_match_key (game_id, record_id, key)
SELECT game_id, record_id, jsonb_array_elements_text(keys) FROM latest
"""
)


def _games(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    connection.execute(_GAMES, as_batch(events))


def _members(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    connection.execute(_MEMBERS, as_batch(events))


_REVISIONS = frozenset({"game.created", "game.revised"})
GAMES = Family(_REVISIONS, _games)
MEMBERS = Family(_REVISIONS | {"game.sources_updated"}, _members)
