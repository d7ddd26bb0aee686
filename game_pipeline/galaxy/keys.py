"""Release keys, `PLATFORM_ID`: which of them name a release, and of which store."""

from __future__ import annotations

import re

__all__ = ["PLATFORMS", "clean_key", "platform_of", "split_key"]

_KEY = re.compile(r"([a-z0-9]{1,20})_(.{1,200})", re.DOTALL)
_JUNK = frozenset({"test", "generic"})
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")

PLATFORMS = {
    "amazon": "Amazon",
    "battlenet": "Battle.net",
    "bethesda": "Bethesda.net",
    "discord": "Discord",
    "epic": "Epic Games Store",
    "gog": "GOG",
    "humble": "Humble Bundle",
    "itch": "itch.io",
    "minecraft": "Minecraft",
    "nswitch": "Nintendo Switch",
    "oculus": "Oculus",
    "origin": "EA app",
    "paradox": "Paradox",
    "psn": "PlayStation Network",
    "riot": "Riot",
    "rockstar": "Rockstar",
    "stadia": "Stadia",
    "steam": "Steam",
    "twitch": "Twitch",
    "uplay": "Ubisoft Connect",
    "wargaming": "Wargaming",
    "winstore": "Windows Store",
    "xboxone": "Xbox",
}
"""How people call the stores that Galaxy knows; any other goes by its own key."""


def split_key(key: str) -> tuple[str, str] | None:
    """Platform and id of a release key: cut at the first underscore, for ids hold some, too. None for no key."""
    match = _KEY.fullmatch(key)
    return (match[1], match[2]) if match else None


def platform_of(key: str) -> str:
    """The platform of a key that `clean_key` gave."""
    return key.partition("_")[0]


def clean_key(key: object) -> str | None:
    """The key as it should be, or None for what names no release.

    Galaxy's own databases have keys of platforms that are none (`test`, `generic`) and keys with the platform twice
    (`steam_steam_292030`).
    """
    parts = split_key(key) if isinstance(key, str) else None
    if parts is None or parts[0] in _JUNK or _UNPRINTABLE.search(parts[1]) or not parts[1].strip():
        return None
    platform, rest = parts
    doubled = rest.removeprefix(f"{platform}_")
    return f"{platform}_{doubled if doubled.isdecimal() else rest}"
