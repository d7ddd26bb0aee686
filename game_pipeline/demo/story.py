"""Two days in the life of a catalogue: the demo's storyline, through the real jobs on the persistent instance.

Day 1: three sources are imported in full, and an editor corrects a field. Day 2: a handful of pages really changed,
most changed in their noise only, one site is down, one page is malformed, one answers 500, one game vanished. In the
evening three friends upload their Galaxy databases.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from game_pipeline.catalog import curator_for, edit_field
from game_pipeline.orchestration.build import build_defs
from game_pipeline.orchestration.importing import ImportOutcome, ReconcileOutcome, import_source, reconcile
from game_pipeline.orchestration.instance import open_instance
from game_pipeline.orchestration.library import take_in
from game_pipeline.settings import DEFAULT_CONFIG, load_settings
from game_pipeline.sources import SOURCES
from game_pipeline.store import Databases, Store, opened_databases, prepare_schema
from game_pipeline.store.embedded import EmbeddedPostgres

from .libraries import Evening, spend_evening
from .replicas import EDITED_TUID, EVENTS_OF_DAY_2, REPLICAS, SITES, TROUBLES, TRUE_RELEASE_DATE, Replicas

__all__ = ["Day", "DemoError", "DemoReport", "EditStanding", "forget", "resume_replicas", "tell"]

EDITOR = "Мария, editor"
EDIT_REASON = "The competition it was written for took place in 2009."
LAST_DAY = 2
OTHERS = tuple(name for name in REPLICAS if name not in SITES and not SOURCES[name].needs)
"""The sites beside the story's three that need no key: all are imported on day 1, those in trouble again on day 2."""
DAY_OF_VISITORS = 3  # when people look, the sites are well again: switched on, the monitors mend what day 2 broke


class DemoError(RuntimeError):
    """The demo cannot be told now; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Day:
    """What one day's imports came to: of the three sites of the story, and of `others`."""

    number: int
    imports: tuple[ImportOutcome, ...]
    others: tuple[ImportOutcome, ...]
    catalogue: ReconcileOutcome
    seconds: float


@dataclass(frozen=True, slots=True)
class EditStanding:
    """The editor's correction, and whether it still stands at the end."""

    game_id: int
    title: str
    wrong: str
    right: str
    now: str
    stands: bool


@dataclass(slots=True)
class DemoReport:
    """The whole story in numbers."""

    days: list[Day] = field(default_factory=list)
    edit: EditStanding | None = None
    evening: Evening | None = None
    events: tuple[str, ...] = ()
    games: int = 0
    people: int = 0
    people_with_pages: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    review: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[dict[str, Any]] = field(default_factory=list)
    vanished: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


def tell(directory: Path, say: Callable[[str], None]) -> DemoReport:
    """Make the demo's catalogue anew in `directory` and tell the story. Raises `DemoError` where the demo is in use."""
    begun = time.monotonic()
    with _alone(directory):
        _wipe(directory)
        directory.mkdir(parents=True)
        with Replicas(day=1, sites=(*SITES, *OTHERS)) as replicas:
            _write_config(directory, replicas.routes, LAST_DAY)
            settings = load_settings(directory / DEFAULT_CONFIG)
            say("starting a database of the demo's own")
            with opened_databases(settings) as databases:
                report = _story(databases, directory, replicas, say)
    report.seconds = time.monotonic() - begun
    return report


def _story(databases: Databases, directory: Path, replicas: Replicas, say: Callable[[str], None]) -> DemoReport:
    settings = load_settings(directory / DEFAULT_CONFIG)
    prepare_schema(databases)
    happened = (*(event.sentence for event in EVENTS_OF_DAY_2), *(trouble.sentence for trouble in TROUBLES))
    report = DemoReport(events=happened)
    with Store(databases.catalogue_url) as store, open_instance(settings, databases) as instance:
        defs = build_defs(settings)

        def live_through(number: int, others_of_day: Iterable[str]) -> None:
            begun = time.monotonic()
            replicas.set_day(number)

            def imported(name: str) -> ImportOutcome:
                say(f"day {number}: importing {SOURCES[name].title}")
                return import_source(defs, instance, store, SOURCES[name], full=True)

            imports = tuple(map(imported, SITES))
            beside = tuple(map(imported, others_of_day))
            say(f"day {number}: taking the records into the catalogue")
            taken = reconcile(defs, instance, store)
            report.days.append(Day(number, imports, beside, taken, time.monotonic() - begun))

        live_through(1, OTHERS)
        first = report.days[0]
        failed = [*(message for outcome in (*first.imports, *first.others) for message in outcome.failed)]
        if report.days[0].catalogue.failed:
            failed.append(report.days[0].catalogue.failed)
        if failed:
            raise DemoError(f"the first day already failed: {'; '.join(failed)}")
        game_id, title, wrong = _game_to_correct(store)
        say(f"an editor corrects the release date of “{title}”: {wrong} → {TRUE_RELEASE_DATE}")
        with store.transaction() as connection:
            curator = curator_for(store, settings, "demo: the editor")
            edit_field(
                connection, curator, game_id, "release_date", TRUE_RELEASE_DATE, author=EDITOR, reason=EDIT_REASON
            )
        for trouble in TROUBLES:
            trouble.begin(replicas)
        live_through(2, [trouble.site for trouble in TROUBLES])
        _sum_up(store, report)
        now = store.row("SELECT release_date FROM game WHERE game_id = %s", (game_id,))
        standing = str(now["release_date"]) if now else ""
        report.edit = EditStanding(
            game_id, title, wrong, TRUE_RELEASE_DATE, standing, stands=standing == TRUE_RELEASE_DATE
        )
        report.evening = spend_evening(
            store,
            settings,
            directory / "galaxy",
            say,
            take=lambda intake, uploads: take_in(defs, instance, intake, uploads),
            reconcile=lambda: reconcile(defs, instance, store),
        )
    return report


def _game_to_correct(store: Store) -> tuple[int, str, str]:
    row = store.row(
        "SELECT game_id, title, release_date FROM game JOIN game_external_id USING (game_id) "
        "WHERE scheme = 'tuid' AND value = %s",
        (EDITED_TUID,),
    )
    if row is None:
        raise DemoError("the first import did not bring the game that the editor is to correct")
    return row["game_id"], row["title"], row["release_date"]


def _sum_up(store: Store, report: DemoReport) -> None:
    games = store.row("SELECT count(*) AS n FROM game WHERE status = 'active'")
    report.games = games["n"] if games else 0
    people = store.row(
        "SELECT count(DISTINCT person_id) AS people, "
        "count(DISTINCT person_id) FILTER (WHERE record_id IS NOT NULL) AS pages FROM persona"
    )
    report.people, report.people_with_pages = (people["people"], people["pages"]) if people else (0, 0)
    report.conflicts = store.rows(
        "SELECT game_id, game.title, field, sides FROM data_conflict JOIN game USING (game_id) "
        "WHERE closed_at IS NULL ORDER BY conflict_id"
    )
    report.review = store.rows(
        "SELECT item_id, kind, summary FROM review_item WHERE state = 'open' ORDER BY priority, item_id"
    )
    report.unreadable = store.rows(
        "SELECT source, url, coalesce(parse_error, last_error) AS error FROM source_url_state "
        "WHERE parse_error IS NOT NULL ORDER BY page_id"
    )
    report.vanished = store.rows(
        "SELECT source, identity, record.url FROM source_record AS record "
        "WHERE subject = 'game' AND state = 'vanished' ORDER BY record_id"
    )


def forget(directory: Path) -> None:
    """Stop the demo's database and remove the demo. Raises `DemoError` where it is in use."""
    with _alone(directory):
        _wipe(directory)


@contextmanager
def resume_replicas(config: Path | None) -> Iterator[Replicas]:
    """Serve the demo's sites again where its settings look for them. Raises `DemoError` where the demo is in use."""
    if config is None:
        raise DemoError("there is no demo here yet; make it with: game-pipeline demo")
    directory = config.parent
    with _alone(directory):
        settings = load_settings(config)
        sites = (*SITES, *OTHERS)
        ports = {site: urlsplit(settings.crawl.routes.get(SOURCES[site].hosts[0], "")).port or 0 for site in sites}
        try:
            replicas = Replicas(ports, day=DAY_OF_VISITORS, sites=sites)
            replicas.start()
        except OSError:  # somebody listens there now: any other port will do
            replicas = Replicas(day=DAY_OF_VISITORS, sites=sites)
            replicas.start()
            _write_config(directory, replicas.routes, DAY_OF_VISITORS)
        try:
            yield replicas
        finally:
            replicas.stop()


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One process at a time tells or shows the demo."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (directory.parent / "demo.lock").open("w") as lock:
        _lock(lock, directory)
        yield


def _lock(lock: TextIO, directory: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise DemoError(f"the demo in {directory} is in use; stop `game-pipeline up --demo` first") from None


def _wipe(directory: Path) -> None:
    """Remove the last telling; only ever the folder that this module made."""
    if not directory.exists():
        return
    if any(directory.iterdir()) and not (directory / DEFAULT_CONFIG).is_file():
        raise DemoError(f"{directory} is not a demo's folder; move it away, then try again")
    if (directory / "postgres").exists():
        EmbeddedPostgres(directory / "postgres").remove()
    shutil.rmtree(directory)


def _write_config(directory: Path, routes: Mapping[str, str], day: int) -> None:
    lines = [
        f"# The demo's settings, written by `game-pipeline demo`. Its sites are replicas on loopback (day {day}).",
        'data_dir = "."',
        "# So that you see what the storyline left. Switched on in the UI, the monitors mend what day 2 broke.",
        "automation = false",
        "",
        "[crawl]",
        "retry_base = 0.05",
        "retry_cap = 0.2",
        "",
        "[crawl.routes]",
        *(f"{json.dumps(host)} = {json.dumps(origin)}" for host, origin in sorted(routes.items())),
        "",
        "# What the operator adds to the comparison of libraries.",
        "[library]",
        'single_player = ["Hadean Lands"]',
        "",
        '[library.games."80 DAYS"]',
        'comment = "pass the keyboard at every city"',
        "max_players = 4",
    ]
    for site in (*SITES, *OTHERS):
        lines += ["", f"[sources.{site}]", "min_delay = 0.01", "asset_retries = 1", "asset_retry_delay = 0.5"]
    (directory / DEFAULT_CONFIG).write_text("\n".join(lines) + "\n", encoding="utf-8")
