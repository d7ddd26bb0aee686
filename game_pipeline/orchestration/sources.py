"""From a source's facts to its Dagster definitions: one factory for every source.

`sources/NAME` fetches, `records/NAME` reads; both are cut into the source's segments. One job runs both, a sensor
starts it when the site has news, a schedule when a full import is due.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from game_pipeline.settings import Settings
from game_pipeline.sources import Source

from .automation import full_import_schedule, monitor_sensor, reader_sensor
from .source_pages import pages_asset
from .source_records import records_asset

if TYPE_CHECKING:  # no public name of dagster's stands for what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

__all__ = ["SourceDefinitions", "source_definitions"]


@dataclass(frozen=True, slots=True)
class SourceDefinitions:
    """Everything Dagster knows about one source."""

    assets: tuple[dg.AssetsDefinition, ...]
    jobs: tuple["UnresolvedAssetJobDefinition", ...]
    sensors: tuple[dg.SensorDefinition, ...]
    schedules: tuple[dg.ScheduleDefinition, ...]


def source_definitions(source: Source, settings: Settings) -> SourceDefinitions:
    """The assets, jobs, sensor and schedule of one source."""
    partitions = dg.StaticPartitionsDefinition(list(source.segment_keys()))
    pages = pages_asset(source, settings, partitions)
    records = records_asset(source, partitions)
    import_job = dg.define_asset_job(
        f"import_{source.name}",
        selection=[pages, records],
        description=f"Fetch what is due on {source.title} and read it. Config `full`: everything.",
        tags={"source": source.name},
        executor_def=dg.in_process_executor,
    )
    read_job = dg.define_asset_job(
        f"read_{source.name}",
        selection=[records],
        description=f"Read the stored pages of {source.title} that are not read yet; sends no request.",
        tags={"source": source.name},
        executor_def=dg.in_process_executor,
    )
    return SourceDefinitions(
        assets=(pages, records),
        jobs=(import_job, read_job),
        sensors=(monitor_sensor(source, settings, import_job), reader_sensor(source, settings, read_job)),
        schedules=(full_import_schedule(source, settings, import_job),),
    )
