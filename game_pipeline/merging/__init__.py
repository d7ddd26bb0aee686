"""What the catalogue should say of a game: survivorship per field, human edits on top, the extractive merge of texts.

Pure functions of claims, edits and policy; reading records and storing revisions is the catalogue's.
"""

from .claims import HumanEdit, SourceClaims, SourceRef
from .descriptions import MergedSentence, MergedText, SourceText, TextConflict, Thresholds, merge_descriptions
from .edits import EDITABLE, edited_record
from .rules import Conflict, Side
from .survivorship import FIELDS, Agreement, Disagreement, Merged, MergePolicy, merge

__all__ = [
    "EDITABLE",
    "FIELDS",
    "Agreement",
    "Conflict",
    "Disagreement",
    "HumanEdit",
    "MergePolicy",
    "Merged",
    "MergedSentence",
    "MergedText",
    "Side",
    "SourceClaims",
    "SourceRef",
    "SourceText",
    "TextConflict",
    "Thresholds",
    "edited_record",
    "merge",
    "merge_descriptions",
]
