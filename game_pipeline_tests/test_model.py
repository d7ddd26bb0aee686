"""The canonical record: what it refuses, what it cleans, and when two of them say the same."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game_pipeline.model import (
    GameRecord,
    PersonRecord,
    RecordError,
    canonical_json,
    clean_block,
    clean_line,
    digest,
    record_of,
)

CLAIMS: dict[str, Any] = {
    "source": "ifdb",
    "identity": "0dbnusxunq7fw5ro",
    "url": "https://ifdb.org/viewgame?id=0dbnusxunq7fw5ro",
    "title": "Zork I",
    "alt_titles": [{"title": "Зорк", "lang": "ru"}, {"title": "Dungeon"}],
    "descriptions": [{"lang": "en", "text": "A *lamp*.\n\nAnd a door."}, {"text": "Lampe."}],
    "release_date": "1980-12",
    "credits": [{"name": "Ann"}, {"name": "Bob", "role": "composer", "url": "https://bob.example/"}],
    "tags": [{"kind": "genre", "value": "Cave"}, {"kind": "genre", "value": "Puzzle"}],
    "urls": [
        {"url": "https://zork.example/z1.z3", "kind": "download_direct"},
        {"url": "https://zork.example/play", "kind": "play_online", "label": "Play"},
    ],
    "external_ids": [{"scheme": "ifid", "value": "ZCODE-1"}, {"scheme": "ifid", "value": "ZCODE-2"}],
    "attribution": {"site": "IFDB", "licence": "CC BY 3.0"},
    "extra": {"size": 7, "rating": 4.5, "series": ["Zork"], "adult": False, "forgiveness": None},
    "parser_version": 3,
    "warnings": ["no cover"],
}


def record(**claims: Any) -> GameRecord:
    return GameRecord.build(**CLAIMS | claims)


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({"title": " \u200b"}, "title: must not be empty"),
        ({"title": "x" * 1_001}, "title: is 1001 characters long, 1000 at most"),
        ({"title": 7}, "title: Input should be a valid string"),
        ({"source": "IF DB"}, "source: must be a lower-case word"),
        ({"url": "ifdb.org/x"}, "url: must be an absolute http(s) address, not 'ifdb.org/x'"),
        ({"url": "javascript:alert(1)"}, "url: must be an absolute"),
        ({"url": "https://[::1"}, "url: Invalid IPv6 URL"),
        ({"url": "https://a.example/a b"}, "url: must be at most 2048 characters without spaces"),
        ({"url": "https://a.example/\u202egpj"}, "url: must be at most 2048 characters without spaces"),
        ({"kind": "film"}, "kind: Input should be 'game'"),
        ({"release_date": "1980-02-30"}, "release_date: is no date: '1980-02-30'"),
        ({"release_date": "05.12.1980"}, "release_date: must be YYYY, YYYY-MM or YYYY-MM-DD"),
        ({"release_date": "١٩٨٠"}, "release_date: must be YYYY"),
        ({"release_date": "0000"}, "release_date: is no date"),
        ({"descriptions": [{"lang": "english", "text": "x"}]}, "descriptions.0.lang: must be a BCP 47 language tag"),
        ({"descriptions": [{"text": "a"}, {"text": "b"}]}, "descriptions: two of the same language"),
        ({"descriptions": [{"text": "a"}, {"lang": "und", "text": "b"}]}, "descriptions: two of the same language"),
        ({"credits": [{"name": "Ann", "role": "Main Author"}]}, "credits.0.role: must be a lower-case word"),
        ({"urls": [{"url": "https://a.example/"}, {"url": "/x"}]}, "urls.1.url: must be an absolute"),
        ({"extra": {"deep": {"er": 1}}}, "extra.deep"),
        ({"extra": {"rating": float("nan")}}, "extra.rating"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"parser_version": 0}, "parser_version: Input should be greater than or equal to 1"),
    ],
)
def test_a_malformed_claim_is_refused_by_the_name_of_its_field(claims: dict[str, Any], problem: str) -> None:
    with pytest.raises(RecordError) as refused:
        record(**claims)
    assert problem in str(refused.value)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(RecordError, match=r"^title: .*; release_date: .*; credits.0.name: "):
        record(title="", release_date="soon", credits=[{"name": ""}])


@pytest.mark.parametrize("document", ["[", "[]", b"\xff", '{"title": NaN}', "null"])
def test_a_document_that_is_no_record_is_refused(document: str | bytes) -> None:
    with pytest.raises(RecordError):
        GameRecord.from_json(document)


def test_a_record_survives_its_serialisation() -> None:
    written = record().to_json()
    assert GameRecord.from_json(written) == record()
    assert GameRecord.from_json(written.encode()) == record()
    assert GameRecord.from_json(record().to_dict()).to_json() == written


def test_a_serialisation_is_one_line_with_every_key_in_the_order_of_the_contract() -> None:
    written = record(descriptions=[], release_date=None).to_json()
    assert "\n" not in written
    assert '"Зорк"' in written
    assert list(record().to_dict()) == [*list(CLAIMS)[:3], "kind", *list(CLAIMS)[3:]]
    assert record(release_date=None).to_dict()["release_date"] is None


def test_exact_repeats_in_a_list_are_dropped_and_the_order_stays() -> None:
    tags = [{"kind": "genre", "value": value} for value in ("b", "a", "b")]
    assert [tag.value for tag in record(tags=tags).tags] == ["b", "a"]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Zork\t I\r\n", "Zork I"),
        ("Zo\u202erk\u202c I\ufeff", "Zork I"),
        ("Zo\u061crk\u2066 I", "Zork I"),
        ("Zork\x00\x07 I", "Zork I"),
        ("\u00a0Zork\u2003I\u2028", "Zork I"),
        ("Cafe\u0301", "Café"),
        ("Cafe\u200b\u0301", "Café"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_a_line_is_cleaned_of_what_hides_or_reorders_text(raw: str, clean: str) -> None:
    assert clean_line(raw) == clean


def test_a_block_keeps_its_paragraphs_and_nothing_else() -> None:
    assert clean_block("\r\n One\u202e  two \r\rThree\n\n\n\n four\x00\n") == "One two\n\nThree\n\nfour"


@given(st.text())
def test_cleaning_twice_is_cleaning_once_and_gives_nfc(text: str) -> None:
    for clean in (clean_line, clean_block):
        cleaned = clean(text)
        assert clean(cleaned) == cleaned == unicodedata.normalize("NFC", cleaned)


def test_what_a_source_says_beyond_the_fields_is_cleaned_too() -> None:
    made = record(extra={"no\x00te": "a\x00b", "list": ["c\u202ed", 1]}, warnings=["e\x00f"])
    assert (made.extra, made.warnings) == ({"note": "ab", "list": ["cd", 1]}, ("ef",))


@pytest.mark.parametrize("field", ["alt_titles", "descriptions", "tags", "urls", "external_ids"])
def test_the_order_of_a_list_that_has_none_is_no_matter(field: str) -> None:
    assert record(**{field: CLAIMS[field][::-1]}).content_hash() == record().content_hash()


def test_the_order_of_the_authors_matters() -> None:
    ann, bob = {"name": "Ann"}, {"name": "Bob"}
    assert record(credits=[ann, bob]).content_hash() != record(credits=[bob, ann]).content_hash()


@pytest.mark.parametrize(
    ("claims", "facets"),
    [
        ({"title": "Zork 1"}, {"title"}),
        ({"kind": "demo"}, {"kind"}),
        ({"url": "https://ifdb.org/other"}, {"url"}),
        ({"release_date": "1980"}, {"release_date"}),
        ({"release_date": None}, {"release_date"}),
        ({"alt_titles": CLAIMS["alt_titles"][:1]}, {"alt_titles"}),
        ({"descriptions": [{"lang": "en", "text": "A lamp."}]}, {"descriptions.en", "descriptions.und"}),
        ({"credits": [{"name": "Ann"}]}, {"credits.composer"}),
        ({"credits": [{"name": "Eve"}, CLAIMS["credits"][1]]}, {"credits.author"}),
        ({"tags": [{"kind": "theme", "value": "Cave"}, *CLAIMS["tags"]]}, {"tags.theme"}),
        ({"urls": CLAIMS["urls"][:1]}, {"urls.play_online"}),
        ({"external_ids": CLAIMS["external_ids"][:1]}, {"external_ids.ifid"}),
        ({"extra": CLAIMS["extra"] | {"size": 8}}, {"extra.size"}),
    ],
)
def test_a_claim_that_changes_changes_its_own_facets_alone(claims: dict[str, Any], facets: set[str]) -> None:
    old, new = record().field_hashes(), record(**claims).field_hashes()
    assert {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)} == facets
    assert record(**claims).content_hash() != record().content_hash()


@pytest.mark.parametrize(
    "claims",
    [{"parser_version": 4}, {"warnings": []}, {"attribution": {"site": "IFDB", "licence": "unknown"}}],
)
def test_what_only_describes_the_reading_is_no_claim(claims: dict[str, Any]) -> None:
    assert record(**claims).content_hash() == record().content_hash()


def test_a_volatile_facet_is_stored_and_never_counts() -> None:
    volatile = frozenset({"extra.rating"})
    moved = record(extra=CLAIMS["extra"] | {"rating": 1.5})
    assert moved.content_hash(volatile) == record().content_hash(volatile)
    assert moved.content_hash() != record().content_hash()
    assert "extra.rating" not in moved.field_hashes(volatile)


def test_equal_values_have_equal_canonical_bytes() -> None:
    assert canonical_json({"b": 1, "a": "ж"}) == '{"a":"ж","b":1}'
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    assert len(digest("")) == 32


@given(st.text(st.sampled_from("aж \n\u0301\u00a0\u200b\t\x00\rё"), max_size=30))
def test_a_block_is_its_lines_cleaned_with_one_blank_line_at_most_between_them(text: str) -> None:
    lines = [clean_line(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    assert clean_block(text) == re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()


LINES = st.text(min_size=1, max_size=30).filter(clean_line)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
RECORDS = st.fixed_dictionaries(
    {"title": LINES},
    optional={
        "alt_titles": st.lists(st.fixed_dictionaries({"title": LINES}), max_size=3),
        "descriptions": st.lists(
            st.fixed_dictionaries(
                {"text": st.text(min_size=1).filter(clean_block), "lang": st.sampled_from(["en", "pt-BR", None])}
            ),
            max_size=3,
            unique_by=lambda description: description["lang"],
        ),
        "release_date": st.dates().map(lambda date: date.isoformat()),
        "credits": st.lists(st.fixed_dictionaries({"name": LINES}), max_size=3),
        "extra": st.dictionaries(st.text(max_size=5), SCALARS | st.lists(SCALARS, max_size=3), max_size=4),
        "warnings": st.lists(st.text(), max_size=2),
    },
)


@settings(max_examples=150)
@given(RECORDS)
def test_any_record_survives_its_serialisation_with_its_hashes(claims: dict[str, Any]) -> None:
    made = record(**claims)
    again = GameRecord.from_json(made.to_json())
    assert again == made
    assert again.field_hashes() == made.field_hashes()
    assert "\\u0000" not in made.to_json()


PERSON: dict[str, Any] = {
    "source": "ifwiki_ru",
    "identity": "77",
    "url": "https://ifwiki.ru/Автор:Ann",
    "name": "Ann",
    "aliases": [{"name": "Anna", "lang": "en"}, {"name": "Аня"}],
    "about": [{"lang": "ru", "text": "Пишет *игры*."}],
    "urls": [{"url": "https://ann.example/face.png", "kind": "portrait"}, {"url": "https://ann.example/"}],
    "works": ["12", "11", "12"],
    "attribution": {"site": "ifwiki.ru", "licence": "unknown"},
    "parser_version": 1,
}


def test_a_person_survives_the_way_to_json_and_back() -> None:
    person = PersonRecord.build(**PERSON)
    assert record_of(person.to_dict()) == PersonRecord.from_json(person.to_json()) == person
    assert person.works == ("12", "11")


def test_neither_reads_the_others_document() -> None:
    with pytest.raises(RecordError, match="kind: Input should be 'game'"):
        GameRecord.from_json(PersonRecord.build(**PERSON).to_dict())
    with pytest.raises(RecordError, match="kind: Input should be 'person'"):
        PersonRecord.from_json(record().to_dict())


@pytest.mark.parametrize(
    ("claims", "facet"),
    [
        ({"name": "Anne"}, "name"),
        ({"aliases": []}, "aliases"),
        ({"about": [{"lang": "ru", "text": "Пишет."}]}, "about.ru"),
        ({"urls": PERSON["urls"][1:]}, "urls.portrait"),
        ({"works": ["11"]}, "works"),
        ({"extra": {"city": "Perm"}}, "extra.city"),
    ],
)
def test_a_change_of_a_person_shows_in_one_facet(claims: dict[str, Any], facet: str) -> None:
    before, after = (PersonRecord.build(**each).field_hashes() for each in (PERSON, PERSON | claims))
    assert {name for name in before | after if before.get(name) != after.get(name)} == {facet}


def test_the_order_of_what_a_page_lists_is_no_change_of_a_person() -> None:
    turned = PERSON | {key: PERSON[key][::-1] for key in ("aliases", "urls", "works")}
    assert PersonRecord.build(**turned).content_hash() == PersonRecord.build(**PERSON).content_hash()


def test_a_person_has_one_text_a_language() -> None:
    with pytest.raises(RecordError, match="about: two of the same language"):
        PersonRecord.build(**PERSON | {"about": [{"text": "a"}, {"text": "b"}]})
