"""Which game is this record about? Identity keys, title and name keys, and the pure decision.

Candidates come from the catalogue's indexes and decisions go into its ledger; neither is read or written here.
"""

from .decision import METHODS, decide
from .index import CandidateIndex, Rarity, usual_rarity
from .keys import SCHEMES, IdentityKey, Scheme, identity_keys, normal_id
from .names import name_key, names_compatible, names_nobody
from .titles import lookup_keys, numbers_of, title_key
from .values import AUTHOR_ROLES, Band, Candidate, Claims, Decision, Evidence, Policy, authors_of, claims_of

__all__ = [
    "AUTHOR_ROLES",
    "METHODS",
    "SCHEMES",
    "Band",
    "Candidate",
    "CandidateIndex",
    "Claims",
    "Decision",
    "Evidence",
    "IdentityKey",
    "Policy",
    "Rarity",
    "Scheme",
    "authors_of",
    "claims_of",
    "decide",
    "identity_keys",
    "lookup_keys",
    "name_key",
    "names_compatible",
    "names_nobody",
    "normal_id",
    "numbers_of",
    "title_key",
    "usual_rarity",
]
