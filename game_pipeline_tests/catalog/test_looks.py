"""What joins, parts and asks looks things up by an index, however much there is in the catalogue."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog import merge_games, unmerge_game
from game_pipeline.store import Store

from .curating import Catalogue

# Games of which each third became another, with questions, decisions and relations that have nothing to do with ours.
CROWD = """
SET LOCAL session_replication_role = replica;
INSERT INTO game (game_id, revision, status, merged_into, title, kind, state, provenance, created_at, updated_at)
SELECT n, 1, CASE n % 3 WHEN 0 THEN 'merged' ELSE 'active' END, CASE n % 3 WHEN 0 THEN n - 1 END, 'Crowd', 'game', '{}',
       '{}', now(), now()
FROM generate_series(1000001, 1020000) AS n;
INSERT INTO review_item (item_id, kind, question, game_id, proposal, summary, priority, state, opened_at)
SELECT n, CASE n % 2 WHEN 0 THEN 'conflict' ELSE 'duplicate' END, 'question:' || n, n,
       jsonb_build_object('games', jsonb_build_array(n, n + 1)), '', 0,
       CASE n % 3 WHEN 0 THEN 'open' ELSE 'rejected' END, now()
FROM generate_series(1000001, 1020000) AS n;
INSERT INTO match_decision (decision_id, record_id, game_id, band, method, score, evidence, decided_by, decided_at,
                            position, ended_at)
SELECT n, n / 2, n, 'auto', 'title', 1, '[]', 'pipeline', now(), n, CASE n % 2 WHEN 0 THEN now() END
FROM generate_series(1000002, 1020001) AS n;
INSERT INTO game_relation (relation_id, record_id, kind, of_record, judge, reason, stated_by, stated_at)
SELECT n, n, 'demo_of', n + 1, 'rule', '', 'pipeline', now() FROM generate_series(1000001, 1020000) AS n;
"""
LARGE = ("game", "review_item", "match_decision", "game_relation")


def whole_reads(connection: Connection[DictRow]) -> dict[str, int]:
    """How often each large table was read to its end: in this transaction, and before it as far as not counted yet."""
    rows = connection.execute(
        b"SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)", (list(LARGE),)
    )
    return {row["relname"]: row["seq_scan"] for row in rows}


def test_no_large_table_is_read_to_its_end(catalogue: Catalogue, owner: Store) -> None:
    with owner.transaction() as connection:
        connection.execute(CROWD.encode())
    owner.execute("ANALYZE")
    catalogue.says("alpha", "owl", title="Owl", release_date="1980")
    catalogue.says("beta", "strix", title="Strix", release_date="1990")
    catalogue.reconcile()
    owl, strix = [game for game in catalogue.games() if game < 1_000_000]
    with catalogue.store.transaction() as connection:
        before = whole_reads(connection)
        merge_games(connection, catalogue.curator, owl, strix, author="ann", reason="the same")
        unmerge_game(connection, catalogue.curator, strix, author="ann", reason="not the same")
        merge_games(connection, catalogue.curator, owl, strix, author="ann", reason="the same after all")
        after = whole_reads(connection)
    assert catalogue.asked("conflict"), "something was asked"
    assert after == before
