"""What every replica shares: a request's target, a reply, and the small pages that no site has in a form of its own."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Target:
    """The path and the query of a request, decoded. A parameter without a value has an empty one; names keep their
    case, and of a name given twice the last value counts, as in PHP.

    `host`: which of the site's hosts was asked, lower case. `headers`: names in lower case. `switches`: what of the
    site is switched on (`Replicas.switch`), by names of its own; `layout` is a redesign on every site that has one.
    """

    path: str
    query: dict[str, str]
    raw: str
    host: str = ""
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    switches: frozenset[str] = frozenset()

    @classmethod
    def parse(
        cls,
        raw: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        switches: frozenset[str] = frozenset(),
    ) -> Self:
        parts = urlsplit("//site" + raw if raw.startswith("/") else raw)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        host = (headers or {}).get("host", "").partition(":")[0].lower()
        return cls(parts.path or "/", query, raw, host, method, body, headers or {}, switches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply as a site sends it, before its transfer."""

    status: int = 200
    body: bytes
    content_type: str = "text/html; charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()


def html_page(title: str, body: str, *, lang: str, status: int = 200) -> Reply:
    """An HTML page; `title` and `body` are markup."""
    text = (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )
    return Reply(status=status, body=text.encode())


def robots(*disallowed: str) -> Reply:
    """A robots.txt for everybody; without paths it allows everything."""
    rules = [f"Disallow: {path}" for path in disallowed] or ["Disallow:"]
    return Reply(body="\n".join(["User-agent: *", *rules, ""]).encode(), content_type="text/plain")


def broken(status: int = 500) -> Reply:
    """The error page of a web server whose application does not answer."""
    return html_page(f"{status} error", f"<center><h1>{status} error</h1></center><hr>", lang="en", status=status)


def picture(red: int, green: int, blue: int, side: int = 96) -> Reply:
    """A square PNG of one colour: covers and screenshots of a site that has none."""
    rows = (b"\0" + bytes((red, green, blue)) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return Reply(body=b"\x89PNG\r\n\x1a\n" + body, content_type="image/png")
