"""Raw bodies: kept once per distinct content, compressed, found by their hash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b

import zstandard
from psycopg import Connection
from psycopg.rows import DictRow

__all__ = ["BodyError", "body_hash", "load_body", "packed_bodies", "save_bodies", "save_body"]

# Level 6 would save another twentieth of the space, for three times the CPU time of a page.
_LEVEL = 3


class BodyError(RuntimeError):
    """A stored body is missing or is not what its hash says."""


def body_hash(body: bytes) -> bytes:
    """BLAKE2b, 128 bits."""
    return blake2b(body, digest_size=16).digest()


def save_body(connection: Connection[DictRow], body: bytes) -> bytes:
    """Keep a body and return its hash; the same content is kept once."""
    [key] = save_bodies(connection, [body])
    return key


# What is kept already is locked until the page that needs it is stored, too, though nothing about it changes: else it
# might be dropped in between, as one that nobody needs.
_SAVE = b"""
INSERT INTO page_body (body_hash, body, size)
SELECT * FROM unnest(%b::bytea[], %b::bytea[], %s::int[])
ON CONFLICT (body_hash) DO UPDATE SET size = excluded.size WHERE false
"""


def save_bodies(connection: Connection[DictRow], bodies: Sequence[bytes]) -> list[bytes]:
    """Keep bodies and return their hashes, in their order."""
    keys = [body_hash(body) for body in bodies]
    packer = zstandard.ZstdCompressor(level=_LEVEL)
    new = {key: (packer.compress(body), len(body)) for key, body in zip(keys, bodies, strict=True)}
    rows = sorted(new.items())  # one order for everybody: two who keep the same bodies do not wait for each other
    connection.execute(
        _SAVE, ([key for key, _ in rows], [packed for _, (packed, _) in rows], [n for _, (_, n) in rows])
    )
    return keys


def load_body(connection: Connection[DictRow], key: bytes) -> bytes:
    """The body with this hash. Raises `BodyError` where it is missing or damaged."""
    return packed_bodies(connection, [key])(key)


_PACKED = b"SELECT body_hash, body, size FROM page_body WHERE body_hash = ANY(%b)"


def packed_bodies(connection: Connection[DictRow], keys: Sequence[bytes]) -> Callable[[bytes], bytes]:
    """Bodies as they are kept, to be unpacked one by one: a function that is `load_body` for each of the keys."""
    rows = connection.execute(_PACKED, (list(keys),), binary=True)
    packed = {bytes(row["body_hash"]): (row["body"], row["size"]) for row in rows}
    unpacker = zstandard.ZstdDecompressor()  # making one takes longer than unpacking a page
    return lambda key: _unpack(unpacker, key, packed.get(key))


def _unpack(unpacker: zstandard.ZstdDecompressor, key: bytes, packed: tuple[bytes, int] | None) -> bytes:
    if packed is None:
        raise BodyError(f"no stored body {key.hex()}")
    try:
        body = unpacker.decompress(packed[0], max_output_size=packed[1])
    except zstandard.ZstdError as error:
        raise BodyError(f"stored body {key.hex()} is damaged: {error}") from error
    if body_hash(body) != key:
        raise BodyError(f"stored body {key.hex()} is damaged")
    return body
