"""What the Steam store says about an app: the `data` of an appdetails reply as a record.

Format: a whole reply, and descriptions by the format's users. PHP makes it: an object without members is an empty list.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from game_pipeline.model import GameRecord, Kind

from .base import ParseError, Source
from .draft import Draft
from .jsondoc import listed, mapping, names, number, string
from .languages import language_codes
from .players import CO_OP, MMO, MULTIPLAYER, SINGLE_PLAYER, SPLIT_SCREEN, add_players
from .text import html_to_markdown, partial_date, unescape_all

__all__ = ["app_record"]

_KINDS: dict[str, Kind] = {"game": "game", "dlc": "dlc", "demo": "demo", "music": "soundtrack"}
_PLATFORMS = (("windows", "Windows"), ("mac", "macOS"), ("linux", "Linux"))
# Numbers of the store's categories; their names come in the language that was asked for.
_MODES = {
    1: MULTIPLAYER,
    2: SINGLE_PLAYER,
    9: CO_OP,
    20: MMO,
    24: SPLIT_SCREEN,
    27: MULTIPLAYER,
    36: MULTIPLAYER,
    37: SPLIT_SCREEN,
    38: CO_OP,
    39: SPLIT_SCREEN,
    47: MULTIPLAYER,
    48: CO_OP,
    49: MULTIPLAYER,
}
_FLAGS = {38: "online_coop", 39: "offline_coop", 48: "lan_coop", 24: "split_screen", 37: "split_screen"}
# Languages by the store's own names for them, where no common name or code is meant.
_LANGUAGES = {
    "simplified chinese": "zh-Hans",
    "traditional chinese": "zh-Hant",
    "spanish - spain": "es",
    "spanish - latin america": "es-419",
    "portuguese - portugal": "pt",
    "portuguese - brazil": "pt-BR",
}
_QUARTER = re.compile(r"Q[1-4] ((?:19|20)\d\d)")
_READ = frozenset(
    [
        *("type", "name", "steam_appid", "required_age", "is_free", "controller_support", "dlc", "fullgame", "demos"),
        *("detailed_description", "about_the_game", "short_description", "supported_languages", "header_image"),
        *("website", "developers", "publishers", "price_overview", "platforms", "metacritic", "categories", "genres"),
        *("screenshots", "movies", "recommendations", "achievements", "release_date", "support_info"),
        *("content_descriptors",),
        # Looked at and left: what is about the shop, not the game.
        *("reviews", "capsule_image", "capsule_imagev5", "pc_requirements", "mac_requirements", "linux_requirements"),
        *("packages", "package_groups", "background", "background_raw", "ratings", "legal_notice", "drm_notice"),
        *("ext_user_account_notice", "alternate_appid"),
    ]
)


def app_record(source: Source, app: dict[str, Any], where: str) -> GameRecord:
    """The record of an app's data. The id is the data's own: the key of a reply may be another."""
    identity = number(app.get("steam_appid"))
    if not isinstance(identity, int) or identity < 1:
        raise ParseError(f"{where}.steam_appid", f"no id: {str(app.get('steam_appid'))[:60]}")
    draft = Draft(source, where)
    draft.set_title(unescape_all(string(app.get("name"))))
    draft.kind = _KINDS.get(string(app.get("type")).lower(), "other")
    draft.extra("type", string(app.get("type")))
    draft.external_id("steam", str(identity))
    _add_release(draft, mapping(app.get("release_date")))
    _add_texts(draft, app)
    _add_languages(draft, string(app.get("supported_languages")))
    for role, key in (("developer", "developers"), ("publisher", "publishers")):
        for name in listed(app.get(key)):
            draft.credit(unescape_all(string(name)), role)
    for genre in names(app.get("genres"), "description"):
        draft.tag("genre", genre)
    platforms = mapping(app.get("platforms"))
    for key, name in _PLATFORMS:
        if platforms.get(key):
            draft.tag("platform", name)
    _add_categories(draft, app)
    _add_links(draft, app)
    _add_relations(draft, app)
    _add_numbers(draft, app)
    draft.unread("field", (key for key in app if key not in _READ))
    return draft.build(identity=str(identity), url=f"https://store.steampowered.com/app/{identity}")


def _add_release(draft: Draft, release: dict[str, Any]) -> None:
    """A date that is still to come is the store's plan, no release; it is often a quarter or only "Coming soon"."""
    text = string(release.get("date"))
    if release.get("coming_soon"):
        draft.extra("coming_soon", True)
        draft.extra("release_planned", text)
    elif quarter := _QUARTER.fullmatch(text):
        draft.set_date(quarter[1])
    else:
        if text and not partial_date(text):
            draft.extra("release_date_text", text)
        draft.set_date(text)


def _add_texts(draft: Draft, app: dict[str, Any]) -> None:
    about = string(app.get("about_the_game")) or string(app.get("detailed_description"))
    short = unescape_all(string(app.get("short_description")))
    draft.describe(html_to_markdown(about, base=draft.source.home) or short, "en")
    draft.extra("short_description", short)


def _add_languages(draft: Draft, markup: str) -> None:
    """ "English<strong>*</strong>, French<br><strong>*</strong>languages with full audio support" """
    listing = re.split(r"<br\s*/?>", markup, maxsplit=1)[0]
    text = unescape_all(re.sub(r"<[^<>]*>|\*", "", listing))
    for name in (part.strip() for part in text.split(",")):
        if not name:
            continue
        if code := _LANGUAGES.get(name.lower()):
            draft.set_languages(code)
        elif language_codes(name):
            draft.set_languages(name)
        else:
            draft.warn(f"language not understood: {name[:60]}")


def _add_categories(draft: Draft, app: dict[str, Any]) -> None:
    modes: list[str] = []
    for category in map(mapping, listed(app.get("categories"))):
        identity = number(category.get("id"))
        mode = _MODES.get(identity) if isinstance(identity, int) else None
        if mode and isinstance(identity, int):
            modes.append(mode)
            if flag := _FLAGS.get(identity):
                draft.extra(flag, True)
        else:
            draft.tag("feature", string(category.get("description")))
    add_players(draft, modes)


def _add_links(draft: Draft, app: dict[str, Any]) -> None:
    draft.link(_lasting(string(app.get("header_image"))), "poster")
    draft.link(string(app.get("website")), "other", "Website")
    draft.link(string(mapping(app.get("support_info")).get("url")), None, "Support")
    if url := string(mapping(app.get("metacritic")).get("url")):
        draft.link(urlunsplit((*urlsplit(url)[:3], "", "")), "review", "Metacritic")
    for picture in map(mapping, listed(app.get("screenshots"))):
        draft.link(_lasting(string(picture.get("path_full"))), "screenshot")
    for movie in map(mapping, listed(app.get("movies"))):
        for form in ("mp4", "webm", "hls_h264", "dash_h264"):
            found = movie.get(form)
            url = string(mapping(found).get("max")) if isinstance(found, dict) else string(found)
            if url:
                draft.link(_lasting(url), "video", string(movie.get("name")))
                break


def _lasting(url: str) -> str:
    """An address of the store's files without `?t=`, which moves whenever any file of the app does."""
    return re.sub(r"\?t=\d+$", "", url)


def _add_relations(draft: Draft, app: dict[str, Any]) -> None:
    whole = mapping(app.get("fullgame"))
    if parent := number(whole.get("appid")):
        draft.extra("full_game", str(parent))
    additions = (string(identity) for identity in listed(app.get("dlc")))
    draft.extra("dlc", sorted(additions, key=lambda identity: (len(identity), identity)))
    draft.extra("demos", names(app.get("demos"), "appid"))


def _add_numbers(draft: Draft, app: dict[str, Any]) -> None:
    age = number(app.get("required_age"))
    draft.extra("required_age", age or None)
    draft.extra("controller_support", string(app.get("controller_support")))
    draft.extra("content_notes", string(mapping(app.get("content_descriptors")).get("notes")))
    if isinstance(app.get("is_free"), bool):
        draft.extra("is_free", bool(app["is_free"]))
    price = mapping(app.get("price_overview"))
    final, initial = number(price.get("final")), number(price.get("initial"))
    draft.extra("price", final / 100 if final is not None else None)
    draft.extra("price_before", initial / 100 if initial is not None and initial != final else None)
    draft.extra("currency", string(price.get("currency")))
    draft.extra("metacritic", number(mapping(app.get("metacritic")).get("score")))
    draft.extra("recommendations", number(mapping(app.get("recommendations")).get("total")))
    draft.extra("achievements", number(mapping(app.get("achievements")).get("total")))
