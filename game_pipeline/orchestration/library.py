"""Players' libraries in Dagster: uploads taken in player by player, the data file, and how both are."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import dagster as dg

from game_pipeline.changes import refresh_records
from game_pipeline.crawl import HoldLost, SourceBusy
from game_pipeline.galaxy import GalaxyError
from game_pipeline.library import (
    Intake,
    UploadReport,
    data_file_of,
    list_players,
    list_uploads,
    recent_steps,
    renew_data_file,
    verify,
)
from game_pipeline.settings import Settings
from game_pipeline.sources import GogGalaxy

from .automation import is_active, range_tags, sensor_status
from .catalog import GAMES
from .instance import failure_of, run_job, stretches
from .metadata import RECORD_KEYS, counts_metadata, table, with_defaults
from .resources import Pipeline

if TYPE_CHECKING:  # no public name of dagster's stands for what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

__all__ = [
    "ANALYTICS",
    "DATA_FILE",
    "GROUP",
    "OWNERS",
    "OWNERSHIP",
    "PLAYERS",
    "TAKE_IN_JOB",
    "library_assets",
    "library_check",
    "take_in",
    "take_in_job",
    "upload_sensor",
]

GROUP = "library"
OWNERS = ["team:libraries"]
OWNERSHIP, DATA_FILE, ANALYTICS = (dg.AssetKey(["library", name]) for name in ("ownership", "data_file", "analytics"))
RECORDS = dg.AssetKey(["records", GogGalaxy.name])
TAKE_IN_JOB = "take_in_libraries"
PLAYERS = dg.DynamicPartitionsDefinition(name="players")
MOST_LOOKED_AT = 10
LOOKING_SECONDS = 60.0


class OwnershipConfig(dg.Config):
    """What a run does beside taking in the uploads that wait."""

    read_again: bool = False
    """Read the kept database of each player anew: a newer version of the pipeline may see more in it."""


def library_assets() -> list[dg.AssetsDefinition]:
    @dg.asset(
        key=OWNERSHIP,
        partitions_def=PLAYERS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool="library",
        group_name=GROUP,
        kinds={"python", "postgres", "sqlite"},
        owners=OWNERS,
        description=(
            "Who owns what: uploaded GOG Galaxy databases, read in a process of their own and taken in player by "
            "player. A partition is a player, by Galaxy's id. An upload that is refused changes nothing; "
            "monitoring/library says why. Config `read_again`: read the kept databases anew."
        ),
    )
    def ownership(
        context: dg.AssetExecutionContext, config: OwnershipConfig, pipeline: dg.ResourceParam[Pipeline]
    ) -> dg.MaterializeResult:
        begun = time.monotonic()
        intake = Intake(pipeline.store, pipeline.settings)
        waiting = intake.waiting_for([int(user_id) for user_id in context.partition_keys])
        reports = intake.take_in_many(waiting, context.run.run_id)
        for report in reports:
            level = context.log.warning if report.state == "refused" else context.log.info
            level("upload %s: %s: %s", report.upload_id, report.state, report.message)
        failed = _read_again(context, intake) if config.read_again else []
        players = {row["user_id"]: row for row in list_players(pipeline.store)}
        for user_id in context.partition_keys:
            context.add_asset_metadata(_player_metadata(players.get(user_id), reports), partition_key=user_id)
        if failed:
            raise dg.Failure(f"not read again: {'; '.join(failed)}", allow_retries=False)
        return dg.MaterializeResult(
            metadata=counts_metadata(_counts(reports))
            | {
                "seconds": dg.MetadataValue.float(round(time.monotonic() - begun, 3)),
                "report": dg.MetadataValue.md(_uploads_table(reports) or "No upload waited."),
            }
        )

    @dg.asset(
        key=RECORDS,
        deps=[OWNERSHIP],
        code_version=str(GogGalaxy.parser_version),
        pool=GogGalaxy.name,
        group_name="records",
        kinds={"python", "postgres"},
        owners=OWNERS,
        tags={"source": GogGalaxy.name},
        description=(
            "What Galaxy states about the games that players own, as canonical records: matched and merged in the "
            "catalogue as those of any other source."
        ),
    )
    def records(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        source = GogGalaxy()
        try:
            with pipeline.hold(source, context.run.run_id) as hold:
                report = refresh_records(
                    pipeline.store, source, context.run.run_id, "games", pipeline.parser, go_on=hold.check
                )
        except (SourceBusy, HoldLost) as other:
            raise dg.Failure(str(other), allow_retries=False) from None
        problems = [(item.page, item.where, item.problem) for item in report.problems[:20]]
        return dg.MaterializeResult(
            metadata=counts_metadata(with_defaults(report.counts, RECORD_KEYS))
            | {"report": dg.MetadataValue.md(table(("page", "where", "problem"), problems) or "Every page was read.")}
        )

    @dg.asset(
        key=DATA_FILE,
        deps=[OWNERSHIP, GAMES],
        pool="library",
        group_name=GROUP,
        kinds={"python", "postgres", "file"},
        owners=OWNERS,
        description=(
            "The file that comparisons are answered from: written whole or not at all, its last versions kept beside "
            "it. Broken or lost: game-pipeline data-store rebuild, or restore."
        ),
    )
    def data_file(pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        begun = time.monotonic()
        written = renew_data_file(pipeline.store, pipeline.settings)
        versions = data_file_of(pipeline.settings).versions()
        return dg.MaterializeResult(
            metadata={
                "written": dg.MetadataValue.bool(written),
                "users": dg.MetadataValue.int(versions[0].users),
                "releases": dg.MetadataValue.int(versions[0].games),
                "bytes": dg.MetadataValue.int(versions[0].size),
                "backups": dg.MetadataValue.int(len(versions) - 1),
                "bytes_of_backups": dg.MetadataValue.int(sum(version.size for version in versions[1:])),
                "path": dg.MetadataValue.path(str(versions[0].path)),
                "seconds": dg.MetadataValue.float(round(time.monotonic() - begun, 3)),
                "report": dg.MetadataValue.md(
                    table(
                        ("version", "written", "users", "releases", "bytes", "problem"),
                        [
                            (
                                each.path.name,
                                each.last_updated or "",
                                each.users,
                                each.games,
                                each.size,
                                each.problem or "",
                            )
                            for each in versions
                        ],
                    )
                ),
            }
        )

    return [ownership, records, data_file, _monitoring()]


def _read_again(context: dg.AssetExecutionContext, intake: Intake) -> list[str]:
    failed = []
    for user_id in context.partition_keys:
        try:
            report = intake.read_again(int(user_id), context.run.run_id)
            context.log.info(
                "%s: read again, %d new, %d changed, %d gone", report.name, report.added, report.changed, report.removed
            )
        except (LookupError, GalaxyError) as error:
            failed.append(str(error))
    return failed


def _counts(reports: Sequence[UploadReport]) -> dict[str, int]:
    states = ("accepted", "unchanged", "older", "refused")
    counts = {f"uploads_{state}": sum(report.state == state for report in reports) for state in states}
    players = [player for report in reports for player in report.players]
    return counts | {
        "releases_added": sum(player.added for player in players),
        "releases_changed": sum(player.changed for player in players),
        "releases_removed": sum(player.removed for player in players),
    }


def _uploads_table(reports: Sequence[UploadReport]) -> str:
    return table(
        ("upload", "state", "what became of it"),
        [(report.filename, report.state, report.message) for report in reports],
    )


def _player_metadata(
    player: dict[str, Any] | None, reports: Sequence[UploadReport]
) -> dict[str, dg.MetadataValue[Any]]:
    if player is None:
        return {"report": dg.MetadataValue.md("No library of this player was taken in.")}
    now = [each for report in reports for each in report.players if each.user_id == player["user_id"]]
    return counts_metadata(
        {
            "games": player["total_games"],
            "installed": player["installed_games"],
            "added": sum(each.added for each in now),
            "changed": sum(each.changed for each in now),
            "removed": sum(each.removed for each in now),
        }
    ) | {
        "player": dg.MetadataValue.text(player["name"]),
        "database": dg.MetadataValue.text(f"{player['db_filename']}, of {player['db_modified']:%Y-%m-%d %H:%M}"),
    }


def _monitoring() -> dg.AssetsDefinition:
    @dg.asset(
        key=["monitoring", "library"],
        deps=[DATA_FILE],
        group_name="monitoring",
        kinds={"postgres"},
        owners=OWNERS,
        description=(
            "Players, the uploads of late and why some were refused, and what readers of the data file had to do to "
            "find it again: from a backup, from PostgreSQL, from the uploaded databases."
        ),
    )
    def library(pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        players = list_players(pipeline.store)
        uploads = list_uploads(pipeline.store)
        steps = recent_steps(data_file_of(pipeline.settings), 50)
        return dg.MaterializeResult(
            metadata={
                "players": dg.MetadataValue.int(len(players)),
                "uploads_waiting": dg.MetadataValue.int(sum(row["state"] == "waiting" for row in uploads)),
                "uploads_refused": dg.MetadataValue.int(sum(row["state"] == "refused" for row in uploads)),
                "recoveries": dg.MetadataValue.int(sum(step.problem is None for step in steps)),
                "report": dg.MetadataValue.md(
                    table(
                        ("player", "games", "installed", "database", "of", "uploaded"),
                        [
                            (
                                row["name"],
                                row["total_games"],
                                row["installed_games"],
                                row["db_filename"],
                                f"{row['db_modified']:%Y-%m-%d %H:%M}",
                                f"{row['uploaded_at']:%Y-%m-%d %H:%M}",
                            )
                            for row in players
                        ],
                    )
                    or "Nobody has a library here yet."
                ),
                "uploads": dg.MetadataValue.md(
                    table(
                        ("upload", "by", "received", "state", "what became of it"),
                        [
                            (
                                row["filename"],
                                row["sender"],
                                f"{row['received_at']:%Y-%m-%d %H:%M}",
                                row["state"],
                                row["message"] or "",
                            )
                            for row in uploads
                        ],
                    )
                    or "Nothing was uploaded yet."
                ),
                "recovery": dg.MetadataValue.md(
                    table(
                        ("when", "tried", "problem", "what was done"),
                        [(step.at, step.step, step.problem or "", step.note) for step in steps],
                    )
                    or "The data file was never lost."
                ),
            }
        )

    return library


def library_check() -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=DATA_FILE,
        name="the_data_file_tells_the_truth",
        description=(
            "The data file is whole and says what the database says. Red: game-pipeline data-store verify names each "
            "difference, rebuild puts it right."
        ),
    )
    def the_data_file_tells_the_truth(pipeline: dg.ResourceParam[Pipeline]) -> dg.AssetCheckResult:
        found = verify(pipeline.store, pipeline.settings)
        problems = [found.problem] if found.problem else list(found.differences)
        return dg.AssetCheckResult(
            passed=found.good,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata={
                "offenders": len(problems),
                "sample": dg.MetadataValue.md(table(("difference",), [(each,) for each in problems[:20]]) or "None."),
            },
        )

    return the_data_file_tells_the_truth


# Starting runs -----------------------------------------------------------------------------------------------------


def take_in_job() -> "UnresolvedAssetJobDefinition":
    return dg.define_asset_job(
        TAKE_IN_JOB,
        selection=dg.AssetSelection.assets(OWNERSHIP, RECORDS, DATA_FILE, ANALYTICS),
        description="Take in the uploads that wait, read what they state about games, renew the data file, analyse.",
        executor_def=dg.in_process_executor,
    )


def take_in(defs: dg.Definitions, instance: dg.DagsterInstance, intake: Intake, uploads: Sequence[UUID]) -> list[str]:
    """Take in uploads that wait, in this process; why runs failed, where any did. What became of each upload its
    report says."""
    found = [str(user_id) for upload_id in uploads for user_id in intake.look(upload_id, "command line")]
    added = _new_players(instance, found)
    if added:
        instance.add_dynamic_partitions(str(PLAYERS.name), added)
    order = instance.get_dynamic_partitions(str(PLAYERS.name))
    results = [run_job(defs, instance, TAKE_IN_JOB, tags=range_tags(part)) for part in stretches(order, found)]
    return [failure for result in results if (failure := failure_of(result))]


def _new_players(instance: dg.DagsterInstance, user_ids: Sequence[str]) -> list[str]:
    """Those who have no partition yet, in the order in which they get one."""
    known = set(instance.get_dynamic_partitions(str(PLAYERS.name)))
    return [user_id for user_id in dict.fromkeys(user_ids) if user_id not in known]


# Taken in by whoever received them, without a run that would show it.
_TAKEN_IN_ELSEWHERE = """
SELECT position, payload->>'user_id' AS user_id, correlation_id FROM import_event
WHERE event_type = 'library.uploaded' AND position > %s ORDER BY position LIMIT 1000
"""


def upload_sensor(settings: Settings, job: "UnresolvedAssetJobDefinition") -> dg.SensorDefinition:
    @dg.sensor(
        name="take_in_uploads",
        job=job,
        minimum_interval_seconds=15,
        default_status=sensor_status(settings),
        description=(
            "Looks for Galaxy databases in the upload directory, dropped there or sent over HTTP, and starts taking "
            "them in; each player in them becomes a partition. What cannot be read is refused here."
        ),
    )
    def take_in_uploads(
        context: dg.SensorEvaluationContext, pipeline: dg.ResourceParam[Pipeline]
    ) -> dg.SensorResult | dg.SkipReason:
        if is_active(context.instance, TAKE_IN_JOB):
            return dg.SkipReason("uploads are being taken in")
        intake = Intake(pipeline.store, pipeline.settings)
        found, waiting = _look(intake, intake.find())
        position = int(context.cursor or 0)
        for row in pipeline.store.rows(_TAKEN_IN_ELSEWHERE, (position,)):
            position = row["position"]
            if not context.instance.has_run(row["correlation_id"]):
                found.append(row["user_id"])
        if not found:
            context.update_cursor(str(position))
            return dg.SkipReason("no upload waits" if not waiting else "the uploads that waited were refused")
        added = _new_players(context.instance, found)
        order = [*context.instance.get_dynamic_partitions(str(PLAYERS.name)), *added]
        stamp = f"{position}-{int(time.time())}"
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(run_key=f"library-{part[0]}-{stamp}", tags=range_tags(part))
                for part in stretches(order, found)
            ],
            dynamic_partitions_requests=[PLAYERS.build_add_request(added)] if added else [],
            cursor=str(position),
        )

    return take_in_uploads


def _look(intake: Intake, waiting: Sequence[UUID]) -> tuple[list[str], int]:
    """Whose libraries wait, as far as a tick has time for it."""
    ends = time.monotonic() + LOOKING_SECONDS
    found: list[str] = []
    for upload_id in waiting[:MOST_LOOKED_AT]:
        if time.monotonic() < ends:
            found += [str(user_id) for user_id in intake.look(upload_id, "upload sensor")]
    return found, len(waiting)
