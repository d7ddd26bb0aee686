"""The replicas answer over real HTTP in the forms of the sites, with their quirks and their troubles."""

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from game_pipeline.demo.replicas import (
    IFDB,
    IFWIKI,
    INSTEAD,
    MERGED,
    REPLICAS,
    SITES,
    Replicas,
    Seen,
)
from game_pipeline.sources import get
from game_pipeline.sources.base import Page
from game_pipeline_tests.sources.games import games_in

from .asking import (
    CLIENT,
    MEMBERS,
    WORLD,
    ask,
    fetch,
)

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
