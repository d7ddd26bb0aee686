"""Who stands behind the names that sources credit: one person across spellings, pages and sites, as far as it is sure.

What joins two names is a rule with evidence, or a person's word; either can be taken back, and a person's word stands.
"""

from .deciding import PersonError, merge_people, split_person
from .looking import aliases_of, find_people, show_person
from .reading import people_waiting
from .refreshing import PeopleReport, refresh_people, refresh_within

__all__ = [
    "PeopleReport",
    "PersonError",
    "aliases_of",
    "find_people",
    "merge_people",
    "people_waiting",
    "refresh_people",
    "refresh_within",
    "show_person",
    "split_person",
]
