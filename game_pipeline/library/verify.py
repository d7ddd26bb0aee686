"""Is the data file what it should be? Its structure, its checksum, and every row against PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from game_pipeline.settings import Settings
from game_pipeline.store import Store

from .build import document_from_database
from .data_file import BackupInfo
from .document import DocumentError
from .reader import data_file_of

__all__ = ["Verified", "differences", "verify"]


@dataclass(frozen=True, slots=True)
class Verified:
    """`problem`: why the file cannot be read at all. `differences`: each in words. `backups`: the kept versions."""

    path: str
    problem: str | None
    users: int
    games: int
    differences: tuple[str, ...]
    backups: tuple[BackupInfo, ...]

    @property
    def good(self) -> bool:
        return self.problem is None and not self.differences


def verify(store: Store, settings: Settings) -> Verified:
    """Compare the file with what PostgreSQL knows now."""
    file = data_file_of(settings)
    backups = tuple(info for info in file.versions() if info.number)
    try:
        document = file.read()
    except DocumentError as error:
        return Verified(str(file.path), str(error), 0, 0, (), backups)
    found = tuple(differences(document, document_from_database(store, settings.library)))
    return Verified(str(file.path), None, len(document["users"]), len(document["games"]), found, backups)


def differences(file: dict[str, Any], database: dict[str, Any]) -> Iterator[str]:
    """What a document says otherwise than another, in words, each by itself."""
    for part, what in (("users", "user"), ("games", "game")):
        ours, theirs = file[part], database[part]
        for key in sorted(ours.keys() | theirs.keys()):
            if key not in theirs:
                yield f"{what} {key}: in the file alone"
            elif key not in ours:
                yield f"{what} {key}: in the database alone"
            else:
                for name in sorted(ours[key].keys() | theirs[key].keys()):
                    one, other = ours[key].get(name), theirs[key].get(name)
                    if one != other:
                        yield f"{what} {key}: {name} is {one!r} in the file, {other!r} in the database"
