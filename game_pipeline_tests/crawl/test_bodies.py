"""Raw bodies: kept once per content, given back exactly, or not at all."""

from __future__ import annotations

import pytest
import zstandard

from game_pipeline.store.bodies import BodyError, load_body, save_body
from game_pipeline.store.pool import Store

BODY = b"<html>a page, again and again</html>" * 200


@pytest.mark.parametrize("body", [BODY, b"", bytes(range(256))])
def test_a_body_comes_back_as_it_was(store: Store, body: bytes) -> None:
    with store.transaction() as connection:
        assert load_body(connection, save_body(connection, body)) == body


def test_the_same_content_is_kept_once_and_small(store: Store) -> None:
    with store.transaction() as connection:
        assert save_body(connection, BODY) == save_body(connection, BODY)
    [row] = store.rows("SELECT size, octet_length(body) AS stored, octet_length(body_hash) AS hashed FROM page_body")
    assert (row["size"], row["hashed"]) == (len(BODY), 16)
    assert row["stored"] < len(BODY) / 20


def test_a_missing_or_exchanged_body_is_an_error_that_names_it(store: Store) -> None:
    with store.connection() as connection:
        key = save_body(connection, BODY)
        other = zstandard.ZstdCompressor().compress(BODY[:-1] + b"!")
        connection.execute("UPDATE page_body SET body = %s", (other,))
        with pytest.raises(BodyError, match=key.hex()):
            load_body(connection, key)
        connection.execute("DELETE FROM page_body")
        with pytest.raises(BodyError, match=key.hex()):
            load_body(connection, key)
