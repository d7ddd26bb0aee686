"""The MediaWiki action API: request addresses and replies in both format versions. No wiki's own conventions.

Formats: the API's documentation (mediawiki.org/wiki/API) and whole replies of other wikis. Version 1 prints pages as
an object by page id, text under `*` and flags as empty strings; version 2 prints lists, `content` and booleans.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from .base import ParseError
from .jsondoc import listed, mapping, number, parse_json, string

__all__ = [
    "Change",
    "Member",
    "WikiPage",
    "api_url",
    "changes_of",
    "continuation",
    "leading",
    "leads_into_part",
    "members_of",
    "page_slug",
    "pages_of",
    "read_reply",
]


@dataclass(frozen=True, slots=True)
class Member:
    """A page that a list or a look-up names. `revid` 0: the reply does not say."""

    pageid: int
    namespace: int
    title: str
    revid: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the recent changes."""

    type: str
    pageid: int
    namespace: int
    title: str
    revid: int
    timestamp: str


@dataclass(frozen=True, slots=True)
class WikiPage:
    """A page with its newest revision. `missing` says why there is no text.

    `categories` it stands in and `redirects` that lead to all of it, as titles with their namespace, where asked for.
    """

    pageid: int
    namespace: int
    title: str
    revid: int
    timestamp: str
    text: str
    missing: str = ""
    categories: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()


def api_url(endpoint: str, **parameters: str) -> str:
    """The address of an API query, always JSON of format version 2."""
    fixed = {"action": "query", "format": "json", "formatversion": "2"}
    return f"{endpoint}?{urlencode({**fixed, **parameters}, quote_via=quote, safe='|:')}"


def page_slug(title: str) -> str:
    """A title as it stands in a page's address: underscores for spaces, the first letter a capital."""
    name = "_".join(title.split())
    return quote(name[:1].upper() + name[1:], safe="/:!()*,;@$'~")


def read_reply(body: bytes) -> dict[str, Any]:
    """The document of a reply. Raises `ParseError` for an error, which the API sends with status 200."""
    document = parse_json(body, what="API reply")
    if "error" in document:
        error = mapping(document["error"])
        raise ParseError("error", f"{string(error.get('code')) or 'unnamed'}: {string(error.get('info'))}"[:300])
    if document.get("errors"):
        error = mapping(next(iter(listed(document["errors"])), None))
        text = string(error.get("text")) or string(error.get("*"))
        raise ParseError("errors", f"{string(error.get('code')) or 'unnamed'}: {text}"[:300])
    return document


def continuation(document: dict[str, Any]) -> dict[str, str]:
    """The parameters that continue a list, all of which go into the next request; none at its end.

    `continue` is today's place for them, `query-continue` the old one.
    """
    found = {key: string(value) for key, value in mapping(document.get("continue")).items()}
    for module in mapping(document.get("query-continue")).values():
        found.update({key: string(value) for key, value in mapping(module).items()})
    found = {key: value for key, value in found.items() if key.isascii() and key.isalpha() and value}
    return found if set(found) - {"continue"} else {}


def members_of(document: dict[str, Any]) -> list[Member]:
    """The members of a category. Raises `ParseError` where the reply has no such list."""
    return [
        Member(_int(row.get("pageid")), _int(row.get("ns")), string(row.get("title")))
        for row in _rows(document, "categorymembers")
    ]


def changes_of(document: dict[str, Any]) -> list[Change]:
    """The recent changes, newest first as sent. Raises `ParseError` where the reply has no such list."""
    return [
        Change(
            type=string(row.get("type")),
            pageid=_int(row.get("pageid")),
            namespace=_int(row.get("ns")),
            title=string(row.get("title")),
            revid=_int(row.get("revid")),
            timestamp=string(row.get("timestamp")),
        )
        for row in _rows(document, "recentchanges")
    ]


def pages_of(document: dict[str, Any]) -> list[WikiPage]:
    """The pages of a look-up with their text, where asked for. Raises `ParseError` where the reply has no pages."""
    query = mapping(document.get("query"))
    if "pages" not in query:
        raise ParseError("query.pages", "missing")
    return [_page(mapping(row)) for row in listed(query["pages"])]


def leading(document: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Title of a page -> the titles that were asked for or passed on the way to it: normalised ones and redirects."""
    query = mapping(document.get("query"))
    pairs = [mapping(row) for name in ("normalized", "redirects") for row in listed(query.get(name))]
    step = {string(pair.get("from")): string(pair.get("to")) for pair in pairs}
    end: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for asked in step:
        passed: dict[str, None] = {}
        last = asked
        while last in step and last not in end and last not in passed:
            passed[last] = None
            last = step[last]
        last = end.get(last, last)
        end.update(dict.fromkeys(passed, last))
        found.setdefault(last, []).extend(name for name in passed if name and name != last)
    return {title: tuple(titles) for title, titles in found.items()}


def leads_into_part(document: dict[str, Any]) -> bool:
    """Does a title that was asked for lead to a section of a page, which is about more than that?"""
    rows = listed(mapping(document.get("query")).get("redirects"))
    return any(string(mapping(row).get("tofragment")) for row in rows)


def _page(row: dict[str, Any]) -> WikiPage:
    revision = mapping(next(iter(listed(row.get("revisions"))), None))
    main = mapping(mapping(revision.get("slots")).get("main")) or revision
    text = next((main[key] for key in ("content", "*") if isinstance(main.get(key), str)), None)
    missing = ""
    for flag in ("missing", "invalid", "special"):
        if flag in row and row[flag] is not False:
            missing = string(row.get("invalidreason")) or flag
    if not missing and revision and text is None:
        missing = "text hidden" if "texthidden" in main or "texthidden" in revision else "without text"
    return WikiPage(
        pageid=_int(row.get("pageid")),
        namespace=_int(row.get("ns")),
        title=string(row.get("title")),
        revid=_int(revision.get("revid")) or _int(row.get("lastrevid")),
        timestamp=string(revision.get("timestamp")),
        text=text or "",
        missing=missing,
        categories=_titles(row, "categories"),
        redirects=_titles(row, "redirects"),
    )


def _titles(row: dict[str, Any], name: str) -> tuple[str, ...]:
    items = [mapping(item) for item in listed(row.get(name))]
    return tuple(title for item in items if not item.get("fragment") and (title := string(item.get("title"))))


def _rows(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    query = mapping(document.get("query"))
    if not isinstance(query.get(name), list):
        raise ParseError(f"query.{name}", "missing")
    return [mapping(row) for row in query[name]]


def _int(value: Any) -> int:
    found = number(value)
    return found if isinstance(found, int) and found > 0 else 0
