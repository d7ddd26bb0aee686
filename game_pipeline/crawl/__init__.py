"""How to visit a site politely, and never lose what was seen. Knows no site."""

from .client import Client, Fetched, Validators
from .locks import SourceBusy, living_run, run_is_alive, source_lock
from .outcomes import FetchError
from .overview import source_overview
from .probe import ProbeResult, probe
from .runs import (
    Health,
    abandon_run,
    begin_run,
    finish_run,
    mark_done,
    read_health,
    record_health,
    run_counts,
    run_status,
    set_state,
)
from .visit import PageError, SegmentReport, Visitor

__all__ = [
    "Client",
    "FetchError",
    "Fetched",
    "Health",
    "PageError",
    "ProbeResult",
    "SegmentReport",
    "SourceBusy",
    "Validators",
    "Visitor",
    "abandon_run",
    "begin_run",
    "finish_run",
    "living_run",
    "mark_done",
    "probe",
    "read_health",
    "record_health",
    "run_counts",
    "run_is_alive",
    "run_status",
    "set_state",
    "source_lock",
    "source_overview",
]
