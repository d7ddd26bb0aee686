"""How to visit a site politely, and never lose what was seen. Knows no site."""

from .client import Client, Fetched, Validators
from .health import (
    Health,
    NotPaused,
    close_source,
    pause_source,
    read_health,
    record_health,
    resume_source,
)
from .keyring import without_keys
from .leases import Hold, HoldLost, SourceBusy, living_run, run_is_alive, source_lock
from .limits import Limits
from .loading import load_pages
from .orders import unfinished_full
from .outcomes import ALERTS, FetchError, Kind, Outcome
from .overview import newest_change, outcome_shares, source_overview
from .people_pages import due_people, note_people
from .probe import ProbeResult, probe
from .progress import Progress, source_progress
from .raw import drop_orphans, prune_raw, raw_stores
from .release import NothingHeld, release
from .replan import Plan, replan
from .rest import resting
from .runs import (
    abandon_run,
    begin_run,
    finish_run,
    mark_done,
    run_counts,
    run_status,
)
from .treatment import TREATMENTS, RetryBudget
from .visit import PageError, SegmentReport, Visitor

__all__ = [
    "ALERTS",
    "TREATMENTS",
    "Client",
    "FetchError",
    "Fetched",
    "Health",
    "Hold",
    "HoldLost",
    "Kind",
    "Limits",
    "NotPaused",
    "NothingHeld",
    "Outcome",
    "PageError",
    "Plan",
    "ProbeResult",
    "Progress",
    "RetryBudget",
    "SegmentReport",
    "SourceBusy",
    "Validators",
    "Visitor",
    "abandon_run",
    "begin_run",
    "close_source",
    "drop_orphans",
    "due_people",
    "finish_run",
    "living_run",
    "load_pages",
    "mark_done",
    "newest_change",
    "note_people",
    "outcome_shares",
    "pause_source",
    "probe",
    "prune_raw",
    "raw_stores",
    "read_health",
    "record_health",
    "release",
    "replan",
    "resting",
    "resume_source",
    "run_counts",
    "run_is_alive",
    "run_status",
    "source_lock",
    "source_overview",
    "source_progress",
    "unfinished_full",
    "without_keys",
]
