"""What holds for one source: its own policy, and over it what the operator set."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from game_pipeline.settings import QuietHours, Settings
from game_pipeline.sources import Source

from .keyring import without_keys

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """`min_delay`: seconds. `revisit_*`: days between two visits of a page. `requests_per_day`: to each of the
    source's hosts, by the UTC day; None: as many as the delay lets through. `without_keys`: that keys are missing
    without which nothing is to be had, for people."""

    min_delay: float
    requests_per_day: int | None
    quiet_hours: QuietHours | None
    revisit_min: float
    revisit_mean: float
    revisit_max: float
    wall_markers: tuple[str, ...]
    without_keys: str | None

    @classmethod
    def of(cls, source: Source, settings: Settings) -> Limits:
        policy, own = source.policy, settings.source(source.name)
        return cls(
            min_delay=policy.min_delay if own.min_delay is None else own.min_delay,
            requests_per_day=own.requests_per_day or policy.requests_per_day,
            quiet_hours=own.quiet_hours,
            revisit_min=own.revisit_min_days or _days(policy.revisit_min),
            revisit_mean=own.revisit_mean_days or _days(policy.revisit_mean),
            revisit_max=own.revisit_max_days or _days(policy.revisit_max),
            wall_markers=(*source.wall_markers, *own.wall_markers),
            without_keys=without_keys(source, settings, addresses=True),
        )


def _days(span: dt.timedelta) -> float:
    return span / dt.timedelta(days=1)
