"""Addresses: their one written form, and the form that says two are the same place.

What kind of place one is stands in `links`, which game of a site it names in `identities`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit, urlunsplit

from w3lib.url import safe_url_string

from game_pipeline.model import MAX_URL

__all__ = ["absolute", "host_of", "identity_url", "names_page", "normalise_url", "on_host", "query_of"]

_TRACKING = re.compile(r"(?:utm_[^=&]*|fbclid|gclid|yclid|mc_[ce]id)(?:=|$)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Escapes that are written otherwise than they would be: of what needs none, or with a small letter.
_UNTIDY = re.compile(r"%(2[DEde]|3\d|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee]|[a-f][0-9A-Fa-f]|[0-9A-F][a-f])", re.ASCII)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_TIDY_ESCAPE = r"%(?:[0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F]|[46]0|5[B-E]|7[BCDF])"
_TIDY = re.compile(
    rf"https?://[a-z0-9_-]+(?:\.[a-z0-9_-]+)*/(?:[A-Za-z0-9._~/-]|{_TIDY_ESCAPE})*"
    # A query, but none that might have a tracking parameter in it.
    rf"(?:\?(?!(?i:[^#]*(?:utm_|clid|mc_[ce]id)))(?:[A-Za-z0-9._~/=&:,-]|{_TIDY_ESCAPE})+)?",
    re.ASCII,
)
_PLAIN_HOST = re.compile(r"https?://(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?=[/?#]|\Z)")
_FORBIDDEN = re.compile(r"[\s\x00-\x20\x7f\\]")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")
_LONGEST_NAME = 255  # bytes, as of a title of MediaWiki


def normalise_url(url: str, base: str | None = None) -> str:
    """The one written form of an http(s) address, `base` completing a relative one.

    Changed is only what can't change the place: case of scheme and host, IDNA, default port, percent-encoding
    (UTF-8, capitals, nothing encoded that needs no encoding), fragment, tracking parameters. The order of the query,
    doubled slashes and the scheme stay. Raises ValueError for anything that is no http(s) address.
    """
    if len(url) <= MAX_URL and _TIDY.fullmatch(url):  # most are, and stay as they are
        return url
    return _normalised(url, base)


def _normalised(url: str, base: str | None) -> str:
    text = url.strip()
    shown = repr(text[:120])
    if text.startswith("//"):
        text = f"{urlsplit(base).scheme if base else 'https'}:{text}"
    elif base:
        text = urljoin(base, text)
    if not re.match(r"https?://", text, re.IGNORECASE):
        raise ValueError(f"no http(s) address: {shown}")
    text = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text.replace("\\", "%5C"))
    try:
        parts = urlsplit(safe_url_string(text))
        host, port = parts.hostname or "", parts.port
    except (ValueError, UnicodeError) as error:
        raise ValueError(f"no http(s) address: {shown} ({error})") from None
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise ValueError(f"no host name: {shown}") from None
    host = f"[{host}]" if ":" in host else host.lower()
    if not _HOST.fullmatch(host):
        raise ValueError(f"no host name: {shown}")
    netloc = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    query = "&".join(part for part in parts.query.split("&") if not _TRACKING.match(part))
    result = urlunsplit((parts.scheme, netloc, _tidy_escapes(parts.path) or "/", _tidy_escapes(query), ""))
    if len(result) > MAX_URL or _FORBIDDEN.search(result):
        raise ValueError(f"no usable http(s) address: {shown}")
    return result


def identity_url(url: str) -> str:
    """A key that is equal for addresses of the same place: for comparing, not for visiting.

    Scheme, `www.`, a trailing slash, doubled slashes, percent-encoding and the order of the query don't count.
    Raises ValueError for anything that is no http(s) address.
    """
    parts = urlsplit(normalise_url(url))
    path = re.sub(r"/{2,}", "/", unquote(parts.path)).rstrip("/")
    query = "&".join(sorted(unquote(part.replace("+", " ")) for part in parts.query.split("&") if part))
    return f"{parts.netloc.removeprefix('www.')}{path}{'?' if query else ''}{query}"


def absolute(base: str, href: str) -> str:
    """Where a link of a page leads, as it is written there; empty where that is no address at all."""
    try:
        return urljoin(base, href.strip())
    except ValueError:
        return ""


def names_page(name: str) -> bool:
    """Can a page be called so, whose name is a part of its address, decoded? Not by control characters, which no
    database keeps, by what a path gives another meaning, nor at any length."""
    if name in ("", ".", "..") or len(name.encode(errors="replace")) > _LONGEST_NAME:
        return False
    return not any(unicodedata.category(char) in ("Cc", "Cs") for char in name)


def host_of(url: str) -> str:
    """The lower-case host name without `www.`, or an empty string."""
    if plain := _PLAIN_HOST.match(url):  # most are
        return plain[1]
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def on_host(url: str, hosts: Iterable[str]) -> bool:
    """Is the address an http(s) one on one of the hosts (`www.` does not count)?"""
    return bool(re.match(r"https?://", url, re.IGNORECASE)) and host_of(url) in hosts


def query_of(url: str) -> dict[str, str]:
    """The query's parameters by name, the last one winning; blank values are kept."""
    try:
        return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=200))
    except ValueError:
        return {}


def _tidy_escapes(text: str) -> str:
    def tidy(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char in _UNRESERVED else match[0].upper()

    return _UNTIDY.sub(tidy, text)
