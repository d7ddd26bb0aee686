"""Identity keys: what points at one game, and what only seems to."""

from __future__ import annotations

from typing import Any

from game_pipeline.matching import claims_of, identity_keys
from game_pipeline.model import GameRecord


def record(**claims: Any) -> GameRecord:
    base: dict[str, Any] = {
        "source": "ifdb",
        "identity": "0dbnusxunq7fw5ro",
        "url": "https://ifdb.org/viewgame?id=0dbnusxunq7fw5ro",
        "title": "Zork I",
        "attribution": {"site": "IFDB", "licence": "unknown"},
        "parser_version": 1,
    }
    return GameRecord.build(**base | claims)


def strengths(made: GameRecord) -> dict[str, str]:
    return {key.token: key.strength for key in identity_keys(made)}


def test_a_record_is_known_by_its_own_page_as_others_would_name_it() -> None:
    other = record(
        source="elsewhere", identity="7", url="https://e.org/7",
        external_ids=[{"scheme": "tuid", "value": "0DBNUSXUNQ7FW5RO"}],
    )  # fmt: skip
    assert strengths(record())["tuid:0dbnusxunq7fw5ro"] == "strong"
    assert strengths(other)["elsewhere:7"] == "strong"
    assert strengths(other).keys() & strengths(record()).keys() == {"tuid:0dbnusxunq7fw5ro"}


def test_ifids_are_compared_in_capitals() -> None:
    made = record(external_ids=[{"scheme": "ifid", "value": "zcode-88-840726-a129"}])
    assert strengths(made)["ifid:ZCODE-88-840726-A129"] == "strong"


def test_an_id_of_an_unknown_scheme_is_weak() -> None:
    assert strengths(record(external_ids=[{"scheme": "somewhere", "value": "1"}]))["somewhere:1"] == "weak"


def test_addresses_of_one_place_are_one_key() -> None:
    one = record(urls=[{"url": "http://www.example.org/z%6Frk/", "kind": "game_page"}])
    other = record(urls=[{"url": "https://example.org/zork", "kind": "game_page"}])
    assert strengths(one) == strengths(other)
    assert strengths(one)["url:example.org/zork"] == "strong"


def test_front_pages_and_landing_pages_are_weak_and_reviews_no_keys() -> None:
    made = strengths(
        record(
            urls=[
                {"url": "https://author.example/", "kind": "game_page"},
                {"url": "https://archive.example/games/zcode", "kind": "download_landing"},
                {"url": "https://paper.example/review", "kind": "review"},
            ]
        )
    )
    assert made["url:author.example"] == "weak"
    assert made["url:archive.example/games/zcode"] == "weak"
    assert "url:paper.example/review" not in made


def test_a_pointer_given_twice_has_its_best_strength() -> None:
    url = "https://example.org/zork"
    made = record(urls=[{"url": url, "kind": "download_landing"}, {"url": url, "kind": "download_direct"}])
    assert strengths(made)["url:example.org/zork"] == "strong"


def test_claims_take_authors_but_not_publishers_and_the_year_of_a_partial_date() -> None:
    made = claims_of(
        record(
            release_date="1980-12",
            alt_titles=[{"title": "Zork 1", "lang": "en"}],
            credits=[{"name": "Marc Blank"}, {"name": "Infocom", "role": "publisher"}],
        )
    )
    assert made.years == (1980,)
    assert made.people == ("Marc Blank",)
    assert made.titles == ("Zork I", "Zork 1")


def test_an_address_under_any_host_of_a_site_is_the_key_that_the_site_s_own_record_has() -> None:
    link = {"url": "http://ifdb.tads.org/viewgame?ifiction&id=0DBNUSXUNQ7FW5RO", "kind": "game_page"}
    other = record(source="elsewhere", identity="7", url="https://e.org/7", urls=[link])
    assert strengths(other)["tuid:0dbnusxunq7fw5ro"] == "strong"
    assert strengths(other).keys() & strengths(record()).keys() == {"tuid:0dbnusxunq7fw5ro"}
