"""What RAWG says about a game: its detail document, and what a result of a list says of it, as records.

Format: a whole detail document and a whole list, captured; the API's documentation (api.rawg.io/docs).
"""

from __future__ import annotations

import re
from typing import Any

from game_pipeline.model import GameRecord

from .base import ParseError, Source
from .draft import Draft
from .jsondoc import listed, mapping, names, number, string
from .platforms import platform_name
from .players import CO_OP, MMO, MULTIPLAYER, SINGLE_PLAYER, SPLIT_SCREEN, add_players
from .text import html_to_markdown, plain_to_markdown

__all__ = ["game_record"]

_MODES = {
    "singleplayer": SINGLE_PLAYER,
    "multiplayer": MULTIPLAYER,
    "online-multiplayer": MULTIPLAYER,
    "local-multiplayer": MULTIPLAYER,
    "pvp": MULTIPLAYER,
    "online-pvp": MULTIPLAYER,
    "co-op": CO_OP,
    "cooperative": CO_OP,
    "online-co-op": CO_OP,
    "local-co-op": CO_OP,
    "split-screen": SPLIT_SCREEN,
    "massively-multiplayer": MMO,
    "mmo": MMO,
}
_COUNTS = (
    *("added", "achievements_count", "additions_count", "creators_count", "game_series_count", "movies_count"),
    *("parent_achievements_count", "parents_count", "ratings_count", "reddit_count", "reviews_count"),
    *("reviews_text_count", "screenshots_count", "suggestions_count", "twitch_count", "youtube_count"),
)
_KEPT_COUNTS = ("added", "ratings_count", "reviews_count")
_READ = frozenset(
    [
        *_COUNTS,
        *("id", "slug", "name", "name_original", "description", "description_raw", "metacritic", "metacritic_url"),
        *("released", "tba", "updated", "background_image", "website", "rating", "alternative_names", "playtime"),
        *("platforms", "stores", "developers", "publishers", "genres", "tags", "esrb_rating", "reddit_url"),
        *("short_screenshots",),
        # Looked at and left: the picture shown elsewhere, colours, votes by kind, what is about the visitor.
        *("background_image_additional", "metacritic_platforms", "parent_platforms", "rating_top", "ratings"),
        *("reactions", "added_by_status", "reddit_name", "reddit_description", "reddit_logo", "user_game"),
        *("saturated_color", "dominant_color", "clip", "score", "community_rating"),
    ]
)


def game_record(source: Source, game: dict[str, Any], where: str) -> GameRecord:
    """The record of a detail document or of a list's result. Raises `ParseError` where id, slug or name is missing."""
    identity, slug = number(game.get("id")), string(game.get("slug"))
    if not isinstance(identity, int) or identity < 1:
        raise ParseError(f"{where}.id", f"no id: {str(game.get('id'))[:60]}")
    if not slug:
        raise ParseError(f"{where}.slug", "missing")
    draft = Draft(source, where)
    draft.set_title(string(game.get("name")))
    draft.alt_title(string(game.get("name_original")))
    for name in listed(game.get("alternative_names")):
        draft.alt_title(string(name))
    draft.external_id("rawg", str(identity))
    _add_release(draft, game)
    text = html_to_markdown(string(game.get("description"))) or plain_to_markdown(string(game.get("description_raw")))
    draft.describe(text, "en")
    _add_companies(draft, game)
    _add_tags(draft, game)
    _add_links(draft, game)
    _add_numbers(draft, game)
    draft.unread("field", (key for key in game if key not in _READ))
    return draft.build(identity=str(identity), url=f"https://rawg.io/games/{slug}")


def _add_release(draft: Draft, game: dict[str, Any]) -> None:
    """`tba`: the date is not announced, and one that stands there all the same means nothing."""
    if game.get("tba") is True:
        draft.extra("coming_soon", True)
    else:
        draft.set_date(string(game.get("released")))


def _add_companies(draft: Draft, game: dict[str, Any]) -> None:
    for role, key in (("developer", "developers"), ("publisher", "publishers")):
        for company in map(mapping, listed(game.get(key))):
            slug = string(company.get("slug"))
            url = f"https://rawg.io/{key}/{slug}" if slug else None
            draft.credit(string(company.get("name")), role, url)


def _add_tags(draft: Draft, game: dict[str, Any]) -> None:
    for genre in names(game.get("genres")):
        draft.tag("genre", genre)
    for platform in map(mapping, listed(game.get("platforms"))):
        draft.tag("platform", platform_name(string(mapping(platform.get("platform")).get("name"))))
    modes: list[str] = []
    for tag in map(mapping, listed(game.get("tags"))):
        slug, language = string(tag.get("slug")), string(tag.get("language"))
        if mode := _MODES.get(slug):
            modes.append(mode)
        elif language in ("", "eng"):
            draft.tag("theme", string(tag.get("name")))
    add_players(draft, modes)
    draft.tag("rating", string(mapping(game.get("esrb_rating")).get("name")))


def _add_links(draft: Draft, game: dict[str, Any]) -> None:
    draft.link(string(game.get("background_image")), "poster")
    for picture in map(mapping, listed(game.get("short_screenshots"))):
        if number(picture.get("id")) != -1:  # which repeats the background
            draft.link(string(picture.get("image")), "screenshot")
    draft.link(string(game.get("website")), "other", "Website")
    draft.link(_web(string(game.get("reddit_url"))), "forum", "Reddit")
    draft.link(string(game.get("metacritic_url")), "review", "Metacritic")
    for place in map(mapping, listed(game.get("stores"))):
        store = string(mapping(place.get("store")).get("name"))
        # A list's result, and most documents, name the store and leave the address empty.
        if url := string(place.get("url")) or string(place.get("url_en")):
            draft.game_page(url, store)
    draft.extra("stores", names([mapping(place).get("store") for place in listed(game.get("stores"))]))


def _web(url: str) -> str:
    """The address, where it is one: the field holds whatever somebody typed."""
    return url if re.match(r"https?://", url) else ""


def _add_numbers(draft: Draft, game: dict[str, Any]) -> None:
    for key in ("rating", "metacritic", "playtime", *_KEPT_COUNTS):
        draft.extra(key, number(game.get(key)))
    draft.extra("updated", string(game.get("updated")))
