"""A record in the making: takes what a page says piece by piece, cleans it, and turns what is unfit into a warning.

A fact that breaks the canonical form never costs the record; only a missing identity or title does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from game_pipeline.model import (
    MAX_BLOCK,
    MAX_LINE,
    AltTitle,
    Credit,
    Description,
    ExternalId,
    GameRecord,
    Kind,
    Link,
    LinkKind,
    RecordError,
    Scalar,
    Tag,
    clean_block,
    clean_line,
)

from .base import UNREAD, ParseError, Source
from .identities import site_id
from .languages import language_codes
from .links import LinkRule, classify
from .text import partial_date, without_surrogates
from .urls import normalise_url

__all__ = ["Draft"]

MAX_WARNINGS = 40
MAX_ITEMS = 2_000


class Draft:
    """Collects the claims of one record. `where` is the selector that an error about it names."""

    def __init__(self, source: Source, where: str, rules: tuple[LinkRule, ...] = ()) -> None:
        self.source = source
        self.where = where
        self.rules = rules
        self.kind: Kind = "game"
        self.title = ""
        self.release_date: str | None = None
        self.languages: tuple[str, ...] = ()
        self._alt_titles: list[AltTitle] = []
        self._descriptions: dict[str | None, str] = {}
        self._credits: list[Credit] = []
        self._tags: list[Tag] = []
        self._links: dict[tuple[str, LinkKind], Link] = {}
        self._ids: list[ExternalId] = []
        self._extra: dict[str, Scalar | list[Scalar]] = {}
        self._warnings: dict[str, None] = {}

    def warn(self, message: str) -> None:
        """Note what the page has and the record has not; each message once, `MAX_WARNINGS` at most."""
        self._warnings.setdefault(clean_line(without_surrogates(message))[:300])

    def unread(self, what: str, names: Iterable[str]) -> None:
        """Strict reading: say what the page has that nobody read."""
        for name in names:
            self.warn(f"{UNREAD}{what} {name[:60]}")

    def set_title(self, text: str) -> None:
        self.title = self._line("title", text)

    def set_date(self, text: str) -> None:
        if text and not (date := partial_date(text)):
            self.warn(f"release date not understood: {text[:60]}")
        elif text:
            self.release_date = date

    def set_languages(self, text: str) -> None:
        """Tag the languages that the text lists."""
        codes = language_codes(text)
        if text.strip() and not codes:
            self.warn(f"language not understood: {text[:60]}")
        self.languages = tuple(dict.fromkeys((*self.languages, *codes)))
        for code in codes:
            self.tag("language", code)

    def alt_title(self, text: str, lang: str | None = None) -> None:
        line = self._line("alternative title", text)
        if line and line != self.title and len(self._alt_titles) < MAX_ITEMS:
            self._alt_titles.append(AltTitle(title=line, lang=lang))

    def describe(self, text: str, lang: str | None = None) -> None:
        """Add Markdown; a second text of one language becomes a further paragraph of the first."""
        block = clean_block(without_surrogates(text))
        if not block:
            return
        if before := self._descriptions.get(lang):
            block = before if block in before else f"{before}\n\n{block}"
        if len(block) > MAX_BLOCK:
            self.warn(f"description of {len(block)} characters cut to {MAX_BLOCK}")
            block = block[:MAX_BLOCK].rstrip()
        self._descriptions[lang] = block

    def credit(self, name: str, role: str = "author", url: str | None = None) -> None:
        line = self._line(role, name)
        if not line or any(known.name == line and known.role == role for known in self._credits):
            return
        if re.match(r"https?://", line):
            self.warn(f"{role} is an address, kept as a link")
            self.link(line, "other")
        elif len(self._credits) < MAX_ITEMS:
            self._credits.append(Credit(name=line, role=role, url=self._address(url) if url else None))

    def tag(self, kind: str, value: str) -> None:
        line = self._line(kind, value)
        if line and len(self._tags) < MAX_ITEMS:
            self._tags.append(Tag(kind=kind, value=line))

    def link(self, url: str, kind: LinkKind | None = None, label: str = "", base: str | None = None) -> None:
        """Add an address; without a kind the table of `urls` decides. One of an address and kind, the labelled one."""
        if not url.strip():
            return
        address = self._address(url, base)
        if not address or len(self._links) >= MAX_ITEMS:
            return
        line = self._line("label", label) or None
        found = kind or classify(address, label, self.rules)
        known = self._links.get((address, found))
        if known is None or (known.label is None and line):
            self._links[address, found] = Link(url=address, kind=found, label=line)

    def game_page(self, url: str, label: str = "") -> None:
        """Add the game's page on another site, and the id that its address carries. A slug is none: it may change,
        and matching knows it by the address."""
        self.link(url, "game_page", label)
        found = site_id(url)
        if found and not found.scheme.endswith("_slug"):
            self.external_id(found.scheme, found.value)

    def external_id(self, scheme: str, value: str) -> None:
        line = self._line(scheme, value)
        if line and len(self._ids) < MAX_ITEMS:
            self._ids.append(ExternalId(scheme=scheme, value=line))

    def extra(self, key: str, value: Scalar | list[str]) -> None:
        """Keep a fact without a canonical field; what is empty is left out."""
        cleaned: Scalar | list[Scalar]
        if isinstance(value, str):
            cleaned = self._line(key, value)
        elif isinstance(value, list):
            cleaned = [line for item in value[:MAX_ITEMS] if (line := self._line(key, item))]
        else:
            cleaned = value
        if cleaned not in ("", [], None):
            self._extra[key] = cleaned

    def build(self, *, identity: str, url: str) -> GameRecord:
        """The finished record. Raises `ParseError` where identity or title is missing."""
        if not self.title:
            raise ParseError(f"{self.where} title", "missing")
        warnings = list(self._warnings)
        if len(warnings) > MAX_WARNINGS:
            warnings = [*warnings[:MAX_WARNINGS], f"and {len(warnings) - MAX_WARNINGS} more"]
        try:
            return GameRecord.build(
                source=self.source.name,
                identity=without_surrogates(identity),
                url=normalise_url(url),
                kind=self.kind,
                title=self.title,
                alt_titles=tuple(self._alt_titles),
                descriptions=tuple(Description(lang=lang, text=text) for lang, text in self._descriptions.items()),
                release_date=self.release_date,
                credits=tuple(self._credits),
                tags=tuple(self._tags),
                urls=tuple(self._links.values()),
                external_ids=tuple(self._ids),
                attribution=self.source.attribution,
                extra=self._extra,
                parser_version=self.source.parser_version,
                warnings=tuple(warnings),
            )
        except (RecordError, ValueError) as error:
            raise ParseError(self.where, str(error)) from None

    def _line(self, what: str, text: str) -> str:
        line = clean_line(without_surrogates(text))
        if len(line) > MAX_LINE:
            self.warn(f"{what} of {len(line)} characters cut to {MAX_LINE}")
            return line[:MAX_LINE].rstrip()
        return line

    def _address(self, url: str, base: str | None = None) -> str | None:
        try:
            return normalise_url(url, base)
        except ValueError:
            self.warn(f"unusable address {url.strip()[:120]}")
            return None
