"""Games: what the catalogue says, how it came to say it, and what people decide about it."""

from .adopt import AdoptError, AdoptReport, adopt, adoptable, recorded_priority
from .curator import curator_for
from .edits import EDITABLE, EditError, edit_field, read_value, release_field
from .games import FoundGame, find_games, game_at, game_history, list_review, list_rollbacks, show_game, show_review
from .joining import JoinError, MergeReport, SplitReport, merge_games, split_game
from .limits import Limits
from .proposals import ProposalError, ShadowReport, apply_proposal, proposed_games, shadow_report
from .reconcile import Curator
from .rollback import GameChange, RollbackError, RollbackReport, Scope, roll_back, roll_back_game, undo_rollback
from .verdicts import ReviewError, accept, reject
from .work import MatchReport, Pending, ReviseReport, pending

__all__ = [
    "EDITABLE",
    "AdoptError",
    "AdoptReport",
    "Curator",
    "EditError",
    "FoundGame",
    "GameChange",
    "JoinError",
    "Limits",
    "MatchReport",
    "MergeReport",
    "Pending",
    "ProposalError",
    "ReviewError",
    "ReviseReport",
    "RollbackError",
    "RollbackReport",
    "Scope",
    "ShadowReport",
    "SplitReport",
    "accept",
    "adopt",
    "adoptable",
    "apply_proposal",
    "curator_for",
    "edit_field",
    "find_games",
    "game_at",
    "game_history",
    "list_review",
    "list_rollbacks",
    "merge_games",
    "pending",
    "proposed_games",
    "read_value",
    "recorded_priority",
    "reject",
    "release_field",
    "roll_back",
    "roll_back_game",
    "shadow_report",
    "show_game",
    "show_review",
    "split_game",
    "undo_rollback",
]
