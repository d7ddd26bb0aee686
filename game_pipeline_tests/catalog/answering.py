"""What tests of rollbacks and limits together do: take back, undo, read pages anew, ask what is asked, answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from game_pipeline.catalog import RollbackReport, Scope, accept, reject, roll_back, roll_back_game, undo_rollback
from game_pipeline.model import AnyRecord
from game_pipeline_tests.changes.tiny_site import JsonSource

from .curating import Catalogue

__all__ = [
    "BIRDS",
    "CATS",
    "TEXT",
    "answer",
    "asked_about",
    "back",
    "lose_text",
    "no",
    "nothing_is_held",
    "open_question",
    "read_anew",
    "take_back",
    "take_back_game",
    "tell",
    "undo",
    "with_date",
    "written",
    "yes",
]

TEXT = [{"lang": "en", "text": "A bird that flies at night."}]
BIRDS = [{"kind": "genre", "value": "birds"}]
CATS = [{"kind": "genre", "value": "cats"}]


def take_back(catalogue: Catalogue, **scope: Any) -> RollbackReport:
    return catalogue.does(roll_back, Scope(**scope), author="ann", reason="a bad import")


def back(catalogue: Catalogue, game_id: int, to: int, **how: Any) -> RollbackReport:
    return catalogue.does(roll_back_game, game_id, to, author="ann", reason="was better", **how)


def take_back_game(
    catalogue: Catalogue, to: int, field: str | None = None, game_id: int | None = None
) -> RollbackReport:
    """The only game, if none is named."""
    return back(catalogue, game_id or catalogue.only_game(), to, field=field)


def undo(catalogue: Catalogue, report: RollbackReport) -> RollbackReport:
    return catalogue.does(undo_rollback, report.rollback_id, author="bob", reason="it was right")


def written(catalogue: Catalogue, version: int) -> Any:
    """When the first record came to a version."""
    (row,) = catalogue.store.rows("SELECT min(recorded_at) AS at FROM record_version WHERE version = %s", (version,))
    return row["at"]


def read_anew(
    catalogue: Catalogue, name: str, change: Callable[[dict[str, Any]], dict[str, Any]], parser_version: int = 2
) -> None:
    """A source's pages, unchanged, by a new parser that makes something else of them."""

    class Changed(JsonSource):
        def _record(self, game: dict[str, Any]) -> AnyRecord:
            return super()._record(change(game))

    site = catalogue.sites[name]
    site.source = type(name.title(), (Changed,), {"name": name, "parser_version": parser_version})()
    site.read()
    catalogue.reconcile()


def lose_text(game: dict[str, Any]) -> dict[str, Any]:
    return {**game, "descriptions": []}


def with_date(date: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda game: {**game, "release_date": date}


def open_question(catalogue: Catalogue, kind: str) -> dict[str, Any] | None:
    found = [item for item in catalogue.asked(kind) if item["state"] == "open"]
    assert len(found) <= 1
    return found[0] if found else None


def asked_about(catalogue: Catalogue) -> dict[str, list[str]]:
    """Source -> the parts of its record that the open question about a held change names."""
    item = open_question(catalogue, "held")
    return {record["source"]: record["parts"] for record in item["proposal"]["records"]} if item else {}


def yes(catalogue: Catalogue, kind: str) -> None:
    answer(catalogue, kind, accept)


def no(catalogue: Catalogue, kind: str) -> None:
    answer(catalogue, kind, reject)


def answer(catalogue: Catalogue, kind: str, verdict: Any) -> None:
    item = open_question(catalogue, kind)
    assert item is not None
    catalogue.does(verdict, item["item_id"], author="ann", reason="seen")


def nothing_is_held(catalogue: Catalogue) -> bool:
    return catalogue.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []


def tell(catalogue: Catalogue, game_id: int | None = None) -> tuple[str | None, list[str], str | None]:
    """The date, the genres and the text of a game."""
    state = catalogue.state(game_id or catalogue.only_game())
    text = state["descriptions"].get("en", {}).get("text")
    return state["release_date"], [tag["value"] for tag in state["tags"]], cast("str | None", text)
