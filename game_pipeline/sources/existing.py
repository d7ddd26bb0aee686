"""An existing catalogue as a source: nothing is crawled, each of its games is a page that was given by hand."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from game_pipeline.model import Attribution, GameRecord, RecordError

from .base import Page, ParseError, Policy, Segment
from .brought import BroughtSource

__all__ = ["ExistingCatalogue", "existing_catalogue"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class ExistingCatalogue(BroughtSource):
    """The pages are JSON documents {"id", "claims", "edits"}; their ids are of the scheme named as the source."""

    home = "https://existing.invalid/"
    policy = Policy(priority=1_000)
    verified = True
    parser_version = 1
    segments = (Segment("games", "Games"),)
    how = "is a file that is imported"

    def address_of(self, key: str) -> str:
        """A record must have an address; one under .invalid is nobody's."""
        return f"https://{self.hosts[0]}/{quote(key, safe='')[:1_500]}"

    def parse(self, page: Page) -> list[GameRecord]:
        try:
            document: dict[str, Any] = json.loads(page.body)
            key, claims = str(document["id"]), dict(document["claims"])
        except (ValueError, KeyError, TypeError) as error:
            raise ParseError("body", f"no game of an existing catalogue: {error}") from None
        own = {"scheme": self.name, "value": key}
        others = [each for each in claims.pop("external_ids", None) or () if each != own]
        facts = {
            "url": self.address_of(key),
            "attribution": self.attribution,
            **claims,
            "source": self.name,
            "identity": key,
            "external_ids": [*others, own],
            "parser_version": self.parser_version,
        }
        try:
            return [GameRecord.build(**facts)]
        except RecordError as error:
            raise ParseError("claims", str(error)) from None


def existing_catalogue(name: str) -> ExistingCatalogue:
    """The source of a catalogue's name. Raises ValueError for what is no name."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name[:60]!r} is no name; use lower-case letters, digits and underscores, a letter first")
    facts = {
        "name": name,
        "title": f"The existing catalogue {name}",
        "hosts": (f"{name.replace('_', '-').rstrip('-')}.invalid",),
        "attribution": Attribution(site=name, licence="unknown"),
    }
    made: ExistingCatalogue = type("ExistingCatalogueNamed", (ExistingCatalogue,), facts)()
    return made
