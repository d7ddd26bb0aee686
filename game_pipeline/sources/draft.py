"""A record in the making: takes what a page says piece by piece, cleans it, and turns what is unfit into a warning.

A fact that breaks the canonical form never costs the record; only a missing identity or title does.
"""

from __future__ import annotations

import re

from game_pipeline.model import AltTitle, Credit, ExternalId, GameRecord, Kind, Link, LinkKind, RecordError, Tag

from .base import ParseError, Source
from .identities import site_id
from .jottings import MAX_ITEMS, Jottings
from .languages import language_codes
from .links import LinkRule, classify
from .text import partial_date, without_surrogates
from .urls import normalise_url

__all__ = ["Draft"]


class Draft(Jottings):
    """Collects the claims of one record. `where` is the selector that an error about it names."""

    def __init__(self, source: Source, where: str, rules: tuple[LinkRule, ...] = ()) -> None:
        super().__init__(source, where)
        self.rules = rules
        self.kind: Kind = "game"
        self.title = ""
        self.release_date: str | None = None
        self.languages: tuple[str, ...] = ()
        self._alt_titles: list[AltTitle] = []
        self._credits: list[Credit] = []
        self._tags: list[Tag] = []
        self._links: dict[tuple[str, LinkKind], Link] = {}
        self._ids: list[ExternalId] = []

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

    def build(self, *, identity: str, url: str) -> GameRecord:
        """The finished record. Raises `ParseError` where identity or title is missing."""
        if not self.title:
            raise ParseError(f"{self.where} title", "missing")
        try:
            return GameRecord.build(
                source=self.source.name,
                identity=without_surrogates(identity),
                url=normalise_url(url),
                kind=self.kind,
                title=self.title,
                alt_titles=tuple(self._alt_titles),
                descriptions=self.texts,
                release_date=self.release_date,
                credits=tuple(self._credits),
                tags=tuple(self._tags),
                urls=tuple(self._links.values()),
                external_ids=tuple(self._ids),
                attribution=self.source.attribution,
                extra=self._extra,
                parser_version=self.source.parser_version,
                warnings=self.warnings,
            )
        except (RecordError, ValueError) as error:
            raise ParseError(self.where, str(error)) from None
