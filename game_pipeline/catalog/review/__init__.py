"""The queue of questions for people: what is asked, when it is asked again, and what an answer does.

One open item a question. A question that was answered is not asked again while its proposal stays the same.
"""

from .asking import close_item, close_question
from .held import ask_again, ask_held, ask_mass, close_idle_questions
from .same_game import as_evidence, ask_duplicate, ask_match, ask_refused, match_question
from .values import ask_conflicts, ask_vanished, note_edits, suggest, suggestion_question

__all__ = [
    "as_evidence",
    "ask_again",
    "ask_conflicts",
    "ask_duplicate",
    "ask_held",
    "ask_mass",
    "ask_match",
    "ask_refused",
    "ask_vanished",
    "close_idle_questions",
    "close_item",
    "close_question",
    "match_question",
    "note_edits",
    "suggest",
    "suggestion_question",
]
