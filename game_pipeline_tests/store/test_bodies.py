"""Raw bodies: once per content, compressed, checked when they are read."""

from __future__ import annotations

import os

import pytest

from game_pipeline.store import BodyError, Store, load_body, save_body


@pytest.mark.parametrize("body", [b"", b"<html>\x00\xff</html>", os.urandom(70_000), b"ab" * 500_000])
def test_a_body_comes_back_as_it_was(store: Store, body: bytes) -> None:
    with store.transaction() as connection:
        assert load_body(connection, save_body(connection, body)) == body


def test_the_same_content_is_kept_once_and_compressed(store: Store) -> None:
    with store.transaction() as connection:
        assert save_body(connection, b"lamp" * 1_000) == save_body(connection, b"lamp" * 1_000)
        save_body(connection, b"door")
    rows = store.rows("SELECT size, length(body) AS kept FROM page_body ORDER BY size")
    assert [row["size"] for row in rows] == [4, 4_000]
    assert rows[1]["kept"] < 100


def test_a_body_that_is_not_there_is_named(store: Store) -> None:
    with store.connection() as connection, pytest.raises(BodyError, match="no stored body 00ff"):
        load_body(connection, b"\x00\xff")


@pytest.mark.parametrize(
    "damage",
    [
        "body = substring(body FOR 12)",
        "body = 'no zstd at all'::bytea",
        "body = ''::bytea",
        "body = (SELECT body FROM page_body WHERE size = 4)",
    ],
)
def test_a_damaged_body_is_not_handed_out(store: Store, damage: str) -> None:
    with store.transaction() as connection:
        key = save_body(connection, b"a lamp and a door")
        save_body(connection, b"door")
        connection.execute(f"UPDATE page_body SET {damage} WHERE size > 4".encode())
        with pytest.raises(BodyError, match=f"stored body {key.hex()} is damaged"):
            load_body(connection, key)
