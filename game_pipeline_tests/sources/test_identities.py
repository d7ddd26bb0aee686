"""Which game of which site an address names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.sources import get
from game_pipeline.sources.identities import SiteId, site_id, wiki_title
from game_pipeline_tests.shared import SHARED, needs_shared

URLS = SHARED / "samples" / "ifwiki_ru" / "game-urls-2017-06-30.txt"


@pytest.mark.parametrize(
    ("url", "scheme", "value"),
    [
        ("https://ifdb.org/viewgame?id=0dbnusxunq7fw5ro", "tuid", "0dbnusxunq7fw5ro"),
        ("http://ifdb.tads.org/viewgame?ifiction&id=0DBNUSXUNQ7FW5RO", "tuid", "0dbnusxunq7fw5ro"),
        ("http://instead-games.ru//game.php?ID=0107", "instead_games", "107"),
        ("https://ifwiki.ru/?curid=268", "ifwiki_ru", "268"),
        ("http://ifwiki.ru/%D0%BA%D0%BE%D1%82_%D0%B8_%D0%BF%D1%91%D1%81", "ifwiki_ru_title", "Кот и пёс"),
        ("https://www.ifwiki.org/index.php?title=Zork_I", "ifwiki_en", "Zork I"),
        ("https://store.steampowered.com/agecheck/app/40400/AI_War/", "steam", "40400"),
        ("https://store.epicgames.com/en-US/p/control", "epic", "control"),
        ("https://www.gog.com/en/game/planescape_torment", "gog_slug", "planescape_torment"),
        ("https://www.igdb.com/games/zork-i", "igdb_slug", "zork-i"),
        ("https://rawg.io/games/grand-theft-auto-v", "rawg_slug", "grand-theft-auto-v"),
        ("https://vndb.org/v17", "vndb", "v17"),
        ("http://www.wikidata.org/entity/Q42", "wikidata", "Q42"),
        ("https://www.wikidata.org/wiki/Special:EntityData/Q42.json", "wikidata", "Q42"),
        ("https://www.mobygames.com/game/50/zork/", "mobygames", "50"),
        ("https://Somebody.itch.io/My-Game/", "itch", "somebody.itch.io/my-game"),
        ("https://quest-book.ru/online/view/game0042", "quest_book", "game0042"),
        (
            "https://apero.ru/%D0%A2%D0%B5%D0%BA%D1%81%D1%82%D0%BE%D0%B2%D1%8B%D0%B5-%D0%B8%D0%B3%D1%80%D1%8B/X",
            "apero",
            "X",
        ),
        ("http://urq.plut.info/node/12", "plut", "12"),
        ("http://forum.ifiction.ru/viewtopic.php?id=99&lid=7", "ifiction_forum", "99"),
    ],
)
def test_an_address_names_its_game(url: str, scheme: str, value: str) -> None:
    assert site_id(url) == SiteId(scheme, value)


@pytest.mark.parametrize(
    "url",
    [
        "https://ifdb.org/search?searchfor=zork",
        "https://ifdb.org/viewgame?id=short",
        "https://ifdb.org.example.com/viewgame?id=0dbnusxunq7fw5ro",
        "https://instead-games.ru/xml.php?ID=107",
        "https://ifwiki.ru/files/Cat.zip",
        "https://ifwiki.ru/",
        "https://apero.ru/Текстовые-игры/Каталог/2",
        "https://store.steampowered.com/",
        "https://itch.io/games/newest.xml",
        "https://somebody.itch.io/",
        "ftp://vndb.org/v17",
        "https://[broken/v17",
        "",
        "https://apero.ru/Текстовые-игры/%00Сова",  # no database keeps it, and one would cost a whole listing
        "https://ifwiki.ru/index.php?title=%1BСова",
    ],
)
def test_an_address_that_names_no_game_has_no_id(url: str) -> None:
    assert site_id(url) is None


@given(st.text(max_size=80), st.sampled_from(["ifdb.org", "ifwiki.ru", "vndb.org", "a.itch.io", "apero.ru"]))
def test_no_address_is_too_odd_to_be_asked_about(tail: str, host: str) -> None:
    found = site_id(f"https://{host}/{tail}")
    assert found is None or (found.scheme and found.value)


@needs_shared
def test_the_thousand_pages_of_ifwiki_ru_have_an_identity_each_and_none_is_taken_for_a_namespace() -> None:
    urls = [line.strip() for line in URLS.read_text(encoding="utf-8").splitlines() if line.strip()]
    identities = {site_id(url) for url in urls}
    assert len(urls) == len(identities) == 1_019
    assert None not in identities
    wiki = get("ifwiki_ru")
    # The nine that are no articles are the categories within the category; a colon in a title makes no namespace.
    others = [wiki_title(url) for url in urls if not wiki.owns(url)]
    assert len(others) == 9
    assert all(title.startswith("Категория:") for title in others)
    assert sum(":" in wiki_title(url) for url in urls if wiki.owns(url)) > 20
