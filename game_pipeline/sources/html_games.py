"""Games that are one HTML file: the IFIDs that they carry, and what Twine says of a story.

Formats: "The Treaty of Babel" (babel.ifarchive.org), revision 12, on IFIDs in HTML; the Twine 2 HTML output
specification (iftechfoundation/twine-specs).
"""

from __future__ import annotations

import re

from game_pipeline.model import GameRecord

from .base import Page, ParseError, Source
from .draft import Draft
from .html import attribute, decode, first, parse_html, text

__all__ = ["html_game", "is_html"]

_HTML = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|tw-storydata)\b", re.IGNORECASE | re.DOTALL
)
_UUID = re.compile(r"UUID://([A-Za-z0-9-]{8,63})//")
_META = "meta[property='ifiction:ifid'], meta[name='ifiction:ifid']"
_STORY = "tw-storydata"
MAX_IFIDS = 20


def is_html(body: bytes) -> bool:
    """Does a document begin as an HTML page does?"""
    return _HTML.match(body.removeprefix(b"\xef\xbb\xbf")[:4096]) is not None


def html_game(source: Source, page: Page) -> GameRecord:
    """The record of a game's HTML file, known by its first IFID. Raises `ParseError` where it carries none."""
    tree = parse_html(page.body, what="game")
    story = first(tree, _STORY)
    stated = [attribute(meta, "content") for meta in tree.css(_META)]
    stated += [attribute(story, "ifid"), *_UUID.findall(decode(page.body, what="game"))]
    found = dict.fromkeys(ifid.strip().upper() for ifid in stated if ifid.strip())
    ifids = [ifid for ifid in found if re.fullmatch(r"[A-Z0-9-]{8,63}", ifid)][:MAX_IFIDS]
    if not ifids:
        raise ParseError(f"{_META}, UUID://IFID//, {_STORY}[ifid]", "no IFID in the page")
    draft = Draft(source, "game")
    for ifid in found:
        if ifid not in ifids:
            draft.warn(f"no IFID: {ifid[:70]}")
    draft.set_title(attribute(story, "name") or text(tree, "title"))
    draft.set_languages(attribute(tree, "lang", "html"))
    draft.credit(attribute(tree, "content", "meta[name='author']"))
    for ifid in ifids:
        draft.external_id("ifid", ifid)
    draft.tag("system", attribute(story, "creator"))
    draft.extra("generator", _with_version(attribute(story, "creator"), attribute(story, "creator-version")))
    draft.extra("story_format", _with_version(attribute(story, "format"), attribute(story, "format-version")))
    return draft.build(identity=ifids[0], url=page.url)


def _with_version(name: str, version: str) -> str:
    return f"{name} {version}".strip() if name else ""
