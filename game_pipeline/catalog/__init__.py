"""Games: what the catalogue says, how it came to say it, and what people decide about it."""

from .curator import curator_for
from .edits import EDITABLE, EditError, edit_field, read_value, release_field
from .games import FoundGame, find_games, game_at, game_history, list_review, show_game, show_review
from .reconcile import Curator, MatchReport, Pending, ReviseReport, pending
from .verdicts import ReviewError, accept, reject

__all__ = [
    "EDITABLE",
    "Curator",
    "EditError",
    "FoundGame",
    "MatchReport",
    "Pending",
    "ReviewError",
    "ReviseReport",
    "accept",
    "curator_for",
    "edit_field",
    "find_games",
    "game_at",
    "game_history",
    "list_review",
    "pending",
    "read_value",
    "reject",
    "release_field",
    "show_game",
    "show_review",
]
