"""What the libraries say as a whole: popular and shared games, whose libraries overlap and where, how it all grows."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from game_pipeline.store import Store

from .data_file import DataFile
from .index import LibraryGame, LibraryIndex, each_bit

__all__ = ["analyse", "store_growth"]


def analyse(library: LibraryIndex, limit: int = 20) -> dict[str, Any]:
    """`popular`: the games that most people own; `shared`: of those for several players, the ones that most own.
    `overlap`: for each pair of people how many games both own, in all and by platform, the most first. `platforms`:
    games and people of each."""
    owners = [_owners(game) for game in library.games]
    ranked = sorted(range(len(owners)), key=lambda number: (-owners[number].bit_count(), number))
    shared = [n for n in ranked if library.games[n].multiplayer and owners[n].bit_count() > 1]
    return {
        "players": len(library.people),
        "games": len(library.games),
        "popular": [_line(library, number, owners[number]) for number in ranked[:limit]],
        "shared": [_line(library, number, owners[number]) for number in shared[:limit]],
        "overlap": _overlap(library)[:limit],
        "platforms": _platforms(library),
    }


_GROWTH = """
WITH told AS (
    SELECT recorded_at::date AS day, recorded_at, (payload->>'user_id') AS user_id,
           (payload->>'total_games')::int - coalesce(lag((payload->>'total_games')::int) OVER mine, 0) AS more,
           lag(payload) OVER mine IS NULL AS first
    FROM import_event WHERE event_type = 'library.uploaded'
    WINDOW mine AS (PARTITION BY payload->>'user_id' ORDER BY position)
)
SELECT day, sum(count(*) FILTER (WHERE first)) OVER days::int AS players, sum(sum(more)) OVER days::int AS games,
       count(*)::int AS uploads
FROM told GROUP BY day WINDOW days AS (ORDER BY day) ORDER BY day
"""


def store_growth(store: Store, file: DataFile) -> dict[str, Any]:
    """`growth`: players and owned games at the end of each day with uploads, by the event log. `versions`: the data
    file and its backups, the newest first, with their sizes in bytes."""
    versions = [
        {
            "name": version.path.name,
            "bytes": version.size,
            "users": version.users,
            "releases": version.games,
            "last_updated": version.last_updated,
            "problem": version.problem,
        }
        for version in file.versions()
    ]
    return {"growth": store.rows(_GROWTH), "versions": versions}


def _owners(game: LibraryGame) -> int:
    found = 0
    for release in game.releases:
        found |= release.owners
    return found


def _line(library: LibraryIndex, number: int, owners: int) -> dict[str, Any]:
    game = library.games[number]
    return {
        "release_key": game.key,
        "title": game.title,
        "owners": owners.bit_count(),
        "names": [library.people[person].name for person in each_bit(owners)],
    }


def _overlap(library: LibraryIndex) -> list[dict[str, Any]]:
    owned = [_all(by_platform) for by_platform in library.owned]
    found = []
    for one, other in combinations(range(len(library.people)), 2):
        both = (owned[one] & owned[other]).bit_count()
        by_platform = {
            platform: same
            for platform in library.platforms
            if (same := (library.owned[one].get(platform, 0) & library.owned[other].get(platform, 0)).bit_count())
        }
        names = [library.people[one].name, library.people[other].name]
        found.append({"players": names, "games": both, "by_platform": by_platform})
    return sorted(found, key=lambda pair: -pair["games"])


def _platforms(library: LibraryIndex) -> list[dict[str, Any]]:
    found = []
    for platform in library.platforms:
        sets = [by_platform[platform] for by_platform in library.owned if platform in by_platform]
        games = 0
        for each in sets:
            games |= each
        found.append({"platform": platform, "games": games.bit_count(), "players": len(sets)})
    return sorted(found, key=lambda row: (-row["games"], row["platform"]))


def _all(by_platform: dict[str, int]) -> int:
    found = 0
    for games in by_platform.values():
        found |= games
    return found
