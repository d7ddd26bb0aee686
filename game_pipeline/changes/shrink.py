"""A page that may be half a page: its reply did not say where it ends, and it says much less than it did."""

from __future__ import annotations

import re

__all__ = ["SHARE", "has_end", "is_cut", "text_length"]

SHARE = 0.5
"""Of the text of the last version, below which a page without a visible end is held for a person."""

_TAG = re.compile(rb"<[^<>]{0,65536}+>")
_SPACE = re.compile(rb"\s++")
_ROOT = re.compile(rb"<([A-Za-z][\w:.-]{0,60})")
_JSON = {b"{": b"}", b"[": b"]"}


def is_cut(body: bytes, earlier: bytes) -> bool:
    """Does a body look like the beginning of what the page has become, compared with its last version?"""
    return not has_end(body) and text_length(body) < SHARE * text_length(earlier)


def has_end(body: bytes) -> bool:
    """Does it end as a document of its kind ends: the root's end tag, `</html>`, the closing bracket of JSON?"""
    text = body.strip(b"\xef\xbb\xbf \t\r\n\0")
    closing = _JSON.get(text[:1])
    if closing is not None:
        return text.endswith(closing)
    tail = text[-1024:].lower()
    if b"</html" in tail:
        return True
    if not text.startswith(b"<"):
        return False
    root = _ROOT.search(text[:4096])
    return root is not None and tail.endswith(b"</" + root[1].lower() + b">")


def text_length(body: bytes) -> int:
    """Bytes of text: without tags, and white space as single spaces."""
    return len(_SPACE.sub(b" ", _TAG.sub(b"", body)).strip())
