"""HTML as sites send it, read safely: decoded by names that we know, one tree, selectors that say what they missed.

No site's format. Trees are parsel's (`css`, `xpath`); the functions here are how sources take text and addresses out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any

from lxml import etree
from parsel import Selector

from .base import ParseError

__all__ = [
    "attribute",
    "decode",
    "drop",
    "first",
    "labelled",
    "lines",
    "markup",
    "parse_html",
    "required",
    "text",
    "texts",
]

MAX_DOCUMENT = 16 * 1024 * 1024

# Labels of the Encoding Standard -> Python's codecs: a label never reaches Python's own table, which has many more.
_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "windows-1251": "cp1251",
    "cp1251": "cp1251",
    "x-cp1251": "cp1251",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    "ibm866": "cp866",
    "cp866": "cp866",
    "iso-8859-5": "iso8859_5",
    "windows-1252": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
}
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
# What no XML string may hold; a name of an attribute with one in it could not even be asked for.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_CONTROL_BYTES = bytes((*range(9), 11, 12, *range(14, 32), 127))
_UNSEEN = ("script", "style", "noscript")
_SEEN = etree.XPath(f"descendant-or-self::text()[not({' or '.join(f'ancestor::{name}' for name in _UNSEEN)})]")
_BREAKS = frozenset(("br", "p", "div", "li", "tr", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol"))
_HIDDEN = frozenset(("script", "style", "noscript", "template"))


def decode(body: bytes, encoding: str | None = None, *, what: str = "page") -> str:
    """The text of a page. What is valid UTF-8 is that; else `encoding` counts, as the source states it; else what the
    page itself declares, where it is one of the encodings known here. Raises `ParseError` where nothing does."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    declared = _META.search(body[:2048])
    label = encoding or (declared[1].decode("ascii") if declared else "")
    codec = _CODECS.get(label.lower())
    if codec is None:
        raise ParseError(what, f"is not UTF-8 and declares {label or 'no encoding'}, which is not read")
    return body.decode(codec, "replace")


def parse_html(body: bytes, encoding: str | None = None, *, what: str = "page") -> Selector:
    """The tree of a page. Raises `ParseError` for what is no HTML, is empty, too long or nested beyond reason."""
    if len(body) > MAX_DOCUMENT:
        raise ParseError(what, f"{len(body)} bytes, {MAX_DOCUMENT} at most")
    markup = decode(body, encoding, what=what)
    opening = markup[:200].lstrip()
    if not opening:
        raise ParseError(what, "empty")
    if opening.startswith(("{", "[")) or (opening.startswith("<?xml") and "<html" not in markup[:2048].lower()):
        raise ParseError(what, f"{'XML' if opening.startswith('<') else 'JSON'} instead of an HTML page")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(_as_utf8(markup), parser)
    except (etree.LxmlError, ValueError) as error:
        raise ParseError(what, str(error)[:200]) from None
    if root is None or not len(root):
        raise ParseError(what, "no element")
    errors: Any = parser.error_log
    for problem in errors.filter_from_fatals():
        if problem.type_name in ("ERR_INTERNAL_ERROR", "ERR_RESOURCE_LIMIT", "ERR_NO_MEMORY"):
            raise ParseError(f"{what} line {problem.line}", str(problem.message).strip()[:200])
    return Selector(root=root, type="html")


def _as_utf8(markup: str) -> bytes:
    """The text with control characters replaced. Most have none: a look at the bytes tells, in a tenth of the time."""
    data = markup.encode("utf-8", "replace")
    if len(data.translate(None, _CONTROL_BYTES)) == len(data) and "\ufffe" not in markup and "\uffff" not in markup:
        return data
    return _CONTROL.sub("\ufffd", markup).encode("utf-8", "replace")


def first(node: Selector | None, css: str) -> Selector | None:
    """The first element of a selector, or None."""
    found = node.css(css) if node is not None else []
    return found[0] if found else None


def required(node: Selector, css: str) -> Selector:
    """The first element of a selector that every page of the format has. Raises `ParseError` with the selector."""
    found = first(node, css)
    if found is None:
        raise ParseError(css, "not on the page")
    return found


def text(node: Selector | None, css: str | None = None) -> str:
    """What a reader sees of an element (or of the first one of a selector in it), on one line; empty where there is
    none."""
    found = first(node, css) if css else node
    if found is None:
        return ""
    if not isinstance(found.root, etree._Element):
        return " ".join(str(found.root).split())
    return " ".join("".join(map(str, _pieces(found.root))).split())


def texts(node: Selector | None, css: str) -> list[str]:
    """The text of every element of a selector that has one."""
    return [line for found in (node.css(css) if node is not None else []) if (line := text(found))]


def lines(node: Selector | None, css: str | None = None) -> list[str]:
    """What a reader sees of an element, line by line: `<br>`, paragraphs, rows and items of lists end lines."""
    found = first(node, css) if css else node
    if found is None:
        return []
    seen = "".join(_broken(found.root))
    return [line for part in seen.split("\n") if (line := " ".join(part.split()))]


def attribute(node: Selector | None, name: str, css: str | None = None) -> str:
    """An attribute of an element, stripped; empty where it has none."""
    found = first(node, css) if css else node
    # Asked of the element: parsel's `attrib` takes all of them, and some have names that cannot be asked for.
    return (found.root.get(name) or "").strip() if found is not None else ""


def markup(node: Selector | None, css: str | None = None) -> str:
    """The inside of an element as markup, for `html_to_markdown`."""
    found = first(node, css) if css else node
    if found is None:
        return ""
    root = found.root
    return escape(root.text or "", quote=False) + "".join(
        etree.tostring(inner, encoding="unicode", method="html") for inner in root
    )


def drop(node: Selector, css: str) -> None:
    """Take the elements of a selector out of the tree; the text behind them stays."""
    for found in node.css(css):
        element, parent = found.root, found.root.getparent()
        if parent is None:
            continue
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + (element.tail or "")
        else:
            parent.text = (parent.text or "") + (element.tail or "")
        parent.remove(element)


def labelled(node: Selector | None, row: str, label: str, value: str) -> dict[str, Selector]:
    """What a table of facts says: the element of the value by its label (lower case, without its colon).

    `row` selects the rows, `label` and `value` each within a row; `row` may also be one element that holds labels and
    values in turn (`<dl>`). Hand the labels that nobody read to `Draft.unread`.
    """
    facts: dict[str, Selector] = {}
    for found in node.css(row) if node is not None else []:
        for name, content in zip(found.css(label), found.css(value), strict=False):
            facts.setdefault(text(name).rstrip(":： ").lower(), content)
    return facts


def _pieces(root: etree._Element) -> list[Any]:
    if not len(root) and next(root.iterancestors(*_UNSEEN), None) is None:  # most: an element with nothing but text
        return [] if root.tag in _UNSEEN else [root.text or ""]
    found: Any = _SEEN(root)
    return list(found)


def _broken(root: etree._Element) -> Iterator[str]:
    """The text of an element with a line feed before and after everything that stands on lines of its own."""
    depth_hidden = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            depth_hidden += name in _HIDDEN
            if name in _BREAKS:
                yield "\n"
            if not depth_hidden:
                yield element.text or ""
        elif event == "end":
            depth_hidden -= name in _HIDDEN
            if name in _BREAKS and name != "br":
                yield "\n"
        if event != "start" and element is not root and not depth_hidden:
            yield element.tail or ""
