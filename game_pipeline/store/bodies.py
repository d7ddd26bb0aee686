"""Raw bodies: kept once per distinct content, compressed, found by their hash."""

from __future__ import annotations

from hashlib import blake2b

import zstandard
from psycopg import Connection
from psycopg.rows import DictRow

__all__ = ["BodyError", "body_hash", "load_body", "save_body"]

# Level 6 would save another twentieth of the space, for three times the CPU time of a page.
_LEVEL = 3


class BodyError(RuntimeError):
    """A stored body is missing or is not what its hash says."""


def body_hash(body: bytes) -> bytes:
    """BLAKE2b, 128 bits."""
    return blake2b(body, digest_size=16).digest()


def save_body(connection: Connection[DictRow], body: bytes) -> bytes:
    """Keep a body and return its hash; the same content is kept once."""
    key = body_hash(body)
    connection.execute(
        b"INSERT INTO page_body (body_hash, body, size) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (key, zstandard.ZstdCompressor(level=_LEVEL).compress(body), len(body)),
    )
    return key


def load_body(connection: Connection[DictRow], key: bytes) -> bytes:
    """The body with this hash. Raises `BodyError` where it is missing or damaged."""
    row = connection.execute(b"SELECT body, size FROM page_body WHERE body_hash = %s", (key,)).fetchone()
    if row is None:
        raise BodyError(f"no stored body {key.hex()}")
    try:
        body = zstandard.ZstdDecompressor().decompress(row["body"], max_output_size=row["size"])
    except zstandard.ZstdError as error:
        raise BodyError(f"stored body {key.hex()} is damaged: {error}") from error
    if body_hash(body) != key:
        raise BodyError(f"stored body {key.hex()} is damaged")
    return body
