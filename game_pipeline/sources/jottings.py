"""What drafts of records have in common, whatever the record is about: texts cleaned, what is unfit noted."""

from __future__ import annotations

from collections.abc import Iterable

from game_pipeline.model import MAX_BLOCK, MAX_LINE, Description, Scalar, clean_block, clean_line

from .base import UNREAD, Source
from .text import without_surrogates
from .urls import normalise_url

__all__ = ["MAX_ITEMS", "MAX_WARNINGS", "Jottings"]

MAX_WARNINGS = 40
MAX_ITEMS = 2_000


class Jottings:
    """What a page says so far. `where` is the selector that an error about it names."""

    def __init__(self, source: Source, where: str) -> None:
        self.source = source
        self.where = where
        self._texts: dict[str | None, str] = {}
        self._extra: dict[str, Scalar | list[Scalar]] = {}
        self._warnings: dict[str, None] = {}

    def warn(self, message: str) -> None:
        """Note what the page has and the record has not; each message once, `MAX_WARNINGS` at most."""
        self._warnings.setdefault(clean_line(without_surrogates(message))[:300])

    def unread(self, what: str, names: Iterable[str]) -> None:
        """Strict reading: say what the page has that nobody read."""
        for name in names:
            self.warn(f"{UNREAD}{what} {name[:60]}")

    def describe(self, text: str, lang: str | None = None) -> None:
        """Add Markdown; a second text of one language becomes a further paragraph of the first."""
        block = clean_block(without_surrogates(text))
        if not block:
            return
        if before := self._texts.get(lang):
            block = before if block in before else f"{before}\n\n{block}"
        if len(block) > MAX_BLOCK:
            self.warn(f"description of {len(block)} characters cut to {MAX_BLOCK}")
            block = block[:MAX_BLOCK].rstrip()
        self._texts[lang] = block

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

    @property
    def texts(self) -> tuple[Description, ...]:
        """What was described, a text a language."""
        return tuple(Description(lang=lang, text=text) for lang, text in self._texts.items())

    @property
    def warnings(self) -> tuple[str, ...]:
        warnings = list(self._warnings)
        if len(warnings) > MAX_WARNINGS:
            warnings = [*warnings[:MAX_WARNINGS], f"and {len(warnings) - MAX_WARNINGS} more"]
        return tuple(warnings)

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
