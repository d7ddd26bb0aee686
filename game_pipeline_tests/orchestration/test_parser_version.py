"""A parser that reads more than before: its source's records alone are out of date, and no site is asked again."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from game_pipeline.demo.replicas import Replicas
from game_pipeline.model import GameRecord
from game_pipeline.orchestration.automation import range_tags
from game_pipeline.orchestration.build import build_defs
from game_pipeline.orchestration.source_pages import ImportConfig
from game_pipeline.settings import ParseSettings
from game_pipeline.sources import SOURCES, Page, Source
from game_pipeline.sources.instead_games import InsteadGames
from game_pipeline.store import Store

from .pipelines import fast_settings

OTHER = "axma"


class NewerInsteadGames(InsteadGames):
    """Reads one more thing from the same pages."""

    parser_version = InsteadGames.parser_version + 1

    def parse(self, page: Page) -> list[GameRecord]:
        facts = {"parser_version": self.parser_version}
        return [
            record.model_copy(update={"extra": {**record.extra, "read_anew": True}, **facts})
            for record in super().parse(page)
        ]


class Pipelines:
    """Two sources on one instance, with one parser of the first or another."""

    def __init__(self, store: Store, directory: Path, routes: dict[str, str]) -> None:
        self.settings = fast_settings(store.url, directory, routes).model_copy(
            update={"parse": ParseSettings(workers=0)}
        )
        self.instance = dg.DagsterInstance.ephemeral()

    def definitions(self, *sources: Source) -> dg.Definitions:
        return build_defs(self.settings, sources={source.name: source for source in sources})

    def run(self, defs: dg.Definitions, job: str, source: Source, config: dict[str, object] | None = None) -> None:
        ran = defs.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            tags=range_tags(source.segment_keys()),
            run_config=dg.RunConfig(ops=config or {}),
        )
        assert ran.success

    def stale(self, defs: dg.Definitions, *sources: Source) -> set[str]:
        """What the UI marks as out of date."""
        asked = CachingStaleStatusResolver(
            self.instance, defs.get_repository_def().asset_graph, LoadingContextForTest(self.instance)
        )
        return {
            f"{group}/{source.name}"
            for group in ("sources", "records")
            for source in sources
            for segment in source.segment_keys()
            if asked.get_status(dg.AssetKey([group, source.name]), segment) is StaleStatus.STALE
        }


def test_a_newer_parser_marks_its_records_alone_and_reads_stored_pages_without_a_request(
    store: Store, tmp_path: Path
) -> None:
    old, newer, other = SOURCES["instead_games"], NewerInsteadGames(), SOURCES[OTHER]
    with Replicas(sites=(old.name, OTHER)) as replicas:
        line = Pipelines(store, tmp_path, replicas.routes)
        before = line.definitions(old, other)
        for source in (old, other):
            line.run(before, f"import_{source.name}", source, {f"sources__{source.name}": ImportConfig(full=True)})
        assert line.stale(before, old, other) == set()
        asked = len(replicas.log)
        assert asked > 0

        after = line.definitions(newer, other)
        assert line.stale(after, newer, other) == {"records/instead_games"}
        line.run(after, "read_instead_games", newer)
        assert line.stale(after, newer, other) == set()
        assert len(replicas.log) == asked

    kinds = store.rows(
        "SELECT source, change, count(*) AS n FROM record_version JOIN source_record USING (record_id) "
        "WHERE change <> 'new' GROUP BY 1, 2"
    )
    records = store.row("SELECT count(*) AS n FROM source_record WHERE source = 'instead_games'")
    assert records is not None
    assert kinds == [{"source": "instead_games", "change": "reparsed", "n": records["n"]}]
    row = store.row("SELECT count(*) AS n FROM record_version WHERE (record->'extra'->>'read_anew')::boolean")
    assert row == {"n": records["n"]}
