"""Names of platforms: what stores and databases call them, and the one name that all of them mean."""

from __future__ import annotations

__all__ = ["platform_name"]

_NAMES = {
    other.casefold(): name
    for name, others in (
        ("Windows", ("PC (Microsoft Windows)", "PC", "Microsoft Windows")),
        ("macOS", ("Mac", "OS X", "Mac OS X")),
        ("Web", ("Web browser", "Browser")),
        ("DOS", ("MS-DOS", "PC DOS")),
        ("Nintendo Entertainment System", ("NES", "Family Computer")),
        ("Super Nintendo", ("Super Nintendo Entertainment System", "SNES", "Super Famicom")),
        ("Nintendo GameCube", ("GameCube",)),
        ("Sega Mega Drive", ("Sega Mega Drive/Genesis", "Sega Genesis", "Genesis", "Mega Drive")),
        ("Commodore 64", ("Commodore C64/128/MAX",)),
        ("PlayStation Portable", ("PSP",)),
        ("PlayStation Vita", ("PS Vita",)),
        ("Xbox Series X/S", ("Xbox Series X|S", "Xbox Series S/X")),
    )
    for other in others
}


def platform_name(name: str) -> str:
    """The common name of a platform; a name that is not in the table stays as it is."""
    return _NAMES.get(name.casefold(), name)
