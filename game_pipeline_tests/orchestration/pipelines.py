"""Running the real definitions in a test: real settings, a real catalogue, a real (in-memory) Dagster instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from game_pipeline.orchestration.automation import RECONCILE_JOB, range_tags
from game_pipeline.orchestration.build import build_defs
from game_pipeline.orchestration.source_pages import ImportConfig
from game_pipeline.settings import CrawlSettings, Settings, SourceSettings
from game_pipeline.sources import SOURCES
from game_pipeline.store import Store

__all__ = ["Line", "fast_settings"]


def fast_settings(database_url: str, data_dir: Path, routes: Mapping[str, str]) -> Settings:
    """Settings for replicas on loopback: no politeness delays, no waiting between attempts."""
    return Settings(
        data_dir=data_dir,
        database_url=database_url,
        dagster_database_url=database_url,  # never written to: the instance is in memory
        crawl=CrawlSettings(routes=dict(routes), retry_base=0.01, retry_cap=0.02, total_deadline=10),
        sources={name: SourceSettings(min_delay=0, asset_retries=0) for name in SOURCES},
    )


class Line:
    """The whole line of assets over one catalogue."""

    def __init__(self, store: Store, data_dir: Path, routes: Mapping[str, str]) -> None:
        self.store = store
        self.settings = fast_settings(store.url, data_dir, routes)
        self.defs = build_defs(self.settings)
        self.instance = dg.DagsterInstance.ephemeral()

    def import_source(
        self,
        name: str,
        *,
        full: bool = False,
        segments: Iterable[str] | None = None,
        urls: Iterable[str] = (),
        tags: Mapping[str, str] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Run a source's import job; what fails is in the result."""
        config: dict[str, Any] = {f"sources__{name}": ImportConfig(full=full, urls=list(urls))}
        return self.defs.resolve_job_def(f"import_{name}").execute_in_process(
            instance=self.instance,
            tags=range_tags(list(segments or SOURCES[name].segment_keys())) | dict(tags or {}),
            run_config=dg.RunConfig(ops=config),
            raise_on_error=False,
        )

    def read_source(self, name: str) -> dg.ExecuteInProcessResult:
        """Run the job that reads stored pages."""
        return self.defs.resolve_job_def(f"read_{name}").execute_in_process(
            instance=self.instance, tags=range_tags(SOURCES[name].segment_keys()), raise_on_error=False
        )

    def reconcile(self) -> dg.ExecuteInProcessResult:
        """Run the catalogue's job."""
        return self.defs.resolve_job_def(RECONCILE_JOB).execute_in_process(instance=self.instance, raise_on_error=False)

    def changes(self, run_id: str) -> dict[str, int]:
        """Record versions that a run wrote, by kind of change."""
        rows = self.store.rows(
            "SELECT change, count(*) AS n FROM record_version WHERE run_id = %s GROUP BY change", (run_id,)
        )
        return {row["change"]: row["n"] for row in rows}
