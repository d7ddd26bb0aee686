"""The database's clock is set back, as clocks are: what came first is told by the log's order, not by its times."""

from __future__ import annotations

from collections.abc import Callable

from game_pipeline.catalog import merge_games, roll_back_game, split_game, unmerge_game
from game_pipeline.store import Store
from game_pipeline.store.migrations import read_migrations
from game_pipeline.store.replay import replayed

from .curating import Catalogue, shared

SetBack = Callable[[str], None]


def records(catalogue: Catalogue, game_id: int) -> list[int]:
    return [record["record_id"] for record in catalogue.shown(game_id)["records"]]


def merge(catalogue: Catalogue, kept: int, gone: int) -> None:
    catalogue.does(merge_games, kept, gone, author="ann", reason="the same")


def unmerge(catalogue: Catalogue, game_id: int) -> None:
    catalogue.does(unmerge_game, game_id, author="ann", reason="not the same")


def split(catalogue: Catalogue, game_id: int, *leaving: int) -> int:
    return catalogue.does(split_game, game_id, leaving, author="ann", reason="two games").game_id


def test_a_merge_of_games_that_the_clock_has_later_is_taken_back(catalogue: Catalogue, set_back: SetBack) -> None:
    catalogue.says("alpha", "owl", title="Owl")
    catalogue.says("beta", "lamp", title="Lamp")
    catalogue.reconcile()
    owl, lamp = catalogue.games()
    set_back("1 hour")
    merge(catalogue, lamp, owl)
    unmerge(catalogue, owl)
    assert [len(records(catalogue, game)) for game in (owl, lamp)] == [1, 1]
    with replayed(catalogue.store) as result:
        assert result.first_difference() is None


def test_what_had_left_a_game_before_its_merge_does_not_come_back_with_it(
    catalogue: Catalogue, set_back: SetBack
) -> None:
    one = catalogue.says("alpha", "owl", title="Owl", external_ids=shared("A"))
    other = catalogue.says("beta", "owl", title="Owl", external_ids=shared("A"))
    third = catalogue.says("gamma", "lamp", title="Lamp")
    catalogue.reconcile()
    owl, lamp = catalogue.games()
    strix = split(catalogue, owl, other)
    set_back("1 hour")
    merge(catalogue, lamp, owl)
    set_back("0")
    merge(catalogue, lamp, strix)
    unmerge(catalogue, owl)
    assert (records(catalogue, owl), records(catalogue, lamp)) == ([one], [other, third])


def test_a_pin_that_a_merge_ended_stands_again_after_its_split(catalogue: Catalogue, set_back: SetBack) -> None:
    catalogue.says("alpha", "owl", title="Owl")
    other = catalogue.says("beta", "strix", title="Strix", tags=[{"kind": "genre", "value": "birds"}])
    catalogue.reconcile()
    owl, strix = catalogue.games()
    merge(catalogue, owl, strix)
    as_merged = catalogue.shown(owl)["revision"]
    assert split(catalogue, owl, other) == strix
    catalogue.does(roll_back_game, owl, as_merged, author="ann", reason="its tags were right")
    pinned = catalogue.state(owl)
    set_back("1 hour")
    merge(catalogue, owl, strix)
    split(catalogue, owl, other)
    assert (catalogue.state(owl), len(pinned["tags"])) == (pinned, 1)
    with replayed(catalogue.store) as result:
        assert result.first_difference() is None


def test_what_was_decided_before_the_order_was_noted_has_it_by_the_migration(
    catalogue: Catalogue, owner: Store
) -> None:
    catalogue.says("alpha", "owl", title="Owl")
    other = catalogue.says("beta", "strix", title="Strix", tags=[{"kind": "genre", "value": "birds"}])
    catalogue.reconcile()
    owl, strix = catalogue.games()
    merge(catalogue, owl, strix)
    as_merged = catalogue.shown(owl)["revision"]
    split(catalogue, owl, other)
    catalogue.does(roll_back_game, owl, as_merged, author="ann", reason="its tags were right")
    merge(catalogue, owl, strix)
    ended = catalogue.store.rows("SELECT 1 FROM game_pin WHERE ended_position > position")
    owner.execute("ALTER TABLE match_decision DROP COLUMN position")
    owner.execute("ALTER TABLE game_pin DROP COLUMN position, DROP COLUMN ended_position")
    [statements] = [migration.statements for migration in read_migrations() if migration.name == "0023_positions"]
    with owner.transaction() as connection:
        connection.execute(statements.encode())
    assert ended
    with replayed(catalogue.store) as result:
        assert result.first_difference() is None
