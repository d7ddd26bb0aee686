"""Who is answered and who is told: the web app, and the receivers of the event log."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

__all__ = ["DeskSettings", "WebhookSettings"]

MIN_KEY_BYTES = 24


class DeskSettings(BaseModel):
    """The web app. It answers on this machine alone; whatever stands before it names its hosts here."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    port: Annotated[int, Field(ge=1, le=65535)] = 3001
    token: SecretStr | None = None
    """Who has it may write; by default one is made in the data directory (`desk-token`)."""
    hosts: list[str] = Field(default_factory=list)
    """Names under which it answers besides 127.0.0.1 and localhost."""
    max_body_kb: Annotated[int, Field(ge=16)] = 1024
    """The largest body of a request that is no upload."""
    reconcile_origins: list[str] = Field(default_factory=list)
    """Sites whose pages may read the reconciliation service, such as http://127.0.0.1:3333, OpenRefine's."""

    @field_validator("reconcile_origins")
    @classmethod
    def _origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", origin):
                raise ValueError(f"an origin such as http://127.0.0.1:3333 is expected, not {origin[:60]!r}")
        return origins

    @field_validator("token")
    @classmethod
    def _long(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not re.fullmatch(r"[!-~]{16,500}", token.get_secret_value()):
            raise ValueError("16 to 500 characters of ASCII without spaces are expected")
        return token


class WebhookSettings(BaseModel):
    """One receiver of the event log. Neither its secrets nor its address, whose path may hold one, is ever shown."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: str = Field(repr=False)
    """https, or http where the host is this machine."""
    secret: SecretStr
    """The key of the signatures: `whsec_` and base64, or plain text; at least 24 bytes."""
    previous_secret: SecretStr | None = None
    """The key before, while it is being replaced: signatures are made with both."""
    events: Annotated[list[str], Field(min_length=1)] = ["game.*"]
    """Types of events, or patterns of them (`*`, `?`, `[...]`)."""
    enabled: bool = True
    timeout: Annotated[float, Field(gt=0, le=300)] = 10.0
    """Seconds for one delivery, from the name lookup to the last byte of the answer."""
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 12
    backoff_base: Annotated[float, Field(gt=0)] = 30.0
    backoff_cap: Annotated[float, Field(gt=0)] = 21_600.0
    keep_days: Annotated[float, Field(ge=0)] = 30.0
    """How long it is remembered what was delivered; dead letters stay until they are sent again."""

    @property
    def origin(self) -> str:
        """The address as far as it may be shown."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def keys(self) -> list[bytes]:
        """The keys that sign, the newest first."""
        return [_key_of(secret) for secret in (self.secret, self.previous_secret) if secret is not None]

    @field_validator("url")
    @classmethod
    def _reachable(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ValueError("an address such as https://example.org/hook is expected") from None
        if parts.scheme not in ("http", "https") or not host or not re.fullmatch(r"[!-~]+", url):
            raise ValueError("an address such as https://example.org/hook is expected, in ASCII")
        if "@" in parts.netloc or parts.fragment:
            raise ValueError("an address without user, password and fragment is expected; the signature says who sends")
        if parts.scheme == "http" and not _is_loopback(host):
            raise ValueError("https is needed; http goes to this machine only (127.0.0.1, ::1, localhost)")
        return url

    @field_validator("secret", "previous_secret")
    @classmethod
    def _strong(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(_key_of(secret)) < MIN_KEY_BYTES:
            raise ValueError(
                f"a key of at least {MIN_KEY_BYTES} bytes is expected; make one with: openssl rand -hex 32"
            )
        return secret

    @field_validator("events")
    @classmethod
    def _patterns(cls, events: list[str]) -> list[str]:
        for pattern in events:
            if not re.fullmatch(r"[a-z_.*?\[\]!-]+", pattern):
                raise ValueError(f"{pattern!r} is no type of event and no pattern such as game.*")
        return events

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.backoff_cap < self.backoff_base:
            raise ValueError("backoff_cap must not be less than backoff_base")
        return self


def _key_of(secret: SecretStr) -> bytes:
    """The bytes of a secret. Raises `ValueError`, which does not tell the secret."""
    text = secret.get_secret_value()
    if not text.startswith("whsec_"):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("what follows whsec_ must be base64") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
