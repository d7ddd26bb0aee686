"""Whatever a site sends, every reader answers within its limits with a result or a `ParseError`, the same in a worker
and here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.parsing import InProcess, ParseKilledError, Parser, Workers
from game_pipeline.sources import SOURCES, Page, ParseError, Response
from game_pipeline_tests.shared import SAMPLES, needs_shared
from game_pipeline_tests.sources import (
    test_ifiction_forum,
    test_igdb,
    test_itch,
    test_plut,
    test_qsp,
    test_quest_book,
    test_steam,
    test_vndb,
    test_wikidata,
)
from game_pipeline_tests.sources.test_ifdb import _json_story
from game_pipeline_tests.sources.test_ifwiki_ru import PAGE, _reply
from game_pipeline_tests.sources.test_instead_games import _document, _game

from .bench import URLS

SEEDS = (
    _json_story(coverart={"url": "x"}),
    _reply(PAGE),
    PAGE.encode(),
    _document(_game(), _game(2)),
    *(site.PAGE.encode("windows-1251") for site in (test_plut, test_quest_book)),
    test_ifiction_forum.TOPIC.encode("windows-1251"),
    test_qsp.OLD_PAGE.encode(),
    test_vndb.KNOWN.encode(),
    test_igdb.FULL,
    test_steam.FULL,
    test_itch.FULL,
    test_wikidata.FULL,
)
FRAGMENTS = (
    *rb"{{ }} [[ ]] < > &amp; \ud800 null [] {} -1 1e999 <br/> <![CDATA[ {| http://[ :// 9999999999999999 &#0;".split(),
    *(b"'", b"''", b'"', b"\xff", b"\x00", "\u202e".encode()),
)

quick = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """With the limits that the settings have by default."""
    with Workers() as opened:
        yield opened


def _outcome(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ParseKilledError:
        raise
    except ParseError as error:
        problem = error
    assert problem.where
    assert problem.problem
    return str(problem).encode()


def _same(workers: Workers, read: Callable[[Parser], Any]) -> Any:
    outcome = _outcome(lambda: read(workers))
    assert outcome == _outcome(lambda: read(InProcess()))
    return outcome


def _read_everything(workers: Workers, name: str, body: bytes) -> None:
    source = SOURCES[name]
    page = Page(url=URLS.get(name, SOURCES[name].home), body=body)
    response = Response(url=URLS.get(name, SOURCES[name].home), status=200, body=body)
    outcome = _same(workers, lambda parser: parser.parse(source, page))
    if isinstance(outcome, list):
        identities = [record.identity for record in outcome]
        if source.many_records_a_page:
            assert len(set(identities)) == len(identities)
        for record in outcome:
            assert type(record).from_json(record.to_json().encode()) == record
            record.content_hash(source.volatile)
    for cursor in (None, "2026-01-02T03:04:05Z"):
        _same(workers, lambda parser, cursor=cursor: parser.parse_feed(source, response, cursor))  # type: ignore[misc]
    listing = _same(workers, lambda parser: parser.parse_listing(source, response))
    for found in getattr(listing, "pages", ()):
        assert not source.segments or source.segment_of(found.key) in source.segment_keys()


def _mutate(data: st.DataObject, body: bytes) -> bytes:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        length = data.draw(st.sampled_from([0, 0, 1, 3, 40, 400]))
        body = body[:start] + data.draw(st.sampled_from(FRAGMENTS)) + body[start + length :]
    return body


@pytest.mark.parametrize("name", SOURCES)
@quick
@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(workers: Workers, name: str, body: bytes) -> None:
    _read_everything(workers, name, body)


@pytest.mark.parametrize("name", SOURCES)
@quick
@given(data=st.data())
def test_damaged_documents_are_read_or_refused(workers: Workers, name: str, data: st.DataObject) -> None:
    _read_everything(workers, name, _mutate(data, data.draw(st.sampled_from(SEEDS))))


def _small_samples() -> list[Path]:
    folders = {"instead_games": "syscall*", "ifdb": "*", "ifiction_babel": "*", "mediawiki_api": "*"}
    return [path for folder, names in folders.items() for path in sorted((SAMPLES / folder).glob(names))]


@needs_shared
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_real_captures_are_read_or_refused(workers: Workers, data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(_small_samples())).read_bytes()
    _read_everything(workers, data.draw(st.sampled_from(sorted(SOURCES))), _mutate(data, body))


@pytest.mark.parametrize(
    "body",
    [
        b"<game_list>" + b"<game>" * 50_000,
        b'{"query":' * 50_000,
        b"[" * 50_000,
        b"{{game info|" + b"[[" * 10_000,
        b"{{game info}}" + b"{{" * 10_000,
        b"{{game info}}" + b"'''''" * 10_000,
        b"{{game info}}" + b"<div>" * 10_000,
        b"<ifindex><story><bibliographic><title>T</title><description>" + b"&lt;b&gt;" * 10_000,
    ],
    ids=["deep-xml", "deep-json", "lists", "links", "templates", "quotes", "tags", "unclosed"],
)
@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.timeout(20)
def test_documents_built_to_exhaust_the_reader_do_not(workers: Workers, name: str, body: bytes) -> None:
    _read_everything(workers, name, body)
