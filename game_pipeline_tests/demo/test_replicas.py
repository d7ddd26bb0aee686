"""The sources read the world out of the replicas; between the days nothing changes for them but what the events say."""

import re

import pytest

from game_pipeline.demo.replicas import (
    EDITED_TUID,
    EVENTS_OF_DAY_2,
    FAILING_TUID,
    IFDB,
    IFWIKI,
    INSTEAD,
    MALFORMED_TUID,
    NEW_INSTEAD_ID,
    NEW_TUID,
    SITES,
    TRUE_RELEASE_DATE,
    VANISHED_INSTEAD_ID,
    WRONG_RELEASE_DATE,
    Replicas,
    world_on,
)
from game_pipeline.demo.world import GAMES, IfdbEntry, InsteadEntry, WikiEntry
from game_pipeline.model import GameRecord
from game_pipeline.sources import get
from game_pipeline.sources.base import Page, ParseError
from game_pipeline.sources.text import partial_date
from game_pipeline_tests.sources.games import games_in

from .asking import (
    CHANGED_KEYS,
    MEMBERS,
    WORLD,
    ask,
    bodies,
    fetch,
    has_links,
    names,
    news,
    tags,
)

# --- What the sources read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", [game.instead for game in GAMES if game.instead], ids=lambda entry: entry.name)
def test_an_instead_game_is_read_as_the_world_has_it(
    entry: InsteadEntry, first: dict[str, dict[str, GameRecord]]
) -> None:
    record = first[INSTEAD][str(entry.id)]
    assert record.warnings == ()
    assert record.title == entry.title.removeprefix("[URQ] ")
    assert ", ".join(names(record)) == entry.author
    assert record.extra["version"] == entry.version
    assert record.extra["size"] == entry.size
    assert record.extra["uploaded"] == entry.date
    assert record.extra.get("sandbox", False) is not entry.approved
    assert [text.text.replace("\\<", "<") for text in record.descriptions] == [entry.description]
    archive = f"https://instead-games.ru/download/instead-{entry.name}-{entry.version}.zip"
    assert [link.url for link in record.urls if link.kind == "download_direct"] == [archive]


@pytest.mark.parametrize("entry", WORLD.ifdb, ids=lambda entry: entry.tuid)
def test_an_ifdb_game_is_read_as_the_world_has_it(entry: IfdbEntry, first: dict[str, dict[str, GameRecord]]) -> None:
    record = first[IFDB][entry.tuid]
    assert record.warnings == ()
    assert record.title == entry.title
    assert set(re.split(r", | and | & ", entry.author)) - {"et al."} == set(names(record))
    assert record.release_date == entry.published
    assert tags(record, "theme") == sorted(entry.tags)
    assert {value.value for value in record.external_ids if value.scheme == "ifid"} == set(entry.ifids)
    assert [text.text for text in record.descriptions] == [entry.description]
    assert has_links(record, entry.links)
    assert record.extra["pageversion"] == entry.pageversion


@pytest.mark.parametrize("entry", WORLD.wiki, ids=lambda entry: str(entry.pageid))
def test_a_wiki_page_is_read_as_the_world_has_it(entry: WikiEntry, first: dict[str, dict[str, GameRecord]]) -> None:
    record = first[IFWIKI][str(entry.pageid)]
    assert record.warnings == ()
    assert record.title == entry.title
    assert tuple(names(record)) == entry.authors
    assert record.release_date == (partial_date(entry.released) if entry.released else None)
    assert tags(record, "theme") == sorted(entry.themes)
    assert len(tags(record, "competition")) == len(entry.competitions)
    assert [text.text for text in record.descriptions] == [entry.description]
    assert has_links(record, entry.links)
    assert record.extra["revid"] == entry.revid


@pytest.mark.parametrize("site", SITES)
def test_every_entry_is_found_by_walking_the_site(site: str, first: dict[str, dict[str, GameRecord]]) -> None:
    expected = {
        INSTEAD: {str(entry.id) for entry in WORLD.instead},
        IFDB: {entry.tuid for entry in WORLD.ifdb},
        IFWIKI: {str(entry.pageid) for entry in WORLD.wiki},
    }
    assert set(first[site]) == expected[site]


def test_the_json_of_ifdb_says_what_its_xml_says(shared: Replicas, first: dict[str, dict[str, GameRecord]]) -> None:
    shared.set_day(1)
    source = get(IFDB)
    for entry in WORLD.ifdb:
        reply = ask(shared, IFDB, f"/viewgame?json&id={entry.tuid}")
        record = games_in(source, Page(str(reply.url), reply.content, entry.tuid))[0]
        assert record == first[IFDB][entry.tuid]


def test_both_format_versions_of_the_wiki_give_the_same_record(shared: Replicas) -> None:
    shared.set_day(1)
    source = get(IFWIKI)
    query = "/api.php?action=query&format=json&prop=revisions&rvprop=ids|timestamp|content&pageids=1432|9115|934"
    old, new = (
        games_in(source, Page("https://ifwiki.ru/api.php", ask(shared, IFWIKI, query + more).content))
        for more in ("", "&rvslots=main&formatversion=2")
    )
    assert [record.identity for record in new] == ["1432", "934"]
    assert sorted(old, key=lambda record: record.identity) == new


# --- What changes between the days ----------------------------------------------------------------------------------


@pytest.mark.parametrize("site", SITES)
def test_exactly_the_pages_of_the_events_change(
    site: str, first: dict[str, dict[str, GameRecord]], later: dict[str, dict[str, GameRecord]]
) -> None:
    volatile = get(site).volatile
    both = first[site].keys() & later[site].keys()
    changed = {
        key for key in both if first[site][key].content_hash(volatile) != later[site][key].content_hash(volatile)
    }
    assert changed == CHANGED_KEYS[site]


def test_games_come_and_go_as_the_events_say(
    first: dict[str, dict[str, GameRecord]], later: dict[str, dict[str, GameRecord]]
) -> None:
    assert later[INSTEAD].keys() - first[INSTEAD].keys() == {str(NEW_INSTEAD_ID)}
    assert first[INSTEAD].keys() - later[INSTEAD].keys() == {str(VANISHED_INSTEAD_ID)}
    assert later[IFDB].keys() - first[IFDB].keys() == {NEW_TUID}
    assert first[IFDB].keys() - later[IFDB].keys() == {MALFORMED_TUID, FAILING_TUID}


@pytest.mark.parametrize(("site", "day"), [(INSTEAD, 2), (IFDB, 2), (IFWIKI, 3)])
def test_the_bytes_of_unchanged_pages_differ_from_day_to_day(shared: Replicas, site: str, day: int) -> None:
    before, after = bodies(shared, site, 1), bodies(shared, site, day)
    unrated = {entry.tuid for entry in WORLD.ifdb if entry.rating is None}
    same = {key for key in before if before[key][1].body == after[key][1].body}
    assert same <= unrated


def test_the_edited_game_keeps_its_wrong_year(
    first: dict[str, dict[str, GameRecord]], later: dict[str, dict[str, GameRecord]]
) -> None:
    assert first[IFDB][EDITED_TUID].release_date == later[IFDB][EDITED_TUID].release_date == WRONG_RELEASE_DATE
    assert tags(first[IFDB][EDITED_TUID], "theme") != tags(later[IFDB][EDITED_TUID], "theme")
    on_wiki = next(game.wiki for game in GAMES if game.ifdb and game.ifdb.tuid == EDITED_TUID)
    assert on_wiki
    assert on_wiki.released == TRUE_RELEASE_DATE


def test_the_malformed_page_breaks_off_in_its_title(shared: Replicas) -> None:
    shared.set_day(2)
    reply = ask(shared, IFDB, f"/viewgame?ifiction&id={MALFORMED_TUID}")
    assert reply.status_code == 200
    assert reply.text.endswith("<title>Ancho")
    with pytest.raises(ParseError):
        get(IFDB).parse(Page(str(reply.url), reply.content, MALFORMED_TUID))


def test_each_trouble_of_ifdb_has_a_segment_to_itself() -> None:
    segment_of = get(IFDB).segment_of
    troubled = [segment_of(FAILING_TUID), segment_of(MALFORMED_TUID)]
    others = {segment_of(entry.tuid) for entry in world_on(2).ifdb} - set(troubled)
    assert len(set(troubled)) == 2
    assert {segment_of(key) for key in CHANGED_KEYS[IFDB] | {NEW_TUID}} <= others
    assert [segment_of(entry.tuid) for entry in world_on(2).ifdb].count(segment_of(FAILING_TUID)) == 1


def test_games_in_trouble_are_on_no_other_site() -> None:
    for game in GAMES:
        if game.ifdb and game.ifdb.tuid in (MALFORMED_TUID, FAILING_TUID):
            assert not game.instead
            assert not game.wiki
        if game.instead and game.instead.id == VANISHED_INSTEAD_ID:
            assert not game.ifdb
            assert not game.wiki


def test_what_fails_on_day_2_is_back_on_day_3(shared: Replicas) -> None:
    page = f"/viewgame?ifiction&id={FAILING_TUID}"
    statuses = []
    for day in (1, 2, 3):
        shared.set_day(day)
        statuses.append((ask(shared, IFWIKI, MEMBERS).status_code, ask(shared, IFDB, page).status_code))
    assert statuses == [(200, 200), (500, 500), (200, 200)]


def test_every_event_has_a_sentence_and_names_what_is_there() -> None:
    known = {
        INSTEAD: {str(entry.id) for day in (1, 2) for entry in world_on(day).instead},
        IFDB: {entry.tuid for day in (1, 2) for entry in world_on(day).ifdb},
        IFWIKI: {str(entry.pageid) for entry in WORLD.wiki},
    }
    for event in EVENTS_OF_DAY_2:
        assert event.sentence.endswith(".")
        assert event.key in known[event.site] or event.kind == "down"


def test_there_is_no_day_before_the_first() -> None:
    with pytest.raises(ValueError, match="first one is 1"):
        world_on(0)


# --- Change feeds ---------------------------------------------------------------------------------------------------


def test_the_feed_of_ifdb_names_the_new_game_only(shared: Replicas) -> None:
    shared.set_day(1)
    _, cursor, _ = news(shared, IFDB, None)
    assert cursor
    shared.set_day(2)
    pages, _, _ = news(shared, IFDB, cursor)
    assert [page.key for page in pages] == [NEW_TUID]


def test_the_feed_of_the_wiki_is_continued_and_names_the_edited_page(shared: Replicas) -> None:
    shared.set_day(1)
    seen, cursor, replies = news(shared, IFWIKI, None)
    assert replies > 1
    assert "14210" in {page.key for page in seen}
    shared.set_day(3)
    pages, _, _ = news(shared, IFWIKI, cursor)
    assert {page.key: page.fingerprint for page in pages}["268"] == "34012"
    assert "14210" not in {page.key for page in pages}


def test_pages_of_the_feed_that_are_no_games_give_no_record(shared: Replicas) -> None:
    shared.set_day(1)
    pages, _, _ = news(shared, IFWIKI, None)
    games = {str(entry.pageid) for entry in WORLD.wiki}
    others = [page for page in pages if page.key not in games]
    assert others
    for page in others:
        reply = fetch(shared, page.request)
        assert get(IFWIKI).parse(Page(page.url, reply.body, page.key)) == []


def test_recent_changes_hold_the_rows_that_name_no_page_of_their_own(shared: Replicas) -> None:
    shared.set_day(1)
    query = "/api.php?action=query&list=recentchanges&rcprop=title|ids|timestamp&rclimit=500&format=json"
    rows, more = [], ""
    while True:
        document = ask(shared, IFWIKI, query + more).json()
        rows += document["query"]["recentchanges"]
        if "continue" not in document:
            break
        more = f"&rccontinue={document['continue']['rccontinue']}"
    assert {"edit", "new", "log", "categorize"} <= {row["type"] for row in rows}
    assert {row["pageid"] for row in rows if row["type"] == "log"} == {0}
    assert {row["ns"] for row in rows if row["type"] == "categorize"} == {14}
    assert len({row["rcid"] for row in rows}) == len(rows)
    stamps = [row["timestamp"] for row in rows]
    assert stamps == sorted(stamps, reverse=True)
