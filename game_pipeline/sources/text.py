"""Text as sites write it: entities, HTML, names in one line, dates in words. Languages live in `languages`.

Everything here is plain text or Markdown that is safe to show: no live HTML, no links but http(s).
"""

from __future__ import annotations

import datetime as dt
import html
import re
import warnings
from functools import cache
from typing import Any

from game_pipeline.model import MAX_BLOCK, clean_block

from .plain_markup import plain_markup

__all__ = [
    "html_to_markdown",
    "partial_date",
    "plain_to_markdown",
    "recent_day",
    "split_names",
    "unescape_all",
    "without_surrogates",
]

MAX_TAGS = 10_000

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LIVE_HTML = re.compile(r"(?<!\\)<(?=[A-Za-z/!?])")
_UNSAFE_LINK = re.compile(r"\](?=\((?!\s*https?://))")
_LINK_DEFINITION = re.compile(r"^(\s*)\[(?=[^\]\n]+\]:)", re.MULTILINE)
_DROPPED = ("script", "style", "head", "title", "template", "iframe", "object", "noscript", "svg", "form", "img")
_DROPPED_TAG = re.compile(rf"<(?:{'|'.join(_DROPPED)})", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\b", re.IGNORECASE)

_SURROGATE = re.compile("[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """The text with lone surrogates (JSON may carry them; UTF-8 can't) as replacement characters."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def unescape_all(text: str, times: int = 2) -> str:
    """Plain text with its entities decoded as often as they were encoded, `times` at most.

    The answer is plain text, never markup: `&lt;b&gt;` becomes the three characters `<b>`, which
    `plain_to_markdown` escapes again before they get near a renderer. Only complete entities count (`&copy=1` in an
    address is no ©), and the bound keeps a text that talks about entities from being decoded for ever.
    """
    for _ in range(times):
        decoded = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
        if decoded == text:
            break
        text = decoded
    return without_surrogates(text)


def plain_to_markdown(text: str) -> str:
    """Plain text as Markdown that reads the same: tags and unsafe links are escaped, lines and paragraphs stay."""
    return _make_safe(text)


def html_to_markdown(markup: str, *, breaks_paragraphs: bool = False, base: str | None = None) -> str:
    """HTML as cleaned Markdown.

    Scripts, styles, forms and pictures are dropped; `<br>` is a line break, or a paragraph where the format says so
    (`breaks_paragraphs`: Treaty of Babel); links stay when they are http(s), completed with `base`; text that looks
    like a tag is escaped. Markup nested beyond reason, or of more than `MAX_TAGS` tags, is read as its bare text.
    """
    markup = without_surrogates(markup)[: 4 * MAX_BLOCK].replace("\x00", "")
    if markup.count("<") > MAX_TAGS:  # an HTML tree of them takes seconds, and no description has as many
        return _make_safe(_bare_text(markup))
    if breaks_paragraphs:
        markup = "<p>" + re.sub(r"(?:<br\s*/?>\s*)+", "</p><p>", markup, flags=re.IGNORECASE) + "</p>"
    if "<" not in markup:
        return _make_safe(unescape_all(markup, 1))
    if (plain := plain_markup(markup, base)) is not None:
        return _make_safe(plain)
    try:
        return _make_safe(_convert(markup, base))
    except (RecursionError, AssertionError, ValueError, TypeError, AttributeError):
        # html.parser and markdownify give up on such markup in these ways; the words are still worth keeping.
        return _make_safe(_bare_text(markup))


def _bare_text(markup: str) -> str:
    return unescape_all(re.sub(r"<[^<>]*>", " ", markup), 1)


def _convert(markup: str, base: str | None) -> str:
    # Imported here: 100 ms that a run which parses no HTML need not pay.
    from bs4 import BeautifulSoup

    from .urls import normalise_url

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        soup = BeautifulSoup(markup, "html.parser")
    # Each search walks the whole tree, which takes as long as building it did.
    if _DROPPED_TAG.search(markup):
        for tag in soup(_DROPPED):
            tag.decompose()
    if _ANCHOR.search(markup):
        for anchor in soup("a"):
            try:
                href = normalise_url(str(anchor.get("href", "")), base)
                anchor["href"] = href.replace("(", "%28").replace(")", "%29")
            except ValueError:
                anchor.unwrap()
    return str(_converter().convert_soup(soup))


@cache
def _converter() -> Any:
    """One for all: it remembers how each tag is converted."""
    from markdownify import MarkdownConverter

    options: dict[str, Any] = {
        "heading_style": "ATX",
        "bullets": "-",
        "autolinks": False,
        "escape_asterisks": False,
        "escape_underscores": False,
        "escape_misc": False,
    }
    return MarkdownConverter(**options)


def _make_safe(markdown: str) -> str:
    if "<" in markdown:
        markdown = _LIVE_HTML.sub(r"\\<", markdown)
    if "](" in markdown:
        markdown = _UNSAFE_LINK.sub(r"\\]", markdown)
    if "]:" in markdown:
        markdown = _LINK_DEFINITION.sub(r"\1\\[", markdown)
    return clean_block(markdown)


# Begun nowhere but at the first of several spaces, which would take the square of their number.
_CONJUNCTION = re.compile(r"(?<!\s)\s++(?:and|и|&)\s+", re.IGNORECASE)
_LEADING = re.compile(r"^(?:and|и|&)\s+", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|ph\.?\s?d|md|esq|inc|ltd|llc|corp|gmbh|s\.?a|co)\.?", re.IGNORECASE)
_COMPANY = re.compile(
    r"\b(?:studios?|games?|team|productions?|entertainment|software|press|company|co|friends|others|sons|inc|ltd|llc"
    r"|команда|компания|друзья|другие|ко|студия)\b",
    re.IGNORECASE,
)


_AND_OTHERS = re.compile(r"(?:et al|and others|others|и др|и другие|и пр)\.?", re.IGNORECASE)


def split_names(text: str, *, conjunctions: bool = True) -> list[str]:
    """The people of one line of credits, in order: "A, B", "A; B", "A and B", "A и B", "A & B".

    Conservative: nothing inside brackets is split, "X, Jr." and "X, Inc." stay whole, a conjunction splits only
    where neither side names a company ("Stone and Sons Games"), `&` only between names of two words or more.
    "et al." is nobody.
    """
    names: list[str] = []
    for piece in _outside_brackets(text, ",;"):
        part = _LEADING.sub("", piece.strip()).strip()
        if names and _SUFFIX.fullmatch(part):
            names[-1] += f", {part}"
        elif part and not _AND_OTHERS.fullmatch(part):
            names.extend(_split_conjunction(part) if conjunctions else [part])
    return list(dict.fromkeys(names))


def _split_conjunction(part: str) -> list[str]:
    if "(" in part or "[" in part or _COMPANY.search(part):
        return [part]
    pieces = [piece.strip() for piece in _CONJUNCTION.split(part)]
    if not all(pieces) or ("&" in part and any(len(piece.split()) < 2 for piece in pieces)):
        return [part]
    return pieces


def _outside_brackets(text: str, separators: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, char in enumerate(text):
        if char in "([":
            depth += 1
        elif char in ")]":
            depth = max(0, depth - 1)
        elif char in separators and not depth:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan январь января янв",
            "february feb февраль февраля фев",
            "march mar март марта мар",
            "april apr апрель апреля апр",
            "may май мая",
            "june jun июнь июня июн",
            "july jul июль июля июл",
            "august aug август августа авг",
            "september sep sept сентябрь сентября сен сент",
            "october oct октябрь октября окт",
            "november nov ноябрь ноября ноя нояб",
            "december dec декабрь декабря дек",
        ),
        start=1,
    )
    for name in names.split()
}
_YEAR = r"(?P<y>(?:19|20)\d\d)(?:\s*(?:г\.?|год|года))?"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        _YEAR,
        r"(?P<y>(?:19|20)\d\d)[-./](?P<m>\d{1,2})(?:[-./](?P<d>\d{1,2}))?(?:[t ]\d\d:\d\d.*)?",
        r"(?:(?P<d>\d{1,2})\.)?(?P<m>\d{1,2})\.(?P<y>(?:19|20)\d\d)",
        rf"(?:(?P<d>\d{{1,2}})\s+)?(?P<name>[a-zа-я]+)\.?,?\s+{_YEAR}",
        rf"(?P<name>[a-z]+)\.?\s+(?P<d>\d{{1,2}}),?\s+{_YEAR}",
    )
)


def partial_date(text: str) -> str | None:
    """A date as partial ISO 8601, as precise as the text is: `2010`, `2010-05`, `2010-05-12`; None if it is no date.

    Read are years, ISO, day.month.year, and months in English and Russian words; a day or month of zero is absent.
    A day/month order that differs by country (`3/4/2010`) is not guessed.
    """
    text = re.sub(r"\s+", " ", text.strip().lower())
    for pattern in _DATES:
        match = pattern.fullmatch(text)
        if not match:
            continue
        found = match.groupdict()
        month = _MONTHS.get(found["name"]) if found.get("name") else int(found.get("m") or 0)
        day = int(found.get("d") or 0)
        if month is None or month > 12 or day > 31:
            continue
        if not month:
            return found["y"]
        return _valid(f"{found['y']}-{month:02}-{day:02}") if day else f"{found['y']}-{month:02}"
    return None


def recent_day(text: str) -> str | None:
    """A day of this century as `dd.mm.yy`, in ISO 8601; None for anything else."""
    match = re.fullmatch(r"(\d\d)\.(\d\d)\.(\d\d)", text.strip(), re.ASCII)
    return _valid(f"20{match[3]}-{match[2]}-{match[1]}") if match else None


def _valid(day: str) -> str | None:
    try:
        return dt.date.fromisoformat(day).isoformat()
    except ValueError:
        return None
