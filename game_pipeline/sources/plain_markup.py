"""Markdown of the plain markup that most descriptions are made of: paragraphs, line breaks, bold, italics, links.

It is what `text.html_to_markdown` makes by way of a whole parser, in a fraction of the time. Markup with anything else
in it is not its business.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .urls import normalise_url

__all__ = ["plain_markup"]

MAX_DEPTH = 20

_VALUE = r"""(?:"[^"<>&]*"|'[^'<>&]*')"""
_TOKEN = re.compile(
    rf"""<(?P<open>p|div|span|b|strong|i|em)(?:\s+[a-z][a-z-]*={_VALUE})*\s*>
    | <(?P<break>br)\s*/?>
    | <a\s+href=(?P<href>{_VALUE})(?:\s+(?:target|rel|class)={_VALUE})*\s*>
    | </(?P<close>p|div|span|b|strong|i|em|a)\s*>
    | (?P<text>[^<]+)""",
    re.IGNORECASE | re.VERBOSE,
)
_KNOWN_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|laquo|raquo|mdash|ndash|hellip|#39|#34|#x27);")
_BLANKS = re.compile(r"[\t ]+")
_LINE_END = re.compile(r" ?[\r\n][ \r\n]*")
_ENDS = re.compile(r"^(\n*)((?:.*[^\n])?)(\n*)$", re.DOTALL)
_WHITE = " \t\r\n"
_BLOCKS = frozenset(("p", "div"))
_SIGNS = {"b": "**", "strong": "**", "i": "*", "em": "*"}


@dataclass(slots=True)
class _Element:
    name: str
    href: str = ""
    children: list[str | _Element] = field(default_factory=list)


def plain_markup(markup: str, base: str | None = None) -> str | None:
    """The markup as Markdown that is not made safe yet; None where there is more in it than is read here."""
    root = _tree(markup, base)
    return None if root is None else _inside(root).strip("\n")


def _tree(markup: str, base: str | None) -> _Element | None:
    """The elements, well nested; None where they are not, or are others."""
    root = _Element("")
    open_elements = [root]
    position = 0
    while position < len(markup):
        token = _TOKEN.match(markup, position)
        if token is None or len(open_elements) > MAX_DEPTH:
            return None
        position = token.end()
        here = open_elements[-1].children
        if (said := token["text"]) is not None:
            if "&" in said:
                if "&" in _KNOWN_ENTITY.sub("", said):
                    return None
                said = html.unescape(said)
            here.append(said)
        elif token["break"]:
            here.append(_Element("br"))
        elif token["close"]:
            if open_elements.pop().name != token["close"].lower():
                return None
        else:
            element = _Element((token["open"] or "a").lower())
            if element.name == "a":
                try:
                    element.href = normalise_url(token["href"][1:-1], base).replace("(", "%28").replace(")", "%29")
                except ValueError:
                    return None
            here.append(element)
            open_elements.append(element)
    return root if len(open_elements) == 1 else None


def _inside(element: _Element) -> str:
    """The children as Markdown; where one ends with line feeds and the next begins with some, the more of them count,
    two at most."""
    pieces = [""]
    for place in range(len(element.children)):
        ends = _ENDS.match(_child(element, place))
        if ends is None or not ends[0]:
            continue
        before, content, after = ends.groups()
        if pieces[-1] and before:
            before = "\n" * min(2, max(len(pieces.pop()), len(before)))
        pieces += [before, content, after]
    return "".join(pieces)


def _child(parent: _Element, place: int) -> str:
    child = parent.children[place]
    if isinstance(child, str):
        return _text(child, parent, place)
    if child.name == "br":
        return "  \n"
    inside = _inside(child)
    if child.name == "span":
        return inside
    if child.name in _BLOCKS:
        paragraph = inside.strip(_WHITE) if child.name == "p" else inside.strip()
        return f"\n\n{paragraph}\n\n" if paragraph else ""
    content = inside.strip()
    if not content:
        return ""
    if child.name == "a":
        content = f"[{content}]({child.href})"
    else:
        content = f"{_SIGNS[child.name]}{content}{_SIGNS[child.name]}"
    return f"{' ' * inside.startswith(' ')}{content}{' ' * inside.endswith(' ')}"


def _text(said: str, parent: _Element, place: int) -> str:
    """Text beside or at the edge of a paragraph loses the white space there."""
    first = _is_block(parent.children, place - 1) or (parent.name in _BLOCKS and place == 0)
    last = _is_block(parent.children, place + 1) or (parent.name in _BLOCKS and place == len(parent.children) - 1)
    if not said.strip():
        if first or last:
            return ""
        if not said.strip(" \n\t\f\r"):
            said = "\n" if "\n" in said else " "
    said = _LINE_END.sub("\n", _BLANKS.sub(" ", said))
    if first:
        said = said.lstrip(_WHITE)
    return said.rstrip() if last else said


def _is_block(children: Sequence[str | _Element], place: int) -> bool:
    if not 0 <= place < len(children):
        return False
    child = children[place]
    return not isinstance(child, str) and child.name in _BLOCKS
