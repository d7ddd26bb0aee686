"""The replicas answer over real HTTP in the sites' forms, the sources read the world out of them, and between the
days nothing changes for the sources but what the events say."""

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx2
import pytest

from game_pipeline.demo.replicas import (
    CHANGED,
    EDITED_TUID,
    EVENTS_OF_DAY_2,
    FAILING_TUID,
    IFDB,
    IFWIKI,
    INSTEAD,
    MALFORMED_TUID,
    MERGED,
    NEW_INSTEAD_ID,
    NEW_TUID,
    REPLICAS,
    SITES,
    TRUE_RELEASE_DATE,
    VANISHED_INSTEAD_ID,
    WRONG_RELEASE_DATE,
    Replicas,
    Seen,
    world_on,
)
from game_pipeline.demo.world import GAMES, IfdbEntry, InsteadEntry, Link, WikiEntry
from game_pipeline.model import GameRecord
from game_pipeline.sources import get
from game_pipeline.sources.base import Page, PageRef, ParseError, Request, Response
from game_pipeline.sources.text import partial_date
from game_pipeline.sources.urls import normalise_url
from game_pipeline_tests.sources.games import games_in

CLIENT = httpx2.Client(follow_redirects=False, trust_env=False)
MEMBERS = "/api.php?action=query&list=categorymembers&cmtitle=Категория:Игры&format=json"
WORLD = world_on(1)
CHANGED_KEYS = {site: {key for changed, key in CHANGED if changed == site} for site in SITES}


@pytest.fixture
def replicas() -> Iterator[Replicas]:
    with Replicas() as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[Replicas]:
    """Replicas for tests that only set the day."""
    with Replicas() as running:
        yield running


def ask(replicas: Replicas, site: str, path: str, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return CLIENT.get(replicas.origin(site) + path, headers=named)


def fetch(replicas: Replicas, request: Request) -> Response:
    """What the crawler does with a request: the host's route, path and query as they are."""
    parts = urlsplit(request.url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    reply = CLIENT.get(replicas.routes[parts.hostname or ""] + path)
    return Response(request.url, reply.status_code, reply.content, dict(reply.headers))


def listed(replicas: Replicas, site: str) -> list[PageRef]:
    source = get(site)
    pages, requests = list(source.fixed_pages()), list(source.listing())
    while requests:
        listing = source.parse_listing(fetch(replicas, requests.pop(0)))
        pages += listing.pages
        requests += listing.next
    return pages


def news(replicas: Replicas, site: str, cursor: str | None) -> tuple[list[PageRef], str | None, int]:
    """The pages that the change feed names, the new cursor, and how many replies that took."""
    source = get(site)
    pages: list[PageRef] = []
    requests, newest, replies = list(source.changes_since(cursor)), cursor, 0
    while requests:
        feed = source.parse_feed(fetch(replicas, requests.pop(0)), cursor)
        pages += feed.pages
        requests += feed.next
        newest = max(feed.cursor, newest or "") if feed.cursor and site == IFWIKI else feed.cursor or newest
        replies += 1
    return pages, newest, replies


def bodies(replicas: Replicas, site: str, day: int) -> dict[str, tuple[PageRef, Response]]:
    replicas.set_day(day)
    return {ref.key: (ref, fetch(replicas, ref.request)) for ref in listed(replicas, site)}


def records(replicas: Replicas, site: str, day: int) -> dict[str, GameRecord]:
    """Every record that a site gives on a day; pages that cannot be had or read are left out."""
    found: dict[str, GameRecord] = {}
    for ref, reply in bodies(replicas, site, day).values():
        if reply.status == 200:
            try:
                page = Page(ref.url, reply.body, ref.key, reply.headers["content-type"])
                found.update({record.identity: record for record in games_in(get(site), page)})
            except ParseError:
                continue
    return found


@pytest.fixture(scope="module")
def first(shared: Replicas) -> dict[str, dict[str, GameRecord]]:
    return {site: records(shared, site, 1) for site in SITES}


@pytest.fixture(scope="module")
def later(shared: Replicas) -> dict[str, dict[str, GameRecord]]:
    """Day 2, and day 3 for the site that is down on day 2."""
    return {site: records(shared, site, 3 if site == IFWIKI else 2) for site in SITES}


def tags(record: GameRecord, kind: str) -> list[str]:
    return sorted(tag.value for tag in record.tags if tag.kind == kind)


def names(record: GameRecord) -> list[str]:
    return [credit.name for credit in record.credits]


def has_links(record: GameRecord, links: tuple[Link, ...]) -> bool:
    return {normalise_url(link.url) for link in links} <= {link.url for link in record.urls}


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


# --- The forms of the sites -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/xml.php", "/xml2.php"])
def test_instead_lists_have_honest_validators(replicas: Replicas, path: str) -> None:
    whole = ask(replicas, INSTEAD, path)
    tag, date = whole.headers["etag"], whole.headers["last-modified"]
    for headers in ({"If_None_Match": tag}, {"If_None_Match": f'"other", W/{tag}'}, {"If_Modified_Since": date}):
        again = ask(replicas, INSTEAD, path, **headers)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert ask(replicas, INSTEAD, path, If_None_Match='"other"', If_Modified_Since=date).status_code == 200
    replicas.set_day(2)
    fresh = ask(replicas, INSTEAD, path, If_None_Match=tag, If_Modified_Since=date)
    assert fresh.status_code == 200
    assert fresh.headers["etag"] != tag


def test_instead_lists_have_the_quirks_of_the_site(replicas: Replicas) -> None:
    text = ask(replicas, INSTEAD, "/xml.php").text
    dates = re.findall(r"<date>(.*)</date>", text)
    assert "<title>Миссия &amp;lt;Турист&amp;gt;</title>" in text
    assert "&#13;\n" in text
    assert "//instead-games.ru//download/" in text
    assert "/screenshots/</image>" in text
    assert dates == sorted(dates, reverse=True)
    assert text.index("<author>") < text.index("<description>") < text.index("<image>") < text.index("<version>")


def test_an_instead_game_has_a_page_and_a_missing_file_is_a_soft_404(replicas: Replicas) -> None:
    page = ask(replicas, INSTEAD, "/game.php?ID=90").text
    assert "<b>Автор</b>: Василий Воронков<br>" in page
    assert "<b>Дата</b>: 2015.05.08<br>" in page
    missing = ask(replicas, INSTEAD, "/download/nothing.zip")
    assert (missing.status_code, missing.text) == (200, "File not found: nothing.zip")
    assert ask(replicas, INSTEAD, "//download/instead-cat-1.6.zip").content.startswith(b"PK")


def test_an_ifdb_document_is_one_line_that_nobody_may_cache(replicas: Replicas) -> None:
    reply = ask(replicas, IFDB, "/viewgame?ifiction&id=plvzam05bmz3enh8")
    assert reply.text.startswith("<ifindex version=")
    assert "\n" not in reply.text
    assert "&amp;amp; the history" in reply.text
    assert "no-store" in reply.headers["cache-control"]
    assert "etag" not in reply.headers
    assert reply.headers["content-type"] == "text/xml"


def test_ifdb_prints_empty_objects_as_lists(replicas: Replicas) -> None:
    document = ask(replicas, IFDB, "/viewgame?json&id=j18kjz80hxjtyayw").json()
    assert document["contacts"] == []
    assert document["ifdb"]["downloads"] == {"links": []}


@pytest.mark.parametrize(("api", "code"), [("ifiction", "<errorCode>notFound</errorCode>"), ("json", '"notFound"')])
def test_a_removed_listing_is_an_error_document(replicas: Replicas, api: str, code: str) -> None:
    reply = ask(replicas, IFDB, f"/viewgame?{api}&id=zzzzzzzzzzzzzzzz")
    assert reply.status_code == 404
    assert code in reply.text


def test_a_merged_listing_moves_to_a_relative_address(replicas: Replicas) -> None:
    [(old, new)] = MERGED.items()
    reply = ask(replicas, IFDB, f"/viewgame?ifiction&id={old}")
    assert reply.status_code == 301
    assert reply.headers["location"] == f"viewgame?id={new}&ifiction"
    assert ask(replicas, IFDB, "/" + reply.headers["location"]).status_code == 200


def test_ifdb_finds_a_game_by_its_ifid(replicas: Replicas) -> None:
    reply = ask(replicas, IFDB, "/viewgame?ifiction&ifid=ZCODE-5-990206")
    assert "<tuid>op0uw1gn1tjqmjt7</tuid>" in reply.text
    assert ask(replicas, IFDB, "/viewgame?ifiction&ifid=ZCODE-5-990206-FFFF").status_code == 404


def test_the_search_of_ifdb_is_cut_and_ordered(replicas: Replicas) -> None:
    oldest = ask(replicas, IFDB, "/search?json&game&searchfor=added:2007-&sortby=lold&pg=1").json()["games"]
    newest = ask(replicas, IFDB, "/search?json&game&searchfor=added:2007-&sortby=lnew&pg=1").json()["games"]
    assert [game["tuid"] for game in oldest] == [game["tuid"] for game in reversed(newest)]
    assert len(oldest) == len(WORLD.ifdb)
    assert ask(replicas, IFDB, "/search?json&game&searchfor=added:2007-&sortby=lold&pg=2").json() == {"games": []}
    recent = ask(replicas, IFDB, "/search?json&game&searchfor=added:30d-&sortby=lnew").json()["games"]
    assert [game["tuid"] for game in recent] == [game["tuid"] for game in newest[:3]]


def test_the_xml_search_of_ifdb_says_what_the_json_says(replicas: Replicas) -> None:
    source = get(IFDB)
    query = "game&searchfor=added:2007-&sortby=lold&pg=1"
    found = [
        games_in(source, Page("https://ifdb.org/search", ask(replicas, IFDB, f"/search?{form}&{query}").content))
        for form in ("json", "xml")
    ]
    assert [record.identity for record in found[0]] == [record.identity for record in found[1]]
    assert [record.title for record in found[0]] == [record.title for record in found[1]]


def test_the_wiki_lists_in_small_parts_whatever_is_asked(replicas: Replicas) -> None:
    first_part = ask(replicas, IFWIKI, MEMBERS + "&cmlimit=500").json()
    assert first_part["batchcomplete"] == ""
    assert len(first_part["query"]["categorymembers"]) == 20
    assert re.fullmatch(r"page\|[0-9a-f]+\|\d+", first_part["continue"]["cmcontinue"])
    assert 14 in {row["ns"] for row in first_part["query"]["categorymembers"]}


def test_a_page_that_the_wiki_has_not_is_missing(replicas: Replicas) -> None:
    query = "/api.php?action=query&format=json&prop=revisions&titles=нет_такой"
    old = ask(replicas, IFWIKI, query).json()["query"]
    new = ask(replicas, IFWIKI, query + "&formatversion=2").json()["query"]
    assert old["pages"]["-1"] == {"ns": 0, "title": "Нет такой", "missing": ""}
    assert new["pages"] == [{"ns": 0, "title": "Нет такой", "missing": True}]
    assert new["normalized"] == [{"fromencoded": False, "from": "нет_такой", "to": "Нет такой"}]


def test_a_redirect_is_followed_when_asked(replicas: Replicas) -> None:
    pages = get(IFWIKI).locate("https://ifwiki.ru/Квантовый_кот")
    listing = get(IFWIKI).parse_listing(fetch(replicas, pages.next[0]))
    assert [page.key for page in listing.pages] == ["1432"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("action=query&list=nonsense", "badvalue"),
        ("action=query&prop=revisions&pageids=x", "badinteger"),
        ("action=query&list=recentchanges&rccontinue=x", "badcontinue"),
        ("action=query&prop=info&titles=" + "|".join(map(str, range(51))), "toomanyvalues"),
    ],
)
def test_errors_of_the_wiki_come_with_status_200(replicas: Replicas, query: str, code: str) -> None:
    reply = ask(replicas, IFWIKI, f"/api.php?{query}&format=json")
    assert reply.status_code == 200
    assert reply.json()["error"]["code"] == code


@pytest.mark.parametrize("site", SITES)
def test_every_site_has_rules_that_let_the_source_in(replicas: Replicas, site: str) -> None:
    from protego import Protego

    rules = Protego.parse(ask(replicas, site, "/robots.txt").text)
    source = get(site)
    requests = [*source.listing(), *source.changes_since(None), *(page.request for page in source.fixed_pages())]
    assert requests
    assert all(rules.can_fetch(request.url, "anybody") for request in requests)


# --- The servers ----------------------------------------------------------------------------------------------------


def test_routes_lead_every_host_of_the_sources_to_loopback(replicas: Replicas) -> None:
    for site in SITES:
        assert set(get(site).hosts) <= set(REPLICAS[site].hosts) <= replicas.routes.keys()
        assert replicas.origin(site).startswith("http://127.0.0.1:")
    assert len(set(replicas.routes.values())) == len(SITES)


def test_requests_are_logged_in_order(replicas: Replicas) -> None:
    ask(replicas, INSTEAD, "/xml.php")
    ask(replicas, IFDB, "/viewgame?ifiction&id=nope")
    assert replicas.log == [Seen(INSTEAD, "/xml.php", 200), Seen(IFDB, "/viewgame?ifiction&id=nope", 404)]
    replicas.clear_log()
    assert replicas.log == []


def test_a_site_fails_where_it_is_told_to_until_it_is_healed(replicas: Replicas) -> None:
    replicas.fail(INSTEAD, status=503, path_contains="xml2")
    assert ask(replicas, INSTEAD, "/xml.php").status_code == 200
    assert ask(replicas, INSTEAD, "/xml2.php").status_code == 503
    replicas.fail(IFDB)
    assert ask(replicas, IFDB, "/robots.txt").status_code == 500
    replicas.heal(INSTEAD)
    assert ask(replicas, INSTEAD, "/xml2.php").status_code == 200
    assert ask(replicas, IFDB, "/").status_code == 500


def test_a_body_can_be_replaced_and_given_back(replicas: Replicas) -> None:
    own = ask(replicas, INSTEAD, "/xml.php").content
    replicas.replace_body(INSTEAD, "/xml.php", b"<game_list/>")
    reply = ask(replicas, INSTEAD, "/xml.php")
    assert reply.content == b"<game_list/>"
    assert "etag" not in reply.headers
    replicas.replace_body(INSTEAD, "/xml.php", None)
    assert ask(replicas, INSTEAD, "/xml.php").content == own


def test_unknown_sites_are_refused_by_name(replicas: Replicas) -> None:
    with pytest.raises(ValueError, match="there are instead_games, "):
        replicas.fail("ifwiki")
    with pytest.raises(ValueError, match="no replica"):
        Replicas({"nowhere": 0})


def test_bodies_are_compressed_for_those_who_take_it(replicas: Replicas) -> None:
    packed = ask(replicas, IFWIKI, MEMBERS, Accept_Encoding="gzip")
    plain = ask(replicas, IFWIKI, MEMBERS, Accept_Encoding="identity")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert json.loads(packed.content) == json.loads(plain.content)


def test_head_sends_the_headers_alone(replicas: Replicas) -> None:
    reply = CLIENT.head(replicas.origin(INSTEAD) + "/xml.php")
    assert reply.content == b""
    assert int(reply.headers["content-length"]) > 1000


def test_many_clients_are_served_at_once_and_one_that_hangs_up_harms_nobody(replicas: Replicas) -> None:
    port = int(replicas.origin(INSTEAD).rpartition(":")[2])
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(b"GET /xml.php HTTP/1.1\r\nHost: x\r\n\r\n")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: ask(replicas, INSTEAD, "/xml.php").status_code, range(40)))
    assert statuses == [200] * 40


def test_nonsense_gets_an_answer(replicas: Replicas) -> None:
    for path in ("/viewgame", "/api.php", "/search?json&pg=x&searchfor=added:99999d-", "/game.php?ID=%ff", "/%00"):
        for site in SITES:
            assert ask(replicas, site, path).status_code in (200, 400, 404)


def test_ports_can_be_chosen_and_are_free_again_after_stopping() -> None:
    with Replicas() as running:
        ports = {site: int(running.origin(site).rpartition(":")[2]) for site in SITES}
        ask(running, IFDB, "/")  # leaves a connection open
    with Replicas(ports) as again:
        assert again.origin(IFDB) == f"http://127.0.0.1:{ports[IFDB]}"
        assert ask(again, IFDB, "/").status_code == 200
        with pytest.raises(OSError, match=r"in use"):
            Replicas(ports).start()
        assert ask(again, IFDB, "/").status_code == 200
    again.stop()
