"""What Wikidata says about a game: an entity's labels, dates, and above all the ids that other sites give it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from game_pipeline.model import GameRecord, Kind

from .base import Source
from .draft import Draft
from .jsondoc import listed, mapping, number, string
from .languages import language_codes
from .players import add_players
from .wikidata_claims import items, moment, qualifiers, strings, titles, truthy
from .wikidata_names import COUNTRIES, GENRES, LANGUAGES, MODES, PLATFORMS

__all__ = ["GAME_CLASSES", "entity_record", "is_game"]

GAME_CLASSES: dict[str, Kind] = {"Q7889": "game", "Q209163": "dlc", "Q865493": "other"}
"""What a game is an instance of: a video game, an expansion, a modification."""

# Ids of other sites: property, scheme, the form that an id of the scheme has.
_IDS = (
    ("P1733", "steam", re.compile(r"[1-9]\d{0,9}")),
    ("P2725", "gog", re.compile(r"[1-9]\d{0,11}")),
    ("P11688", "mobygames", re.compile(r"[1-9]\d{0,8}")),
    ("P3180", "vndb", re.compile(r"v[1-9]\d{0,8}")),
)
# Addresses of the game at other sites, made of the value; the sites' own sources know them by the same address.
_PAGES = (
    ("P1733", "https://store.steampowered.com/app/{}", "Steam"),
    ("P2725", "https://www.gog.com/{}", "GOG"),
    ("P5794", "https://www.igdb.com/games/{}", "IGDB"),
    ("P6278", "https://store.epicgames.com/{}", "Epic Games Store"),
    ("P9968", "https://rawg.io/games/{}", "RAWG"),
    ("P11688", "https://www.mobygames.com/game/{}", "MobyGames"),
    ("P6337", "https://www.pcgamingwiki.com/wiki/{}", "PCGamingWiki"),
    ("P3180", "https://vndb.org/{}", "VNDB"),
)
_ITCH, _WEBSITE, _TITLE = "P7294", "P856", "P1476"
_IGDB, _IGDB_NUMBER = "P5794", "P9043"
_RELEASED, _LANGUAGE = "P577", "P407"
_NAMED = (("P400", "platform", PLATFORMS), ("P136", "genre", GENRES), ("P495", "country", COUNTRIES))
_UNNAMED = (("P178", "developer_items"), ("P123", "publisher_items"), ("P179", "series_items"))
_WIKIS = (("enwiki", "https://en.wikipedia.org/wiki/"), ("ruwiki", "https://ru.wikipedia.org/wiki/"))
_PREFERRED = ("en", "mul", "ru")
_READ = frozenset(
    [
        *("pageid", "ns", "title", "lastrevid", "modified", "redirects", "type", "id", "labels", "descriptions"),
        *("aliases", "claims", "sitelinks"),
    ]
)


def is_game(entity: dict[str, Any]) -> bool:
    """Is it an instance of a game, or known to a store or database of games?"""
    claims = mapping(entity.get("claims"))
    if GAME_CLASSES.keys() & set(items(claims, "P31")):
        return True
    return any(strings(claims, property_) for property_, _, _ in _PAGES)


def entity_record(source: Source, entity: dict[str, Any], where: str) -> GameRecord:
    """The record of an entity that is a game. Raises `ParseError` where it has no label in any language."""
    identity = string(entity.get("id"))
    claims = mapping(entity.get("claims"))
    draft = Draft(source, where)
    kinds = [GAME_CLASSES[class_] for class_ in items(claims, "P31") if class_ in GAME_CLASSES]
    draft.kind = kinds[0] if kinds else "game"
    draft.external_id("wikidata", identity)
    _add_titles(draft, entity, claims)
    draft.set_date(moment(claims, _RELEASED))
    _add_items(draft, claims)
    _add_ids(draft, claims)
    for url in strings(claims, _WEBSITE):
        draft.link(url, "other", "Website")
    links = mapping(entity.get("sitelinks"))
    for wiki, address in _WIKIS:
        if title := string(mapping(links.get(wiki)).get("title")):
            draft.link(address + quote(title.replace(" ", "_"), safe="/:()',!"), "other", "Wikipedia")
    draft.extra("short_description", string(mapping(mapping(entity.get("descriptions")).get("en")).get("value")))
    draft.extra("revision", number(entity.get("lastrevid")))
    draft.extra("modified", string(entity.get("modified")))
    draft.unread("entity", (key for key in entity if key not in _READ))
    return draft.build(identity=identity, url=f"https://www.wikidata.org/wiki/{identity}")


def _add_titles(draft: Draft, entity: dict[str, Any], claims: dict[str, Any]) -> None:
    """The English label, else the one for all languages, else the Russian, else the first there is. The others, and
    the aliases, are further titles, each text once."""
    labels = mapping(entity.get("labels"))
    order = [*_PREFERRED, *sorted(set(labels) - set(_PREFERRED))]
    found = [(string(mapping(labels.get(language)).get("value")), language) for language in order]
    found += titles(claims, _TITLE)
    for language, aliases in sorted(mapping(entity.get("aliases")).items()):
        found += [(string(mapping(alias).get("value")), language) for alias in listed(aliases)]
    texts = dict.fromkeys(text for text, _ in found if text)
    languages = dict(reversed(found))
    for text in texts:
        if not draft.title:
            draft.set_title(text)
        else:
            draft.alt_title(text, next(iter(language_codes(languages[text])), None))


def _add_items(draft: Draft, claims: dict[str, Any]) -> None:
    unnamed: list[str] = []
    for property_, kind, known in _NAMED:
        for item in items(claims, property_):
            if name := known.get(item):
                draft.tag(kind, name)
            else:
                unnamed.append(f"{kind} {item}")
    spoken = items(claims, _LANGUAGE)
    draft.set_languages(", ".join(LANGUAGES[item] for item in spoken if item in LANGUAGES))
    unnamed += [f"language {item}" for item in spoken if item not in LANGUAGES]
    modes = items(claims, "P404")
    add_players(draft, [MODES[item] for item in modes if item in MODES])
    unnamed += [f"mode {item}" for item in modes if item not in MODES]
    for property_, key in _UNNAMED:
        draft.extra(key, items(claims, property_))
    draft.extra("other_items", unnamed)


def _add_ids(draft: Draft, claims: dict[str, Any]) -> None:
    for property_, scheme, form in _IDS:
        for value in strings(claims, property_):
            if form.fullmatch(value):
                draft.external_id(scheme, value)
    for statement in truthy(claims, _IGDB):
        for value in qualifiers(statement, _IGDB_NUMBER):
            if re.fullmatch(r"[1-9]\d{0,8}", value):
                draft.external_id("igdb", value)
    for property_, address, site in _PAGES:
        for value in strings(claims, property_):
            if not (property_ == "P2725" and value.isdecimal()):  # a product's number has no page of its own
                draft.game_page(address.format(quote(value, safe="/:()',!")), site)
    for url in strings(claims, _ITCH):
        draft.game_page(url, "itch.io")
