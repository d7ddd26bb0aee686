"""What a site's robots.txt allows us, kept in the database for a day so that all processes ask for it once.

RFC 9309: no rules (4xx) allow everything, rules that cannot be had (5xx, no answer) allow nothing for now.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from protego import Protego

from game_pipeline.store.pool import Store

from .outcomes import FetchError, Kind, Outcome
from .urls import Target

__all__ = ["MAX_ROBOTS", "Robots", "RobotsKnownError", "RobotsReply"]

MAX_ROBOTS = 500 * 1024
"""Bytes of robots.txt that are read; what follows is ignored."""

KEPT = 86_400.0
KEPT_UNREACHABLE = 600.0
_REMEMBERED = 600.0  # in this process, before the table is asked again
_COME_BACK = frozenset({408, 425, 429})  # 4xx that say "later", not "there is none"


@dataclass(frozen=True, slots=True)
class RobotsReply:
    """How the request for a robots.txt ended; status 0 and why (`problem`) where there was no whole reply."""

    status: int
    body: bytes
    problem: str = ""


class RobotsKnownError(Exception):
    """Another process stored the rules while this one waited for its turn to ask for them."""


FetchRobots = Callable[[str, Callable[[], None]], RobotsReply]
"""Fetches an address; calls the function just before sending, which may raise `RobotsKnownError` to call it off."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """`parsed` is None where the rules could not be had; `text` is then a comment that says why."""

    parsed: Protego | None
    text: str
    good_until: float  # by the process's monotonic clock


_STORED = """
SELECT status, body, extract(epoch FROM clock_timestamp() - fetched_at)::float8 AS age
FROM robots_rules WHERE host = %(site)s
"""
_SAVE = """
INSERT INTO robots_rules (host, status, body, fetched_at)
VALUES (%(site)s, %(status)s, %(body)s, clock_timestamp())
ON CONFLICT (host) DO UPDATE
    SET status = excluded.status, body = excluded.body, fetched_at = excluded.fetched_at
"""


class Robots:
    """Answers for one user agent; `agent` is the word that stands in robots.txt."""

    def __init__(self, store: Store, agent: str) -> None:
        self._store = store
        self._agent = agent
        self._known: dict[str, _Rules] = {}

    def crawl_delay(self, target: Target, fetch: FetchRobots) -> float:
        """Seconds the site asks for between requests, 0 where it asks for none. `fetch` is used where needed.

        Raises `FetchError(blocked_robots)` where the address is refused, or where the rules cannot be had.
        """
        rules = self._rules(target, fetch)
        if rules.parsed is None:
            raise FetchError(
                Outcome.BLOCKED_ROBOTS,
                Kind.TRANSIENT,
                f"robots.txt of {target.site} could not be had ({rules.text.lstrip('# ')}), so nothing may be fetched",
                target.url,
                retry_after=max(0.0, rules.good_until - time.monotonic()),
            )
        if not rules.parsed.can_fetch(target.url, self._agent):
            rule = refusing_rule(rules.text, target.url, self._agent)
            named = f" by {rule!r}" if rule else ""
            raise FetchError(
                Outcome.BLOCKED_ROBOTS,
                Kind.BLOCKED,
                f"robots.txt of {target.site} refuses this address{named}",
                target.url,
                rule=rule or "its rules as a whole",
            )
        return rules.parsed.crawl_delay(self._agent) or 0.0

    def _rules(self, target: Target, fetch: FetchRobots) -> _Rules:
        known = self._known.get(target.site)
        if known is None or known.good_until <= time.monotonic():
            known = self._stored(target.site) or self._ask(target, fetch)
            self._known[target.site] = known
        return known

    def _stored(self, site: str) -> _Rules | None:
        row = self._store.row(_STORED, {"site": site})
        return None if row is None else _read(row["status"], row["body"], row["age"])

    def _ask(self, target: Target, fetch: FetchRobots) -> _Rules:
        def call_off_if_known() -> None:
            if self._stored(target.site) is not None:
                raise RobotsKnownError

        try:
            reply = fetch(f"{target.parsed.scheme}://{target.site}/robots.txt", call_off_if_known)
        except RobotsKnownError:
            return self._rules(target, fetch)
        # What went wrong is kept as a comment, so that every process can tell people why.
        text = robots_text(reply.body) if _usable(reply.status) else f"# {reply.problem or reply.status}"
        self._store.execute(_SAVE, {"site": target.site, "status": reply.status, "body": text})
        rules = _read(reply.status, text, 0.0)
        assert rules is not None
        return rules


def robots_text(body: bytes) -> str:
    """The rules as text, at most `MAX_ROBOTS` bytes of them and no line cut in two.

    A byte order mark must go: with it the first line, `User-agent`, is not understood, and so no rule is.
    """
    if len(body) >= MAX_ROBOTS:
        body = body[:MAX_ROBOTS]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    return body.decode("utf-8-sig", "replace").replace("\0", "\ufffd")


def refusing_rule(text: str, url: str, agent: str) -> str | None:
    """The longest Disallow line, of the group that speaks to `agent`, that alone refuses the address."""
    own: list[str] = []
    everybody: list[str] = []
    agents: list[str] = []
    in_agents = False
    for line in text.splitlines():
        name, _, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "user-agent":
            agents = [*agents, value.lower()] if in_agents else [value.lower()]
        in_agents = name == "user-agent" or (in_agents and not name)
        if name == "disallow" and value:
            own += [value] if any(word != "*" and word in agent.lower() for word in agents) else []
            everybody += [value] if "*" in agents else []
    for value in sorted(own or everybody, key=len, reverse=True):
        rule = f"Disallow: {value}"
        if not Protego.parse(f"User-agent: *\n{rule}").can_fetch(url, agent):
            return rule
    return None


def _usable(status: int) -> bool:
    """Does this status tell what the rules are: these, or none?"""
    return 200 <= status < 500 and status not in _COME_BACK


def _read(status: int, text: str, age: float) -> _Rules | None:
    """The stored rules, or None where they are too old to go by. `age`: seconds, by the database's clock."""
    good_for = (KEPT if _usable(status) else KEPT_UNREACHABLE) - age
    if good_for <= 0:
        return None
    parsed = Protego.parse(text) if _usable(status) else None
    return _Rules(parsed, text, time.monotonic() + min(good_for, _REMEMBERED))
