"""The catalogue's assets: what changed, which games it is about, what they say now, and what people must decide.

They run together whenever records wait, whichever sources succeeded.
"""

import datetime as dt
import time

import dagster as dg

from game_pipeline.catalog import Share, match_quality, shadow_report

from .metadata import counts_metadata, table, with_defaults
from .outages import through_outages
from .resources import Pipeline

__all__ = ["catalog_assets"]

GROUP = "catalog"
OWNERS = ["team:catalogue"]
POOL = "catalogue"

CHANGES, MATCHES, GAMES = (dg.AssetKey(["catalog", name]) for name in ("changes", "matches", "games"))

_WAITING = """
SELECT record.source, newest.change, count(*) AS n
FROM source_record AS record JOIN record_version AS newest USING (record_id, version)
WHERE record.version <> record.matched_version OR record.version <> record.reconciled_version
GROUP BY 1, 2 ORDER BY 1, 2
"""


def catalog_assets(sources: list[str]) -> list[dg.AssetsDefinition]:
    """The catalogue's assets, downstream of the records of every source."""

    @dg.asset(
        key=CHANGES,
        deps=[dg.AssetKey(["records", name]) for name in sources],
        group_name=GROUP,
        kinds={"postgres"},
        owners=OWNERS,
        description=(
            "The records that are new or changed and that the catalogue has not taken in yet, by source and kind of "
            "change. Reads only; what waits here is taken in by the assets after it."
        ),
    )
    def changes(pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        rows = pipeline.store.rows(_WAITING)
        counts: dict[str, int] = {}
        for row in rows:
            counts[f"records_{row['change']}"] = counts.get(f"records_{row['change']}", 0) + row["n"]
        keys = tuple(f"records_{kind}" for kind in ("new", "changed", "format", "reparsed", "vanished", "returned"))
        return dg.MaterializeResult(
            metadata=counts_metadata(with_defaults(counts, keys))
            | {
                "report": dg.MetadataValue.md(
                    table(("source", "change", "records"), [(row["source"], row["change"], row["n"]) for row in rows])
                    or "Nothing waits."
                )
            }
        )

    @dg.asset(
        key=MATCHES,
        deps=[CHANGES],
        group_name=GROUP,
        kinds={"python", "postgres"},
        owners=OWNERS,
        pool=POOL,
        description=(
            "Which game each new record is about: by ids and addresses first, then by title with year and author; "
            "what is doubtful becomes a question in review. Each decision keeps its evidence in words. "
            "A wrong match: answer it in review, or tell the games apart by hand; the answer is kept for ever."
        ),
    )
    def matches(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        begun = time.monotonic()
        report = through_outages(context, pipeline.store, pipeline.curator(context.run.run_id).match_pending)
        bands = with_defaults(report.counts, ("auto", "review", "new", "already_known"))
        decided = bands["auto"] + bands["review"] + bands["new"]
        for failure in report.failed:  # the check on records without a game names them; the other records go on
            context.log.error(failure)
        return dg.MaterializeResult(
            metadata=counts_metadata(bands)
            | {
                "review_share": dg.MetadataValue.float(round(bands["review"] / decided, 4) if decided else 0.0),
                "failed": dg.MetadataValue.int(len(report.failed)),
                "seconds": dg.MetadataValue.float(round(time.monotonic() - begun, 3)),
                **_quality(pipeline),
                "methods": dg.MetadataValue.md(
                    table(("method", "records"), report.methods.most_common()) or "Nothing was decided."
                ),
                "report": dg.MetadataValue.md(
                    table(
                        ("record", "title", "band", "game", "why"),
                        [tuple(example.values()) for example in report.examples],
                    )
                    or "No record joined a game or became a question."
                ),
            }
        )

    @dg.asset(
        key=GAMES,
        deps=[MATCHES],
        group_name=GROUP,
        kinds={"python", "postgres"},
        owners=OWNERS,
        pool=POOL,
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=dt.timedelta(days=8), warn_window=dt.timedelta(days=4)
        ),
        description=(
            "The catalogue: every game whose records changed is merged anew, field by field, with the provenance of "
            "each value; edits of people stand. A game whose result differs gets a revision, written as an event; one "
            "whose result is the same is not touched. A change beyond the limits is held back for a person to look at."
        ),
    )
    def games(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        begun = time.monotonic()
        report = through_outages(context, pipeline.store, pipeline.curator(context.run.run_id).revise_pending)
        if report.failed:
            raise dg.Failure(
                f"{len(report.failed)} games could not be revised; all others were. {report.failed[0]}",
                metadata={"failed": dg.MetadataValue.md(table(("game and why",), [(why,) for why in report.failed]))},
            )
        created = pipeline.store.row(
            "SELECT count(*) AS n FROM import_event WHERE event_type = 'game.created' AND correlation_id = %s",
            (context.run.run_id,),
        )
        total = pipeline.store.row("SELECT count(*) AS n FROM game WHERE status = 'active'")
        counts = with_defaults(report.counts, ("updated", "untouched", "held"))
        return dg.MaterializeResult(
            metadata=counts_metadata(
                {
                    "games_new": created["n"] if created else 0,
                    "games_updated": counts["updated"],
                    "games_untouched": counts["untouched"],
                    "games_held": counts["held"],
                }
            )
            | {
                "dagster/row_count": dg.MetadataValue.int(total["n"] if total else 0),
                "seconds": dg.MetadataValue.float(round(time.monotonic() - begun, 3)),
                "fields": dg.MetadataValue.md(
                    table(("field", "games"), report.changed_fields.most_common(30)) or "No field changed."
                ),
                "report": dg.MetadataValue.md(
                    table(("game", "title", "changed"), [tuple(example.values()) for example in report.examples])
                    or "No game was updated."
                ),
            }
            | (_shadow(pipeline) if pipeline.settings.shadow else {})
        )

    return [changes, matches, games, _conflicts(), _descriptions()]


def _quality(pipeline: Pipeline) -> dict[str, dg.MetadataValue]:
    """How right matching is by people's answers: the share, and the interval in which the true one lies."""
    quality = match_quality(pipeline.store)
    shares = {"links_not_undone": quality.linked, "questions_accepted": quality.asked}
    found: dict[str, dg.MetadataValue] = {}
    for name, share in shares.items():
        low, high = share.interval
        found[f"{name}_of"] = dg.MetadataValue.int(share.of)
        if share.value is not None:
            found[name] = dg.MetadataValue.float(round(share.value, 4))
            found[f"{name}_low"] = dg.MetadataValue.float(round(low, 4))
            found[f"{name}_high"] = dg.MetadataValue.float(round(high, 4))
    rows = [("linked by itself, not undone", *_estimate(quality.linked))]
    rows += [(f"asked: {method}", *_estimate(share)) for method, share in quality.by_method.items()]
    found["precision"] = dg.MetadataValue.md(table(("what", "right", "of", "share", "95 % interval"), rows))
    return found


def _estimate(share: Share) -> tuple[int, int, str, str]:
    low, high = share.interval
    value = "" if share.value is None else f"{share.value:.3f}"
    return share.right, share.of, value, f"{low:.3f} to {high:.3f}"


def _shadow(pipeline: Pipeline) -> dict[str, dg.MetadataValue]:
    """In shadow mode: how the catalogue and its sources differ."""
    found = shadow_report(pipeline.store, limit=0)
    numbers = {f"shadow_{name}": dg.MetadataValue.int(count) for name, count in found.counts.items()}
    rows = [(name, row["filled"], row["changed"], row["emptied"]) for name, row in found.fields.items()]
    fields = table(("field", "filled", "changed", "emptied"), rows) or "No game would change."
    return {**numbers, "shadow_fields": dg.MetadataValue.md(fields)}


def _conflicts() -> dg.AssetsDefinition:
    @dg.asset(
        key=["catalog", "conflicts"],
        deps=[GAMES],
        group_name=GROUP,
        kinds={"postgres"},
        owners=OWNERS,
        description=(
            "Fields about which sources truly disagree, with all sides. Meanwhile the source of the higher priority "
            "stands; a person settles it in review or by an edit."
        ),
    )
    def conflicts(pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        rows = pipeline.store.rows(
            "SELECT game.title, conflict.field, conflict.state, conflict.sides FROM data_conflict AS conflict "
            "JOIN game USING (game_id) WHERE closed_at IS NULL ORDER BY detected_at DESC, conflict_id DESC"
        )
        shown = [
            (
                row["title"],
                row["field"],
                row["state"],
                "; ".join(
                    f"{', '.join(by['source'] for by in side['sources'])}: {side['value']}" for side in row["sides"]
                ),
            )
            for row in rows[:40]
        ]
        return dg.MaterializeResult(
            metadata={
                "conflicts_open": sum(row["state"] == "pending" for row in rows),
                "conflicts_resolved": sum(row["state"] == "resolved" for row in rows),
                "report": dg.MetadataValue.md(
                    table(("game", "field", "state", "sides"), shown) or "The sources agree."
                ),
            }
        )

    return conflicts


def _descriptions() -> dg.AssetsDefinition:
    @dg.asset(
        key=["catalog", "descriptions"],
        deps=[GAMES],
        group_name=GROUP,
        kinds={"postgres"},
        owners=OWNERS,
        description=(
            "How the texts came about: taken whole from one source, or merged sentence by sentence from several "
            "(duplicates out, every sentence attributed), by language."
        ),
    )
    def descriptions(pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        rows = pipeline.store.rows(
            """
            SELECT lang, text->>'method' AS method, count(*) AS texts,
                   round(avg((text->>'confidence')::numeric), 3)::float AS confidence
            FROM game, jsonb_each(state->'descriptions') AS described(lang, text)
            WHERE status = 'active' GROUP BY 1, 2 ORDER BY 1, 2
            """
        )
        return dg.MaterializeResult(
            metadata={
                "descriptions": sum(row["texts"] for row in rows),
                "descriptions_merged": sum(row["texts"] for row in rows if row["method"] == "extractive"),
                "report": dg.MetadataValue.md(
                    table(
                        ("language", "method", "texts", "mean confidence"),
                        [(row["lang"], row["method"], row["texts"], row["confidence"]) for row in rows],
                    )
                    or "No game has a description yet."
                ),
            }
        )

    return descriptions
