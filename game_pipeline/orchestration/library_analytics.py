"""What the libraries say as a whole, as an asset whose numbers are plotted over time."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from game_pipeline.library import LibraryError, analyse, data_file_of, open_reader, store_growth

from .library import ANALYTICS, DATA_FILE, GROUP, OWNERS
from .metadata import counts_metadata, escape, table
from .resources import Pipeline

__all__ = ["analytics_asset"]

LINES = 20


def analytics_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=ANALYTICS,
        deps=[DATA_FILE],
        group_name=GROUP,
        kinds={"python", "postgres", "file"},
        owners=OWNERS,
        description=(
            "Popular games, those that most players could play together, whose libraries overlap and on which "
            "platforms, and how the store of libraries and its backups grow."
        ),
    )
    def analytics(pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        try:
            library = open_reader(pipeline.settings, lambda: pipeline.store).current()
        except LibraryError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        found = analyse(library, LINES)
        growth = store_growth(pipeline.store, data_file_of(pipeline.settings))
        return dg.MaterializeResult(
            metadata=counts_metadata(_counts(found, growth))
            | {f"games_on_{row['platform']}": dg.MetadataValue.int(row["games"]) for row in found["platforms"]}
            | {"report": dg.MetadataValue.md(_report(found, growth))}
        )

    return analytics


def _counts(found: Mapping[str, Any], growth: Mapping[str, Any]) -> dict[str, int]:
    newest, backups = growth["versions"][:1], growth["versions"][1:]
    days = growth["growth"]
    return {
        "players": found["players"],
        "games": found["games"],
        "owned_games": days[-1]["games"] if days else 0,
        "uploads": sum(day["uploads"] for day in days),
        "shared_most_by": found["shared"][0]["owners"] if found["shared"] else 0,
        "overlap_at_most": found["overlap"][0]["games"] if found["overlap"] else 0,
        "bytes": sum(version["bytes"] for version in newest),
        "bytes_of_backups": sum(version["bytes"] for version in backups),
        "backups": len(backups),
    }


def _report(found: Mapping[str, Any], growth: Mapping[str, Any]) -> str:
    owned = [[(row["title"], row["owners"], ", ".join(row["names"])) for row in found[key]] for key in _OWNED]
    pairs = [
        (" and ".join(row["players"]), row["games"], ", ".join(f"{n} {each}" for each, n in row["by_platform"].items()))
        for row in found["overlap"]
    ]
    platforms = [(row["platform"], row["games"], row["players"]) for row in found["platforms"]]
    days = [(row["day"], row["uploads"], row["players"], row["games"]) for row in growth["growth"][-LINES:]]
    versions = [(row["name"], row["bytes"], row["releases"], row["problem"] or "") for row in growth["versions"]]
    parts = (
        *((title, table(("game", "owners", "who"), rows)) for title, rows in zip(_OWNED.values(), owned, strict=True)),
        ("Who shares most", table(("players", "games of both", "by platform"), pairs)),
        ("Platforms", table(("platform", "games", "players"), platforms)),
        ("Growth", table(("day", "uploads", "players", "owned games"), days)),
        ("The data file and its backups", table(("version", "bytes", "releases", "problem"), versions)),
    )
    return "\n\n".join(f"**{escape(title)}**\n\n{rows or 'None yet.'}" for title, rows in parts)


_OWNED = {"popular": "Popular", "shared": "For several players, owned by most"}
