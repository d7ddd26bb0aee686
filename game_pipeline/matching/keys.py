"""Identity keys: what a record carries that points at one game, and how far each kind is to be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from game_pipeline.model import GameRecord
from game_pipeline.sources.identities import site_id
from game_pipeline.sources.urls import identity_url

__all__ = [
    "LINK_STRENGTH",
    "SCHEMES",
    "IdentityKey",
    "Scheme",
    "Strength",
    "clashing_ids",
    "identity_keys",
    "normal_id",
]

Strength = Literal["strong", "weak"]


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """One pointer. `token` is the form the catalogue stores and looks up; strength is a matter of the table below."""

    kind: str
    value: str
    strength: Strength

    @property
    def token(self) -> str:
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme of ids. `one_per_game`: two different ids mean two games, or a mistake that a person should see."""

    strength: Strength = "strong"
    one_per_game: bool = True
    case: Literal["upper", "lower", "kept"] = "kept"


SCHEMES: dict[str, Scheme] = {
    "ifid": Scheme(one_per_game=False, case="upper"),  # every release and port may have its own
    "tuid": Scheme(case="lower"),
    "ifwiki_ru": Scheme(),
    "ifwiki_en": Scheme(),
    "ifwiki_org": Scheme(),
    "ifwiki_ru_title": Scheme(one_per_game=False),  # pages are renamed
    "instead_games": Scheme(),
    "quest_book": Scheme(),
    "apero": Scheme(),
    "axma": Scheme(),
    "hyperbook": Scheme(),
    "plut": Scheme(),
    "qsp": Scheme(one_per_game=False),  # a game may have a number of the old site, too
    "ifiction_forum": Scheme(one_per_game=False),  # a game may have several topics
    "textadventures": Scheme(one_per_game=False),
    "itch": Scheme(one_per_game=False, case="lower"),
    "steam": Scheme(),
    "gog": Scheme(),
    "igdb": Scheme(),
    "rawg": Scheme(),
    "vndb": Scheme(case="lower"),
    "wikidata": Scheme(case="upper"),
    "mobygames": Scheme(),
    "epic": Scheme(one_per_game=False),
    "gog_slug": Scheme(one_per_game=False),
    "igdb_slug": Scheme(one_per_game=False),
    "rawg_slug": Scheme(one_per_game=False),
}
_UNKNOWN_SCHEME = Scheme(strength="weak", one_per_game=False)

# A source whose own ids are known elsewhere under a scheme of another name. Any other source is its own scheme.
_SCHEME_OF_SOURCE = {"ifdb": "tuid"}

# Which links name the game rather than speak of it. A landing page often serves many games (an archive's directory).
LINK_STRENGTH: dict[str, Strength] = {
    "game_page": "strong",
    "download_direct": "strong",
    "play_online": "strong",
    "download_landing": "weak",
}


def identity_keys(record: GameRecord) -> tuple[IdentityKey, ...]:
    """The record's own page, then its external ids, then its addresses; each pointer once, at its best strength."""
    keys = [IdentityKey(*_own_id(record), "strong"), *_addressed(record.url, "strong")]
    for external in record.external_ids:
        strength = SCHEMES.get(external.scheme, _UNKNOWN_SCHEME).strength
        keys.append(IdentityKey(external.scheme, normal_id(external.scheme, external.value), strength))
    for link in record.urls:
        if link.kind in LINK_STRENGTH:
            keys += _addressed(link.url, _link_strength(link.kind, link.url))
    best: dict[str, IdentityKey] = {}
    for key in keys:
        known = best.get(key.token)
        if known is None or (known.strength == "weak" and key.strength == "strong"):
            best[key.token] = key
    return tuple(best.values())


def normal_id(scheme: str, value: str) -> str:
    """An id as its scheme writes it."""
    value = value.strip()
    match SCHEMES.get(scheme, _UNKNOWN_SCHEME).case:
        case "upper":
            return value.upper()
        case "lower":
            return value.lower()
        case _:
            return value


def clashing_ids(
    ours: tuple[tuple[str, str], ...], theirs: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str, str], ...]:
    """(scheme, ours, theirs) for each scheme of one id a game where both sides have ids and share none."""
    clashes = []
    for scheme in sorted({scheme for scheme, _ in ours} & {scheme for scheme, _ in theirs}):
        if not SCHEMES.get(scheme, _UNKNOWN_SCHEME).one_per_game:
            continue
        mine = {normal_id(scheme, value) for name, value in ours if name == scheme}
        other = {normal_id(scheme, value) for name, value in theirs if name == scheme}
        if not mine & other:
            clashes.append((scheme, ", ".join(sorted(mine)), ", ".join(sorted(other))))
    return tuple(clashes)


def _addressed(url: str, strength: Strength) -> list[IdentityKey]:
    try:
        keys = [IdentityKey("url", identity_url(url), strength)]
    except ValueError:  # an address that a record may carry but nobody can visit names nothing
        return []
    if found := site_id(url):
        keys.append(IdentityKey(found.scheme, normal_id(found.scheme, found.value), strength))
    return keys


def _own_id(record: GameRecord) -> tuple[str, str]:
    scheme = _SCHEME_OF_SOURCE.get(record.source, record.source)
    return scheme, normal_id(scheme, record.identity)


def _link_strength(kind: str, url: str) -> Strength:
    parts = urlsplit(url)
    # The front page of a site is as often its author's home as the game's.
    if not parts.path.strip("/") and not parts.query:
        return "weak"
    return LINK_STRENGTH[kind]
