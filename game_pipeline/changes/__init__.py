"""From stored pages to records, and from records to changes: what each source says, and what of it is new."""

from .compare import Change, compare
from .expected import CountStanding, FieldStanding, count_standings, field_standings
from .given import GivenRecord, write_given
from .offered import GivenPage, offer_pages
from .records import PageProblem, RecordsReport, refresh_records
from .unread import forget_reading, unread_segments

__all__ = [
    "Change",
    "CountStanding",
    "FieldStanding",
    "GivenPage",
    "GivenRecord",
    "PageProblem",
    "RecordsReport",
    "compare",
    "count_standings",
    "field_standings",
    "forget_reading",
    "offer_pages",
    "refresh_records",
    "unread_segments",
    "write_given",
]
