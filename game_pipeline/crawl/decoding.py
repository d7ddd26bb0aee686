"""Undoing a reply's content coding while it arrives: never more than the cap in memory, never half a body.

Done here because HTTP clients hand out what they could decode of a body that was cut, as if it were whole.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

__all__ = ["ACCEPTED", "BodyDecoder", "BodyTooBigError", "DamagedBodyError", "UnknownCodingError", "content_coding"]

ACCEPTED = "gzip, deflate"

_GZIP_MAGIC = b"\x1f\x8b"
_ALIASES = {"x-gzip": "gzip"}
# Headers, checksums and stored blocks may make the coded body a little longer than the plain one.
_SLACK = 64 * 1024


class UnknownCodingError(Exception):
    """The body is coded in a way that was not asked for, or more than once."""


class BodyTooBigError(Exception):
    """The body is longer than the cap."""


class DamagedBodyError(Exception):
    """The body ends before its coding does, or is not what its coding says."""


def content_coding(values: Sequence[str]) -> str:
    """`identity`, `gzip` or `deflate`, of the values of all Content-Encoding headers. Raises `UnknownCodingError`."""
    named = [name.strip().lower() for value in values for name in value.split(",")]
    codings = [_ALIASES.get(name, name) for name in named if name not in ("", "identity")]
    if not codings:
        return "identity"
    if len(codings) > 1:
        raise UnknownCodingError(f"the body is coded {len(codings)} times; once is accepted")
    if codings[0] not in ("gzip", "deflate"):
        raise UnknownCodingError(f"the body is coded as {codings[0][:40]!r}; {ACCEPTED} are accepted")
    return codings[0]


class BodyDecoder:
    """Feed it what arrives, then take the body. `limit`: bytes of the decoded body.

    `cut`: a body over the limit is cut to it instead of refused; `full` says that no more is needed.
    """

    def __init__(self, coding: str, limit: int, *, cut: bool = False) -> None:
        self._coding = coding
        self._limit = limit
        self._cut = cut
        self._body = bytearray()
        self._arrived = 0
        self._waiting = b""
        self._inflater: zlib._Decompress | None = None
        self._members = 0

    @property
    def full(self) -> bool:
        return self._cut and (len(self._body) >= self._limit or self._overrun)

    @property
    def _overrun(self) -> bool:
        """Bytes that decode to nothing, empty gzip members without end, never reach the cap on the body."""
        return self._arrived > self._limit + _SLACK

    def feed(self, data: bytes) -> None:
        """Raises `BodyTooBigError` or `DamagedBodyError`."""
        if self.full:
            return
        self._arrived += len(data)
        if self._overrun and not self._cut:
            raise BodyTooBigError(f"the body is longer than {self._limit} bytes")
        if self._coding == "identity":
            self._keep(data)
        else:
            self._waiting += data
            self._inflate()

    def finish(self) -> bytes:
        """The body, once all of it was fed. Raises `DamagedBodyError` where its coding has no end."""
        whole = self._coding == "identity" or self._arrived == 0 or (self._inflater is None and self._members > 0)
        if not whole and not self.full:
            raise DamagedBodyError(f"the {self._coding} body stops after {self._arrived} bytes, before its end")
        return bytes(self._body)

    def _keep(self, data: bytes) -> None:
        room = self._limit - len(self._body)
        if len(data) > room and not self._cut:
            raise BodyTooBigError(f"the body is longer than {self._limit} bytes")
        self._body += data[:room]

    def _inflate(self) -> None:
        while self._waiting and not self.full:
            if self._inflater is None and not self._start_member():
                return
            assert self._inflater is not None
            try:
                # One byte over the room is enough to know: a bomb never unfolds.
                produced = self._inflater.decompress(self._waiting, self._limit - len(self._body) + 1)
            except zlib.error as error:
                raise DamagedBodyError(f"the {self._coding} body is damaged: {error}") from error
            self._keep(produced)
            if self._inflater.eof:
                self._waiting = self._inflater.unused_data
                self._inflater = None
                self._members += 1
            else:
                self._waiting = self._inflater.unconsumed_tail

    def _start_member(self) -> bool:
        """Begin the stream, or the next member of a gzip body. False: more bytes are needed, or all is done."""
        if len(self._waiting) < 2:
            return False
        if self._members and not (self._coding == "gzip" and self._waiting.startswith(_GZIP_MAGIC)):
            self._waiting = b""  # padding after the end, as browsers and gzip itself ignore it
            return False
        if self._coding == "gzip":
            window = zlib.MAX_WBITS | 16
        else:
            first, second = self._waiting[0], self._waiting[1]
            wrapped = first & 0x0F == zlib.DEFLATED and (first << 8 | second) % 31 == 0
            # RFC 9110 means the zlib format; servers that send bare deflate are as old as the header.
            window = zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
        self._inflater = zlib.decompressobj(window)
        return True
