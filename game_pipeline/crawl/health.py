"""How each source is doing, in PostgreSQL: its breaker for all processes, what people ordered, how its runs end.

A call is noted by one statement that counts it and hands back what to judge by; the judging is `breaker`'s. A change
is made by who names the turn that it was judged at, so that of several processes that see the same one makes it, and
writes its event. What was sent at an earlier turn is no evidence at the present one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow
from uuid_utils.compat import uuid7

from game_pipeline.settings import BreakerSettings
from game_pipeline.store import Event, Store, append

from . import breaker as machine
from .breaker import Breaker, Counts, State
from .slots import forgive
from .treatment import Evidence

__all__ = [
    "Health",
    "NotPaused",
    "Standing",
    "change",
    "close_source",
    "note_call",
    "pause_source",
    "prune_counts",
    "read_health",
    "read_standing",
    "record_health",
    "resume_source",
]

BUCKETS = 10
"""The window slides by a tenth of itself."""

_BREAKER = """state, state_since AS since, reason, next_trial_at, rest, ramp_step, good_trials, trial_until,
              failing_since, openings, attention_since, turn"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A breaker as it stands at a turn. `now`: the database's clock when it was read."""

    breaker: Breaker
    turn: int
    now: dt.datetime


class NotPaused(RuntimeError):
    """The source that was to be resumed is not paused."""


def read_standing(store: Store, source: str) -> Standing:
    """The breaker of a source; closed where nothing is known of it."""
    for _ in range(2):
        row = store.row(
            f"SELECT {_BREAKER}, clock_timestamp() AS now FROM importer_health WHERE source = %s", (source,)
        )
        if row is not None:
            return _standing(row)
        store.execute("INSERT INTO importer_health (source) VALUES (%s) ON CONFLICT DO NOTHING", (source,))
    raise RuntimeError(f"the health of {source} cannot be read")


def _standing(row: dict[str, Any]) -> Standing:
    names = ("since", "reason", "next_trial_at", "rest", "ramp_step", "good_trials", "trial_until", "failing_since")
    breaker = Breaker(
        State(row["state"]),
        openings=tuple(row["openings"]),
        attention_since=row["attention_since"],
        **{name: row[name] for name in names},
    )
    return Standing(breaker, row["turn"], row["now"])


# The row of the source is locked first, so that calls of several processes are counted one after the other. The other
# buckets of the window may be read by an older snapshot than the lock, so one call may be missed there, never twice
# counted; what failed in a row is exact.
_NOTE = f"""
WITH noted AS (
    UPDATE importer_health SET
        failures_in_a_row = CASE WHEN %(failed)s THEN failures_in_a_row + 1 ELSE 0 END,
        refusals_in_a_row = CASE WHEN %(refused)s THEN refusals_in_a_row + 1 ELSE 0 END,
        failed_addresses = CASE
            WHEN NOT %(failed)s THEN failed_addresses
            WHEN failures_in_a_row = 0 AND failed_at < clock_timestamp() - %(window)s::interval THEN 1
            WHEN failed_address = %(address)s THEN failed_addresses
            ELSE failed_addresses + 1 END,
        failed_address = CASE WHEN %(failed)s THEN %(address)s ELSE failed_address END,
        failed_at = CASE WHEN %(failed)s THEN clock_timestamp() ELSE failed_at END
    WHERE source = %(source)s AND turn = %(turn)s
    RETURNING {_BREAKER}, failures_in_a_row, refusals_in_a_row, failed_addresses
), counted AS (
    INSERT INTO source_call_count AS count (source, bucket, calls, failures)
    SELECT %(source)s, date_bin(%(width)s, clock_timestamp(), 'epoch'), %(calls)s, %(failed)s::int * %(calls)s
    FROM noted
    ON CONFLICT (source, bucket) DO UPDATE
        SET calls = count.calls + excluded.calls, failures = count.failures + excluded.failures
    RETURNING bucket, calls, failures
), earlier AS (
    SELECT coalesce(sum(other.calls), 0) AS calls, coalesce(sum(other.failures), 0) AS failures
    FROM counted, source_call_count AS other
    WHERE other.source = %(source)s AND other.bucket < counted.bucket
      AND other.bucket > clock_timestamp() - %(window)s::interval
)
SELECT noted.*, clock_timestamp() AS now, (counted.calls + earlier.calls)::int AS calls,
       (counted.failures + earlier.failures)::int AS failures
FROM noted, counted, earlier
"""


def note_call(
    store: Store,
    source: str,
    turn: int,
    evidence: Evidence,
    settings: BreakerSettings,
    address: str,
    *,
    calls: int = 1,
) -> tuple[Standing, Counts] | None:
    """Count a call that was admitted at a turn (`calls`: several that ended alike). None where the breaker has changed
    since: then it is no evidence."""
    window = dt.timedelta(seconds=settings.window)
    refused = evidence in (Evidence.REFUSED, Evidence.BARRED)
    row = store.row(
        _NOTE,
        {"source": source, "turn": turn, "failed": evidence is not Evidence.GOOD, "refused": refused}
        | {"address": address, "window": window, "width": window / BUCKETS, "calls": calls},
    )
    if row is None:
        return None
    counts = Counts(
        row["calls"], row["failures"], row["failures_in_a_row"], row["failed_addresses"], row["refusals_in_a_row"]
    )
    return _standing(row), counts


def prune_counts(store: Store, source: str, settings: BreakerSettings) -> None:
    """Forget calls that are out of the window."""
    store.execute(
        "DELETE FROM source_call_count WHERE source = %s AND bucket < clock_timestamp() - %s::interval",
        (source, dt.timedelta(seconds=settings.window)),
    )


_CHANGE = b"""
UPDATE importer_health SET
    turn = turn + 1, state = %(state)s, state_since = %(since)s, reason = %(reason)s, changed_by = %(actor)s,
    next_trial_at = %(next_trial_at)s, rest = %(rest)s, ramp_step = %(ramp_step)s, good_trials = %(good_trials)s,
    trial_until = %(trial_until)s, failing_since = %(failing_since)s, openings = %(openings)s::timestamptz[],
    attention_since = %(attention_since)s, failures_in_a_row = 0, refusals_in_a_row = 0,
    failed_address = NULL, failed_at = NULL, failed_addresses = 0,
    rest_until = CASE WHEN %(state)s = 'closed' THEN NULL ELSE rest_until END
WHERE source = %(source)s AND turn = %(turn)s
RETURNING turn
"""


def change(
    store: Store, source: str, seen: Standing, after: Breaker, *, actor: str = "pipeline", correlation_id: str
) -> Standing | None:
    """Put `after` in the place of what was seen, with its events. None where somebody changed it meanwhile."""
    with store.transaction() as connection:
        row = connection.execute(_CHANGE, {"source": source, "turn": seen.turn, "actor": actor} | _columns(after))
        turn = row.fetchone()
        if turn is None:
            return None
        _forget_calls(connection, source)
        append(connection, list(_events(source, seen.breaker, after, actor, correlation_id)))
    return Standing(after, turn["turn"], seen.now)


def _columns(after: Breaker) -> dict[str, Any]:
    return {
        "state": after.state.value,
        "since": after.since,
        "reason": after.reason,
        "next_trial_at": after.next_trial_at,
        "rest": after.rest,
        "ramp_step": after.ramp_step,
        "good_trials": after.good_trials,
        "trial_until": after.trial_until,
        "failing_since": after.failing_since,
        "openings": list(after.openings),
        "attention_since": after.attention_since,
    }


def _forget_calls(connection: Connection[DictRow], source: str) -> None:
    connection.execute(b"DELETE FROM source_call_count WHERE source = %s", (source,))


def _events(source: str, before: Breaker, after: Breaker, actor: str, correlation_id: str) -> list[Event]:
    """What people and other programs are told; trials that come and go are not."""

    def event(event_type: str, payload: dict[str, Any]) -> Event:
        return Event(
            stream=f"source:{source}",
            event_type=event_type,
            payload=payload,
            actor=actor,
            correlation_id=correlation_id,
            source=source,
        )

    told = []
    if after.state is State.PAUSED:
        told.append(event("source.paused", {"reason": after.reason}))
    elif before.state is State.PAUSED:
        told.append(event("source.resumed", {"reason": after.reason}))
    elif (before.state, before.ramp_step) != (after.state, after.ramp_step):
        facts = {
            "before": before.state.value,
            "state": after.state.value,
            "rate": after.rate,
            "reason": after.reason,
            "next_trial_at": _iso(after.next_trial_at),
            "rest_seconds": after.rest,
        }
        told.append(event("source.breaker_changed", facts))
    if after.attention_since and not before.attention_since:
        why = {
            "reason": after.reason,
            "failing_since": _iso(after.failing_since),
            "openings": len(after.openings),
        }
        told.append(event("source.needs_attention", why))
    return told


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds") if moment else None


# People ------------------------------------------------------------------------------------------------------------


def pause_source(store: Store, source: str, *, reason: str, actor: str) -> None:
    """Let nothing ask the source any more, a run that is under way included, until it is resumed or closed."""
    _order(store, source, lambda seen: machine.pause(seen.breaker, seen.now, reason), actor)


def resume_source(store: Store, source: str, *, reason: str | None, actor: str) -> None:
    """Let a paused source go on. Raises `NotPaused`, which says how the source is."""

    def resumed(seen: Standing) -> Breaker:
        if seen.breaker.state is not State.PAUSED:
            raise NotPaused(f"{source} is not paused: {read_health(store, source).in_words}")
        return machine.resume(seen.breaker, seen.now, reason)

    _order(store, source, resumed, actor)


def close_source(store: Store, source: str, *, reason: str, actor: str, hosts: Sequence[str] = ()) -> None:
    """Close the breaker whatever it has seen, from any state: the normal rate at once, of its hosts, too."""
    _order(store, source, lambda seen: machine.close(seen.now, reason), actor)
    forgive(store, hosts)


def _order(store: Store, source: str, decide: Callable[[Standing], Breaker], actor: str) -> None:
    correlation_id = f"command:{uuid7()}"
    while True:  # a person's word does not lose against a call that ends at the same moment
        seen = read_standing(store, source)
        after = decide(seen)
        if change(store, source, seen, after, actor=actor, correlation_id=correlation_id):
            return


# Runs --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Health:
    """How a source is doing, as its monitor and its operator see it. Times are by the database's clock."""

    state: str
    reason: str | None
    consecutive_failures: int
    listed: bool
    """True once its listing was read to the end."""
    rate: float = 1.0
    next_trial_at: dt.datetime | None = None
    """Nothing is asked before: the breaker is open, or the monitor rests after failed runs."""
    last_error: str | None = None
    attention_since: dt.datetime | None = None
    waiting: bool = False
    """True while the next trial is not due."""

    @property
    def in_words(self) -> str:
        """What an operator is told wherever the source is shown."""
        until = f"{_iso_short(self.next_trial_at)}" if self.next_trial_at else "now"
        needs = "; needs a person" if self.attention_since else ""
        if self.state == State.PAUSED:
            return f"paused: {self.reason}"
        if self.state == State.OPEN:
            return f"resting, next trial {until}: {self.reason}{needs}"
        if self.state == State.HALF_OPEN:
            return f"trying, one request at a time, after: {self.reason}{needs}"
        if self.state == State.RAMPING:
            return f"coming back at {self.rate:.0%} of its rate after: {self.reason}{needs}"
        if self.consecutive_failures:
            noun = "import" if self.consecutive_failures == 1 else "imports"
            return f"{self.consecutive_failures} failed {noun}, next {until}: {self.last_error}"
        return "well"


def _iso_short(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


# After failures that are not the breaker's to judge, say a format that cannot be read, the monitor waits: one minute,
# two, four... an hour at most. While the breaker is not closed it alone says when.
_HEALTH = """
INSERT INTO importer_health AS health (source, consecutive_failures, last_success_at, last_failure_at, last_error,
                                       rest_until)
VALUES (%(source)s, %(failed)s::int, CASE WHEN %(failed)s THEN NULL ELSE now() END,
        CASE WHEN %(failed)s THEN now() END, %(error)s, CASE WHEN %(failed)s THEN now() + interval '1 minute' END)
ON CONFLICT (source) DO UPDATE SET
    consecutive_failures = CASE WHEN %(failed)s THEN health.consecutive_failures + 1 ELSE 0 END,
    last_success_at = coalesce(excluded.last_success_at, health.last_success_at),
    last_failure_at = coalesce(excluded.last_failure_at, health.last_failure_at),
    last_error = CASE WHEN %(failed)s THEN excluded.last_error ELSE health.last_error END,
    rest_until = CASE WHEN %(failed)s AND health.state = 'closed'
        THEN now() + least(interval '1 minute' * power(2, least(health.consecutive_failures, 6)), interval '1 hour') END
WHERE NOT (%(failed)s AND health.state = 'paused') -- that a paused source is not imported is no failure of it
"""


def record_health(store: Store, source: str, failed: str | None) -> None:
    """Note how a run ended; `failed` is why, None where it did not fail."""
    store.execute(_HEALTH, {"source": source, "failed": failed is not None, "error": failed})


def read_health(store: Store, source: str) -> Health:
    row = store.row(
        f"SELECT {_BREAKER}, clock_timestamp() AS now, consecutive_failures, last_error, rest_until, "
        "listed_at IS NOT NULL AS listed FROM importer_health WHERE source = %s",
        (source,),
    )
    return health_of(row) if row else Health("closed", None, 0, listed=False)


def health_of(row: dict[str, Any]) -> Health:
    """From a row of importer_health, with `listed` and `now`."""
    breaker = _standing(row).breaker
    until = breaker.next_trial_at if breaker.state is not State.CLOSED else row["rest_until"]
    waiting = until is not None and until > row["now"]
    return Health(
        state=breaker.state.value,
        reason=breaker.reason,
        consecutive_failures=row["consecutive_failures"],
        listed=row["listed"],
        rate=breaker.rate,
        next_trial_at=until if waiting else None,
        last_error=row["last_error"],
        attention_since=breaker.attention_since,
        waiting=waiting,
    )
