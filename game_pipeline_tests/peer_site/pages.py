"""The pages of the site: an index that is a tree of links, and games of about 20 KB each. Pure: a number gives a page.

Every index page names `GAMES_PER_INDEX` games and its two children, so that the site is discovered by following links.
"""

from __future__ import annotations

from functools import cache

__all__ = ["GAMES_PER_INDEX", "LINKS", "game_page", "game_path", "index_page", "index_path"]

GAMES_PER_INDEX = 20
LINKS = 10

_TEXT = (
    "lantern cellar brass key river troll grue window mailbox leaflet forest canyon rainbow temple altar candle bell "
    "mirror engine coal mine shaft basket sceptre chalice trident bauble torch rope railing attic egg nest canary "
    "thief bag treasure room reservoir dam wrench bolt boat puncture sand beach shovel scarab coffin skull matchbook"
)
_WORDS = tuple(_TEXT.split())


def index_path(number: int) -> str:
    """Of the index page with this number, from 1 on."""
    return f"/index/{number}"


def game_path(number: int) -> str:
    """Of the game with this number, from 0 on."""
    return f"/game/{number}"


def index_page(number: int, games: int) -> bytes | None:
    """The index page of a site with so many games; None where there is no such page."""
    last = max(1, -(-games // GAMES_PER_INDEX))
    if not 1 <= number <= last:
        return None
    first = (number - 1) * GAMES_PER_INDEX
    named = "".join(
        f'<li><a class="game" href="{game_path(game)}">Game number {game}</a></li>'
        for game in range(first, min(first + GAMES_PER_INDEX, games))
    )
    more = "".join(
        f'<a class="more" href="{index_path(child)}">more</a>'
        for child in (2 * number, 2 * number + 1)
        if child <= last
    )
    return f"<!DOCTYPE html><html><head><title>Index</title></head><body><ul>{named}</ul>{more}</body></html>".encode()


def game_page(number: int, games: int) -> bytes:
    """The page of a game: a title, a description, `LINKS` links, and what else makes up 20 KB of markup."""
    links = "".join(
        f'<li><a class="link" href="https://files{step}.example/{number}/part-{step}.zip">Part {step}</a></li>'
        for step in range(LINKS)
    )
    description = " ".join(_WORDS[(number * 7 + place * place) % len(_WORDS)] for place in range(60))
    rows = "".join(_row(number * 31 + place) for place in range(84))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Game number {number} - Peers</title></head>'
        f'<body><div id="menu"><ul><li class="menu">Home</li><li class="menu">Games of {games}</li></ul></div>'
        f'<h1 class="title">Game number {number}</h1><div class="description"><p>{description}.</p></div>'
        f'<ul class="links">{links}</ul><table class="reviews">{rows}</table></body></html>'
    ).encode()


@cache
def _rows() -> tuple[str, ...]:
    made = []
    for seed in range(997):
        words = " ".join(_WORDS[(seed * 13 + place * (seed % 7 + 1)) % len(_WORDS)] for place in range(14))
        made.append(
            f'<tr class="review"><td class="author">Reader {seed}</td><td class="stars">{seed % 5 + 1}</td>'
            f'<td class="text"><p>{words}, said reader {seed * 17}.</p></td></tr>'
        )
    return tuple(made)


def _row(seed: int) -> str:
    return _rows()[seed % 997]
