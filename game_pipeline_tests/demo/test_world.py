"""The demo's data keeps the shapes and the overlaps that the replicas and the walkthrough rely on."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import pytest

from game_pipeline.demo.world import (
    GAMES,
    PLACEHOLDER_IFIDS,
    PLACEHOLDER_TUIDS,
    Game,
    IfdbEntry,
    InsteadEntry,
    Link,
    WikiEntry,
)

INSTEAD = [game.instead for game in GAMES if game.instead]
IFDB = [game.ifdb for game in GAMES if game.ifdb]
WIKI = [game.wiki for game in GAMES if game.wiki]
ENTRIES: list[InsteadEntry | IfdbEntry | WikiEntry] = [*INSTEAD, *IFDB, *WIKI]
BY_SLUG = {game.slug: game for game in GAMES}


def entries_of(game: Game) -> list[InsteadEntry | IfdbEntry | WikiEntry]:
    return [entry for entry in (game.instead, game.ifdb, game.wiki) if entry]


def sentences_of(description: str) -> set[str]:
    return {part for part in re.split(r"(?<=[.!?…])\s+", description) if len(part) > 25}


def shares_a_sentence(game: Game) -> bool:
    return any(
        sentences_of(one.description) & sentences_of(other.description)
        for one, other in combinations(entries_of(game), 2)
    )


def links() -> Iterator[Link]:
    for on_ifdb in IFDB:
        yield from on_ifdb.links
    for on_wiki in WIKI:
        yield from on_wiki.links


def test_there_are_sixty_odd_games_and_each_is_on_some_site() -> None:
    assert 60 <= len(GAMES) <= 64
    assert all(entries_of(game) for game in GAMES)


def test_every_site_lists_at_least_twenty_games() -> None:
    assert len(INSTEAD) >= 20
    assert len(IFDB) >= 20
    assert len(WIKI) >= 20


def test_instead_has_an_approved_list_and_a_sandbox() -> None:
    approved = Counter(entry.approved for entry in INSTEAD)
    assert approved[True] >= 18
    assert approved[False] >= 5


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param([game.slug for game in GAMES], id="slug"),
        pytest.param([entry.id for entry in INSTEAD], id="instead-id"),
        pytest.param([entry.name for entry in INSTEAD], id="instead-name"),
        pytest.param([entry.tuid for entry in IFDB], id="tuid"),
        pytest.param([ifid for entry in IFDB for ifid in entry.ifids], id="ifid"),
        pytest.param([entry.pageid for entry in WIKI], id="pageid"),
        pytest.param([entry.title for entry in WIKI], id="wiki-title"),
        pytest.param([entry.revid for entry in WIKI], id="revid"),
    ],
)
def test_ids_are_unique_within_their_site(ids: list[int] | list[str]) -> None:
    assert [value for value, count in Counter(ids).items() if count > 1] == []


@pytest.mark.parametrize("tuid", [entry.tuid for entry in IFDB])
def test_a_tuid_is_15_or_16_lower_case_letters_and_digits(tuid: str) -> None:
    assert re.fullmatch(r"[0-9a-z]{15,16}", tuid)


def test_tuids_are_spread_over_the_alphabet() -> None:
    assert len({entry.tuid[0] for entry in IFDB}) >= 15


def test_wiki_page_ids_are_spread() -> None:
    pageids = [entry.pageid for entry in WIKI]
    assert min(pageids) >= 200
    assert max(pageids) <= 15000
    assert max(pageids) - min(pageids) > 10000


def test_ifids_have_a_babel_shape_and_the_wiki_agrees_with_ifdb() -> None:
    on_ifdb = {ifid for entry in IFDB for ifid in entry.ifids}
    assert all(re.fullmatch(r"[0-9A-Z-]{8,63}", ifid) for ifid in on_ifdb)
    for game in GAMES:
        if game.ifdb and game.wiki and game.wiki.ifid:
            assert game.wiki.ifid in game.ifdb.ifids


def test_placeholder_ids_are_in_use() -> None:
    assert {entry.tuid for entry in IFDB} >= PLACEHOLDER_TUIDS
    assert {ifid for entry in IFDB for ifid in entry.ifids} >= PLACEHOLDER_IFIDS


def test_dates_have_the_shape_of_their_site() -> None:
    iso = r"\d{4}-[01]\d-[0-3]\d"
    assert all(re.fullmatch(iso, entry.date) for entry in INSTEAD)
    assert all(re.fullmatch(rf"\d{{4}}|{iso}", entry.published) for entry in IFDB if entry.published)
    assert all(re.fullmatch(r"(?:[0-3]\d\.[01]\d\.)?\d{4}", entry.released) for entry in WIKI if entry.released)
    assert any(entry.published is None for entry in IFDB)


def test_competitions_are_wikitext_templates() -> None:
    assert all(re.fullmatch(r"\{\{[^{}]+\}\}", template) for entry in WIKI for template in entry.competitions)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{type(entry).__name__}-{entry.title}")
def test_a_description_is_a_few_sentences_of_plain_text(entry: InsteadEntry | IfdbEntry | WikiEntry) -> None:
    assert entry.title
    assert 40 < len(entry.description) <= 1500
    assert entry.description == entry.description.strip()
    assert entry.description.endswith((".", "!", "?"))
    assert not re.search(r"</?[a-z]+>|&[a-z]+;|  ", entry.description)


def test_links_are_absolute() -> None:
    assert all(re.match(r"https?://[^/]+/", link.url) for link in links())


def test_many_games_are_on_two_sites_and_some_on_three() -> None:
    sites = Counter(len(entries_of(game)) for game in GAMES)
    assert sites[2] + sites[3] >= 24
    assert sites[3] >= 4


def test_sites_repeat_each_other_word_for_word_but_never_whole() -> None:
    assert sum(map(shares_a_sentence, GAMES)) >= 10
    for game in GAMES:
        descriptions = [entry.description for entry in entries_of(game)]
        assert len(set(descriptions)) == len(descriptions), game.slug


def test_ifdb_links_lead_to_instead_games() -> None:
    both = [game for game in GAMES if game.instead and game.ifdb]
    assert len(both) >= 5
    for game in both:
        assert game.instead
        assert game.ifdb
        target = re.compile(rf"game\.php\?ID={game.instead.id}$|/instead-{re.escape(game.instead.name)}-")
        assert any("instead-games.ru" in link.url and target.search(link.url) for link in game.ifdb.links), game.slug


def test_games_on_ifdb_and_the_wiki_share_an_ifid_or_a_link() -> None:
    both = [game for game in GAMES if game.ifdb and game.wiki]
    assert len(both) >= 10
    for game in both:
        assert game.ifdb
        assert game.wiki
        by_link = any(game.ifdb.tuid in link.url for link in game.wiki.links)
        by_page = any("ifwiki.ru" in link.url for link in game.ifdb.links)
        same_url = {link.url for link in game.ifdb.links} & {link.url for link in game.wiki.links}
        by_instead = game.instead is not None
        assert game.wiki.ifid or by_link or by_page or same_url or by_instead, game.slug


def test_namesakes_are_different_games() -> None:
    frankensteins = BY_SLUG["frankenstein-1987"].ifdb, BY_SLUG["frankenstein-2012"].ifdb
    old, new = frankensteins
    assert old
    assert new
    assert old.title == new.title
    assert old.author != new.author
    assert old.published != new.published


def test_titles_hold_the_traps() -> None:
    titles = [entry.title for entry in ENTRIES]
    for trap in ("[URQ] ", "<", '"', "«", "ё", ": ", "?", "!", "(", "[ru|en]"):
        assert any(trap in title for title in titles), trap
    assert {"Zork I", "Zork II", "Zork III", "Лифт", "Лифт-3", "Лифтер 2", "Лифтер II"} <= set(titles)
    assert any("," in entry.author for entry in IFDB)
    assert any("&" in entry.author for entry in IFDB)
    assert any(len(entry.authors) > 3 for entry in WIKI)
    assert any(entry.language.endswith("(en, es)") for entry in IFDB)


def test_sites_disagree_about_some_years() -> None:
    disagreeing = [
        game.slug
        for game in GAMES
        if game.ifdb
        and game.wiki
        and game.ifdb.published
        and game.wiki.released
        and game.ifdb.published[:4] != game.wiki.released[-4:]
    ]
    assert len(disagreeing) >= 3
