"""One site is not well, in every way that sites are: it alone is concerned, and another keeps its pace meanwhile."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from game_pipeline.changes import refresh_records
from game_pipeline.crawl import (
    Client,
    FetchError,
    Health,
    Visitor,
    begin_run,
    finish_run,
    read_health,
    source_lock,
)
from game_pipeline.parsing import InProcess
from game_pipeline.settings import Settings, SourceSettings
from game_pipeline.sources import Listing, PageRef, Request, Response
from game_pipeline.store import Store
from game_pipeline_tests.changes.tiny_site import JsonSource
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.crawl.test_gates import SELF_SIGNED
from game_pipeline_tests.http_server import Reply, Script, ScriptedServer, Seen, Send

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

KEYS = tuple(f"p{number}" for number in range(12))
DELAY = 0.15


class Listed(JsonSource):
    """Its listing is one reply: the keys of its pages."""

    def listing(self) -> tuple[Request, ...]:
        return (Request(f"https://{self.name}.example/list", conditional=False),)

    def parse_listing(self, response: Response) -> Listing:
        return Listing(tuple(self.ref(key) for key in response.body.decode().split()))

    def ref(self, key: str, fingerprint: str | None = None) -> PageRef:
        url = f"https://{self.name}.example/{key}"
        return PageRef(key=key, url=url, request=Request(url), fingerprint=fingerprint)


class Well(Listed):
    name = "well"
    hosts = ("well.example",)


class Sick(Listed):
    name = "sick"
    hosts = ("sick.example",)


class Two:
    """Two sites and their imports; day 1 went well for both."""

    def __init__(self, store: Store, stack: ExitStack) -> None:
        self.store = store
        self.well = stack.enter_context(ScriptedServer())
        self.sick = stack.enter_context(ScriptedServer())
        self.crawler = Crawler(store, self.well, stack)
        self._runs = itertools.count(1)
        for server in (self.well, self.sick):
            server.on("/list", Reply(200, " ".join(KEYS).encode()))
            for key in KEYS:
                server.on(f"/{key}", Reply(200, json.dumps([{"identity": key}]).encode()))
        self.routes = {"well.example": self.well.origin, "sick.example": self.sick.origin}
        for source in (Well(), Sick()):
            assert self.run(source, delay=0) is None
        self.store.execute("DELETE FROM host_slot")

    def client(self, **settings: Any) -> Client:
        given = {"routes": self.routes, "retry_base": 0.02, "retry_cap": 0.05, "total_deadline": 1} | settings
        return self.crawler.make(sleep=time.sleep, **given)

    def run(self, source: Listed, *, delay: float, client: Client | None = None) -> str | None:
        """A full import, as the assets do it; why it failed."""
        run_id = f"{source.name} {next(self._runs)}"
        settings = Settings(sources={source.name: SourceSettings(min_delay=delay)})
        problem: str | None = None
        with source_lock(self.store, source.name, run_id) as hold:
            begin_run(self.store, run_id, source.name, ["one"], full=True, anew=True)
            visitor = Visitor(self.store, client or self.client(), source, settings, run_id, hold=hold)
            try:
                held = visitor.walk_listing()["pages_missing_held"]
                problem = f"{held} pages held" if held else None
            except (FetchError, ValueError) as error:
                problem = str(error)
            reports = visitor.visit(["one"], full=True)
            report = refresh_records(self.store, source, run_id, "one", InProcess())
            problem = next((each.failed for each in reports if each.failed), problem)
            finish_run(self.store, run_id, source.name, failed=problem, records=report.counts)
        return problem

    def gap(self) -> float:
        """The mean seconds between two pages of the site that is well, in a whole import of it."""
        before = len(self.well.seen)
        assert self.run(Well(), delay=DELAY) is None
        times = [seen.at for seen in self.well.seen[before:] if seen.path in {f"/{key}" for key in KEYS}]
        assert len(times) == len(KEYS)
        return (times[-1] - times[0]) / (len(times) - 1)

    def live(self, source: str) -> int:
        row = self.store.row(
            "SELECT count(*) AS n FROM source_record WHERE source = %s AND state = 'live' AND version = 1", (source,)
        )
        return row["n"] if row else 0

    def outcomes(self, source: str) -> set[str]:
        rows = self.store.rows("SELECT DISTINCT outcome FROM source_url_state WHERE source = %s", (source,))
        return {row["outcome"] for row in rows}


@pytest.fixture
def two(store: Store) -> Iterator[Two]:
    with ExitStack() as stack:
        yield Two(store, stack)


def everywhere(script: Script) -> Callable[[Two], dict[str, Any]]:
    """The same reply to whatever is asked."""

    def switch(two: Two) -> dict[str, Any]:
        for path in ("/list", *(f"/{key}" for key in KEYS)):
            two.sick.on(path, script)
        return {}

    return switch


def pages_only(script: Script) -> Callable[[Two], dict[str, Any]]:
    def switch(two: Two) -> dict[str, Any]:
        for key in KEYS:
            two.sick.on(f"/{key}", script)
        return {}

    return switch


def an_empty_listing(two: Two) -> dict[str, Any]:
    two.sick.on("/list", Reply(200, b"none-of-them"))
    return {}


def silence(_: Seen, __: Send) -> None:
    time.sleep(1.5)


def cut(_: Seen, send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n[{")


def no_name(two: Two) -> dict[str, Any]:
    two.store.execute("DELETE FROM robots_rules WHERE host LIKE 'sick%%'", ())
    return {"routes": {"well.example": two.well.origin}}  # no route, and the name server knows nothing of it


FAULTS: dict[str, tuple[Callable[[Two], dict[str, Any]], set[str], str, str]] = {
    # what is switched on; how its pages' last checks end then; its breaker; what its import says
    "500": (everywhere(Reply(500)), {"changed", "http_error"}, "open", "the site answers 500"),
    "429, an hour": (
        everywhere(Reply(429, headers={"Retry-After": "3600"})), {"changed"}, "open", "asks to wait 3600 s",
    ),
    # Tried once each, as a second try would hold up the host for as long; five in a row, and the run is over.
    "timeouts": (everywhere(silence), {"changed", "deadline"}, "closed", "not done within 1 s"),
    "cut bodies": (everywhere(cut), {"changed", "truncated"}, "open", "reading the body"),
    "redirects in a circle": (
        pages_only(Reply(302, headers={"Location": "/p0"})), {"too_many_redirects"}, "closed", "",
    ),
    # robots.txt is looked for twice, and then for ten minutes counts as one that cannot be had.
    "no name": (no_name, {"changed", "blocked_robots"}, "closed", "Name or service not known"),
    "another layout": (pages_only(Reply(200, b"<html>All new!</html>")), {"selector_missing"}, "closed", ""),
    "an empty listing": (an_empty_listing, {"same", "http_error"}, "closed", "12 pages held"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_site_that_is_not_well_concerns_itself_alone(two: Two, fault: str) -> None:
    switch, outcomes, state, says = FAULTS[fault]
    alone = two.gap()
    client = two.client(**switch(two))
    problem, health, beside = _side_by_side(two, client)
    assert says in (problem or ""), problem
    assert two.outcomes("sick") <= outcomes
    assert two.outcomes("sick") - {"changed"} or outcomes == {"changed"}
    assert (health.state, health.consecutive_failures) == (state, 1 if problem else 0)
    _assert_others_unharmed(two, alone, beside)


def test_a_site_with_a_wrong_certificate_concerns_itself_alone(two: Two, tmp_path: Path) -> None:
    alone = two.gap()
    pem = tmp_path / "self-signed.pem"
    pem.write_text(SELF_SIGNED)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def greet(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=greet, args=(listener,), daemon=True).start()
        two.store.execute("DELETE FROM robots_rules WHERE host LIKE 'sick%%'", ())
        two.crawler.names.answers["localhost"] = [["127.0.0.1"]]
        routes = two.routes | {"sick.example": f"https://localhost:{listener.getsockname()[1]}"}
        problem, health, beside = _side_by_side(two, two.client(routes=routes))
    assert "CERTIFICATE_VERIFY_FAILED" in (problem or "")
    assert health.consecutive_failures == 1
    _assert_others_unharmed(two, alone, beside)


def test_what_a_site_had_lost_is_taken_up_again_when_it_is_well(two: Two) -> None:
    everywhere(Reply(503))(two)
    assert two.run(Sick(), delay=0) is not None
    for key in KEYS:
        two.sick.on(f"/{key}", Reply(200, json.dumps([{"identity": key, "title": "new"}]).encode()))
    two.sick.on("/list", Reply(200, " ".join(KEYS).encode()))
    two.store.execute("UPDATE importer_health SET state = 'closed', next_trial_at = NULL WHERE source = 'sick'")
    assert two.run(Sick(), delay=0) is None
    assert two.outcomes("sick") == {"changed"}
    row = two.store.row("SELECT count(*) AS n FROM source_record WHERE source = 'sick' AND version = 2")
    assert row == {"n": len(KEYS)}


def _side_by_side(two: Two, client: Client) -> tuple[str | None, Health, float]:
    """Import both at once: why the sick one failed, how it is then, and the pace of the other."""
    told: list[str | None] = []
    beside = threading.Thread(target=lambda: told.append(two.run(Sick(), delay=0.05, client=client)))
    beside.start()
    gap = two.gap()
    beside.join(60)
    return told[0], read_health(two.store, "sick"), gap


def _assert_others_unharmed(two: Two, alone: float, beside: float) -> None:
    assert two.live("sick") == two.live("well") == len(KEYS)
    listed = two.store.row(
        "SELECT count(*) AS n FROM source_url_state WHERE listed AND page_key = ANY(%s)", (list(KEYS),)
    )
    assert listed == {"n": 2 * len(KEYS)}
    well = read_health(two.store, "well")
    assert (well.state, well.consecutive_failures, well.rate) == ("closed", 0, 1.0)
    assert alone * 0.8 <= beside <= alone * 1.3
