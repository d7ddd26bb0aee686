"""From stored pages to records, and from records to changes: what each source says, and what of it is new."""

from .compare import Change, compare
from .records import PageProblem, RecordsReport, refresh_records, unread_segments

__all__ = ["Change", "PageProblem", "RecordsReport", "compare", "refresh_records", "unread_segments"]
