"""All of Dagster's definitions, built from the settings and the registry of sources."""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from game_pipeline.settings import Settings, load_settings
from game_pipeline.sources import SOURCES, GogGalaxy, Source

from .automation import RECONCILE_JOB, daily_report, reaper_sensor, reconcile_sensor
from .catalog import GAMES, GROUP, OWNERS, catalog_assets
from .checks import catalog_checks
from .duplicates import DUPLICATES, duplicates_asset, duplicates_job, nightly_duplicates
from .library import DATA_FILE, library_assets, library_check, take_in_job, upload_sensor
from .library_analytics import analytics_asset
from .monitoring import health_job, health_sensor, monitoring_assets
from .overrides import override_job
from .people import people_asset
from .resources import pipeline_resource
from .sources import source_definitions
from .upkeep import RAW_STORE, daily_upkeep, raw_store_asset, upkeep_job
from .webhooks import WEBHOOKS, deliver_job, webhook_asset, webhook_check, webhook_sensor

if TYPE_CHECKING:  # no public name of dagster's stands for what define_asset_job returns
    pass

__all__ = ["build_defs"]

# backfill_policy is marked as beta in the release that the lock file pins; it is what single runs rest on.
warnings.filterwarnings("ignore", category=dg.BetaWarning)


def build_defs(
    settings: Settings | None = None,
    resource_overrides: Mapping[str, Any] | None = None,
    sources: Mapping[str, Source] = SOURCES,
) -> dg.Definitions:
    """Everything Dagster shows and runs.

    `settings`: read from the environment and `game_pipeline.toml` where not given; raises `SettingsError` with all
    that is wrong. A source without segments (documents given by hand) or switched off gets no assets.
    """
    given = settings
    settings = settings or load_settings(known_sources=frozenset(sources))
    crawled = [source for source in sources.values() if source.segments and settings.source(source.name).enabled]
    built = [source_definitions(source, settings) for source in crawled]
    names = [source.name for source in crawled]
    # Galaxy's records come with uploads, not from a site.
    catalogue = [*catalog_assets([*names, GogGalaxy.name]), *monitoring_assets(names), webhook_asset()]
    catalogue += [*library_assets(), raw_store_asset({source.name: source for source in crawled})]
    catalogue.append(people_asset(GAMES, group=GROUP, owners=OWNERS))
    catalogue += [duplicates_asset(), analytics_asset()]
    delivering, reporting, taking_in, upkeep = deliver_job(), health_job(), take_in_job(), upkeep_job()
    finding = duplicates_job()
    reconcile = dg.define_asset_job(
        RECONCILE_JOB,
        # A receiver that is slow to answer holds up nothing: delivering has a job of its own.
        selection=(dg.AssetSelection.groups("catalog", "monitoring") | dg.AssetSelection.assets(DATA_FILE))
        - dg.AssetSelection.assets(WEBHOOKS, RAW_STORE, DUPLICATES),
        description="Take into the catalogue whatever records wait, whichever sources succeeded, and check the result.",
        executor_def=dg.in_process_executor,
    )
    resources = {"pipeline": pipeline_resource(given, sources)} | dict(resource_overrides or {})
    return dg.Definitions(
        assets=[asset for source in built for asset in source.assets] + catalogue,
        asset_checks=[*catalog_checks(), webhook_check(), library_check()],
        jobs=[job for source in built for job in source.jobs]
        + [reconcile, delivering, reporting, taking_in, upkeep, finding, override_job(names)],
        sensors=[sensor for source in built for sensor in source.sensors]
        + [reconcile_sensor(settings, reconcile), reaper_sensor(settings), webhook_sensor(settings, delivering)]
        + [health_sensor(settings, reporting), upload_sensor(settings, taking_in)],
        schedules=[schedule for source in built for schedule in source.schedules]
        + [daily_report(settings, reconcile), daily_upkeep(settings, upkeep), nightly_duplicates(settings, finding)],
        resources=resources,
        executor=dg.in_process_executor,
    )
