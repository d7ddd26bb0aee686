"""What a source is: the vocabulary that every site's module speaks, and nothing about any one site.

A source is pure. It names requests and reads replies; fetching, storing and scheduling happen elsewhere.
"""

from __future__ import annotations

import datetime as dt
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from game_pipeline.model import AnyRecord, Attribution, Subject

from .identities import site_id

__all__ = [
    "UNREAD",
    "ClientCredentials",
    "Coverage",
    "Expects",
    "Feed",
    "Listing",
    "Page",
    "PageRef",
    "ParseError",
    "Policy",
    "Request",
    "Response",
    "Secret",
    "Segment",
    "Source",
]


UNREAD = "unread "
"""How the warning begins that a page states something which its parser does not read; what follows names it."""


class ParseError(ValueError):
    """A page is not what the source's format says.

    `where` is the selector or field that failed, `problem` what was found there.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_OURS = frozenset({"host", "user-agent", "accept-encoding", "cookie", "content-length", "connection", "if-none-match"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request to make. `conditional` allows validators (never for listings cut into pages, never for a POST).

    `body`: text, sent as UTF-8, of a POST. `headers`: what the site wants said besides, such as Content-Type. All
    three, and the address, may hold placeholders of the source's secrets (`{RAWG_KEY}`), which are filled in just
    before sending and nowhere else.
    """

    url: str
    conditional: bool = True
    method: Literal["GET", "POST"] = "GET"
    body: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if (self.method == "POST") != (self.body is not None):
            raise ValueError(f"{self.method} {self.url[:120]}: a POST has a body, a GET has none")
        for name, value in self.headers:
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS or not value.isprintable():
                raise ValueError(f"{self.url[:120]}: the header {name[:40]!r} is not a source's to say")
        if self.method == "POST":
            object.__setattr__(self, "conditional", False)

    @property
    def identity(self) -> str:
        """What tells two requests of one walk apart."""
        return self.url if self.body is None else f"{self.url} {self.body}"

    def more(self) -> dict[str, Any] | None:
        """What is to be kept of it beside its address, as JSON; None: it is a plain GET."""
        if self.method == "GET" and not self.headers:
            return None
        return {"method": self.method, "body": self.body, "headers": [list(header) for header in self.headers]}

    @classmethod
    def of(cls, url: str, more: Mapping[str, Any] | None) -> Request:
        """The request again of its address and of what `more` kept."""
        if more is None:
            return cls(url)
        return cls(url, **{**more, "headers": tuple((name, value) for name, value in more["headers"])})


@dataclass(frozen=True, slots=True)
class Secret:
    """A key that a site wants: its name (a placeholder `{NAME}` stands for it), what it is, where an operator gets it,
    and the hosts that it may be sent to; nobody else ever gets it. `for_listing`: the listing and the feed alone want
    it, and without it single games are to be had by their addresses."""

    name: str
    what: str
    where: str
    hosts: tuple[str, ...]
    for_listing: bool = False


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """A token that is had for two keys (OAuth 2.0, RFC 6749 section 4.4) and renewed when it runs out or is refused.

    `name`: its placeholder. `url`: where it is asked for. `client_id`, `client_secret`: the names of the two
    secrets. `hosts`: who may be sent the token.
    """

    name: str
    url: str
    client_id: str
    client_secret: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Response:
    """One reply, as sent, its transfer and content codings undone. Header names are lower case.

    `request` is what it answers, which says more than its address where a site takes its questions by POST; None for
    a reply given by hand.
    """

    url: str
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class PageRef:
    """A page that the source has: its stable key, its address for people, and the request that fetches it.

    `fingerprint` is the change signal that a listing or feed carries (a revision id, a page version, a date);
    a page whose fingerprint is the one already stored needs no fetch. None: the listing carries no signal.
    `visited` False: the page comes with a dump alone and is never fetched.
    """

    key: str
    url: str
    request: Request
    fingerprint: str | None = None
    visited: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """What one listing reply names, and the requests that continue it (none: this branch ends)."""

    pages: tuple[PageRef, ...] = ()
    next: tuple[Request, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """What one change-feed reply names, the cursor after it, and the requests that continue it.

    `cursor` None: this reply does not move it. A new cursor counts once the whole walk is done.
    """

    pages: tuple[PageRef, ...] = ()
    cursor: str | None = None
    next: tuple[Request, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A stored page, ready to be parsed. `key` is empty where only an address is known (a file given by hand)."""

    url: str
    body: bytes
    key: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A named part of a source, as an operator sees, retries and back-fills it. `key` is a slug."""

    key: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How to treat a site, and how much its word weighs.

    Delays and intervals are seconds or timedeltas as named. `priority`: the lower number wins a field. `revisit_mean`
    says how many visits the pages share (each that often, on average); `revisit_min` and `revisit_max` bound what one
    page gets of them. `requests_per_day`: what the site allows, to each of its hosts; None: it says nothing.
    `agent_prefix`: what the User-Agent has to begin with for the site to answer; our own name follows all the same.
    `encoding`: of its texts, where that is not UTF-8 (a name of the Encoding Standard, such as windows-1251).
    """

    min_delay: float = 2.0
    requests_per_day: int | None = None
    agent_prefix: str = ""
    encoding: str | None = None
    max_body: int = 5 * 1024 * 1024
    request_attempts: int = 4
    asset_retries: int = 2
    asset_retry_delay: float = 30.0
    monitor_every: dt.timedelta = dt.timedelta(hours=1)
    revisit_min: dt.timedelta = dt.timedelta(hours=6)
    revisit_mean: dt.timedelta = dt.timedelta(days=14)
    revisit_max: dt.timedelta = dt.timedelta(days=30)
    reimport_cron: str = "0 3 1 * *"
    fresh_for: dt.timedelta = dt.timedelta(days=8)
    max_vanished_share: float = 0.2
    priority: int = 50


@dataclass(frozen=True, slots=True)
class Coverage:
    """At least this share of the records state a facet (`credits`, or as finely as `urls.download_direct`).

    `selector`: where the page has it, for the person who is told that it no longer does. `subject`: what the records
    are about; those about anything else are not judged by it.
    """

    facet: str
    share: float
    selector: str
    subject: Subject = "game"

    def stated_in(self, record: AnyRecord) -> bool:
        return any(name == self.facet or name.startswith(f"{self.facet}.") for name in record.facets())


@dataclass(frozen=True, slots=True, kw_only=True)
class Expects:
    """What is true of a site's records as long as its format is the known one. Ranges are (least, most or None).

    `records`: about games, of the whole source once it was listed to its end; `segments`: of one segment, whatever
    they are about; `page`: of one page. A
    page that leaves its range, or that lacks what the others state, is held and reported as a layout difference.
    Where no real capture was ever seen, every page has to state what more than half of them should, until some have.
    """

    records: tuple[int, int | None] = (1, None)
    segments: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)
    page: tuple[int, int | None] = (0, None)
    coverage: tuple[Coverage, ...] = ()


class Source(ABC):
    """One site. Subclasses state facts as class attributes and read the site's formats."""

    name: ClassVar[str]
    title: ClassVar[str]
    home: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]]
    attribution: ClassVar[Attribution]
    policy: ClassVar[Policy] = Policy()
    verified: ClassVar[bool] = False
    parser_version: ClassVar[int]
    segments: ClassVar[tuple[Segment, ...]] = ()
    volatile: ClassVar[frozenset[str]] = frozenset()
    """Facets that are stored but never count as a change: ratings, view counts."""
    wall_markers: ClassVar[tuple[str, ...]] = ()
    """Text that this site's captcha or login page holds and no real page does; the usual ones are known already."""
    expects: ClassVar[Expects] = Expects()
    needs: ClassVar[tuple[Secret, ...]] = ()
    """The keys without which the site gives nothing. A source never sees their values."""
    token: ClassVar[ClientCredentials | None] = None
    streamed_listing: ClassVar[bool] = False
    """True where the listing is one document of tens of megabytes, which `parse_listing` reads as a stream and bounds
    itself: the limits on ordinary pages are not for it."""
    many_records_a_page: ClassVar[bool] = False
    """True where a listing carries the records itself: a record missing from its page has left the site."""
    pages_move: ClassVar[bool] = False
    """True where a page is a window over a longer list that grows at its front: a record missing from its page has
    moved on to another one, or out of sight, and the page that was read last speaks for it."""
    several_records_a_game: ClassVar[bool] = False
    """True where one game may well have several records: each of its files or versions, each of its translations. Of
    any other source, a second record is a reason to doubt that it is about the same game."""

    people: ClassVar[str | None] = None
    """The segment of the pages about people, where the site has such pages and `person_page` knows their addresses."""

    documents: ClassVar[bool] = False
    """True where people hand in the pages as files; `given_address` says how such a file is addressed."""

    def owns(self, url: str) -> bool:
        """Is this the address of a game of mine? One without a stable id in it may be, too."""
        return self.identity(url) is not None

    def identity(self, url: str) -> str | None:
        """The stable id that a game's address carries, or None where the address carries none. Never a title.

        It is the one that `identities` tells of the scheme named like the source.
        """
        found = site_id(url)
        return found.value if found and found.scheme == self.name else None

    @abstractmethod
    def segment_of(self, key: str) -> str:
        """The segment that a page key belongs to: pure, and the same for ever."""

    @abstractmethod
    def locate(self, url: str) -> Listing:
        """How to import one game by its address: the pages to fetch, or requests whose replies
        `parse_listing` turns into pages. Raises ValueError for an address that is not mine."""

    def person_page(self, url: str) -> PageRef | None:
        """The page about a person that an address names, or None where it is none of this site's. Whether there is
        such a page, the fetch tells."""
        return None

    @abstractmethod
    def listing(self) -> Iterable[Request]:
        """The requests that enumerate every page; `parse_listing` reads their replies."""

    def fixed_pages(self) -> tuple[PageRef, ...]:
        """The pages that need no listing to be known: a site that is a few lists under fixed addresses."""
        return ()

    @abstractmethod
    def parse_listing(self, response: Response) -> Listing:
        """Pages and continuation of a listing reply. Raises ParseError."""

    def changes_since(self, cursor: str | None) -> Iterable[Request]:
        """The requests that say what changed since `cursor`; none where the site has no change feed."""
        return ()

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """Pages and new cursor of a change-feed reply. Raises ParseError.

        `cursor` is what `changes_since` was given, for every reply of the walk.
        """
        raise ParseError("feed", f"{self.name} has no change feed")

    def soft_status(self, body: bytes) -> int | None:
        """The status that a reply with 200 stands for by what it says: 404 for a page that is not there, 429 for
        being asked too often. None: it is what it says it is. Looks at a few bytes and never fails."""
        return None

    def settled(self, body: bytes) -> bytes:
        """A page as it is stored and compared: without what differs in every reply of the very same page, where that
        can be undone and nothing is lost. Never fails."""
        return body

    def read_dump(self, lines: Iterable[str]) -> Iterator[tuple[PageRef, bytes]]:
        """The pages of a dump of the whole site, each with the body that `parse` reads, from the dump's text by line.

        Raises `ParseError` for what is no such dump, ValueError where the site publishes none.
        """
        raise ValueError(f"{self.title} publishes no dump")

    def given_address(self, identity: str) -> str:
        """The address, nobody's, of a file that was handed in, by the identity of its first record. Raises ValueError
        where pages come from the site alone."""
        raise ValueError(f"{self.title} takes no files")

    def leads_elsewhere(self, url: str, led_to: str | None) -> bool:
        """Is where a game's address leads for good the address of another game? A site has merged the two then."""
        if led_to is None or not self.owns(led_to):
            return False
        here, there = self.identity(url), self.identity(led_to)
        return here is not None and there is not None and here != there

    @abstractmethod
    def parse(self, page: Page) -> Sequence[AnyRecord]:
        """The records of a page, each about a game or a person: pure and deterministic. Raises ParseError with the
        selector that failed."""

    def segment_keys(self) -> tuple[str, ...]:
        return tuple(segment.key for segment in self.segments)


_SEGMENT_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")
_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,39}")


def check_source(source: Source) -> None:
    """Refuse a source whose facts are incomplete, so that a mistake shows at import and not in a run."""
    for attribute in ("name", "title", "home", "hosts", "attribution", "parser_version"):
        if not getattr(source, attribute, None):
            raise TypeError(f"source {type(source).__name__}: {attribute} is missing")
    for segment in source.segments:
        if not _SEGMENT_KEY.fullmatch(segment.key):
            raise TypeError(f"source {source.name}: segment key {segment.key!r} is no slug")
    if not set(source.expects.segments) <= set(source.segment_keys()):
        raise TypeError(f"source {source.name}: expects records of segments that it does not have")
    if source.people is not None and source.people not in source.segment_keys():
        raise TypeError(f"source {source.name}: its people's segment {source.people!r} is none of its segments")
    if not all(0 < item.share <= 1 and item.selector for item in source.expects.coverage):
        raise TypeError(f"source {source.name}: a coverage has a share above 0 and says where on the page it is")
    names = {secret.name for secret in source.needs}
    for secret in source.needs:
        if not _SECRET_NAME.fullmatch(secret.name) or not secret.hosts:
            raise TypeError(
                f"source {source.name}: the secret {secret.name!r} needs a NAME and hosts it may be sent to"
            )
    token = source.token
    if token is not None and (not {token.client_id, token.client_secret} <= names or not token.hosts):
        raise TypeError(f"source {source.name}: the token's id and secret are among `needs`, and it has hosts")
