"""One body read by its source, in whichever process: scanned, its text put right where it is damaged, then parsed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from game_pipeline.model import AnyRecord
from game_pipeline.sources import Feed, Listing, Page, ParseError, Request, Response, Source

from .prescan import prescan

__all__ = ["Job", "Result", "mend", "read"]

Result = list[AnyRecord] | Listing | Feed

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})""")
# Codings that have one byte or a fixed number of them for each character of markup: nothing hides in them.
_CHARSETS = re.compile(
    rb"utf-?8|utf-?16(?:le|be)?|(?:us-)?ascii|iso-8859-\d+|(?:windows-|cp)125\d|koi8-[ru]|cp866", re.I
)
_CYRILLIC_WORD = re.compile(r"[А-ЯЁа-яё][а-яё]{2,}")


@dataclass(frozen=True, slots=True)
class Job:
    """What to read and how: the arguments of the source's method of that name."""

    method: Literal["parse", "parse_listing", "parse_feed"]
    url: str
    body: bytes
    key: str = ""
    content_type: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    request: Request | None = None
    cursor: str | None = None


def read(source: Source, job: Job) -> Result:
    """What the source makes of the body. Raises `ParseError`, `RecordError`, or whatever a defect raises."""
    if not (job.method == "parse_listing" and source.streamed_listing):
        prescan(job.body)
    body, warnings = mend(job.body, source.policy.encoding)
    if job.method == "parse_listing":
        return source.parse_listing(Response(job.url, job.status, body, job.headers, job.request))
    if job.method == "parse_feed":
        return source.parse_feed(Response(job.url, job.status, body, job.headers, job.request), job.cursor)
    records = source.parse(Page(url=job.url, body=body, key=job.key, content_type=job.content_type))
    if not warnings:
        return list(records)
    return [record.model_copy(update={"warnings": (*record.warnings, *warnings)}) for record in records]


def mend(body: bytes, encoding: str | None = None) -> tuple[bytes, tuple[str, ...]]:
    """The body as a parser can take it, and what had to be done to it.

    The charset that a reply's header names is never asked: it is wrong as often as the text itself. NUL becomes
    U+FFFD. Where the source says which `encoding` its site has, decoding is left to the source. Else text that claims
    to be UTF-8 (or claims nothing) and is not is read as Windows-1251 where that makes Russian words of it, and left
    for its parser to refuse where it does not. Raises `ParseError` for an encoding that no site of games has any use
    for.
    """
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or body[:4].count(0) >= 2:  # UTF-16, UTF-32
        return body, ()
    warnings: tuple[str, ...] = ()
    if b"\0" in body:
        body = body.replace(b"\0", "\ufffd".encode())
        warnings = ("NUL bytes replaced",)
    declared = _DECLARED.search(body[:1024])
    if declared and not _CHARSETS.fullmatch(declared[1]):
        raise ParseError("page", f"declares the encoding {declared[1].decode('ascii')}, which is not read")
    if encoding is not None or (declared and declared[1].lower() not in (b"utf-8", b"utf8")):
        return body, warnings
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.replace("\ufffd".encode(), b"?").decode("cp1251", "replace")
        letters = sum(map(len, _CYRILLIC_WORD.findall(text)))
        if letters * 2 < sum(byte >= 0x80 for byte in body):
            return body, warnings
        return text.encode(), (*warnings, "text is not UTF-8, read as Windows-1251")
    return body, warnings
