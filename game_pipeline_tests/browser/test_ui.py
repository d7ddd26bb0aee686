"""The demo as a person sees it: made and served by the real commands, looked at in a real browser.

With `GAME_PIPELINE_SCREENSHOTS=DIR` the pictures of docs/images are stored in DIR (`make screenshots`).
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from selenium.webdriver.common.by import By

from game_pipeline.sources import SOURCES
from game_pipeline.store.embedded import EmbeddedPostgres
from game_pipeline_tests.told import COMMAND, Told

from .driver import Browser, needs_chromium, opened_browser

pytestmark = [pytest.mark.browser, needs_chromium, pytest.mark.timeout(900)]

START_SECONDS = 180.0
STOP_SECONDS = 90.0
FAILED_SEGMENT = "h"
GROUPS = ("sources", "records", "catalog", "library", "monitoring")
# Opened for the picture; the sources and their records, one below the other, would fill pages.
EXPANDED = ",".join(f"global%40global%3A{group}" for group in ("catalog", "library"))


@dataclass(frozen=True, slots=True)
class Shown:
    """A demo and the process that serves it."""

    folder: Path
    origin: str
    process: subprocess.Popen[str]

    def ask(self, query: str) -> Any:
        """What the UI's own interface answers."""
        request = Request(
            f"{self.origin}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
        )
        with build_opener(ProxyHandler({})).open(request, timeout=30) as reply:
            return json.load(reply)["data"]


@pytest.fixture(scope="module")
def shown(told: Told) -> Iterator[Shown]:
    """`game-pipeline up --demo`."""
    port = _free_port()
    with (told.folder / "up.log").open("w") as log:
        process = subprocess.Popen(
            [COMMAND, "up", "--demo", "--port", str(port), "--desk-port", str(_free_port())],
            cwd=told.folder,
            env=told.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        _await(process, told.folder / "up.log", "the Dagster UI is at")
        yield Shown(told.folder, f"http://127.0.0.1:{port}", process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)


@pytest.fixture(scope="module")
def browser(shown: Shown, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with opened_browser(tmp_path_factory.mktemp("chromium"), shown.origin) as opened:
        yield opened


def test_the_graph_shows_every_group_and_asset(shown: Shown, browser: Browser) -> None:
    browser.open("/asset-groups", *GROUPS)
    # More room for the pictures.
    browser.chrome.find_element(By.XPATH, "//*[text()='Hide navigation']").click()
    paths = [node["assetKey"]["path"] for node in shown.ask("{assetNodes{assetKey{path}}}")["assetNodes"]]
    visited = {name for name, source in SOURCES.items() if source.segments}
    assert {name for group, name in paths if group == "sources"} == visited
    assert {group for group, _ in paths} == set(GROUPS)
    names = [name for group, name in paths if group in ("catalog", "library")]
    browser.open(f"/asset-groups?expanded={EXPANDED}", *GROUPS, *names)
    _picture(browser, "asset-graph")


def test_one_segment_is_red_and_says_why(browser: Browser) -> None:
    text = browser.open(f"/assets/sources/ifdb?view=partitions&partition={FAILED_SEGMENT}", "Failed (1)", "not_done")
    segments = len(SOURCES["ifdb"].segments)
    assert f"Materialized ({segments - 1})" in text
    assert "Missing (0)" in text
    assert "the site answers 500" in text
    _picture(browser, "partitions")
    only = browser.open("/assets/sources/ifdb?view=partitions&status=FAILED", "1 Partitions Selected")
    assert re.search(rf"^{FAILED_SEGMENT}$", only, re.MULTILINE)


def test_records_of_a_failed_import_are_read_all_the_same(browser: Browser) -> None:
    for source in ("ifdb", "ifwiki_ru"):
        text = browser.open(f"/assets/records/{source}?view=partitions", "Failed (", "Materialized (")
        assert "Failed (0)" in text
        assert f"Materialized ({len(SOURCES[source].segments)})" in text


def test_a_failed_run_says_why_before_anything_else(shown: Shown, browser: Browser) -> None:
    runs = shown.ask(
        '{runsOrError(filter:{statuses:[FAILURE],pipelineName:"import_ifdb"}){...on Runs{results{runId}}}}'
    )["runsOrError"]["results"]
    assert len(runs) == 1
    text = browser.open(f"/runs/{runs[0]['runId']}", "RUN_FAILURE", "import_ifdb")
    assert f"IFDB: 1 segment not done ({FAILED_SEGMENT}): 1 page left: the site answers 500" in " ".join(text.split())
    assert "Exceeded max_retries" not in text
    # The picture leaves out stack traces: they show where this checkout lies.
    browser.open(f"/runs/{runs[0]['runId']}?levels=warning%7Cinfo", "the site answers 500")
    _picture(browser, "run")


def test_the_catalogue_reports_what_changed(browser: Browser) -> None:
    text = browser.open("/assets/catalog/games", "Freshness policy", "games_updated", "games_new")
    assert "Row count" in text
    _picture(browser, "catalogue", height=1160)


def test_nothing_stands_over_the_first_page(browser: Browser) -> None:
    text = browser.open("/automation", "full_import_ifdb", "monitor_apero")  # as far as the list is drawn
    assert "Join the Dagster community" not in text


def test_nobody_else_is_asked_for_anything(browser: Browser) -> None:
    browser.open("/assets", "catalog", "sources")
    assert browser.hosts() == {"127.0.0.1"}


def test_one_interrupt_stops_everything(shown: Shown) -> None:
    server = EmbeddedPostgres(shown.folder / ".game_pipeline" / "demo" / "postgres")
    running = _family(shown.process.pid)
    assert len(running) >= 4  # itself, the UI, the daemon, and a code server at least
    assert server.status().state == "running"
    shown.process.send_signal(signal.SIGINT)
    assert shown.process.wait(STOP_SECONDS) == 0, (shown.folder / "up.log").read_text()
    deadline = time.monotonic() + STOP_SECONDS
    while any(map(_lives, running)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [pid for pid in running if _lives(pid)] == []
    assert server.status().state == "stopped"


def _picture(browser: Browser, name: str, height: int | None = None) -> None:
    folder = os.environ.get("GAME_PIPELINE_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        browser.picture(Path(folder) / f"{name}.png", height)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[str], log: Path, words: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while words not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # gone meanwhile
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
