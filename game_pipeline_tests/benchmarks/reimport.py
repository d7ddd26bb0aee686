"""What importing again costs when nothing changed: rows written to the catalogue, and events, by type.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.reimport

The demo's three sites on day 1, imported in full twice through the real jobs.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from game_pipeline.demo.replicas import SITES, Replicas
from game_pipeline.orchestration.build import build_defs
from game_pipeline.orchestration.importing import import_source, reconcile
from game_pipeline.orchestration.instance import open_instance
from game_pipeline.settings import load_settings
from game_pipeline.sources import SOURCES
from game_pipeline.store import Store, opened_databases, prepare_schema

CATALOGUE = [
    "game",
    "game_revision",
    "game_title",
    "game_url",
    "game_credit",
    "game_tag",
    "game_external_id",
    "game_match_key",
    "game_member",
    "match_decision",
    "review_item",
    "data_conflict",
    "conflict_resolution",
    "human_edit",
    "source_record",
    "record_version",
]

_WRITTEN = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint AS written FROM pg_stat_user_tables
WHERE relname = ANY(%s)
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="reimport-", dir="/tmp") as directory, Replicas(day=1) as replicas:
        base = Path(directory)
        base.chmod(0o755)
        lines = ['data_dir = "data"', "[crawl.routes]"]
        lines += [f"{json.dumps(host)} = {json.dumps(origin)}" for host, origin in replicas.routes.items()]
        for site in SITES:
            lines += [f"[sources.{site}]", "min_delay = 0"]
        config = base / "game_pipeline.toml"
        config.write_text("\n".join(lines), encoding="utf-8")
        settings = load_settings(config)
        with opened_databases(settings) as databases:
            prepare_schema(databases)
            with (
                Store(databases.catalogue_url) as store,
                open_instance(settings, databases) as instance,
            ):
                defs = build_defs(settings)
                for time_of_import in ("first", "second"):
                    before = _written(store)
                    position = store.rows("SELECT coalesce(max(position), 0) AS n FROM import_event")[0]["n"]
                    begun = time.monotonic()
                    pages = 0
                    for site in SITES:
                        outcome = import_source(defs, instance, store, SOURCES[site], full=True)
                        pages += outcome.counts["pages_checked"]
                    reconcile(defs, instance, store)
                    seconds = time.monotonic() - begun
                    events = store.rows(
                        "SELECT event_type, count(*) AS n FROM import_event WHERE position > %s GROUP BY 1 ORDER BY 1",
                        (position,),
                    )
                    print(
                        f"{time_of_import} import: {pages} pages in {seconds:.1f} s, "
                        f"{_written(store) - before} catalogue rows written, "
                        "events: " + ", ".join(f"{row['n']} {row['event_type']}" for row in events)
                    )
            if databases.embedded:
                databases.embedded.stop()


def _written(store: Store) -> int:
    with store.connection() as connection:
        connection.execute(b"SELECT pg_stat_force_next_flush()")
        time.sleep(1.5)  # other connections tell of their writes within a second
    return int(store.rows(_WRITTEN, (CATALOGUE,))[0]["written"])


if __name__ == "__main__":
    main()
