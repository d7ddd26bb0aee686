"""The look at a body before any parser: one pass, in time that grows with its length alone.

Parsers of markup need time that grows with the square of a tag's length or of the nesting, inside C code that nothing
in their own process can stop. What no honest page has is refused here; what still gets past costs a worker.
"""

from __future__ import annotations

import re

from game_pipeline.sources import ParseError

__all__ = ["MAX_ATTRIBUTES", "MAX_BODY", "MAX_DEPTH", "MAX_TAG", "MAX_TAGS", "prescan"]

MAX_BODY = 16 * 1024 * 1024
MAX_TAG = 64 * 1024
MAX_TAGS = 200_000
MAX_DEPTH = 1_000
MAX_ATTRIBUTES = 1_000

_TAG = re.compile(rb"<(?:!--|(?P<close>/?)(?P<name>[A-Za-z][^\s<>/=\"'\\]{0,40}+)|[!?])")
# A quote opens a value only after `=`, as browsers see it: `<ref name=O'Brien>` ends where it seems to. In JSON the
# quotes of markup have a backslash before them.
_TAG_END = re.compile(rb">|=\s*+\\?(?P<quote>[\"'])")
_VALUE = re.compile(rb"=\s*+\\?(?:\"[^\"]*+\"?|'[^']*+'?)")
_ATTRIBUTE = re.compile(rb"[^\s/>]++")
# Elements that need no end or may go without it; a thousand of them in a row lie beside each other.
_FLAT = frozenset(
    b"p li td tr th dt dd option br hr img input meta link wbr col area base embed source track param".split()
)
# What a plain page has none of: a `<` with no `>` near behind it, and a value in quotes with a `>` in it.
_LONG_TAG = re.compile(rb"<[^>]{%d}" % MAX_ATTRIBUTES)
_HIDDEN_END = re.compile(rb"=\s*+\\?(?:\"[^\">]*+>|'[^'>]*+>)")
_JSON_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<", b"\0\0")


def prescan(body: bytes, *, what: str = "page") -> None:
    """Raise `ParseError` for a body that no honest page has and that a parser might never be done with."""
    if len(body) > MAX_BODY:
        raise ParseError(what, f"{len(body)} bytes, {MAX_BODY} at most")
    if body.startswith(_WIDE):  # UTF-16 or UTF-32: markup is ASCII, with zeros between
        body = body.replace(b"\0", b"")
    start = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")) and not start.startswith((b"{{", b"{|", b"[[")):
        _check_json(body, what)
    if not _is_plain(body):
        _check_tags(body, what)


def _is_plain(body: bytes) -> bool:
    """Can the limits on tags not be passed, as counting alone shows? Most pages end here, at a fifth of the time."""
    return (
        len(body) <= MAX_TAG
        and ((begun := body.count(b"<")) <= MAX_DEPTH or begun - body.count(b"</") <= MAX_DEPTH)
        and not (_is_unbroken(body) and _LONG_TAG.search(body))
        and not _HIDDEN_END.search(body)
    )


def _is_unbroken(body: bytes) -> bool:
    """Is there a stretch of `MAX_ATTRIBUTES` bytes without a `>`? Few looks tell, each from a stretch's far end."""
    start, last = 0, len(body) - MAX_ATTRIBUTES
    while start <= last:
        found = body.rfind(b">", start, start + MAX_ATTRIBUTES)
        if found < 0:
            return True
        start = found + 1
    return False


def _check_json(body: bytes, what: str) -> None:
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    for match in _JSON_TOKEN.finditer(body):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
            if depth > MAX_DEPTH:
                raise ParseError(what, f"nested more than {MAX_DEPTH} deep")
        elif token in (b"}", b"]"):
            depth -= 1


def _check_tags(body: bytes, what: str) -> None:
    position = tags = depth = 0
    while match := _TAG.search(body, position):
        tags += 1
        if tags > MAX_TAGS:
            raise ParseError(what, f"more than {MAX_TAGS} tags")
        position = match.end()
        name = match["name"]
        if name is None:  # comments and CDATA: what stands in them may be read as markup, too
            continue
        end = _end_of_tag(body, position, what)
        if end - position > MAX_ATTRIBUTES:
            _check_attributes(body[position:end], what)
        position = end
        if name.lower() in _FLAT or body[end - 2 : end - 1] == b"/":
            continue
        depth = max(0, depth - 1) if match["close"] else depth + 1
        if depth > MAX_DEPTH:
            raise ParseError(what, f"tags nested more than {MAX_DEPTH} deep")


def _end_of_tag(body: bytes, position: int, what: str) -> int:
    """Behind the `>` of the tag; the end of the body where there is none."""
    limit = position + MAX_TAG
    start = position
    while found := _TAG_END.search(body, start, limit):
        if found["quote"] is None:
            return found.end()
        closing = body.find(found["quote"], found.end(), limit)
        if closing < 0:
            break
        start = closing + 1
    if len(body) > limit:
        raise ParseError(what, f"a tag longer than {MAX_TAG} bytes")
    return len(body)


def _check_attributes(tag: bytes, what: str) -> None:
    if sum(1 for _ in _ATTRIBUTE.finditer(_VALUE.sub(b" ", tag))) > MAX_ATTRIBUTES:
        raise ParseError(what, f"a tag with more than {MAX_ATTRIBUTES} attributes")
