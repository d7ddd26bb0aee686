"""Twenty players with 5,000 games each: taking their databases in, making the data file anew, one upload, one question.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.library_rebuild [PLAYERS] [GAMES]

A server of its own with fsync on. Half of everybody's games are the same for all, as in a group of friends. The same
run measures what the old way took: reading every database for every question.
"""

from __future__ import annotations

import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

from game_pipeline.demo.replicas.galaxy_database import GalaxyOwned, GalaxyUser, write_galaxy_database
from game_pipeline.galaxy import read_galaxy
from game_pipeline.library import (
    CompareQuery,
    Intake,
    LibraryReader,
    compare,
    data_file_of,
    open_reader,
    rebuild_from_uploads,
    renew_data_file,
    verify,
)
from game_pipeline.settings import Settings
from game_pipeline.store import Store, opened_databases, prepare_schema

FIRST_USER = 46_989_000_000_000_001
WORDS = [
    "Star",
    "Quest",
    "Dark",
    "Tower",
    "War",
    "Peace",
    "Iron",
    "Gold",
    "Silver",
    "City",
    "Night",
    "Dragon",
    "Ship",
    "Final",
]
SUMMARY = "A long way to say what the game is about and why it is worth an evening with friends. " * 5


def main() -> None:
    players, games = (int(argument) for argument in [*sys.argv[1:3], "20", "5000"][:2])
    with tempfile.TemporaryDirectory(prefix="library-", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        settings = Settings(data_dir=Path(directory) / "data")
        paths = [database(Path(directory), number, games) for number in range(players)]
        with opened_databases(settings) as databases:
            prepare_schema(databases)
            with Store(databases.catalogue_url) as store:
                _run(store, settings, paths, games)


def _run(store: Store, settings: Settings, paths: list[Path], games: int) -> None:
    intake = Intake(store, settings)
    uploads = [UUID(intake.send(path, "benchmark", run_id="benchmark").upload_id) for path in paths]

    before = _cpu()
    taken = _timed(lambda: intake.take_in_many(uploads, "benchmark"))
    made = _timed(lambda: renew_data_file(store, settings))
    file = data_file_of(settings)
    used = _cpu() - before
    document = file.read()
    size = file.path.stat().st_size / 1024 / 1024
    print(f"{len(document['users'])} players, {len(document['games'])} releases, a data file of {size:.1f} MiB")
    print(f"full rebuild, databases to data file: {taken + made:.1f} s (wanted: under 60 s);", end=" ")
    print(f"of that taking in {taken:.1f} s, the file {made:.1f} s; {used:.1f} s of CPU, PostgreSQL's not counted")

    file.path.unlink()
    print(f"data file anew from PostgreSQL: {_timed(lambda: renew_data_file(store, settings)):.1f} s")
    found = verify(store, settings)
    print(f"verify: {'good' if found.good else found.differences[:3]}, {_timed(lambda: verify(store, settings)):.1f} s")
    file.path.unlink()
    print(f"data file anew from the kept databases alone: {_timed(lambda: rebuild_from_uploads(settings)):.1f} s")

    _one_upload(store, intake, paths[0].parent, games)
    _questions(settings, paths)


def _one_upload(store: Store, intake: Intake, place: Path, games: int) -> None:
    """A player comes back with ten games more: only that player's rows may be written, and only those ten."""
    path = database(place, 0, games, more=10)
    upload = UUID(intake.send(path, "benchmark", run_id="benchmark").upload_id)
    stamps = "SELECT user_id, release_key, xmin::text AS stamp FROM library_entry"
    before = {(row["user_id"], row["release_key"]): row["stamp"] for row in store.rows(stamps)}
    seconds = _timed(lambda: intake.take_in(upload, "benchmark"))
    after = {(row["user_id"], row["release_key"]): row["stamp"] for row in store.rows(stamps)}
    written = [key for key, stamp in after.items() if before.get(key) != stamp]
    others = sum(user_id != FIRST_USER for user_id, _ in written)
    print(
        f"an upload with 10 games more: {seconds:.2f} s, {len(written)} rows written, {others} of other players "
        "(wanted: 10 and 0)"
    )


def _questions(settings: Settings, paths: list[Path]) -> None:
    reader = open_reader(settings)
    print(f"data file read into memory: {_timed(reader.current):.2f} s")
    library = reader.current()
    names = [person.name for person in library.people]
    chance = random.Random(3)
    queries = [
        CompareQuery(
            users=tuple(chance.sample(names, chance.randint(2, len(names)))),
            owned=chance.choice(("all", "any")),
            installed=chance.choice(("ignore", "any", "none")),
            exclusive=chance.random() < 0.2,
            sort=chance.choice(("title", "owners", "installed", "players", "platforms")),
            offset=chance.choice((0, 0, 0, 1000)),
        )
        for _ in range(1000)
    ]
    times = sorted(_timed(partial(_ask, reader, query)) * 1000 for query in queries)
    old = statistics.median(_timed(lambda: _the_old_way(paths)) * 1000 for _ in range(3))
    median = statistics.median(times)
    print(f"a question, first page of 100: median {median:.2f} ms, p99 {times[989]:.2f} ms, max {times[-1]:.2f} ms")
    print(f"the same by reading {len(paths)} databases: {old:,.0f} ms, {old / median:,.0f} times as long (wanted: 100)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory of this process: {peak:.0f} MiB")


def _ask(reader: LibraryReader, query: CompareQuery) -> None:
    compare(reader.current(), query)


def _the_old_way(paths: list[Path]) -> None:
    """All that a question needs, from the databases."""
    libraries = [library for path in paths for library in read_galaxy(path).libraries]
    owners: dict[str, int] = {}
    for library in libraries:
        for release in library.releases:
            owners[release.key] = owners.get(release.key, 0) + 1
    sorted(key for key, count in owners.items() if count == len(libraries))


def _cpu() -> float:
    """Seconds of CPU of this process and of those that read for it."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def database(place: Path, player: int, games: int, more: int = 0) -> Path:
    """The database of one of the players, who come back with so many games more."""
    shared = range(games // 2)
    own = range(100_000 + player * games // 4, 100_000 + player * games // 4 + games - games // 2 + more)
    owned = tuple(_game(number, player) for number in (*shared, *own))
    return write_galaxy_database(place / f"player {player}.db", [GalaxyUser(FIRST_USER + player, owned)])


def _game(number: int, player: int) -> GalaxyOwned:
    chance = random.Random(number)
    title = f"{' '.join(chance.sample(WORDS, 3))} {number}"
    store = ("gog", "steam", "epic")[(number + player % 2) % 3]
    return GalaxyOwned(
        key=f"{store}_{100_000 + number}",
        title=title,
        game_id=str(51_000_000_000_000_000 + number),
        siblings=tuple(f"{each}_{100_000 + number}" for each in ("gog", "steam", "epic", "psn", "xboxone")),
        installed=random.Random(number * 31 + player).random() < 0.03,
        meta={
            "genres": ["Action", "Strategy"],
            "developers": [f"Studio {number % 300}"],
            "publishers": [f"House {number % 50}"],
            "releaseDate": 1_300_000_000 + number * 1000,
            "criticsScore": 60.0 + number % 40,
        },
        summary=SUMMARY,
    )


if __name__ == "__main__":
    main()
