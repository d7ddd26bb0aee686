"""Workers: the same answers as here, and nothing that a page does to one reaches further than that page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from game_pipeline.model import GameRecord, PersonRecord, RecordError
from game_pipeline.parsing import InProcess, ParseKilledError, ParserDefectError, Workers, WorkersError
from game_pipeline.sources import SOURCES, Page, ParseError, Response, Source
from game_pipeline_tests.changes.tiny_site import source_named
from game_pipeline_tests.parsing.nasty import Nasty, page
from game_pipeline_tests.shared import SAMPLES, needs_shared
from game_pipeline_tests.sources.games import all_games

NASTY = Nasty()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(seconds=1.5, memory_mb=512) as opened:
        yield opened


def pid_of(workers: Workers) -> int:
    return int(workers.parse(NASTY, page("pid"))[0].identity)


@pytest.mark.parametrize(
    ("what", "problem", "seconds"),
    [
        ("hang", "not done after 1.5 s, killed", 3),
        ("sleep 60", "not done after 1.5 s, killed", 3),
        ("memory", "needs more memory than it may have", 8),
        ("die", "the process that read it was ended by SIGKILL", 4),
        ("crash", "the process that read it was ended by SIGSEGV", 4),
        ("exit", "the process that read it ended with status 0", 4),
    ],
)
def test_a_page_that_ends_its_worker_is_named_and_the_next_gets_another(
    workers: Workers, what: str, problem: str, seconds: float
) -> None:
    before = pid_of(workers)
    started = time.monotonic()
    with pytest.raises(ParseKilledError) as caught:
        workers.parse(NASTY, page(what))
    assert time.monotonic() - started < seconds
    assert (caught.value.where, caught.value.problem) == ("parser", problem)
    assert pid_of(workers) not in (before, os.getpid())
    with pytest.raises(ProcessLookupError):  # neither alive nor a zombie
        os.kill(before, 0)


def test_a_page_has_its_own_share_of_the_processor_whatever_the_pages_before_it_took() -> None:
    with Workers(seconds=30, cpu_seconds=1) as workers:
        before = pid_of(workers)
        for _ in range(4):
            workers.parse(NASTY, page("burn 0.6"))
        assert pid_of(workers) == before
        with pytest.raises(ParseKilledError, match="needs more than 1 s of the processor, killed"):
            workers.parse(NASTY, page("hang"))
        assert pid_of(workers) != before


def test_a_reply_beyond_reason_is_not_taken(workers: Workers) -> None:
    with pytest.raises(ParseKilledError):
        workers.parse(NASTY, page("flood"))


def test_what_a_parser_raises_arrives_as_it_is(workers: Workers) -> None:
    for parser in (workers, InProcess()):
        with pytest.raises(ParseError) as refused:
            parser.parse(NASTY, page("refuse"))
        assert (refused.value.where, refused.value.problem) == ("where \ud800", "what \0")
        with pytest.raises(RecordError, match="release_date: soon"):
            parser.parse(NASTY, page("claim"))
        with pytest.raises(ParserDefectError, match="KeyError: 'a key") as defect:
            parser.parse(NASTY, page("defect"))
        assert "nasty.py" in defect.value.trace


def test_pages_read_together_come_to_what_each_comes_to_alone(workers: Workers) -> None:
    wanted = ["first", "refuse", "claim", "second", "hang", "defect", "die", "last"]
    answers = list(workers.parse_pages(NASTY, [page(what) for what in wanted]))
    refused, claim, hang, defect, killed = (answers[place] for place in (1, 2, 4, 5, 6))
    assert [all_games(each)[0].title for each in answers if isinstance(each, list)] == ["first", "second", "last"]
    assert isinstance(refused, ParseError)
    assert isinstance(claim, RecordError)
    assert isinstance(defect, ParserDefectError)
    assert isinstance(hang, ParseKilledError)
    assert hang.problem == "not done after 1.5 s, killed"
    assert isinstance(killed, ParseKilledError)
    assert killed.problem == "the process that read it was ended by SIGKILL"


def test_many_and_large_pages_come_back_in_their_order(workers: Workers) -> None:
    pages = [page(f"{n}" + " " * (300_000 if n % 5 == 0 else 1)) for n in range(40)]
    told = [all_games(each)[0].title for each in workers.parse_pages(NASTY, pages) if isinstance(each, list)]
    assert told == [str(n) for n in range(40)]


def test_a_worker_is_used_again_and_replaced_after_its_pages() -> None:
    with Workers(pages_per_worker=3) as workers:
        pids = [pid_of(workers) for _ in range(7)]
    assert [pids.index(pid) for pid in pids] == [0, 0, 0, 3, 3, 3, 6]


def test_no_more_workers_than_allowed_and_no_thread_waits_for_ever() -> None:
    with Workers(workers=2) as workers, ThreadPoolExecutor(6) as threads:
        pids = set(threads.map(lambda _: pid_of(workers), range(60)))
        assert len(pids) <= 2
        assert sorted(workers.pids()) == sorted(pids)


def test_a_worker_outlives_the_thread_that_wanted_it(workers: Workers) -> None:
    pids: list[int] = []
    for _ in range(3):
        thread = threading.Thread(target=lambda: pids.append(pid_of(workers)))
        thread.start()
        thread.join()
    assert len({*pids, pid_of(workers)}) == 1


def test_a_worker_lost_while_it_waited_is_no_page_s_fault(workers: Workers) -> None:
    lost = pid_of(workers)
    os.kill(lost, signal.SIGKILL)
    assert pid_of(workers) != lost


def test_an_interrupt_leaves_no_answer_for_the_next_page(workers: Workers) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            workers.parse(NASTY, page("sleep 1"))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert all_games(workers.parse(NASTY, page("next")))[0].title == "next"


def test_listings_and_feeds_go_the_same_way(workers: Workers) -> None:
    body = (
        b"<game_list><game><title>T</title><descurl>http://instead-games.ru/game.php?ID=1</descurl></game></game_list>"
    )
    source = SOURCES["instead_games"]
    response = Response("https://instead-games.ru/xml.php", 200, body, {"etag": '"a"'})
    assert workers.parse_listing(source, response) == source.parse_listing(response)
    assert workers.parse_feed(source, response, None) == source.parse_feed(response, None)
    with pytest.raises(ParseKilledError):
        workers.parse_listing(NASTY, Response("https://nasty.example/", 200, b"die"))


def test_a_source_that_no_worker_can_load_is_named(workers: Workers) -> None:
    with pytest.raises(WorkersError, match=r"tiny: Tiny is no class of the module .* parse.workers = 0"):
        workers.parse(source_named(), page("[]"))


CAPTURES = {
    "instead_games": ("instead_games/*.xml", "https://instead-games.ru/xml.php"),
    "ifdb": ("ifdb/*.xml", "https://ifdb.org/viewgame?ifiction&id=0dbnusxunq7fw5ro"),
    "ifiction": ("ifiction_babel/*", "https://example.org/a.iFiction"),
    "ifwiki_ru": ("mediawiki_api/*", "https://ifwiki.ru/Page"),
}


def answer(parser: Workers | InProcess, source: Source, page: Page) -> list[GameRecord] | str:
    try:
        return all_games(parser.parse(source, page))
    except ParseError as error:
        return str(error)


@needs_shared
@pytest.mark.parametrize("name", CAPTURES)
def test_a_worker_reads_what_is_read_here(name: str) -> None:
    pattern, url = CAPTURES[name]
    with Workers() as workers:
        for path in sorted(SAMPLES.glob(pattern)):
            read = Page(url=url, body=path.read_bytes())
            here, there = answer(InProcess(), SOURCES[name], read), answer(workers, SOURCES[name], read)
            assert there == here
            assert [repr(record) for record in there] == [repr(record) for record in here]


MASTER = """
    import json, os, socket, sys, threading, time
    from game_pipeline.parsing import Workers
    from game_pipeline_tests.parsing.nasty import Nasty, page

    secret = socket.create_server(("127.0.0.1", 0))
    secret.set_inheritable(True)
    os.environ["GAME_PIPELINE_DATABASE_URL"] = "postgresql://secret"
    workers = Workers(workers=2)
    waiting = int(workers.parse(Nasty(), page("pid"))[0].identity)
    fds = os.listdir(f"/proc/{waiting}/fd")
    reader = threading.Thread(target=lambda: workers.parse(Nasty(), page("sleep 9")))
    reader.start()
    time.sleep(0.2)
    other = int(workers.parse(Nasty(), page("pid"))[0].identity)
    environ = open(f"/proc/{waiting}/environ").read()
    maps = open(f"/proc/{waiting}/maps").read()
    print(json.dumps([[waiting, other], fds, environ, maps, secret.fileno()]), flush=True)
    sys.stdin.read()
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_inherit_nothing_and_die_with_a_master_that_is_killed() -> None:
    command = [sys.executable, "-c", textwrap.dedent(MASTER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as master:
        told = master.stdout.readline() if master.stdout else ""
        pids, fds, environ, maps, secret = json.loads(told)
        assert len(set(pids)) == 2
        assert all(map(alive, pids))
        assert str(secret) not in fds
        assert {int(fd) for fd in fds} <= {0, 1, 2, 3}
        assert "secret" not in environ
        for module in ("psycopg", "pydantic_settings", "grpc"):
            assert module not in maps
        master.kill()
        master.wait()
    deadline = time.monotonic() + 2
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [pid for pid in pids if alive(pid)] == []


def test_a_worker_imports_no_dagster() -> None:
    code = (
        "import sys, game_pipeline.parsing.child; print([m for m in sys.modules if m.startswith(('dagster', 'psyco'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_person_comes_back_from_a_worker_as_one(workers: Workers) -> None:
    body = "<dl><dt>О себе:</dt><dd>Пишу игры.</dd></dl>".encode()
    member = Page(url="https://apero.ru/Участники/Вера", body=body)
    (person,) = workers.parse(SOURCES["apero"], member)
    assert isinstance(person, PersonRecord)
    assert (person.name, person) == ("Вера", InProcess().parse(SOURCES["apero"], member)[0])
