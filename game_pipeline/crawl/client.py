"""The polite client: every page, listing, feed and robots.txt is fetched through `Client`.

It asks for a turn at the host, obeys robots.txt, follows redirects by hand, tries again what is worth trying again,
and hands out whole replies or a `FetchError` that says what to do. It stores nothing but turns and robots rules.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Self

from game_pipeline.settings import CrawlSettings
from game_pipeline.sources.base import Request, Response
from game_pipeline.store.pool import Store

from .addresses import Resolver, system_resolver
from .exchange import Limits, Message, Reply, Wire
from .guard import Door, NotNow
from .keyring import NO_KEYS, Keyring, token_request
from .outcomes import FetchError, Kind, Outcome
from .rest import spent_words
from .robots import MAX_ROBOTS, Robots, RobotsReply
from .slots import AskedToWait, DayIsSpent
from .treatment import treatment_of
from .turns import Turns
from .urls import Target, check_url, join_url
from .verdicts import PERMANENT_REDIRECTS, REDIRECTS, check_status
from .walls import check_wall

__all__ = ["Client", "Fetched", "Validators"]

AGENT = "game-pipeline"
MAX_REDIRECTS = 5
ROBOTS_ATTEMPTS = 2
_TOO_MANY = frozenset({429, 503})
_BAD_CREDENTIALS = frozenset({400, 401, 403})

_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to ask later whether its page is still the same."""

    etag: str | None = None
    last_modified: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Validators:
        """The validators that a reply carries."""
        return cls(headers.get("etag"), headers.get("last-modified"))

    def as_headers(self) -> dict[str, str]:
        """The headers to send; a validator that could not be sent as it is counts as none."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value and _HEADER_VALUE.fullmatch(value)}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole reply with status 200 or 203, or the news that the page is as it was (`not_modified`, no body).

    `final_url`: where the reply came from. `permanent_redirect`: where the page has moved to for good.
    `validators`: to send next time; none where a redirect led here, as they speak of another address.
    `elapsed`: seconds of the last request alone. `requests`: how many were sent, with retries and redirects, without
    robots.txt. `framed`: the reply says where it ends; else half of it may be missing.
    """

    response: Response
    not_modified: bool
    final_url: str
    permanent_redirect: str | None
    validators: Validators
    elapsed: float
    requests: int
    framed: bool = True


@dataclass(slots=True)
class _Order:
    """One fetch on its way: what it may use, and what it has used. `asked`: the address that it began with."""

    min_delay: float
    limits: Limits
    attempts: int
    door: Door
    asked: str
    requests_per_day: int | None = None
    wall_markers: Sequence[str] | None = None
    keys: Keyring = NO_KEYS
    agent_prefix: str = ""
    soft_status: Callable[[bytes], int | None] | None = None
    obeys_robots: bool = True
    before_send: Callable[[], None] | None = None
    wants_token: bool = False
    renewed: bool = False
    requests: int = 0
    failures: int = 0


class _TokenRefused(Exception):
    """The site no longer takes the token that was sent; another one may do."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    """The end of a chain of redirects."""

    target: Target
    reply: Reply
    permanent: str | None
    hops: int


class Client:
    """Sends requests to any host. Create one per process; its threads may share it. Use as a context manager.

    `sleep` and `resolver` are there to be replaced in tests.
    """

    def __init__(
        self,
        store: Store,
        settings: CrawlSettings,
        *,
        version: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        resolver: Resolver = system_resolver,
    ) -> None:
        self._store = store
        self._settings = settings
        self._sleep = sleep
        agent = f"{AGENT}/{version or _own_version()}"
        self._agent = f"{agent} (+{settings.contact})" if settings.contact else agent
        self._wire = Wire(settings, self._agent, resolver)
        self._robots = Robots(store, AGENT)
        self._turns = Turns(store)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._wire.close()

    def fetch(
        self,
        request: Request,
        *,
        min_delay: float,
        max_body: int,
        attempts: int,
        validators: Validators | None = None,
        deadline: float | None = None,
        door: Door | None = None,
        requests_per_day: int | None = None,
        wall_markers: Sequence[str] | None = None,
        keys: Keyring = NO_KEYS,
        agent_prefix: str = "",
        soft_status: Callable[[bytes], int | None] | None = None,
    ) -> Fetched:
        """Ask for an address and return its whole reply. Raises `FetchError`, and `NotNow` where nothing was sent.

        `min_delay`: seconds between two requests to one host; robots.txt may ask for more. `max_body`: bytes of the
        decoded body. `attempts`: tries that may fail, in all. `deadline`: seconds for one try, from connecting to
        the last byte (default: the settings'); waiting for a turn does not count. `door`: what every single request,
        robots.txt included, has to pass. `requests_per_day`: to one host, by all processes; beyond them nothing is
        sent. `wall_markers`: where given, a captcha or login page is an error; it has one of these, or is known anyway.
        `keys`: what the placeholders in the request stand for. `agent_prefix`: what the User-Agent says before our
        own name. `soft_status`: what status a body of a good reply stands for, where it is no page.
        """
        limits = Limits(self._settings.total_deadline if deadline is None else deadline, max_body)
        order = _Order(
            min_delay,
            limits,
            attempts,
            door or Door(),
            request.url,
            requests_per_day,
            wall_markers,
            keys,
            agent_prefix,
            soft_status,
        )
        sent = validators if validators is not None and request.conditional else Validators()
        end = self._follow(request, order, sent.as_headers())
        given = Validators.of(end.reply.headers)
        not_modified = end.reply.status == 304
        if not_modified:  # a 304 may leave out what has not changed
            given = Validators(given.etag or sent.etag, given.last_modified or sent.last_modified)
        final_url = end.target.url if end.hops else request.url
        return Fetched(
            response=Response(final_url, end.reply.status, end.reply.body, end.reply.headers, request),
            not_modified=not_modified,
            final_url=final_url,
            permanent_redirect=end.permanent,
            validators=Validators() if end.hops else given,
            elapsed=end.reply.elapsed,
            requests=order.requests,
            framed=end.reply.framed,
        )

    def _follow(self, request: Request, order: _Order, conditions: Mapping[str, str]) -> _Arrived:
        """Go where the address leads; every hop passes the same gates as the first."""
        target = check_url(request.url)
        permanent: str | None = None
        seen: set[str] = set()
        for hop in range(MAX_REDIRECTS + 1):
            # Conditions go to the first address only: they say nothing about the page that a redirect leads to.
            reply = self._persist(target, request, order, {} if hop else conditions)
            if reply.status not in REDIRECTS:
                return _Arrived(target, reply, permanent, hop)
            seen.add(target.url)
            next_target = join_url(target.url, reply.headers["location"])
            request = _redirected(request, reply.status, target, next_target)
            if reply.status in PERMANENT_REDIRECTS and permanent == (target.url if hop else None):
                permanent = next_target.url  # moved for good only as far as every step so far says so
            if next_target.url in seen:  # no cookies are kept, so asking again gives the same
                break
            target = next_target
        raise FetchError(
            Outcome.TOO_MANY_REDIRECTS,
            Kind.PERMANENT,
            f"redirects in a circle, or more than {MAX_REDIRECTS} times; the last to {next_target.url}",
            order.asked,
            status=reply.status,
        )

    def _persist(self, target: Target, request: Request, order: _Order, conditions: Mapping[str, str]) -> Reply:
        """One address, tried until it answers or the attempts are used up; each try waits for its own turn."""
        delay = order.min_delay
        if order.obeys_robots:
            delay = max(delay, self._robots.crawl_delay(target, partial(self._fetch_robots, order)))
        while True:
            self._have_token(request, order)
            try:
                with order.door.call(target.url) as slower:
                    self._take_turn(target, delay, slower, order)
                    return self._send(target, request, order, conditions)
            except NotNow:
                raise
            except _TokenRefused:
                order.renewed = True
            except FetchError as error:
                order.failures += 1
                if error.status in _TOO_MANY:
                    self._turns.slow_down(target.host, delay)
                if not self._try_again(target, order, error):
                    raise

    def _send(self, target: Target, request: Request, order: _Order, conditions: Mapping[str, str]) -> Reply:
        if order.before_send is not None:
            order.before_send()
        keys = order.keys
        filled = keys.fill(target.url, target, quoted=True)
        message = Message(
            request.method,
            keys.fill_headers({**self._named(order), **dict(request.headers), **conditions}, target),
            keys.fill_body(request, target),
            None if filled == target.url else check_url(filled).parsed.raw_path,
        )
        order.requests += 1
        reply = self._wire.send(target, message, order.limits)
        if reply.status == 401 and not order.renewed and keys.drop_token():
            raise _TokenRefused
        if order.wants_token and reply.status in _BAD_CREDENTIALS:
            why = f"the site gives no token for the keys that are set: it answers {reply.status}"
            raise FetchError(Outcome.BLOCKED_BY_SITE, Kind.BLOCKED, why, target.url, status=reply.status)
        reply = replace(
            reply,
            headers={name: keys.hide(value) for name, value in reply.headers.items()},
            body=keys.hide_in_body(reply.body),
        )
        check_status(target, reply, conditional=bool(conditions), longest_wait=self._settings.retry_after_cap)
        if order.soft_status is not None and reply.status == 200 and (meant := order.soft_status(reply.body)):
            longest_wait = self._settings.retry_after_cap
            check_status(target, replace(reply, status=meant), conditional=False, longest_wait=longest_wait)
        self._turns.heard(target.host, reply.elapsed)
        if order.wall_markers is not None and reply.status not in REDIRECTS:
            check_wall(order.asked, target, reply, order.wall_markers)
        return reply

    def _named(self, order: _Order) -> dict[str, str]:
        return {"User-Agent": f"{order.agent_prefix} {self._agent}"} if order.agent_prefix else {}

    def _have_token(self, request: Request, order: _Order) -> None:
        """Get a token where the request wants one and there is none that is good."""
        keys = order.keys
        if not keys.wants_token(request.url, request.body or "", *(value for _, value in request.headers)):
            return
        assert keys.credentials is not None
        asking = replace(
            order,
            asked=keys.credentials.url,
            wall_markers=None,
            soft_status=None,
            obeys_robots=False,
            wants_token=True,
            requests=0,
        )
        try:
            reply = self._follow(token_request(keys.credentials), asking, {}).reply
            keys.keep_token(reply.body)
        except ValueError as error:
            raise FetchError(Outcome.HTTP_ERROR, Kind.PERMANENT, str(error), keys.credentials.url) from None
        finally:
            order.requests += asking.requests

    def _take_turn(self, target: Target, delay: float, slower: float, order: _Order) -> None:
        longest = self._settings.retry_after_cap
        per_day = order.requests_per_day
        try:
            wait = self._turns.take(target.host, delay, slower=slower, longest=longest, per_day=per_day)
        except DayIsSpent as spent:
            why = spent_words(per_day or 0, spent.seconds)
            raise NotNow(Outcome.POSTPONED, Kind.OURS, why, target.url, retry_after=spent.seconds) from None
        except AskedToWait as asked:
            raise NotNow(
                Outcome.PARKED,
                Kind.RATE_LIMITED,
                f"{target.host} asked us to wait; the next request may go in {asked.seconds:.0f} s",
                target.url,
                retry_after=asked.seconds,
            ) from None
        if wait > 0:
            order.door.before_wait()
            self._sleep(wait)

    def _try_again(self, target: Target, order: _Order, error: FetchError) -> bool:
        """Wait until another try is due, or say that there is no point in one."""
        asked = error.retry_after or 0.0
        if asked:  # everybody waits, whether this fetch goes on or not
            self._turns.push_back(target.host, asked)
        # A try that used up the deadline would do so again, and hold up the host's turn for as long.
        attempts = 1 if error.outcome is Outcome.DEADLINE else min(order.attempts, treatment_of(error).attempts)
        if order.failures >= attempts or asked > self._settings.retry_after_cap or not order.door.may_retry():
            return False
        if not asked:
            order.door.before_wait()
            longest = min(self._settings.retry_cap, self._settings.retry_base * 2 ** (order.failures - 1))
            self._sleep(random.uniform(0, longest))  # full jitter: many processes do not come back as one
        return True

    def _fetch_robots(self, order: _Order, url: str, before_send: Callable[[], None]) -> RobotsReply:
        """A robots.txt on the way of `order`, under its delay. Only what is not the site's doing raises."""
        limits = Limits(order.limits.deadline, MAX_ROBOTS, cut=True)
        attempts = min(order.attempts, ROBOTS_ATTEMPTS)
        own = _Order(
            order.min_delay,
            limits,
            attempts,
            order.door,
            url,
            order.requests_per_day,
            agent_prefix=order.agent_prefix,
            obeys_robots=False,
            before_send=before_send,
        )
        try:
            reply = self._follow(Request(url), own, {}).reply
        except FetchError as error:
            not_the_file = error.outcome is Outcome.BLOCKED_ADDRESS or error.kind is Kind.OURS
            if not_the_file or isinstance(error, NotNow):
                raise
            return RobotsReply(error.status or 0, b"", error.message)
        return RobotsReply(reply.status, reply.body)


def _redirected(request: Request, status: int, came_from: Target, leads_to: Target) -> Request:
    """The request as the next address gets it. Raises `FetchError` where it must not be repeated there.

    Only 303 turns a POST into a GET; every other redirect repeats it (RFC 9110, section 15.4), which is done within
    one site. To another host none of the source's headers go.
    """
    same_host = came_from.host == leads_to.host
    if request.method == "POST" and status != 303:
        if not same_host:
            why = f"redirects a POST to another host, {leads_to.host}"
            raise FetchError(Outcome.HTTP_ERROR, Kind.PERMANENT, why, came_from.url, status=status)
        return replace(request, url=leads_to.url)
    return Request(leads_to.url, request.conditional, headers=request.headers if same_host else ())


def _own_version() -> str:
    try:
        return version("game-pipeline")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
