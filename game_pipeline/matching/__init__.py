"""Which game is this record about? Identity keys, title and name keys, and the pure decision.

Candidates come from the catalogue's indexes and decisions go into its ledger; neither is read or written here.
"""

from .decision import METHODS, decide
from .index import CandidateIndex, Rarity, usual_rarity
from .keys import SCHEMES, IdentityKey, Scheme, identity_keys, normal_id
from .lists import ANSWER_COLUMNS, ListError, read_list, write_answers
from .model import Model, load_model
from .names import name_key, names_compatible, names_nobody
from .opinion import MOST_SUSPECTS, Judge, Opinion, Question, Quote, Suspect, checked, suspect_of
from .tables import Answer, Entry, TableMatcher
from .titles import lookup_keys, numbers_of, title_key
from .values import AUTHOR_ROLES, Band, Candidate, Claims, Decision, Evidence, Policy, authors_of, claims_of

__all__ = [
    "ANSWER_COLUMNS",
    "AUTHOR_ROLES",
    "METHODS",
    "MOST_SUSPECTS",
    "SCHEMES",
    "Answer",
    "Band",
    "Candidate",
    "CandidateIndex",
    "Claims",
    "Decision",
    "Entry",
    "Evidence",
    "IdentityKey",
    "Judge",
    "ListError",
    "Model",
    "Opinion",
    "Policy",
    "Question",
    "Quote",
    "Rarity",
    "Scheme",
    "Suspect",
    "TableMatcher",
    "authors_of",
    "checked",
    "claims_of",
    "decide",
    "identity_keys",
    "load_model",
    "lookup_keys",
    "name_key",
    "names_compatible",
    "names_nobody",
    "normal_id",
    "numbers_of",
    "read_list",
    "suspect_of",
    "title_key",
    "usual_rarity",
    "write_answers",
]
