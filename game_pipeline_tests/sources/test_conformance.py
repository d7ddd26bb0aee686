"""What every source has to keep to, tried on every registered one against its replica. A new source joins by itself."""

from __future__ import annotations

import datetime as dt
import random
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.changes.expected import Watch
from game_pipeline.demo.replicas import CHANGED, REPLICAS
from game_pipeline.model import GameRecord, PersonRecord, Subject
from game_pipeline.parsing.reading import Job, read
from game_pipeline.sources import SOURCES, ParseError, Source, get, owner_of
from game_pipeline.sources.base import check_source
from game_pipeline.sources.identities import site_id

from .replica_walk import Walk, parse_page, read_page

EVERY = sorted(SOURCES)
VISITED = sorted(name for name, source in SOURCES.items() if source.segments and not source.documents)
PEOPLED = sorted(name for name in VISITED if SOURCES[name].people)
SAMPLE = 12


@cache
def walk(name: str, day: int = 1) -> Walk:
    return Walk(name, day=day)


def fresh(source: Source) -> Source:
    """Another instance: what one remembers, the other does not know."""
    return type(source)()


def some(name: str) -> list[str]:
    """Keys of some pages, always the same ones, the first and the last among them."""
    keys = list(walk(name).pages)
    if len(keys) <= SAMPLE:
        return keys
    return sorted({keys[0], keys[-1], *random.Random(name).sample(keys, SAMPLE - 2)})


# What it states about itself ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_its_facts_are_complete(name: str) -> None:
    source = SOURCES[name]
    check_source(source)
    assert source.name == name
    assert source.home.startswith(("https://", "http://"))
    assert source.attribution.site
    assert source.attribution.licence
    assert len(source.segment_keys()) == len(set(source.segment_keys())) <= 400
    assert all(segment.title for segment in source.segments)
    assert (type(source).__doc__ or "").strip()
    for secret in source.needs:
        assert secret.what
        assert secret.where.startswith("https://")


@pytest.mark.parametrize("name", EVERY)
def test_its_politeness_is_set(name: str) -> None:
    policy = SOURCES[name].policy
    assert policy.min_delay >= (0.25 if SOURCES[name].needs else 1.0)
    assert policy.revisit_min <= policy.revisit_mean <= policy.revisit_max
    assert policy.monitor_every >= dt.timedelta(minutes=5)
    assert policy.fresh_for > policy.monitor_every
    assert 1 <= policy.request_attempts <= 6
    assert policy.asset_retries <= 5
    assert 0 < policy.max_vanished_share <= 0.5


@pytest.mark.parametrize("name", VISITED)
def test_it_has_a_replica_under_all_its_hosts(name: str) -> None:
    hosts = set(SOURCES[name].hosts)
    for secret in SOURCES[name].needs:
        hosts |= set(secret.hosts)
    assert hosts <= set(REPLICAS[name].hosts)


def test_no_host_belongs_to_two_replicas() -> None:
    hosts = [host for site in REPLICAS.values() for host in site.hosts]
    assert len(hosts) == len(set(hosts))


# Segments and identities --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
@given(key=st.text(max_size=40) | st.integers(0, 10**9).map(str))
@settings(max_examples=20)
def test_whatever_the_key_its_segment_is_one_of_the_source_and_always_the_same(name: str, key: str) -> None:
    source = SOURCES[name]
    if source.segments:
        segment = source.segment_of(key)
        assert segment in source.segment_keys()
        assert segment == fresh(source).segment_of(key) == source.segment_of(key)


@pytest.mark.parametrize("name", EVERY)
@given(url=st.text(max_size=60) | st.text(max_size=40).map("https://example.org/{}".format))
@settings(max_examples=20)
def test_no_address_is_too_odd_to_be_asked_about(name: str, url: str) -> None:
    source = SOURCES[name]
    source.owns(url)
    source.identity(url)
    if source.hosts:
        source.identity(f"https://{source.hosts[0]}/{url}")
        source.owns(f"https://{source.hosts[0]}/{url}")
    with suppress(ValueError):
        source.locate(url)


# Listing, feed and single games -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VISITED)
def test_the_listing_goes_to_the_end_and_not_beyond(name: str) -> None:
    source = SOURCES[name]
    replies = list(walk(name).listings())
    listed = {page.key for _, listing in replies for page in listing.pages}
    # A site may say only by an empty part that the one before was its last: one for each way in, and nothing after it.
    empty = [listing for _, listing in replies if not listing.pages]
    assert len(empty) <= len(list(source.listing()))
    assert not any(listing.next for listing in empty)
    assert len(walk(name).pages) == len(listed | {page.key for page in SOURCES[name].fixed_pages()})
    assert walk(name).pages
    assert {source.segment_of(key) for key in walk(name).pages} <= set(source.segment_keys())
    again = Walk(name)
    assert {page.key: page for page in again.pages.values()} == walk(name).pages


@pytest.mark.parametrize("name", VISITED)
def test_everything_that_the_site_holds_is_in_the_records_of_its_listed_pages(name: str) -> None:
    held = REPLICAS[name].holds(walk(name).replicas.world)
    found = {record.identity for records in walk(name).records.values() for record in records}
    assert found == set(held)


@pytest.mark.parametrize("name", VISITED)
def test_the_cursor_of_the_feed_skips_nothing_that_happened_after_it(name: str) -> None:
    source = SOURCES[name]
    _, cursor = walk(name, 1).news(None)
    _, same = walk(name, 1).news(cursor)
    assert same == cursor
    if not list(source.changes_since(cursor)):
        return
    for day in (2, 3):  # on the third day the look at the second one was missed
        later = Walk(name, day=day)
        if name not in later.replicas.world.down:
            named, _ = later.news(cursor)
            assert set(later.pages) - set(walk(name).pages) <= set(named)


@pytest.mark.parametrize("name", sorted(name for name in VISITED if REPLICAS[name].crowds))
def test_a_feed_full_of_other_things_skips_nothing_either(name: str) -> None:
    _, cursor = walk(name, 1).news(None)
    for day in (2, 3):
        quiet, crowded = Walk(name, day=day), Walk(name, day=day, switches=["crowd"])
        assert crowded.news(cursor)[0] == quiet.news(cursor)[0]
        assert len(crowded.asked) > len(quiet.asked), "the feed is not full"
        assert set(crowded.pages) - set(walk(name).pages) <= set(crowded.news(cursor)[0])


@pytest.mark.parametrize("name", VISITED)
def test_a_listed_page_is_found_by_the_address_of_its_game(name: str) -> None:
    source = SOURCES[name]
    for key in some(name):
        for record in walk(name).records[key][:3]:
            assert owner_of(record.url) is source, record.url
            # An address may be that of a file with several games.
            assert source.identity(record.url) in (None, record.identity, record.identity.partition("#")[0])
            located = source.locate(record.url)
            pages = list(located.pages)
            for _, listing in walk(name).listings(located.next):
                pages += listing.pages
            # Under its own key or, where the listing knows only a name for it, as another page of the same game.
            others = [page for page in pages if page.key not in walk(name).pages]
            found = [r.identity for page in others for r in parse_page(source, page, walk(name).ask(page.request).body)]
            assert key in {page.key for page in pages} or record.identity in found


@pytest.mark.parametrize("name", VISITED)
def test_the_table_of_identities_agrees_with_the_source(name: str) -> None:
    for records in walk(name).records.values():
        for record in records:
            found = site_id(record.url)
            if found is not None and found.scheme == name:
                assert found.value == record.identity


# Parsing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VISITED)
def test_parsing_is_pure_and_the_same_every_time(name: str) -> None:
    source, site = SOURCES[name], walk(name)
    other = fresh(source)
    for key in reversed(some(name)):
        page, body = site.pages[key], site.bodies[key]
        kept = bytes(body)
        again = parse_page(other, page, body)
        assert [record.to_json() for record in again] == [record.to_json() for record in site.records[key]]
        assert body == kept


@pytest.mark.parametrize("name", VISITED)
def test_every_record_says_whose_it_is_and_under_which_licence(name: str) -> None:
    source = SOURCES[name]
    identities: list[str] = []
    for key, records in walk(name).records.items():
        for record in records:
            assert record.source == name
            assert record.attribution == source.attribution
            assert record.parser_version == source.parser_version
            assert GameRecord.from_json(record.to_json()) == record
            identities.append(record.identity)
        assert len({record.identity for record in records}) == len(records), key
    assert identities


@pytest.mark.parametrize("name", VISITED)
def test_the_replica_keeps_what_the_source_expects_of_the_site(name: str) -> None:
    seen: tuple[tuple[Subject, ...], ...] = (("game", "person"), ())
    for proven in seen:
        watch = Watch(SOURCES[name], proven=proven)
        judged = {key: watch.judge(records) for key, records in walk(name).records.items()}
        assert not {key: wrong for key, wrong in judged.items() if wrong}


@pytest.mark.parametrize("name", VISITED)
def test_noise_is_no_change(name: str) -> None:
    """A later day's page of a game to which nothing happened says the same, whatever its bytes."""
    volatile = SOURCES[name].volatile
    said = {r.identity: r.content_hash(volatile) for records in walk(name).records.values() for r in records}
    happened = {key for site, key in CHANGED if site == name}
    later = Walk(name, day=4)
    changed = set()
    for key in set(some(name)) & set(later.pages) - later.replicas.world.malformed:
        body = later.ask(later.pages[key].request).body
        for record in parse_page(later.source, later.pages[key], body):
            if said.get(record.identity, "") not in ("", record.content_hash(volatile)):
                changed.add(record.identity)
    assert changed <= happened


@pytest.mark.parametrize("name", sorted(name for name in VISITED if REPLICAS[name].redesigns))
def test_a_redesign_is_said_to_be_one_and_no_page_becomes_an_empty_game(name: str) -> None:
    source, new_look = get(name), Walk(name, switches=["layout"])
    watch = Watch(source, proven=())
    told = 0
    for key in some(name):
        page = walk(name).pages[key]
        try:
            records = parse_page(source, page, new_look.ask(page.request).body)
        except ParseError:
            told += 1
        else:
            told += watch.judge(records) is not None
    assert told == len(some(name))


# Hostile input ------------------------------------------------------------------------------------------------------


@st.composite
def damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """A real body with a few wounds: pieces lost, doubled, moved or overwritten."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.sampled_from([1, 3, 20, 300, 5_000])))
        piece = body[start:end]
        how = draw(st.sampled_from(["lose", "double", "cut", "overwrite", "insert", "number"]))
        if how == "lose":
            body = body[:start] + body[end:]
        elif how == "double":
            body = body[:end] + piece + body[end:]
        elif how == "cut":
            body = body[:start]
        elif how == "overwrite":
            body = body[:start] + draw(st.binary(max_size=30)) + body[end:]
        elif how == "insert":
            junk = [
                b"<",
                b"</div>",
                b"&#0;",
                b"\xed\xa0\x80",
                b'"',
                b"}",
                b"null",
                b"<![CDATA[",
                b"\0",
                "ё".encode("cp1251"),
            ]
            body = body[:start] + draw(st.sampled_from(junk)) + body[start:]
        else:
            digits = [b"-1", b"1e999", b"99999999999999999999", b"[]", b"{}", b'"x"', b"true"]
            body = body[:start] + draw(st.sampled_from(digits)) + body[end:]
    return body


FUZZ = settings(
    max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=2_000
)


@pytest.mark.parametrize("name", VISITED)
@given(data=st.data())
@FUZZ
def test_a_damaged_page_gives_records_or_a_parse_error(name: str, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(some(name)))
    body = data.draw(damaged(walk(name).bodies[key]))
    with suppress(ParseError):
        records = parse_page(SOURCES[name], walk(name).pages[key], body)
        assert all(record.source == name and record.title for record in records)


@cache
def replies(name: str) -> list[tuple[str, Job]]:
    """Some replies of the listing and of the feed, as jobs of the parser."""
    site = walk(name)
    found = [("parse_listing", response) for response, _ in site.listings()][:6]
    found += [("parse_feed", response) for response, _ in site.feeds(None)][:4]
    return [
        (
            method,
            Job(
                method,  # type: ignore[arg-type]
                response.url,
                response.body,
                status=response.status,
                headers=dict(response.headers),
                request=response.request,
            ),
        )
        for method, response in found
    ]


@pytest.mark.parametrize("name", VISITED)
@given(data=st.data())
@FUZZ
def test_a_damaged_listing_or_feed_is_read_or_is_a_parse_error(name: str, data: st.DataObject) -> None:
    if not replies(name):
        return
    _, job = data.draw(st.sampled_from(replies(name)))
    body = data.draw(damaged(job.body))
    with suppress(ParseError):
        read(SOURCES[name], Job(job.method, job.url, body, headers=job.headers, request=job.request))


# People -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_it_knows_addresses_of_people_exactly_where_it_has_a_segment_for_them(name: str) -> None:
    source = SOURCES[name]
    if source.people is not None:
        assert type(source).person_page is not Source.person_page
    elif name in VISITED:
        assert walk(name).people_pages == {}


@pytest.mark.parametrize("name", PEOPLED)
def test_whom_its_games_credit_has_a_page_in_the_segment_of_people(name: str) -> None:
    source = SOURCES[name]
    assert len(walk(name).people_pages) > len(walk(name).people_bodies) > 0, "one of them is missing"
    assert not set(walk(name).people_pages) & set(walk(name).pages)
    for key, page in walk(name).people_pages.items():
        assert source.segment_of(key) == source.people
        assert fresh(source).person_page(page.url) == page
        assert source.identity(page.url) is None
        assert owner_of(page.url) is source
        assert page in source.locate(page.url).pages


@pytest.mark.parametrize("name", PEOPLED)
def test_a_page_about_a_person_gives_that_person_and_no_game(name: str) -> None:
    source = SOURCES[name]
    seen: dict[str, PersonRecord] = {}
    for key, records in walk(name).people.items():
        (person,) = records
        assert isinstance(person, PersonRecord)
        assert (person.source, person.attribution) == (name, source.attribution)
        assert PersonRecord.from_json(person.to_json()) == person
        assert seen.setdefault(person.identity, person) == person, "two addresses of one page say the same"
        page = source.person_page(person.url)
        assert page is not None
        led = {walk(name).people_pages[key].url} & {link.url for link in person.urls if link.kind == "redirect"}
        assert page.key == key or led
        again = read_page(fresh(source), walk(name).people_pages[key], walk(name).people_bodies[key])
        assert again == records


@pytest.mark.parametrize("name", PEOPLED)
def test_the_replica_s_people_are_as_the_source_expects_and_a_redesign_is_told(name: str) -> None:
    seen: tuple[tuple[Subject, ...], ...] = (("game", "person"), ())
    for proven in seen:
        watch = Watch(SOURCES[name], proven=proven)
        assert not {key for key, records in walk(name).people.items() if watch.judge(records)}
    if not REPLICAS[name].redesigns:
        return
    new_look, told = Walk(name, switches=["layout"]), 0
    for key in walk(name).people_bodies:
        page = walk(name).people_pages[key]
        try:
            records = read_page(SOURCES[name], page, new_look.ask(page.request).body)
            told += Watch(SOURCES[name], proven=()).judge(records) is not None
        except ParseError:
            told += 1
    assert told == len(walk(name).people_bodies)


@pytest.mark.parametrize("name", PEOPLED)
@given(data=st.data())
@FUZZ
def test_a_damaged_page_about_a_person_gives_no_game(name: str, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(walk(name).people_bodies)))
    body = data.draw(damaged(walk(name).people_bodies[key]))
    with suppress(ParseError):
        records = read_page(SOURCES[name], walk(name).people_pages[key], body)
        assert all(isinstance(record, PersonRecord) and record.name for record in records)
