"""Who can play together: the ways of playing that stores and databases state, under one set of names.

A record carries them as tags of the kind `mode`, and as `extra.multiplayer` and `extra.max_players`.
"""

from __future__ import annotations

from collections.abc import Iterable

from .draft import Draft

__all__ = ["BATTLE_ROYALE", "CO_OP", "MMO", "MULTIPLAYER", "SINGLE_PLAYER", "SPLIT_SCREEN", "add_players"]

SINGLE_PLAYER = "Single player"
MULTIPLAYER = "Multiplayer"
CO_OP = "Co-operative"
SPLIT_SCREEN = "Split screen"
MMO = "Massively multiplayer"
BATTLE_ROYALE = "Battle royale"

_TOGETHER = frozenset({MULTIPLAYER, CO_OP, SPLIT_SCREEN, MMO, BATTLE_ROYALE})


def add_players(draft: Draft, modes: Iterable[str], max_players: int = 0) -> None:
    """Add the ways of playing and what follows from them. `max_players` 0: not stated.

    A game that several can play is `multiplayer`; one that states nothing but a single player is not, and one player
    is its most. Where neither is stated, nothing is claimed.
    """
    known = list(dict.fromkeys(modes))
    for mode in known:
        draft.tag("mode", mode)
    together = max_players > 1 or any(mode in _TOGETHER for mode in known)
    if together or SINGLE_PLAYER in known:
        draft.extra("multiplayer", together)
    if max_players > 1:
        draft.extra("max_players", max_players)
    elif SINGLE_PLAYER in known and not together:
        draft.extra("max_players", 1)
