"""The friends of the demo: their Galaxy databases, taken in through the real job, and what they could play together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from game_pipeline.library import CompareQuery, CompareResult, Intake, UploadReport, compare, open_reader
from game_pipeline.orchestration.importing import ReconcileOutcome
from game_pipeline.settings import Settings
from game_pipeline.store import Store

from .replicas.galaxy_database import GalaxyOwned, GalaxyUser, write_galaxy_database
from .world.libraries import FRIENDS, Bought, Friend
from .world.stores import STORE_ENTRIES

__all__ = ["Evening", "spend_evening", "write_databases"]

_ENTRIES = {entry.slug: entry for entry in STORE_ENTRIES}


@dataclass(frozen=True, slots=True)
class Evening:
    """What became of the uploads, what the catalogue took in of them, and the answer to what all could play."""

    uploads: tuple[UploadReport, ...]
    catalogue: ReconcileOutcome
    together: CompareResult
    failed: tuple[str, ...]


def write_databases(place: Path) -> list[Path]:
    """The friends' databases, each under its owner's name."""
    place.mkdir(parents=True, exist_ok=True)
    return [
        write_galaxy_database(place / f"{friend.name}.db", [GalaxyUser(friend.user_id, _owned(friend))])
        for friend in FRIENDS
    ]


def spend_evening(
    store: Store,
    settings: Settings,
    place: Path,
    say: Callable[[str], None],
    *,
    take: Callable[[Intake, Sequence[UUID]], list[str]],
    reconcile: Callable[[], ReconcileOutcome],
) -> Evening:
    """Upload the friends' databases and one that is broken, and ask what all of them own.

    `take`: takes uploads in; says why runs failed. `reconcile`: takes what they brought into the catalogue.
    """
    say("three friends upload their Galaxy databases, a fourth a photo")
    paths = write_databases(place)
    photo = place / "Gleb.db"
    photo.write_bytes(b"\xff\xd8\xff\xe0 not a database")
    intake = Intake(store, settings)
    waiting = [
        UUID(intake.send(path, path.stem, path.stem, run_id="demo: the friends").upload_id) for path in [*paths, photo]
    ]
    failed = take(intake, waiting)
    taken = reconcile()
    reports = tuple(report for upload in waiting if (report := intake.report(upload)))
    together = compare(open_reader(settings, lambda: store).current(), CompareQuery())
    return Evening(reports, taken, together, tuple(failed))


def _owned(friend: Friend) -> tuple[GalaxyOwned, ...]:
    return tuple(_release(bought) for bought in friend.bought)


def _release(bought: Bought) -> GalaxyOwned:
    entry = _ENTRIES[bought.game]
    listed = {"gog": entry.gog, "steam": entry.steam}
    return GalaxyOwned(
        key=f"{bought.store}_{listed[bought.store]}",
        title=entry.title,
        game_id=str(51_000_000_000_000_000 + entry.igdb),
        siblings=tuple(f"{store}_{number}" for store, number in listed.items() if number is not None),
        installed=bought.installed,
        hidden=bought.hidden,
        dlc=entry.kind != "game",
        minutes=bought.minutes,
        meta={"developers": list(entry.developers), "genres": [entry.genre], "releaseDate": None},
        summary=entry.text,
    )
