"""Games: what the catalogue says, how it came to say it, and what people decide about it."""

from .adopt import AdoptError, AdoptReport, adopt, adoptable, recorded_priority
from .curator import curator_for
from .duplicates import DuplicatesReport, Suspicion, find_duplicates
from .edits import EDITABLE, EditError, edit_field, read_value, release_field
from .games import (
    FoundGame,
    find_games,
    game_at,
    game_history,
    list_rollbacks,
    living_game,
    show_game,
)
from .joining import JoinError, MergeReport, SplitReport, keep_apart, merge_games, split_game, unmerge_game
from .limits import Limits
from .openrefine import Reconciliation, ReconciliationError
from .proposals import ProposalError, ShadowReport, apply_proposal, proposed_games, shadow_report
from .questions import QuestionKind, list_review, show_review
from .reconcile import Curator
from .relations import RELATIONS, Relation, relate, unrelate
from .rollback import GameChange, RollbackError, RollbackReport, Scope, roll_back, roll_back_game, undo_rollback
from .verdict_counts import MatchQuality, Share, match_quality
from .verdicts import ReviewError, accept, reject
from .why import Said, Why, why_game
from .work import MatchReport, Pending, ReviseReport, pending

__all__ = [
    "EDITABLE",
    "RELATIONS",
    "AdoptError",
    "AdoptReport",
    "Curator",
    "DuplicatesReport",
    "EditError",
    "FoundGame",
    "GameChange",
    "JoinError",
    "Limits",
    "MatchQuality",
    "MatchReport",
    "MergeReport",
    "Pending",
    "ProposalError",
    "QuestionKind",
    "Reconciliation",
    "ReconciliationError",
    "Relation",
    "ReviewError",
    "ReviseReport",
    "RollbackError",
    "RollbackReport",
    "Said",
    "Scope",
    "ShadowReport",
    "Share",
    "SplitReport",
    "Suspicion",
    "Why",
    "accept",
    "adopt",
    "adoptable",
    "apply_proposal",
    "curator_for",
    "edit_field",
    "find_duplicates",
    "find_games",
    "game_at",
    "game_history",
    "keep_apart",
    "list_review",
    "list_rollbacks",
    "living_game",
    "match_quality",
    "merge_games",
    "pending",
    "proposed_games",
    "read_value",
    "recorded_priority",
    "reject",
    "relate",
    "release_field",
    "roll_back",
    "roll_back_game",
    "shadow_report",
    "show_game",
    "show_review",
    "split_game",
    "undo_rollback",
    "unmerge_game",
    "unrelate",
    "why_game",
]
