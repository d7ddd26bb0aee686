"""The operator's token: whoever has it may write. Made once, kept for the owner of the data directory alone."""

from __future__ import annotations

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from game_pipeline.settings import Settings

__all__ = ["is_token", "operator_token", "session_of", "token_path"]

_BYTES = 32


def token_path(settings: Settings) -> Path:
    return settings.data_dir / "desk-token"


def operator_token(settings: Settings) -> tuple[str, bool]:
    """The token, and whether it was made just now. The setting `desk.token` goes over the file."""
    if settings.desk.token is not None:
        return settings.desk.token.get_secret_value(), False
    path = token_path(settings)
    for _ in range(2):
        try:
            return path.read_text(encoding="ascii").strip(), False
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(_BYTES)
        part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with open(part, "x", encoding="ascii", opener=_private) as file:
            file.write(f"{token}\n")
        try:
            os.link(part, path)  # of two that start at once, one's token is everybody's
        except FileExistsError:
            continue
        finally:
            part.unlink()
        return token, True
    return path.read_text(encoding="ascii").strip(), False


def is_token(given: str, token: str) -> bool:
    """Is it the token? Compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def session_of(token: str) -> str:
    """What a browser keeps instead of the token: whoever reads it cannot use the API from elsewhere with it."""
    return hmac.new(token.encode(), b"desk session", sha256).hexdigest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
