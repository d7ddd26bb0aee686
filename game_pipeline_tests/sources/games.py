"""A page that is about games and nobody else, read by its source."""

from __future__ import annotations

from collections.abc import Iterable

from game_pipeline.model import AnyRecord, GameRecord
from game_pipeline.sources import Page, Source

__all__ = ["all_games", "games_in"]


def games_in(source: Source, page: Page) -> list[GameRecord]:
    return all_games(source.parse(page))


def all_games(records: Iterable[AnyRecord]) -> list[GameRecord]:
    """The records, every one of which is about a game."""
    games = []
    for record in records:
        assert isinstance(record, GameRecord), record
        games.append(record)
    return games
