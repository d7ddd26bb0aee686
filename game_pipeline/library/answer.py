"""The answer to a comparison as JSON, written straight from the index.

Whatever does not depend on the question is made into text once for each version of the data file: a page of a hundred
rows costs little more than putting it together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from .compare import Choice, CompareQuery, choose, held
from .index import LibraryGame, LibraryIndex, each_bit

__all__ = ["compare_json"]

_text = json.JSONEncoder(ensure_ascii=False).encode


def compare_json(library: LibraryIndex, query: CompareQuery) -> str:
    """What `compare` finds: {"title", "users": names, "total", "offset", "last_updated", "games": rows}.

    A row has the fields of `ComparedGame`. Raises `LibraryError` as `compare` does.
    """
    choice = choose(library, query)
    people = _People([_text(person.name) for person in library.people])
    rows = ",".join([_row(library, choice, number, people) for number in choice.games])
    users = ",".join(_text(person.name) for person in choice.people)
    return (
        f'{{"title":{_text(choice.title)},"users":[{users}],"total":{choice.total},"offset":{query.offset},'
        f'"last_updated":{_text(library.last_updated)},"games":[{rows}]}}'
    )


class _People(dict[int, str]):
    """Sets of people as lists of their names: many games of a page have the same owners."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, bits: int) -> str:
        self[bits] = listed = _list(self._names[number] for number in each_bit(bits))
        return listed


def _row(library: LibraryIndex, choice: Choice, number: int, people: _People) -> str:
    game = library.games[number]
    known = library.written.get(number)
    if known is None:
        known = library.written[number] = _fixed(game)
    owners, installed, platforms, releases = held(game, choice)
    return (
        f'{known[0]}"platforms":{_list(map(_text, platforms))},"owners":{people[owners]},'
        f'"installed":{people[installed]},{known[1]}"releases":{_list(_text(each.key) for each in releases)}}}'
    )


def _fixed(game: LibraryGame) -> tuple[str, str]:
    """What is the same whoever asks: the beginning of the row, and its middle."""
    names = {"release_key": game.key, "title": game.title, "slug": game.slug}
    facts = {
        "multiplayer": game.multiplayer,
        "max_players": game.max_players,
        "comment": game.comment,
        "url": game.url,
    }
    return f"{_text(names)[:-1]},", f"{_text(facts)[1:-1]},"


def _list(items: Iterable[str]) -> str:
    return f"[{','.join(items)}]"
