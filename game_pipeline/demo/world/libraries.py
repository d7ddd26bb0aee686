"""Three friends and what they bought where. Who they are and what they own is made up; the games are the demo's."""

from dataclasses import dataclass

__all__ = ["FRIENDS", "Bought", "Friend"]


@dataclass(frozen=True, slots=True)
class Bought:
    """A game, by its slug in `STORE_ENTRIES`, in one of the stores that list it."""

    game: str
    store: str
    installed: bool = False
    hidden: bool = False
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Friend:
    name: str
    user_id: int
    bought: tuple[Bought, ...]


FRIENDS = (
    Friend(
        "Anna",
        46_989_298_000_001_001,
        (
            Bought("80-days", "gog", installed=True, minutes=640),
            Bought("zork-1", "gog", installed=True, minutes=95),
            Bought("hadean-lands", "steam", minutes=210),
            Bought("anchorhead", "steam"),
            Bought("80-days-soundtrack", "steam", hidden=True),
        ),
    ),
    Friend(
        "Boris",
        46_989_298_000_001_002,
        (
            Bought("80-days", "steam", installed=True, minutes=30),
            Bought("zork-1", "gog"),
            Bought("anchorhead", "steam", installed=True, minutes=480),
            Bought("mainland", "steam"),
        ),
    ),
    Friend(
        "Vera",
        46_989_298_000_001_003,
        (
            Bought("80-days", "steam"),
            Bought("anchorhead", "steam"),
            Bought("the-wizard-sniffer", "steam", installed=True, minutes=120),
        ),
    ),
)
