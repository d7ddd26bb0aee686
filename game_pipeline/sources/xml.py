"""XML as sites send it, read safely: no entities, no DTD, no network, no document beyond reason. No site's format."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator
from typing import Any

from lxml import etree

from .base import ParseError

__all__ = ["child", "children", "leaves", "local", "markup_of", "parse_xml", "repeated", "text_of"]

MAX_DOCUMENT = 16 * 1024 * 1024


def parse_xml(body: bytes, *roots: str, what: str = "document") -> etree._Element:
    """The root element of a document whose root bears one of the names in `roots`, in whatever namespace.

    Raises `ParseError` for what is no XML (with the line), for a DOCTYPE, another root, and sheer size.
    """
    if len(body) > MAX_DOCUMENT:
        raise ParseError(what, f"{len(body)} bytes, {MAX_DOCUMENT} at most")
    if not body.strip():
        raise ParseError(what, "empty")
    opening = body[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if opening.startswith((b"<!doctype html", b"<html")):
        raise ParseError(what, "an HTML page instead of XML")
    if opening.startswith(b"{"):
        raise ParseError(what, "JSON instead of XML")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body.lstrip(b" \t\r\n"), parser)
    except etree.XMLSyntaxError as error:
        raise ParseError(f"{what} line {error.lineno or 0}", str(error.msg)) from None
    except (ValueError, LookupError) as error:
        raise ParseError(what, str(error)) from None
    if root is None:
        raise ParseError(what, "no element")
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise ParseError(what, "has a DOCTYPE, which none of the formats has")
    if local(root) not in roots:
        raise ParseError(what, f"root is <{local(root)}>, not {' or '.join(f'<{name}>' for name in roots)}")
    return root


def local(element: etree._Element) -> str:
    """The element's name without its namespace, cut to a length fit for a message."""
    tag = element.tag
    return tag.rpartition("}")[2][:60] if isinstance(tag, str) else ""


def children(element: etree._Element | None, name: str | None = None) -> Iterator[etree._Element]:
    """The child elements, of one name or all."""
    for inner in element if element is not None else ():
        if isinstance(inner.tag, str) and (name is None or local(inner) == name):
            yield inner


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The first element down a path of names, or None."""
    for name in path:
        element = next(children(element, name), None)
    return element


def text_of(element: etree._Element | None, *path: str) -> str:
    """The stripped text down a path of names, inner elements included; empty where there is no such element."""
    found = child(element, *path) if path else element
    if found is None:
        return ""
    if not len(found):
        return str(found.text or "").strip()
    return "".join(map(str, found.itertext())).strip()


def leaves(element: etree._Element | None) -> dict[str, str]:
    """The text of every child that has no children of its own, by name; the first of a name wins.

    An empty element is there with an empty text, which is how some formats write "true".
    """
    found: dict[str, str] = {}
    for inner in children(element):
        if not len(inner):
            found.setdefault(local(inner), text_of(inner))
    return found


def repeated(element: etree._Element | None) -> list[str]:
    """The names that more than one child bears: where the format has one of each, the others are not read."""
    return [name for name, times in Counter(map(local, children(element))).items() if times > 1]


def markup_of(element: etree._Element | None) -> str:
    """The inside of an element as HTML: its text escaped, `<br/>` kept, other inner elements reduced to their text."""
    if element is None:
        return ""
    pieces = [html.escape(element.text or "", quote=False)]
    for inner in children(element):
        pieces.append("<br/>" if local(inner) == "br" else html.escape(text_of(inner), quote=False))
        pieces.append(html.escape(inner.tail or "", quote=False))
    return "".join(pieces)
