"""How every request is made and every page read, when a source is left alone, and what is kept of its pages."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

__all__ = ["BreakerSettings", "CrawlSettings", "ParseSettings", "RawSettings", "Seconds"]

Seconds = Annotated[float, Field(ge=0)]


class CrawlSettings(BaseModel):
    """How every request is made."""

    model_config = ConfigDict(extra="forbid")

    contact: Annotated[str, Field(pattern=r"^[!-~]+$", max_length=200)] | None = None
    """A page or address where a site's owner reaches the operator; part of the User-Agent."""
    connect_timeout: Annotated[float, Field(gt=0)] = 5.0
    total_deadline: Annotated[float, Field(gt=0)] = 60.0
    retry_base: Seconds = 1.0
    retry_cap: Seconds = 120.0
    retry_after_cap: Seconds = 300.0
    lease: Annotated[float, Field(ge=1)] = 60.0
    """Seconds without a sign of life after which a run has lost its source to whoever asks for it."""
    full_fetch_every: Annotated[int, Field(ge=1)] = 20
    """After this many 304 answers in a row the page is fetched whole: servers lie."""
    routes: dict[str, str] = Field(default_factory=dict)
    """Host -> origin: requests to that host go to the origin instead (replicas, tests, a caching mirror)."""

    @field_validator("routes")
    @classmethod
    def _origins(cls, routes: dict[str, str]) -> dict[str, str]:
        for host, origin in routes.items():
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
                raise ValueError(f"{host}: an origin such as http://127.0.0.1:8080 is expected, not {origin!r}")
        return routes


class ParseSettings(BaseModel):
    """How pages are read: in processes of their own, which may be killed."""

    model_config = ConfigDict(extra="forbid")

    workers: Annotated[int, Field(ge=0, le=64)] = 2
    """Processes that read at once, at most; started when there is something to read. 0: read in the run's own process,
    which nothing can stop then."""
    memory_mb: Annotated[int, Field(ge=512)] = 1024
    """Address space of a worker, in MiB. Not every system enforces it (macOS does not)."""
    seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Time for one page, after which its worker is killed."""
    cpu_seconds: Annotated[float, Field(gt=0, le=600)] = 8.0
    """Time of the processor for one page (whole seconds, rounded up). Less than `seconds`, or that comes first."""
    pages_per_worker: Annotated[int, Field(ge=1)] = 10_000
    """A worker is replaced after so many pages, or once it holds a quarter of its memory."""


class BreakerSettings(BaseModel):
    """When a source's circuit breaker opens, and how it comes back. Times are seconds.

    It opens where `failure_share` of at least `min_calls` calls within `window` failed, where `min_calls` in a row did,
    or where the site refused `refusals` in a row. It rests for `rest`, then twice as long each time, up to
    `longest_rest`; after `trials` good trials the rate comes back in steps of a `window` each. A site that refuses us,
    or shows a captcha or a login page, is left alone for `longest_rest` at first and for up to `blocked_rest` in the
    end. A source that has not been well for `chronic_after`, or that opened `chronic_openings` times within a day, is a
    person's.
    """

    model_config = ConfigDict(extra="forbid")

    window: Annotated[float, Field(gt=0)] = 600.0
    min_calls: Annotated[int, Field(ge=2)] = 8
    failure_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    refusals: Annotated[int, Field(ge=1)] = 3
    rest: Annotated[float, Field(gt=0)] = 60.0
    longest_rest: Annotated[float, Field(gt=0)] = 3_600.0
    blocked_rest: Annotated[float, Field(gt=0)] = 86_400.0
    trials: Annotated[int, Field(ge=1)] = 3
    chronic_after: Annotated[float, Field(gt=0)] = 86_400.0
    chronic_openings: Annotated[int, Field(ge=2)] = 5

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.rest <= self.longest_rest <= self.blocked_rest:
            raise ValueError("rest, longest_rest and blocked_rest must not fall in this order")
        return self


class RawSettings(BaseModel):
    """How much of a source's pages, as they were sent, is kept.

    At most `versions` of a page, none older than `days`, `megabytes` of the source in all (compressed; the oldest go
    first). What a page says now, and what a version of a record was read from, is kept whatever the limits say.
    """

    model_config = ConfigDict(extra="forbid")

    versions: Annotated[int, Field(ge=1)] = 20
    days: Annotated[float, Field(gt=0)] = 730.0
    megabytes: Annotated[float, Field(gt=0)] = 4_096.0
