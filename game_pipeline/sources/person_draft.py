"""A record about a person in the making, as `draft` makes those about games."""

from __future__ import annotations

from game_pipeline.model import Alias, PersonLink, PersonLinkKind, PersonRecord, RecordError

from .base import ParseError, Source
from .jottings import MAX_ITEMS, Jottings
from .text import without_surrogates
from .urls import normalise_url

__all__ = ["PersonDraft"]


class PersonDraft(Jottings):
    """Collects what a page says about a person; `describe` takes what it tells of them."""

    def __init__(self, source: Source, where: str) -> None:
        super().__init__(source, where)
        self.name = ""
        self._aliases: list[Alias] = []
        self._links: dict[tuple[str, PersonLinkKind], PersonLink] = {}
        self._works: dict[str, None] = {}

    def set_name(self, text: str) -> None:
        self.name = self._line("name", text)

    def alias(self, text: str, lang: str | None = None) -> None:
        line = self._line("alias", text)
        if line and line != self.name and len(self._aliases) < MAX_ITEMS:
            self._aliases.append(Alias(name=line, lang=lang))

    def link(self, url: str, kind: PersonLinkKind = "other", label: str = "", base: str | None = None) -> None:
        """Add an address. One of an address and kind, the labelled one."""
        if not url.strip() or not (address := self._address(url, base)) or len(self._links) >= MAX_ITEMS:
            return
        line = self._line("label", label) or None
        known = self._links.get((address, kind))
        if known is None or (known.label is None and line):
            self._links[address, kind] = PersonLink(url=address, kind=kind, label=line)

    def work(self, identity: str) -> None:
        """Add a game of this source that the page says is theirs, by the identity of its record."""
        if len(self._works) < MAX_ITEMS:
            self._works.setdefault(identity)

    def build(self, *, identity: str, url: str) -> PersonRecord:
        """The finished record. Raises `ParseError` where identity or name is missing."""
        if not self.name:
            raise ParseError(f"{self.where} name", "missing")
        try:
            return PersonRecord.build(
                source=self.source.name,
                identity=without_surrogates(identity),
                url=normalise_url(url),
                name=self.name,
                aliases=tuple(self._aliases),
                about=self.texts,
                urls=tuple(self._links.values()),
                works=tuple(self._works),
                attribution=self.source.attribution,
                extra=self._extra,
                parser_version=self.source.parser_version,
                warnings=self.warnings,
            )
        except (RecordError, ValueError) as error:
            raise ParseError(self.where, str(error)) from None
