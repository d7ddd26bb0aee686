"""Why the records of a game are one game, and why others are not of it: the judgements, as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from .ledger.components import Edge, components
from .ledger.reading import read_surroundings
from .ledger.standing_games import founders, living

__all__ = ["Said", "Why", "why_game"]


@dataclass(frozen=True, slots=True)
class Said:
    """A judgement as people read it. `game`: the other game, where it is about one."""

    a: int
    b: int
    judgement: str
    judge: str
    method: str
    score: float
    keys: tuple[str, ...]
    details: tuple[str, ...]
    judged_by: str
    game: int | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """`founder`: the record that was the game first. `records`: record_id, source, identity, title, url.

    `holding`: the judgements that make all records one game, as many as it takes. `also`: others that say the same.
    `apart`: what tells records of the game from others, and what is asked about them.
    """

    game_id: int
    founder: int
    records: tuple[dict[str, Any], ...]
    holding: tuple[Said, ...]
    also: tuple[Said, ...]
    apart: tuple[Said, ...]


def why_game(connection: Connection[DictRow], game_id: int) -> Why:
    """Explain a game, or what it has become. Raises `JoinError`."""
    game_id = living(connection, game_id)
    (founder,) = founders(connection, [game_id])
    around = read_surroundings(connection, [founder])
    own = {record for record, game in around.known.game.items() if game == game_id}
    found = components(own, around.edges, around.rank, around.known.game)
    inside = [edge for edge in around.edges if edge.a in own and edge.b in own and edge.judgement == "same"]
    across = [edge for edge in around.edges if (edge.a in own) != (edge.b in own)]
    others = _games(connection, {record for edge in across for record in edge.pair} - own)
    return Why(
        game_id=game_id,
        founder=founder,
        records=tuple(
            {
                "record_id": record_id,
                "source": record.source,
                "identity": record.identity,
                "title": record.record.title,
                "url": record.record.url,
            }
            for record_id, record in sorted(around.records.items())
            if record_id in own
        ),
        holding=tuple(_said(edge) for edge in found.holding),
        also=tuple(_said(edge) for edge in inside if edge not in found.holding),
        apart=tuple(_said(edge, others.get(edge.b if edge.a in own else edge.a)) for edge in across),
    )


def _games(connection: Connection[DictRow], records: set[int]) -> dict[int, int]:
    rows = connection.execute(
        b"SELECT record_id, game_id FROM match_decision "
        b"WHERE record_id = ANY(%s) AND ended_at IS NULL AND game_id IS NOT NULL",
        (sorted(records),),
    )
    return {row["record_id"]: row["game_id"] for row in rows}


def _said(edge: Edge, game: int | None = None) -> Said:
    details = tuple(str(item["detail"]) for item in edge.reason)
    return Said(
        edge.a, edge.b, edge.judgement, edge.judge, edge.method, edge.score, edge.keys, details, edge.judged_by, game
    )
