"""The gate every address passes before anything is sent: a page's own, and each one a redirect names."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx2

from .outcomes import FetchError, Kind, Outcome

__all__ = ["Target", "check_url", "join_url"]

LONGEST = 2_048

_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")
# What the C library reads as an IPv4 address though it is not written as one: 2130706433, 0177.0.0.1, 0x7f.1, 127.1.
_NUMERIC_LABEL = re.compile(r"\d+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be asked for. `host` is the key of politeness; `url` has no fragment."""

    url: str
    host: str
    parsed: httpx2.URL

    @property
    def port(self) -> int:
        return self.parsed.port or (443 if self.parsed.scheme == "https" else 80)

    @property
    def site(self) -> str:
        """Host, and the port where it is not the scheme's own: what one robots.txt speaks for."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.parsed.port is None else f"{host}:{self.parsed.port}"


def check_url(url: str) -> Target:
    """The address taken apart. Raises `FetchError(invalid_url)` where it is not one that we ask for."""
    if len(url) > LONGEST:
        raise _invalid(url, f"the address has {len(url)} characters, {LONGEST} are allowed")
    if problem := _bad_character(url):
        raise _invalid(url, problem)
    try:
        parsed = httpx2.URL(url.partition("#")[0])
    except (httpx2.InvalidURL, ValueError) as error:
        raise _invalid(url, f"not an address: {error}") from error
    if parsed.scheme not in ("http", "https"):
        raise _invalid(url, f"only http and https are fetched, not {parsed.scheme or 'an address without scheme'!r}")
    # Asked of the text: a parser that drops an empty user name would let `http://@host/` through.
    authority = _AUTHORITY.match(url)
    if authority is None or "@" in authority[1]:
        raise _invalid(url, "an address with a user name or password is not fetched")
    host = parsed.raw_host.decode("ascii").lower().rstrip(".")
    if not host or ".." in host or host.startswith("."):
        raise _invalid(url, "the address has no host")
    if _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]) and not _is_address(host):
        raise _invalid(url, f"{host} is a disguised IP address")
    if parsed.port is not None and not 0 < parsed.port <= 65_535:
        raise _invalid(url, f"{parsed.port} is not a port")
    return Target(url.partition("#")[0], host, parsed)


def join_url(base: str, location: str) -> Target:
    """Where a redirect from `base` leads. Raises `FetchError(invalid_url)`."""
    # Before joining, as urljoin drops the characters that must be refused.
    if problem := _bad_character(location):
        raise _invalid(base, f"redirects to an address where {problem}")
    try:
        joined = urljoin(base, location)
    except ValueError as error:
        raise _invalid(base, f"redirects to {location!r}, which is not an address") from error
    return check_url(joined)


def _bad_character(url: str) -> str | None:
    if url.isprintable() and " " not in url and "\\" not in url:
        return None
    for position, character in enumerate(url):
        if character in "\\ " or not character.isprintable():
            return f"character {position + 1}, {character!r}, is not allowed in an address"
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _invalid(url: str, message: str) -> FetchError:
    return FetchError(Outcome.INVALID_URL, Kind.PERMANENT, message, url)
