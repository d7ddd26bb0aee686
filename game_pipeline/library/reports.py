"""What became of an upload, and of each player in it: for its sender, for programs, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from game_pipeline.galaxy import GalaxyFile

__all__ = ["PlayerReport", "UploadReport", "UploadState", "as_report", "in_words"]

UploadState = Literal["waiting", "accepted", "unchanged", "older", "refused"]


@dataclass(frozen=True, slots=True)
class PlayerReport:
    """What became of one player of an upload. `user_id`: Galaxy's, as text: JavaScript cannot count so far."""

    user_id: str
    name: str
    state: Literal["accepted", "unchanged", "older"]
    total_games: int
    installed_games: int
    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class UploadReport:
    """What became of an upload. `code` and `message` say why it was refused, `message` else what was done."""

    upload_id: str
    filename: str
    state: UploadState
    message: str
    code: str | None = None
    players: tuple[PlayerReport, ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = field(default=())


def as_report(row: dict[str, Any]) -> UploadReport:
    """A row of `library_upload`."""
    seconds = (row["finished_at"] - row["received_at"]).total_seconds() if row["finished_at"] else 0.0
    return UploadReport(
        upload_id=str(row["upload_id"]),
        filename=row["filename"],
        state=row["state"],
        message=row["message"] or "waits to be taken in",
        code=row["code"],
        players=tuple(PlayerReport(**player) for player in row["players"]),
        seconds=round(seconds, 3),
    )


def in_words(players: list[PlayerReport], file: GalaxyFile) -> str:
    words = []
    for player in players:
        match player.state:
            case "accepted":
                words.append(
                    f"{player.name}: {player.total_games} game{'' if player.total_games == 1 else 's'}, "
                    f"{player.installed_games} installed "
                    f"({player.added} new, {player.changed} changed, {player.removed} gone)"
                )
            case "unchanged":
                words.append(f"{player.name}: this very database is known already; nothing was changed")
            case "older":
                words.append(f"{player.name}: a newer database is known already; nothing was changed")
    return "; ".join((*words, *file.warnings))
