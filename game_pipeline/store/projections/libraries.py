"""Players and what they own."""

from __future__ import annotations

import json
from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store.event import RecordedEvent

from .batch import BATCH, Family, as_batch, one_by_one

__all__ = ["LIBRARIES", "PLAYERS"]

_UPLOADED = b"""
INSERT INTO library_user (user_id, name, db_filename, db_modified, sha256, schema_version, total_games, installed_games,
                          first_seen_at, uploaded_at)
VALUES (%(user_id)s, %(name)s, %(db_filename)s, %(db_modified)s, %(sha256)s, %(schema_version)s, %(total_games)s,
        %(installed_games)s, %(at)s, %(at)s)
ON CONFLICT (user_id) DO UPDATE SET
    name = excluded.name, db_filename = excluded.db_filename, db_modified = excluded.db_modified,
    sha256 = excluded.sha256, schema_version = excluded.schema_version, total_games = excluded.total_games,
    installed_games = excluded.installed_games, uploaded_at = excluded.uploaded_at
"""
_NAMED = b"UPDATE library_user SET name = %(name)s WHERE user_id = %(user_id)s"

# The last word on each release counts: it is set, or it is removed.
_LAST_WORDS = (
    BATCH
    + b""", words AS (
    SELECT n, at, (p->>'user_id')::bigint AS user_id, e->>'release_key' AS release_key, e
    FROM batch, jsonb_array_elements(p->'set') AS e
    UNION ALL
    SELECT n, at, (p->>'user_id')::bigint, gone, NULL FROM batch, jsonb_array_elements_text(p->'removed') AS gone
), last AS MATERIALIZED (
    SELECT DISTINCT ON (user_id, release_key) * FROM words ORDER BY user_id, release_key, n DESC
)
"""
)
_REMOVED = (
    _LAST_WORDS
    + b"""
DELETE FROM library_entry USING last
WHERE last.e IS NULL AND library_entry.user_id = last.user_id AND library_entry.release_key = last.release_key
"""
)
_SET = (
    _LAST_WORDS
    + b"""
INSERT INTO library_entry (user_id, release_key, game_key, title, sorting_title, dlc, hidden, installed, minutes,
                           last_played, added, rating, tags, facts, changed_at)
SELECT user_id, release_key, e->>'game_key', e->>'title', e->>'sorting_title', (e->>'dlc')::boolean,
       (e->>'hidden')::boolean, (e->>'installed')::boolean, (e->>'minutes')::int, (e->>'last_played')::timestamptz,
       (e->>'added')::timestamptz, (e->>'rating')::float, ARRAY(SELECT jsonb_array_elements_text(e->'tags')),
       decode(e->>'facts', 'hex'), at
FROM last WHERE e IS NOT NULL
ON CONFLICT (user_id, release_key) DO UPDATE SET
    game_key = excluded.game_key, title = excluded.title, sorting_title = excluded.sorting_title,
    dlc = excluded.dlc, hidden = excluded.hidden, installed = excluded.installed, minutes = excluded.minutes,
    last_played = excluded.last_played, added = excluded.added, rating = excluded.rating, tags = excluded.tags,
    facts = excluded.facts, changed_at = excluded.changed_at
"""
)


def _players(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    one_by_one(
        connection,
        [
            (
                _UPLOADED if event.event_type == "library.uploaded" else _NAMED,
                json.loads(event.payload) | {"at": event.recorded_at},
            )
            for event in events
        ],
    )


def _entries(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    batch = as_batch(events)
    if any('"removed":[]' not in event.payload for event in events):
        connection.execute(_REMOVED, batch)
    connection.execute(_SET, batch)


PLAYERS = Family(frozenset({"library.uploaded", "library.player_named"}), _players)
LIBRARIES = Family(frozenset({"library.entries_changed"}), _entries)
