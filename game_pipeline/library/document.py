"""The data file's content: its structure, its checksum, its bytes. Pure; where it lies is told in `data_file`."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from hashlib import blake2b
from typing import Any, Literal

import zstandard

from game_pipeline.model import canonical_json

__all__ = [
    "GAME_KEYS",
    "USER_KEYS",
    "VERSION",
    "Compression",
    "DocumentError",
    "checksum_of",
    "decode",
    "encode",
    "seal",
    "slug_of",
    "structural_problems",
]

VERSION = "1.0"
USER_KEYS = ("user_id", "username", "db_filename", "db_mtime", "total_games", "installed_games")
GAME_KEYS = (
    "release_key",
    "title",
    "slug",
    "platforms",
    "owners",
    "installed",
    "igdb_key",
    "multiplayer",
    "max_players",
    "comment",
    "url",
)
MAX_BYTES = 1024 * 1024 * 1024

Compression = Literal["none", "gzip", "zstd"]
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class DocumentError(ValueError):
    """The bytes are no data file, or a damaged one; the message says what is wrong."""


def slug_of(title: str) -> str:
    """A title as it is compared and typed: lower case, letters and digits of any alphabet, joined by hyphens."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", title.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", plain)).strip("-")


def checksum_of(document: dict[str, Any]) -> str:
    """Over all that the document says but the checksum itself, however its keys are ordered."""
    said = {key: value for key, value in document.items() if key != "checksum"}
    return f"blake2b:{blake2b(canonical_json(said).encode(), digest_size=32).hexdigest()}"


def seal(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its checksum."""
    return {**document, "checksum": checksum_of(document)}


def encode(document: dict[str, Any], compression: Compression = "none") -> bytes:
    """A sealed document as bytes; the same document gives the same bytes."""
    raw = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    match compression:
        case "gzip":
            return gzip.compress(raw, 6, mtime=0)
        case "zstd":
            return zstandard.ZstdCompressor(level=6).compress(raw)
        case _:
            return raw


def decode(data: bytes) -> dict[str, Any]:
    """The document in these bytes, however they are packed. Raises `DocumentError` for what is not whole."""
    try:
        document = json.loads(_unpacked(data))
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"is no JSON ({error})" if data else "is empty") from None
    except (EOFError, OSError, zstandard.ZstdError) as error:
        raise DocumentError(f"does not unpack ({error})") from None
    if not isinstance(document, dict):
        raise DocumentError("holds no object")
    if document.get("version") != VERSION:
        raise DocumentError(f"is of version {document.get('version')!r}; {VERSION} is known")
    if problems := structural_problems(document):
        raise DocumentError(problems[0])
    if document.get("checksum") != checksum_of(document):
        raise DocumentError("its checksum is not that of its content")
    return document


def _unpacked(data: bytes) -> bytes:
    if data.startswith(_GZIP):
        return gzip.decompress(data)
    if data.startswith(_ZSTD):
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=MAX_BYTES)
    return data


def structural_problems(document: dict[str, Any]) -> list[str]:
    """What is missing or of the wrong kind, in words; references between its parts among it."""
    users, games = document.get("users"), document.get("games")
    if not isinstance(users, dict) or not isinstance(games, dict):
        return ["has no users or no games"]
    problems = []
    for user_id, user in users.items():
        lacking = [key for key in USER_KEYS if key not in user] if isinstance(user, dict) else list(USER_KEYS)
        if lacking:
            problems.append(f"user {user_id} has no {lacking[0]}")
        elif user["user_id"] != user_id:
            problems.append(f"user {user_id} says it is {user['user_id']}")
    for key, game in games.items():
        lacking = [name for name in GAME_KEYS if name not in game] if isinstance(game, dict) else list(GAME_KEYS)
        if lacking:
            problems.append(f"game {key} has no {lacking[0]}")
            continue
        if game["release_key"] != key:
            problems.append(f"game {key} says it is {game['release_key']}")
        owners, installed = game["owners"], game["installed"]
        if not isinstance(owners, list) or not isinstance(installed, list) or not isinstance(game["platforms"], list):
            problems.append(f"game {key}: owners, installed and platforms must be lists")
        elif strangers := [owner for owner in owners if owner not in users]:
            problems.append(f"game {key} is owned by {strangers[0]}, who is no user")
        elif not set(installed) <= set(owners):
            problems.append(f"game {key} is installed by one who does not own it")
    return problems
