"""GOG Galaxy: games as the client's databases of players know them. Nothing is crawled; `library` brings the pages.

A page is a JSON document of one game, as `galaxy.GalaxyGame` has it: what Galaxy states whatever the store, and whoever
owns it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from game_pipeline.model import Attribution, GameRecord

from .base import Page, ParseError, Policy
from .brought import BroughtSource
from .draft import Draft
from .jsondoc import listed, mapping, parse_json
from .languages import language_of
from .text import html_to_markdown, plain_to_markdown

__all__ = ["GogGalaxy"]

_MARKUP = re.compile(r"</?(?:p|br|b|i|ul|ol|li|h\d|strong|em|a|img|div)\b", re.IGNORECASE)
_LANGUAGES = ("en", "ru", "de", "fr")
_SYSTEMS = {"windows": "Windows", "osx": "macOS", "linux": "Linux"}
_READ = frozenset(
    [
        "key",
        "title",
        "alt_titles",
        "ids",
        "releases",
        "release_date",
        "developers",
        "publishers",
        "genres",
        "themes",
        "systems",
        "score",
        "summary",
    ]
)


class GogGalaxy(BroughtSource):
    """Uploaded Galaxy databases, a page for each game in them."""

    name = "gog_galaxy"
    title = "GOG Galaxy databases"
    home = "https://www.gogalaxy.com/"
    hosts = ("gamesdb.gog.com",)
    attribution = Attribution(site="GOG Galaxy", licence="unknown")
    policy = Policy(priority=70)
    verified = True
    parser_version = 1
    several_records_a_game = True
    volatile = frozenset({"extra.critics_score"})
    how = "comes with uploaded databases"

    def address_of(self, key: str, ids: dict[str, str]) -> str:
        """GOG's public data about the game (JSON), by its id in a store; an address of nobody's where none is known."""
        for store in ("gog", "steam", "epic"):
            if store in ids:
                return f"https://{self.hosts[0]}/platforms/{store}/external_releases/{quote(ids[store], safe='')}"
        return f"https://gog-galaxy.invalid/{quote(key, safe='')[:1_000]}"

    def parse(self, page: Page) -> list[GameRecord]:
        document = parse_json(page.body, what="game")
        key = document.get("key")
        if not isinstance(key, str) or not key:
            raise ParseError("key", "missing")
        draft = Draft(self, "game")
        draft.unread("game", sorted(document.keys() - _READ))
        draft.set_title(_text(document.get("title")))
        for title in _texts(document, "alt_titles"):
            draft.alt_title(title)
        draft.set_date(_text(document.get("release_date")))
        for role in ("developer", "publisher"):
            for name in _texts(document, f"{role}s"):
                draft.credit(name, role)
        for kind in ("genre", "theme"):
            for value in _texts(document, f"{kind}s"):
                draft.tag(kind, value)
        for system in _texts(document, "systems"):
            draft.tag("platform", _SYSTEMS.get(system, system))
        summary = _text(document.get("summary"))
        text = html_to_markdown(summary) if _MARKUP.search(summary) else plain_to_markdown(summary)
        draft.describe(text, language_of(text, _LANGUAGES))
        ids = {store: value for store, value in mapping(document.get("ids")).items() if isinstance(value, str)}
        for store, value in sorted(ids.items()):
            draft.external_id(store, value)
        if "steam" in ids:
            draft.link(f"https://store.steampowered.com/app/{ids['steam']}/", "game_page", "Steam")
        score = document.get("score")
        draft.extra("critics_score", score if isinstance(score, int | float) else None)
        draft.extra("releases", _texts(document, "releases"))
        return [draft.build(identity=key, url=self.address_of(key, ids))]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(document: dict[str, Any], name: str) -> list[str]:
    return [value for value in listed(document.get(name)) if isinstance(value, str)]
