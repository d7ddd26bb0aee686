"""The raw store within its limits: what nothing needs goes, what something needs never does."""

from __future__ import annotations

import threading

import pytest

from game_pipeline.crawl import drop_orphans, prune_raw, raw_stores
from game_pipeline.settings import RawSettings
from game_pipeline.store import Store, load_body, save_body
from game_pipeline_tests.changes.tiny_site import Site


@pytest.fixture
def site(store: Store) -> Site:
    """A page fetched twelve times, with a record that changed at the fourth."""
    site = Site(store)
    for number in range(1, 13):
        title = "old" if number < 4 else "new"
        site.serve("a", (f'[{{"identity": "1", "title": "{title}"}}]' + " " * number).encode())
        site.read()
        store.execute("UPDATE page_snapshot SET fetched_at = fetched_at - interval '1 day'")
    return site


def kept(store: Store) -> list[int]:
    """Which of the snapshots there are, the first being 1."""
    return [row["snapshot_id"] for row in store.rows("SELECT snapshot_id FROM page_snapshot ORDER BY snapshot_id")]


NEEDED = [1, 4, 12]  # by the two versions of the record, and the newest


def test_of_a_page_so_many_versions_are_kept_and_those_that_records_were_read_from(site: Site, store: Store) -> None:
    assert prune_raw(store, "tiny", RawSettings(versions=5)) == 5
    assert kept(store) == [1, 4, 8, 9, 10, 11, 12]
    assert prune_raw(store, "tiny", RawSettings(versions=1)) == 4
    assert kept(store) == NEEDED
    assert prune_raw(store, "tiny", RawSettings(versions=1)) == 0


def test_what_is_too_old_goes(site: Site, store: Store) -> None:
    assert prune_raw(store, "tiny", RawSettings(days=3.5)) == 7
    assert kept(store) == [1, 4, 10, 11, 12]


def test_the_oldest_go_until_the_source_is_within_its_megabytes(site: Site, store: Store) -> None:
    [before] = raw_stores(store, ["tiny"])
    assert (before["snapshots"], before["needed"]) == (12, 3)
    limit = before["bytes"] * 0.5 / 1024 / 1024
    assert prune_raw(store, "tiny", RawSettings(megabytes=limit)) > 3
    [after] = raw_stores(store, ["tiny"])
    assert set(NEEDED) <= set(kept(store))
    newest = [snapshot for snapshot in kept(store) if snapshot not in NEEDED]
    assert newest == list(range(12 - len(newest), 12))
    assert after["bytes"] < before["bytes"]
    assert prune_raw(store, "tiny", RawSettings(megabytes=1e-9)) == len(newest)
    assert kept(store) == NEEDED


def test_another_source_s_pages_are_not_touched(site: Site, store: Store) -> None:
    assert prune_raw(store, "other", RawSettings(versions=1)) == 0
    assert [row["snapshots"] for row in raw_stores(store, ["other", "tiny"])] == [0, 12]


def test_a_page_that_could_not_be_read_lately_keeps_the_last_that_could(site: Site, store: Store) -> None:
    site.serve("a", b"no JSON")
    site.read()
    prune_raw(store, "tiny", RawSettings(versions=1))
    assert kept(store) == [1, 4, 12, 13]


def test_bodies_that_nothing_refers_to_are_dropped(site: Site, store: Store) -> None:
    assert drop_orphans(store).bodies == 0
    prune_raw(store, "tiny", RawSettings(versions=1))
    gone = drop_orphans(store)
    assert gone.bodies == 9
    assert gone.bytes > 0
    assert store.row("SELECT count(*) AS n FROM page_body") == {"n": 3}
    assert site.read() == {}


def test_a_body_that_is_about_to_be_needed_again_is_not_dropped(store: Store) -> None:
    with store.transaction() as connection:
        key = save_body(connection, b"nobody's")
    with store.transaction() as connection:
        assert save_body(connection, b"nobody's") == key  # and its page is stored in a moment
        assert drop_orphans(store).bodies == 0
        assert load_body(connection, key) == b"nobody's"
    assert drop_orphans(store).bodies == 1


def test_who_needs_a_body_that_is_being_dropped_keeps_it_anew(store: Store) -> None:
    with store.transaction() as connection:
        key = save_body(connection, b"nobody's")
    saved = threading.Event()

    def save() -> None:
        with store.transaction() as connection:
            save_body(connection, b"nobody's")
        saved.set()

    with store.transaction() as connection:
        connection.execute(b"SELECT FROM page_body FOR UPDATE")
        connection.execute(b"DELETE FROM page_body")
        thread = threading.Thread(target=save)
        thread.start()
        assert not saved.wait(0.3)
    thread.join(10)
    with store.connection() as connection:
        assert load_body(connection, key) == b"nobody's"
