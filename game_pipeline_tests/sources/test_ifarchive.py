"""The IF Archive: the generator's own documents, and what becomes of their quirks."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.demo.replicas import REPLICAS, world_on
from game_pipeline.demo.replicas.reply import Target
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in

SOURCE = get("ifarchive")
MASTER = "https://ifarchive.org/indexes/Master-Index.xml"
FOLDER = SAMPLES / "ifarchive"


def _records(body: bytes, url: str, key: str = "") -> dict[str, GameRecord]:
    return {record.identity: record for record in games_in(SOURCE, Page(url=url, body=body, key=key))}


@needs_shared
def test_the_master_index_gives_files_of_games_with_hashes_sizes_and_ids() -> None:
    records = _records((FOLDER / "Master-Index.xml").read_bytes(), MASTER)
    game = records["if-archive/games/game1"]
    assert [(item.scheme, item.value) for item in game.external_ids] == [("tuid", "xyz111"), ("ifwiki_en", "Adventure")]
    assert game.extra["size"] == 8
    assert game.extra["md5"] == "0e3548092f60ba3f9e1f7306c942c1c3"
    assert game.extra["uploaded"] == "2018-10-20"
    assert game.release_date is None, "when a file was put there says nothing about the game"
    assert game.descriptions[0].text == "Game number 1."
    assert "if-archive/games/old" in records, "a directory that is a game's own"
    assert not any("all.zip" in identity for identity in records), "a link to another file is no file"


@needs_shared
def test_a_file_of_several_games_is_a_record_for_each() -> None:
    records = _records((FOLDER / "Master-Index.xml").read_bytes(), MASTER)
    both = [records[f"if-archive/games/bothgames#{tuid}"] for tuid in ("xyz111", "xyz222")]
    assert [[item.value for item in record.external_ids] for record in both] == [["xyz111"], ["xyz222"]]


@needs_shared
def test_the_listing_names_directories_with_the_time_of_their_newest_file() -> None:
    listing = SOURCE.parse_listing(Response(MASTER, 200, (FOLDER / "Master-Index.xml").read_bytes()))
    found = {page.key: (page.request.url, page.fingerprint) for page in listing.pages}
    assert found["if-archive/games"] == ("https://ifarchive.org/if-archive/games/Index", "1540000000")
    assert found["if-archive/games/old/older"][1] == "1538800000"
    assert listing.next == ()


@needs_shared
def test_the_feed_names_directories_with_the_signal_that_the_listing_has() -> None:
    feed = SOURCE.parse_feed(Response("", 200, (FOLDER / "archive.rss").read_bytes()), None)
    assert feed.cursor == "1540000000"
    assert {page.key: page.fingerprint for page in feed.pages}["if-archive/games"] == "1540000000"
    assert all(page.key.startswith("if-archive/games") for page in feed.pages)


@needs_shared
def test_an_index_is_read_entry_by_entry() -> None:
    records = _records((FOLDER / "games-Index").read_bytes(), "https://ifarchive.org/if-archive/games/Index")
    assert {"if-archive/games/bothgames#xyz111", "if-archive/games/bothgames#xyz222"} <= records.keys()
    nested = records["if-archive/games/old/older/game1-pre"]
    assert nested.descriptions[0].text == "Triple-depth file reference."


@needs_shared
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.name)
def test_the_metadata_of_one_file_gives_its_games(path: object) -> None:
    name = str(path).rpartition("if-archive__")[2].replace("__", "/")
    url = f"https://ifarchive.org/metadata/if-archive/{name}"
    records = _records((FOLDER / str(path)).read_bytes(), url)
    assert records
    assert all(identity.startswith(f"if-archive/{name.removesuffix('.json')}") for identity in records)


def _index(*entries: str) -> dict[str, GameRecord]:
    body = "\n\n".join(entries).encode()
    return _records(body, "https://ifarchive.org/if-archive/games/zcode/Index", "if-archive/games/zcode")


def test_a_first_line_that_reads_like_a_title_is_one() -> None:
    records = _index(
        "# curses.z5\ntuid: plvzam05bmz3enh8\n\nCurses, by Graham Nelson\nRelease 16",
        "# foo.z5\n\n*Foo*: An Art Project\nRelease 1",
        "# old_barn.z8\n\nThis is a game about a barn. It was written long ago.",
    )
    curses = records["if-archive/games/zcode/curses.z5"]
    assert (curses.title, [credit.name for credit in curses.credits]) == ("Curses", ["Graham Nelson"])
    assert [(tag.kind, tag.value) for tag in curses.tags] == [("system", "Z-code")]
    assert records["if-archive/games/zcode/foo.z5"].title == "Foo: An Art Project"
    assert records["if-archive/games/zcode/old_barn.z8"].title == "old barn"


def test_what_is_no_game_gives_no_record() -> None:
    assert _index("# README.txt\n\nRead me", "# curses.sol\n\nA solution", "# sub\n\nA directory") == {}


def test_metadata_that_nobody_reads_is_told_of() -> None:
    record = _index("# a.z5\ncolour: blue\n\nA")["if-archive/games/zcode/a.z5"]
    assert "unread metadata colour" in record.warnings


def test_a_page_of_markup_is_no_index() -> None:
    with pytest.raises(ParseError, match="Index"):
        _index("<html><body>moved</body></html>")


def test_addresses_of_files_are_owned_and_others_are_not() -> None:
    assert SOURCE.owns("http://www.ifarchive.org/if-archive/games/zcode/curses.z5")
    for other in (
        "https://ifarchive.org/indexes/if-archive/games/",
        "https://ifarchive.org/if-archive/games/../../x.z5",
    ):
        assert not SOURCE.owns(other)
    located = SOURCE.locate("https://ifarchive.org/if-archive/games/zcode/curses.z5")
    assert [page.key for page in located.pages] == ["if-archive/games/zcode"]


def test_the_replica_s_listing_and_indexes_name_the_same_games() -> None:
    world = world_on(1)
    site = REPLICAS["ifarchive"]
    master = site.answer(world, Target.parse("/indexes/Master-Index.xml")).body
    whole = _records(master, MASTER)
    read: dict[str, GameRecord] = {}
    for page in SOURCE.parse_listing(Response(MASTER, 200, master)).pages:
        reply = site.answer(world, Target.parse(page.request.url.removeprefix("https://ifarchive.org")))
        assert reply.status == 200
        read |= {
            record.identity: record for record in games_in(SOURCE, Page(url=page.url, body=reply.body, key=page.key))
        }
    assert len(read) > 5
    assert {key: record.title for key, record in read.items()} == {key: record.title for key, record in whole.items()}


def test_another_layout_is_an_error_and_no_empty_archive() -> None:
    target = Target.parse("/indexes/Master-Index.xml", switches=frozenset({"layout"}))
    body = REPLICAS["ifarchive"].answer(world_on(1), target).body
    with pytest.raises(ParseError):
        SOURCE.parse_listing(Response(MASTER, 200, body))


@given(st.binary(max_size=400), st.sampled_from([b"", b'<?xml version="1.0"?><ifarchive>', b"# a.z5\n", b"{"]))
def test_any_bytes_give_records_or_a_parse_error(body: bytes, start: bytes) -> None:
    with contextlib.suppress(ParseError):
        games_in(SOURCE, Page(url=MASTER, body=start + body))
