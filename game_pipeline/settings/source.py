"""What an operator may change about one source."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .catalogue import LimitSettings
from .crawling import BreakerSettings, RawSettings, Seconds

__all__ = ["QuietHours", "SourceSettings"]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of each day in which a site is sent nothing, by the clock of a named time zone."""

    start: dt.time
    end: dt.time
    zone: zoneinfo.ZoneInfo

    @classmethod
    def parse(cls, text: str) -> QuietHours:
        """Read `23:00-07:00 Europe/Moscow`. Raises ValueError."""
        match = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d) ([A-Za-z0-9_+/-]{1,64})", text.strip())
        if match is None:
            raise ValueError("hours and a time zone such as 23:00-07:00 Europe/Moscow are expected")
        try:
            start, end = dt.time.fromisoformat(match[1]), dt.time.fromisoformat(match[2])
        except ValueError:
            raise ValueError(f"{match[1]}-{match[2]} are no times of day") from None
        if start == end:
            raise ValueError("the hours begin when they end; to stop a source altogether set enabled = false")
        try:
            return cls(start, end, zoneinfo.ZoneInfo(match[3]))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"there is no time zone {match[3]!r}; it looks like Europe/Moscow or UTC") from None

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone.key}"


Days = Annotated[float, Field(gt=0, le=3650)]


class SourceSettings(BaseModel):
    """What an operator may change about one source; None keeps the source's own policy."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    enabled: bool = True
    min_delay: Seconds | None = None
    requests_per_day: Annotated[int, Field(ge=1)] | None = None
    """The most that is sent to each host of the source on a day (UTC), by all processes; None: no limit."""
    quiet_hours: QuietHours | None = None
    revisit_min_days: Days | None = None
    revisit_mean_days: Days | None = None
    revisit_max_days: Days | None = None
    wall_markers: list[str] = Field(default_factory=list)
    """Text of the site's captcha or login page, over what its source knows."""
    priority: int | None = None
    asset_retries: Annotated[int, Field(ge=0)] | None = None
    asset_retry_delay: Seconds | None = None
    monitor_every: Annotated[float, Field(ge=5)] | None = None
    reimport_cron: str | None = None
    limits: LimitSettings = Field(default_factory=LimitSettings)
    breaker: BreakerSettings = Field(default_factory=BreakerSettings)
    raw: RawSettings = Field(default_factory=RawSettings)

    @field_validator("quiet_hours", mode="before")
    @classmethod
    def _hours(cls, value: Any) -> Any:
        return QuietHours.parse(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        named = [days for days in (self.revisit_min_days, self.revisit_mean_days, self.revisit_max_days) if days]
        if named != sorted(named):
            raise ValueError("revisit_min_days, revisit_mean_days and revisit_max_days must not fall in this order")
        return self
