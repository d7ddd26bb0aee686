"""What tests of the ledger say to the catalogue, and ask it: ids, merges, which records are one game."""

from __future__ import annotations

from typing import Any

from game_pipeline.catalog import merge_games, unmerge_game, why_game
from game_pipeline.catalog.ledger.components import Edge, components
from game_pipeline.store.replay import replayed

from .curating import Catalogue

HUB = [{"url": "https://hub.example/games", "kind": "play_online", "label": None}]


def ids(*values: str) -> list[dict[str, str]]:
    return [{"scheme": "ifid", "value": value} for value in values]


def named(scheme: str, value: str) -> dict[str, str]:
    return {"scheme": scheme, "value": value}


def parts(catalogue: Catalogue) -> set[frozenset[str]]:
    """Which records are one game, by what their sources call them; a question is one of its own."""
    rows = catalogue.store.rows(
        "SELECT array_agg(source || ' ' || identity) AS names FROM source_record "
        "LEFT JOIN match_decision AS decision USING (record_id) WHERE decision.ended_at IS NULL "
        "GROUP BY coalesce(game_id, -record_id)"
    )
    return {frozenset(row["names"]) for row in rows}


def game_of(catalogue: Catalogue, record_id: int) -> int:
    row = catalogue.store.row(
        "SELECT game_id FROM match_decision WHERE record_id = %s AND ended_at IS NULL", (record_id,)
    )
    assert row is not None
    return int(row["game_id"])


def merge(catalogue: Catalogue, kept: int, gone: int) -> None:
    catalogue.does(merge_games, kept, gone, author="ann", reason="the same game")


def unmerge(catalogue: Catalogue, game_id: int) -> Any:
    return catalogue.does(unmerge_game, game_id, author="bob", reason="two games")


def edges(catalogue: Catalogue, where: str = "true") -> list[dict[str, Any]]:
    return catalogue.store.rows(f"SELECT * FROM match_edge WHERE ended_at IS NULL AND {where} ORDER BY edge_id")


def equals_its_replay(catalogue: Catalogue) -> bool:
    with replayed(catalogue.store) as result:
        return result.first_difference() is None


def explained(catalogue: Catalogue) -> None:
    """The membership of every record is the work of judgements that are listed."""
    for row in catalogue.store.rows("SELECT game_id FROM game WHERE status <> 'merged'"):
        with catalogue.store.connection() as connection:
            why = why_game(connection, row["game_id"])
        members = [record["record_id"] for record in why.records]
        listed = [Edge(n, said.a, said.b, "same", "rule", said.method) for n, said in enumerate(why.holding)]
        assert components(members, listed).groups == (frozenset(members),)
        assert all(said.details for said in why.holding)
