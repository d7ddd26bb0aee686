"""What IGDB says about a game: one object of the `games` endpoint as a record.

Formats: the API's documentation (api-docs.igdb.com) and recorded exchanges of 2024 and 2025. Fields that are not set
are absent; a field that refers to another table is its id where the request did not ask for more.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from game_pipeline.model import GameRecord, Kind, LinkKind

from .base import ParseError, Source
from .draft import Draft
from .identities import site_id
from .jsondoc import listed, mapping, names, number, string
from .languages import language_codes
from .links import classify
from .platforms import platform_name
from .players import BATTLE_ROYALE, CO_OP, MMO, MULTIPLAYER, SINGLE_PLAYER, SPLIT_SCREEN, add_players
from .text import plain_to_markdown

__all__ = ["game_record"]

STEAM, GOG = 1, 5  # numbers of `external_game_source`, which was `category` until 2025

# `game_type`, which was `category` until 2025.
_KINDS: dict[int, Kind] = {
    0: "game",
    1: "dlc",
    2: "dlc",  # expansion
    3: "other",  # bundle
    4: "game",  # standalone expansion
    5: "other",  # mod
    6: "dlc",  # episode
    7: "dlc",  # season
    8: "game",  # remake
    9: "edition",  # remaster
    10: "edition",  # expanded game
    11: "edition",  # port
    12: "game",  # fork
    13: "dlc",  # pack
    14: "other",  # update
}
_STATUS = {2: "alpha", 3: "beta", 4: "early access", 5: "offline", 6: "cancelled", 7: "rumoured", 8: "delisted"}
_MODES = {
    "single-player": SINGLE_PLAYER,
    "multiplayer": MULTIPLAYER,
    "co-operative": CO_OP,
    "split-screen": SPLIT_SCREEN,
    "massively-multiplayer-online-mmo": MMO,
    "battle-royale": BATTLE_ROYALE,
}
# `date_format` of a release date, which was `category`: a day, a month, a year, its quarters, none.
_DAY, _MONTH, _TO_BE_DETERMINED = 0, 1, 7
# Languages of which one country's form is another text; of all others the country only names the default.
_LOCALES = {"zh-CN": "zh-Hans", "zh-TW": "zh-Hant", "pt-BR": "pt-BR", "es-MX": "es-419"}
_IMAGE = re.compile(r"/([a-z0-9_]+)\.(?:jpg|png|webp)$")
_EPOCH = dt.datetime(1970, 1, 1)

_FLAGS = (
    ("campaigncoop", "campaign_coop"),
    ("dropin", "drop_in"),
    ("lancoop", "lan_coop"),
    ("offlinecoop", "offline_coop"),
    ("onlinecoop", "online_coop"),
    ("splitscreen", "split_screen"),
    ("splitscreenonline", "split_screen_online"),
)
_NUMBERS = (
    ("offlinecoopmax", "offline_coop_max"),
    ("offlinemax", "offline_max"),
    ("onlinecoopmax", "online_coop_max"),
    ("onlinemax", "online_max"),
)
_ROLES = (
    ("developer", "developer"),
    ("publisher", "publisher"),
    ("porting", "porting"),
    ("supporting", "contributor"),
)
_RATINGS = (
    "aggregated_rating",
    "aggregated_rating_count",
    "hypes",
    "rating",
    "rating_count",
    "total_rating",
    "total_rating_count",
)
_READ = frozenset(
    [
        *_RATINGS,
        *("id", "name", "slug", "url", "category", "game_type", "game_status", "status", "first_release_date"),
        *("release_dates", "summary", "storyline", "genres", "themes", "game_modes", "player_perspectives"),
        *("game_engines", "platforms", "involved_companies", "alternative_names", "game_localizations", "franchise"),
        *("franchises", "collection", "collections", "language_supports", "external_games", "websites", "videos"),
        *("cover", "screenshots", "multiplayer_modes", "parent_game", "version_parent", "version_title", "updated_at"),
        # Looked at and left: other games, and what is about the row.
        *("age_ratings", "artworks", "similar_games", "dlcs", "expansions", "expanded_games", "remakes", "remasters"),
        *("ports", "forks", "bundles", "standalone_expansions", "checksum", "created_at", "tags", "keywords"),
    ]
)


def game_record(source: Source, game: dict[str, Any], where: str) -> GameRecord:
    """The record of one object. Raises `ParseError` where id, name or address is missing."""
    identity = number(game.get("id"))
    if not isinstance(identity, int) or identity < 1:
        raise ParseError(f"{where}.id", f"no id: {str(game.get('id'))[:60]}")
    draft = Draft(source, where)
    draft.set_title(string(game.get("name")))
    draft.kind = _kind(game)
    draft.set_date(_released(game))
    draft.describe(plain_to_markdown(string(game.get("summary"))), "en")
    draft.describe(plain_to_markdown(string(game.get("storyline"))), "en")
    draft.external_id("igdb", str(identity))
    _add_titles(draft, game)
    _add_tags(draft, game)
    _add_companies(draft, game)
    _add_links(draft, game)
    _add_players(draft, game)
    for key in _RATINGS:
        draft.extra(key, number(game.get(key)))
    draft.extra("updated_at", number(game.get("updated_at")))
    for key in ("parent_game", "version_parent"):
        draft.extra(key, number(_id(game.get(key))))
    draft.extra("version_title", string(game.get("version_title")))
    status = number(_id(game.get("game_status", game.get("status"))))
    draft.extra("status", _STATUS.get(status, "") if isinstance(status, int) else "")
    draft.unread("field", (key for key in game if key not in _READ))
    return draft.build(identity=str(identity), url=_address(game, where))


def _id(value: Any) -> Any:
    """The id of a reference, be it resolved or not."""
    return value.get("id") if isinstance(value, dict) else value


def _address(game: dict[str, Any], where: str) -> str:
    if url := string(game.get("url")):
        return url
    if slug := string(game.get("slug")):
        return f"https://www.igdb.com/games/{slug}"
    raise ParseError(f"{where}.url", "neither url nor slug")


def _kind(game: dict[str, Any]) -> Kind:
    if game.get("version_parent"):
        return "edition"
    found = number(_id(game.get("game_type", game.get("category"))))
    return _KINDS.get(found, "other") if isinstance(found, int) else "game"


def _released(game: dict[str, Any]) -> str:
    """The first release, as precise as the release dates say it is: a year alone is the last second of it."""
    first = number(game.get("first_release_date"))
    if first is None:
        return ""
    precisions = [
        int(precision)
        for release in map(mapping, listed(game.get("release_dates")))
        if number(release.get("date")) == first
        and (precision := number(_id(release.get("date_format", release.get("category"))))) is not None
    ]
    try:
        day = (_EPOCH + dt.timedelta(seconds=first)).date()
    except OverflowError:
        return str(first)  # which no date is: the draft says so
    finest = min(precisions, default=_DAY)
    if finest == _TO_BE_DETERMINED:
        return ""
    return f"{day:%Y-%m-%d}" if finest == _DAY else f"{day:%Y-%m}" if finest == _MONTH else f"{day:%Y}"


def _add_titles(draft: Draft, game: dict[str, Any]) -> None:
    for other in map(mapping, listed(game.get("alternative_names"))):
        comment = string(other.get("comment"))
        language = re.match(r"(\w+) title\b(?!.*(?:roman|transl))", comment, re.IGNORECASE)
        codes = language_codes(language[1]) if language else ()
        draft.alt_title(string(other.get("name")), codes[0] if codes else None)
    for other in map(mapping, listed(game.get("game_localizations"))):
        region = mapping(other.get("region"))
        codes = language_codes(string(region.get("identifier"))) if region.get("category") == "locale" else ()
        draft.alt_title(string(other.get("name")), _plain(codes[0]) if codes else None)


def _plain(locale: str) -> str:
    """A language without the country that only names its default: "en" of "en-US"."""
    return _LOCALES.get(locale, locale.partition("-")[0])


def _add_tags(draft: Draft, game: dict[str, Any]) -> None:
    for key, kind in (
        ("genres", "genre"),
        ("themes", "theme"),
        ("platforms", "platform"),
        ("player_perspectives", "perspective"),
        ("game_engines", "system"),
    ):
        for name in names(game.get(key)):
            draft.tag(kind, platform_name(name) if kind == "platform" else name)
    series = [*names(game.get("franchises")), *names(game.get("collections"))]
    series += names([game.get("franchise"), game.get("collection")])
    draft.extra("series", sorted(set(series)))  # their order differs from reply to reply
    locales = [
        string(mapping(mapping(support).get("language")).get("locale"))
        for support in listed(game.get("language_supports"))
    ]
    codes = (_plain(code) for locale in locales for code in language_codes(locale))
    draft.set_languages(", ".join(dict.fromkeys(codes)))


def _add_companies(draft: Draft, game: dict[str, Any]) -> None:
    # Their order differs from reply to reply, their own ids do not.
    rows = [mapping(row) for row in listed(game.get("involved_companies"))]
    for involved in sorted(rows, key=lambda row: number(row.get("id")) or 0):
        company = mapping(involved.get("company"))
        name, slug = string(company.get("name")), string(company.get("slug"))
        if not name:
            draft.warn(f"company {string(_id(involved.get('company')))} without a name")
            continue
        url = f"https://www.igdb.com/companies/{slug}" if slug else None
        roles = [role for flag, role in _ROLES if involved.get(flag)]
        # A request that did not ask for the flags leaves open what the company did.
        for role in roles or ["company"]:
            draft.credit(name, role, url)


def _add_links(draft: Draft, game: dict[str, Any]) -> None:
    has_steam = False
    for external in map(mapping, listed(game.get("external_games"))):
        store = number(_id(external.get("external_game_source", external.get("category"))))
        uid = string(external.get("uid"))
        if store == STEAM and re.fullmatch(r"[1-9]\d{0,9}", uid):
            draft.external_id("steam", uid)
            draft.link(f"https://store.steampowered.com/app/{uid}", "game_page", "Steam")
            has_steam = True
        elif store == GOG and re.fullmatch(r"[1-9]\d{0,11}", uid):
            draft.external_id("gog", uid)
        url = string(external.get("url"))
        found = site_id(url)
        if (found and found.scheme != "steam") or (not found and classify(url) == "game_page"):
            draft.game_page(url)
    for website in map(mapping, listed(game.get("websites"))):
        url = string(website.get("url"))
        found = site_id(url)
        if found and not (found.scheme == "steam" and has_steam):
            draft.game_page(url)
        elif not found:
            draft.link(url)
    for video in map(mapping, listed(game.get("videos"))):
        if identity := string(video.get("video_id")):
            draft.link(f"https://www.youtube.com/watch?v={identity}", "video", string(video.get("name")))
    _add_picture(draft, mapping(game.get("cover")), "poster", "cover_big")
    for picture in map(mapping, listed(game.get("screenshots"))):
        _add_picture(draft, picture, "screenshot", "screenshot_big")


def _add_picture(draft: Draft, image: dict[str, Any], kind: LinkKind, size: str) -> None:
    """Addresses come as `//images.igdb.com/…/t_thumb/ID.jpg`; the size is in them."""
    found = _IMAGE.search(string(image.get("url")))
    if identity := string(image.get("image_id")) or (found[1] if found else ""):
        draft.link(f"https://images.igdb.com/igdb/image/upload/t_{size}/{identity}.jpg", kind)


def _add_players(draft: Draft, game: dict[str, Any]) -> None:
    """Modes of the game, and how many can play: on the platform where that is most."""
    modes: list[str] = []
    for mode in map(mapping, listed(game.get("game_modes"))):
        name = string(mode.get("name"))
        slug = string(mode.get("slug")) or re.sub(r"[^a-z]+", "-", name.lower()).strip("-")
        if known := _MODES.get(slug) or name:
            modes.append(known)
    rows = list(map(mapping, listed(game.get("multiplayer_modes"))))
    most = 0
    for field, key in _NUMBERS:
        found = [value for row in rows if isinstance(value := number(row.get(field)), int)]
        if found and max(found) > 0:
            draft.extra(key, max(found))
            most = max(most, *found)
    flags = {key for field, key in _FLAGS if any(row.get(field) is True for row in rows)}
    for _, key in _FLAGS:
        if key in flags:
            draft.extra(key, True)
    if flags & {"campaign_coop", "lan_coop", "offline_coop", "online_coop"}:
        modes.append(CO_OP)
    if flags & {"split_screen", "split_screen_online"}:
        modes.append(SPLIT_SCREEN)
    add_players(draft, modes, most)
