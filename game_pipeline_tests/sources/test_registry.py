"""The registry: sources by name and by address, and what is said where there is none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from game_pipeline.sources import SOURCES, UnknownSourceError, get, nearest, owner_of
from game_pipeline.sources.base import Source, check_source
from game_pipeline.sources.ifdb import IFDB


def test_every_source_is_registered_under_its_own_name_and_states_its_facts() -> None:
    assert {"instead_games", "ifdb", "ifwiki_ru", "qsp", "plut", "apero", "quest_book", "rilarhiv"} <= set(SOURCES)
    assert {"igdb", "steam", "rawg", "wikidata", "vndb", "itch"} <= set(SOURCES)
    for name, source in SOURCES.items():
        assert source.name == name
        check_source(source)
        assert len(set(source.segment_keys())) == len(source.segments)


def test_a_source_is_verified_only_where_real_captures_were_seen() -> None:
    verified = {name for name, source in SOURCES.items() if source.verified}
    assert verified >= {"instead_games", "ifdb", "ifiction", "gog_galaxy", "ifarchive", "igdb", "steam", "rawg"}
    assert not verified & {"ifwiki_ru", "ifwiki_org", "quest_book", "apero", "ifiction_forum", "plut", "vndb", "itch"}


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownSourceError, match="did you mean: ifdb") as caught:
        get("ifbd")
    assert isinstance(caught.value, KeyError)
    with pytest.raises(UnknownSourceError, match="there are: instead_games"):
        get("zzz")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://instead-games.ru/game.php?ID=1", "instead_games"),
        ("http://ifdb.tads.org/viewgame?id=0dbnusxunq7fw5ro", "ifdb"),
        ("https://ifwiki.ru/Маяк", "ifwiki_ru"),
        ("https://www.igdb.com/games/paper-mario", "igdb"),
        ("https://store.steampowered.com/app/40400/AI_War/", "steam"),
        ("https://rawg.io/games/doom", "rawg"),
        ("https://www.wikidata.org/wiki/Q5", "wikidata"),
        ("https://vndb.org/v17", "vndb"),
        ("https://nest.itch.io/owl", "itch"),
        ("https://example.org/a.iFiction", "ifiction"),
        ("https://qsp.org/games/123-owl", "qsp"),
        ("http://qsp.su/index.php?option=com_sobi2&sobi2Id=7", "qsp"),
        ("http://plut.info/urq/node/7", "plut"),
        ("https://apero.ru/Текстовые-игры/Маяк", "apero"),
        ("https://quest-book.ru/online/view/game7", "quest_book"),
        ("https://forum.ifiction.ru/viewtopic.php?id=7", "ifiction_forum"),
        ("http://rilarhiv.ru/qsp/owl.rar", "rilarhiv"),
        ("https://axmajs.ru/library/?id=7", "axma"),
        ("https://hyperbook.ru/file7", "hyperbook"),
        ("http://rilarhiv.ru/qsp/owl.iFiction", "rilarhiv"),
        ("https://example.org/", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_an_address_finds_its_owner(url: str, name: str | None) -> None:
    owner = owner_of(url)
    assert (owner.name if owner else None) == name


def test_an_address_that_nobody_owns_is_told_who_is_near() -> None:
    assert nearest("https://ifbd.org/viewgame?id=x")[0] == "ifdb"
    assert nearest("instead-game.ru")[0] == "instead_games"
    assert nearest("https://q.z/") == []


def test_incomplete_facts_show_at_registration() -> None:
    class Nameless(IFDB):
        name = ""

    with pytest.raises(TypeError, match="name is missing"):
        check_source(Nameless())
    assert issubclass(Nameless, Source)


def test_importing_the_sources_pulls_in_no_network_database_or_orchestrator() -> None:
    code = (
        "import sys, game_pipeline.sources;"
        "print(*sorted({name.partition('.')[0] for name in sys.modules} &"
        " {'dagster', 'httpx2', 'psycopg', 'pandas', 'bs4', 'markdownify', 'mwparserfromhell'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
