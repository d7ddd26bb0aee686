"""Taking changes back: of one game, one field, or all that a source, a run, a parser or a stretch of time brought.

Nothing is deleted. Older words of the records are heard instead of those taken back, until their pages bring something
new; what that cannot explain is pinned. The result is one revision a game, and can itself be taken back.
A preview is the same work in a transaction that is not committed.
"""

from .many_games import roll_back
from .one_game import roll_back_game
from .report import GameChange, RollbackError, RollbackReport, Scope
from .undoing import undo_rollback

__all__ = [
    "GameChange",
    "RollbackError",
    "RollbackReport",
    "Scope",
    "roll_back",
    "roll_back_game",
    "undo_rollback",
]
