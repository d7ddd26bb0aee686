"""Rollbacks of records of which the limits hold something back, undone: no question is forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

import pytest

from game_pipeline.catalog import Limits, Scope, accept, roll_back, undo_rollback
from game_pipeline.store import Store

from .curating import ANYTHING_GOES, Catalogue, shared

OWL: dict[str, Any] = {"title": "Owl", "external_ids": shared("OWL-ONE")}
TEXT = [{"lang": "en", "text": "A bird that flies at night."}]
BIRDS = [{"kind": "genre", "value": "birds"}]


def take_back(catalogue: Catalogue, **scope: Any) -> int:
    return catalogue.does(roll_back, Scope(**scope), author="ann", reason="a bad import").rollback_id


def undo(catalogue: Catalogue, rollback_id: int) -> None:
    catalogue.does(undo_rollback, rollback_id, author="bob", reason="it was right")


def open_question(catalogue: Catalogue, kind: str) -> dict[str, Any]:
    (item,) = [item for item in catalogue.asked(kind) if item["state"] == "open"]
    return item


def asked_about(item: dict[str, Any]) -> dict[str, list[str]]:
    """Source -> the parts of its record that a question about a held change names."""
    return {record["source"]: record["parts"] for record in item["proposal"]["records"]}


def accept_all(catalogue: Catalogue, item: dict[str, Any]) -> None:
    catalogue.does(accept, item["item_id"], author="ann", reason="seen")
    assert catalogue.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []


def written(catalogue: Catalogue, version: int) -> dt.datetime:
    """When the first record came to a version."""
    rows = catalogue.store.rows("SELECT min(recorded_at) AS at FROM record_version WHERE version = %s", (version,))
    return cast("dt.datetime", rows[0]["at"])


def description(catalogue: Catalogue) -> str | None:
    (game_id,) = catalogue.games()
    return cast("str | None", catalogue.state(game_id)["descriptions"].get("en", {}).get("text"))


def says(catalogue: Catalogue, source: str, **claims: Any) -> None:
    catalogue.says(source, "owl", **OWL | claims)
    catalogue.reconcile()


@pytest.fixture
def limited(store: Store) -> Catalogue:
    """A game with alpha's date and beta's description, under the limits that hold by default."""
    catalogue = Catalogue(store, Limits())
    says(catalogue, "alpha", release_date="1980")
    says(catalogue, "beta", descriptions=TEXT)
    return catalogue


def test_a_question_that_another_source_has_come_to_asks_about_both(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1999")
    rollback = take_back(limited, source="alpha")
    says(limited, "beta")
    assert asked_about(open_question(limited, "held")) == {"beta": ["descriptions.en"]}
    undo(limited, rollback)
    item = open_question(limited, "held")
    assert asked_about(item) == {"alpha": ["release_date"], "beta": ["descriptions.en"]}
    assert [field["field"] for field in item["proposal"]["fields"]] == ["descriptions.en", "release_date"]
    assert "alpha, beta" in item["summary"]
    accept_all(limited, item)
    state = limited.state(limited.only_game())
    assert (state["release_date"], state["descriptions"]) == ("1999", {})


def test_each_undone_rollback_adds_what_it_had_silenced(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1999")
    first = take_back(limited, source="alpha")
    says(limited, "beta")
    second = take_back(limited, source="beta")
    assert [item["state"] for item in limited.asked("held")] == ["stale", "stale"]
    undo(limited, first)
    assert asked_about(open_question(limited, "held")) == {"alpha": ["release_date"]}
    undo(limited, second)
    assert asked_about(open_question(limited, "held")) == {"alpha": ["release_date"], "beta": ["descriptions.en"]}


def test_a_question_that_was_answered_meanwhile_is_asked_about_what_the_answer_did_not_reach(
    limited: Catalogue,
) -> None:
    says(limited, "alpha", release_date="1999")
    says(limited, "beta")
    rollback = take_back(limited, source="alpha")
    limited.does(accept, open_question(limited, "held")["item_id"], author="ann", reason="seen")
    assert description(limited) is None
    undo(limited, rollback)
    item = open_question(limited, "held")
    assert asked_about(item) == {"alpha": ["release_date"]}
    accept_all(limited, item)


def test_what_its_page_has_put_right_since_is_not_asked_about_again(limited: Catalogue) -> None:
    says(limited, "beta")
    rollback = take_back(limited, source="beta")
    says(limited, "alpha", release_date="1999")
    says(limited, "beta", descriptions=TEXT, tags=BIRDS)
    undo(limited, rollback)
    assert asked_about(open_question(limited, "held")) == {"alpha": ["release_date"]}


def say_all(catalogue: Catalogue, numbers: Iterable[int], date: str, **claims: Any) -> None:
    for n in numbers:
        catalogue.says("alpha", str(n), title=f"Game number {n}", release_date=date, **claims)
    catalogue.reconcile()


def dates(catalogue: Catalogue) -> list[str]:
    return [catalogue.state(game_id)["release_date"] for game_id in catalogue.games()]


@pytest.fixture
def many(store: Store) -> Catalogue:
    """A source of six games, of which no more than half may change at once; four have changed their date."""
    catalogue = Catalogue(store, replace(ANYTHING_GOES, run_share=0.5, run_minimum=3))
    say_all(catalogue, range(6), "1980")
    for numbers in ((0, 1), (2, 3)):  # too few at once to be held
        say_all(catalogue, numbers, "1981")
    return catalogue


def test_a_mass_question_that_asks_about_other_games_by_now_asks_about_all(many: Catalogue) -> None:
    say_all(many, range(4), "1999")
    rollback = take_back(many, source="alpha", since=written(many, 2))
    assert [item["state"] for item in many.asked("mass")] == ["stale"]
    say_all(many, (0, 1, 4, 5), "2001")
    assert open_question(many, "mass")["proposal"]["games"] == 4
    undo(many, rollback)
    item = open_question(many, "mass")
    assert (item["proposal"]["games"], len(item["proposal"]["records"])) == (6, 6)
    accept_all(many, item)
    assert dates(many) == ["2001"] * 2 + ["1999"] * 2 + ["2001"] * 2
