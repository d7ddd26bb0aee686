"""Wikitext as Markdown prose, by mwparserfromhell. What a wiki's templates and link prefixes mean is its own business:
a `Reader` is asked about each.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from .base import ParseError
from .text import plain_to_markdown, without_surrogates

if TYPE_CHECKING:
    from mwparserfromhell.nodes import ExternalLink, Template, Wikilink
    from mwparserfromhell.wikicode import Wikicode

__all__ = ["Reader", "is_redirect", "parameters", "parse_wikitext", "plain", "prose", "template_name"]

MAX_TEXT = 1_000_000
# The parser goes over the rest of the page again for everything that is opened and never closed; this many characters
# gone over twice take it a few seconds.
MAX_REREAD = 20_000_000
_REDIRECT = re.compile(r"\s*#\s*(?:redirect|перенаправление)\s*:?\s*\[\[", re.IGNORECASE)
_MAGIC = re.compile(r"__[A-ZА-Я_]{3,40}__")
_REMAINS = re.compile(r"^(?:\{\||\|[-}]|\|\}).*$", re.MULTILINE)
_EMPTY_ITEM = re.compile(r"^(?:-|1\.|\**|>)[\s.,;:—–-]*$", re.MULTILINE)
_HEADING = re.compile(r"(#{1,6}) .*")
# What holds no prose of the page: programs, tables, notes.
_DROPPED = frozenset(
    [
        "script",
        "style",
        "table",
        "gallery",
        "ref",
        "references",
        "math",
        "source",
        "syntaxhighlight",
        "timeline",
        "imagemap",
        "form",
        "input",
        "select",
    ]
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "center",
        "blockquote",
        "ul",
        "ol",
        "dl",
        "pre",
        "section",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "spoiler",
        "tabber",
    ]
)
_MARKERS = {"*": "- ", "#": "1. "}


class Reader(Protocol):
    """What a wiki makes of its own constructs; each answer is the Markdown that stands in the prose."""

    def template(self, node: Template) -> str: ...

    def wikilink(self, node: Wikilink) -> str: ...

    def external_link(self, node: ExternalLink) -> str: ...

    def drops_section(self, heading: str) -> bool: ...


def is_redirect(text: str) -> bool:
    """Does the page only lead to another one?"""
    return bool(_REDIRECT.match(text))


def parse_wikitext(text: str) -> Wikicode:
    """The tree of a page. Raises `ParseError` for a text beyond reason."""
    if len(text) > MAX_TEXT:
        raise ParseError("wikitext", f"{len(text)} characters, {MAX_TEXT} at most")
    text = _without_layout(without_surrogates(text).replace("\x00", ""))
    unclosed = _unclosed(text)
    if unclosed * len(text) > MAX_REREAD:
        raise ParseError("wikitext", f"{unclosed} templates, links or tags that are never closed")
    # Imported here: only a run that parses wikitext pays for it.
    import mwparserfromhell
    from mwparserfromhell.parser import ParserError

    try:
        return mwparserfromhell.parse(text)
    except (ParserError, RecursionError, MemoryError) as error:
        raise ParseError("wikitext", f"not readable: {error}") from None


_LAYOUT = re.compile(
    r"<(?P<close>/?)(?P<name>div|span|font|center|small|big|p|ul|ol|dl|li|a|u|s|tt|sub|sup|blockquote|cite|section|h[1-6]"
    r"|tbody|spoiler|noinclude|onlyinclude|body|html|head|label|button|nobr|abbr)\b[^<>]*>",
    re.IGNORECASE,
)
_LINE_TAGS = re.compile(r"div|center|p|ul|ol|dl|blockquote|section|h[1-6]|body|html|spoiler", re.IGNORECASE)


def _without_layout(text: str) -> str:
    """The text without HTML tags that only lay it out: people leave them unclosed, and paste whole pages of them."""

    def replacement(match: re.Match[str]) -> str:
        if match["name"].lower() == "li":
            return "" if match["close"] else "\n* "
        return "\n\n" if _LINE_TAGS.fullmatch(match["name"]) else ""

    return _LAYOUT.sub(replacement, text)


_PAIRS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<open>\{\{)|\}\}",
        r"(?P<open>\[\[)|\]\]",
        r"(?P<open>\[(?=[a-z]*:?//))|\]",
        r"(?P<open>\{\|)|\|\}",
        r"(?P<open><!--)|-->",
        r"(?P<open><(?=/?[a-z]))|>",
    )
)
_TAG_PAIR = re.compile(r"<(?P<close>/?)(?P<name>[a-z][a-z0-9]*)(?:[^<>]*?)(?P<empty>/?)>", re.IGNORECASE)


def _unclosed(text: str) -> int:
    """How many templates, links, tables, comments and tags are opened and never closed."""
    total = 0
    for pair in _PAIRS:
        depth = 0
        for match in pair.finditer(text):
            depth = depth + 1 if match["open"] else max(0, depth - 1)
        total += depth
    depths: dict[str, int] = {}
    for match in _TAG_PAIR.finditer(text):
        name = match["name"].lower()
        if match["close"]:
            depths[name] = max(0, depths.get(name, 0) - 1)
        elif not match["empty"] and name not in ("br", "hr", "img", "wbr"):
            depths[name] = depths.get(name, 0) + 1
    return total + sum(depths.values())


def template_name(node: Template) -> str:
    """A template's name for comparing: any case, underscores are spaces, without a namespace."""
    name = " ".join(str(node.name).replace("_", " ").split()).casefold()
    return re.sub(r"^(?:шаблон|template)\s*:\s*", "", name)


def parameters(node: Template) -> dict[str, Wikicode]:
    """A template's parameters by name in lower case; the last of a name wins, as in MediaWiki."""
    return {str(parameter.name).strip().casefold(): parameter.value for parameter in node.params}


def prose(code: Wikicode, reader: Reader) -> str:
    """The page's prose as Markdown: no tables, scripts or comments, no section that the reader drops.

    Links and templates of dropped sections are still shown to the reader. Headings with nothing under them go.
    """
    pieces: list[str] = []
    hidden_below = 0
    for node in code.nodes:
        level = int(getattr(node, "level", 0) or 0)
        if level:
            title = plain(node.title, reader)
            if hidden_below and level <= hidden_below:
                hidden_below = 0
            if not hidden_below and reader.drops_section(title):
                hidden_below = level
            if not hidden_below and title:
                pieces.append(f"\n\n{'#' * level} {title}\n\n")
            continue
        piece = _render(node, reader)
        if not hidden_below:
            pieces.append(piece)
    text = _REMAINS.sub("", _MAGIC.sub("", "".join(pieces)))
    text = re.sub(r"[ \t]+\n", "\n", text)
    return _without_empty_headings(plain_to_markdown(_EMPTY_ITEM.sub("", text)))


def plain(code: Wikicode | None, reader: Reader) -> str:
    """A value or title as one line: rendered, without emphasis."""
    if code is None:
        return ""
    return " ".join(_nodes(code, reader).replace("**", "").split())


def _nodes(code: Wikicode | None, reader: Reader) -> str:
    return "".join(_render(node, reader) for node in code.nodes) if code is not None else ""


def _render(node: object, reader: Reader) -> str:
    from mwparserfromhell import nodes

    match node:
        case nodes.Text():
            return str(node.value)
        case nodes.HTMLEntity():
            return _entity(node)
        case nodes.Template():
            return reader.template(node)
        case nodes.Wikilink():
            return reader.wikilink(node)
        case nodes.ExternalLink():
            return reader.external_link(node)
        case nodes.Heading():
            return f"\n\n{'#' * node.level} {plain(node.title, reader)}\n\n"
        case nodes.Argument():
            return _nodes(node.default, reader)
        case nodes.Tag():
            return _tag(node, reader)
    return ""


def _entity(node: object) -> str:
    try:
        return without_surrogates(str(node.normalize()))  # type: ignore[attr-defined]
    except (ValueError, OverflowError, KeyError):
        return ""


def _tag(node: object, reader: Reader) -> str:
    name = str(node.tag).strip().casefold()  # type: ignore[attr-defined]
    markup = node.wiki_markup  # type: ignore[attr-defined]
    contents = node.contents  # type: ignore[attr-defined]
    if name in _DROPPED:
        return ""
    if name == "br":
        return "\n"
    if name == "hr":
        return "\n\n"
    if name in ("li", "dt", "dd"):
        return _MARKERS.get(str(markup), "") if markup else f"\n- {_nodes(contents, reader).strip()}"
    inner = _nodes(contents, reader)
    if name in ("b", "strong", "i", "em") and inner.strip() and "\n" not in inner.strip():
        mark = "**" if name in ("b", "strong") else "*"
        return f"{mark}{inner.strip()}{mark}{' ' if inner[-1:].isspace() else ''}"
    return f"\n\n{inner}\n\n" if name in _BLOCKS else inner


def _without_empty_headings(text: str) -> str:
    kept: list[str] = []
    below = 0  # the level of the nearest heading after this line, 7 after prose; walking upwards
    for line in reversed(text.split("\n")):
        heading = _HEADING.fullmatch(line)
        if heading:
            level = len(heading[1])
            if below <= level:
                continue
            below = level
        elif line.strip():
            below = 7
        kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(reversed(kept))).strip()
