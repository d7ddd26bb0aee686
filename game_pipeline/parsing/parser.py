"""Who reads for us: the interface, its errors, and the plain reader that works in this process."""

from __future__ import annotations

import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Literal, Self, cast

from game_pipeline.model import AnyRecord, RecordError
from game_pipeline.sources import Feed, Listing, Page, ParseError, Response, Source

from .reading import Job, Result, read

__all__ = ["Failure", "InProcess", "ParseKilledError", "Parser", "ParserDefectError"]


class ParseKilledError(ParseError):
    """Reading the page took too long, or too much memory, or ended the process that read it."""


class ParserDefectError(Exception):
    """A parser raised what it must not raise. `trace` is where."""

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace


Failure = ParseError | RecordError | ParserDefectError
"""All that reading a page may raise."""


class Parser(ABC):
    """Reads pages for any source. Close it, or use it as a context manager.

    Every method raises `ParseError` for a page that is not what the format says, `RecordError` for a claim that
    breaks the canonical form, `ParseKilledError` (a `ParseError`) and `ParserDefectError`.
    """

    def parse(self, source: Source, page: Page) -> list[AnyRecord]:
        return cast(list[AnyRecord], self._run(source, _page_job(page)))

    def parse_pages(self, source: Source, pages: Sequence[Page]) -> Iterator[list[AnyRecord] | Failure]:
        """What `parse` makes of each page, in their order; what it would raise is handed over in its place."""
        return cast(Iterator[list[AnyRecord] | Failure], self._run_all(source, [_page_job(page) for page in pages]))

    def parse_listing(self, source: Source, response: Response) -> Listing:
        return cast(Listing, self._run(source, _reply_job("parse_listing", response)))

    def parse_feed(self, source: Source, response: Response, cursor: str | None) -> Feed:
        return cast(Feed, self._run(source, _reply_job("parse_feed", response, cursor)))

    @abstractmethod
    def _run(self, source: Source, job: Job) -> Result: ...

    def _run_all(self, source: Source, jobs: Sequence[Job]) -> Iterator[Result | Failure]:
        for job in jobs:
            try:
                yield self._run(source, job)
            except (ParseError, RecordError, ParserDefectError) as error:
                yield error

    def close(self) -> None:  # noqa: B027  -- a parser may have nothing to let go of
        """Let go of what the reading needs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _page_job(page: Page) -> Job:
    return Job("parse", page.url, page.body, key=page.key, content_type=page.content_type)


def _reply_job(method: Literal["parse_listing", "parse_feed"], response: Response, cursor: str | None = None) -> Job:
    return Job(
        method,
        response.url,
        response.body,
        status=response.status,
        headers=dict(response.headers),
        request=response.request,
        cursor=cursor,
    )


class InProcess(Parser):
    """Reads here and now: nothing can stop it. For sources that tests make up, and for `parse.workers = 0`."""

    def _run(self, source: Source, job: Job) -> Result:
        try:
            return read(source, job)
        except (ParseError, RecordError):
            raise
        except Exception as error:
            raise ParserDefectError(f"{type(error).__name__}: {error}", traceback.format_exc()) from error
