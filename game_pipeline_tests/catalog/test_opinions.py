"""A judge that reads the questions in review: what it says is kept and shown, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from game_pipeline.catalog import accept, show_review
from game_pipeline.matching import Opinion, Question, Quote

from .curating import Catalogue

LAMP = {"title": "Lamp", "credits": [{"name": "Ann Example"}]}
SAME = {"title": "Lamp", "descriptions": [{"lang": "en", "text": "Ann wrote Lamp in a cellar."}]}


class Reader:
    """Answers as it is told to; keeps what it was asked."""

    name = "reader-1"

    def __init__(self, answer: Callable[[Question], Opinion | None]) -> None:
        self.answer = answer
        self.asked: list[Question] = []

    def judge(self, question: Question) -> Opinion | None:
        self.asked.append(question)
        return self.answer(question)


def proven(question: Question) -> Opinion:
    return Opinion(question.suspects[0].game_id, "same", (Quote("record", "Ann wrote Lamp"),))


def opinions(catalogue: Catalogue) -> list[dict[str, Any]]:
    return catalogue.store.rows(
        "SELECT judgement, method, judged_by, ended_at IS NOT NULL AS over FROM match_edge WHERE judge = 'llm' "
        "ORDER BY edge_id"
    )


@pytest.fixture
def doubted(catalogue: Catalogue) -> Catalogue:
    catalogue.says("alpha", "a", **LAMP)
    catalogue.says("beta", "b", **SAME)
    return catalogue


def test_an_opinion_stands_beside_the_question_and_links_nothing(doubted: Catalogue) -> None:
    doubted.curator.judge = reader = Reader(proven)
    report, _ = doubted.reconcile()
    assert (report.counts["opinions"], report.failed) == (1, [])
    (question,) = reader.asked
    (suspect,) = question.suspects
    assert (question.record.source, suspect.record.source, suspect.game_id) == ("beta", "alpha", doubted.only_game())
    assert suspect.features.same_key == 1
    assert opinions(doubted) == [{"judgement": "suggested", "method": "same", "judged_by": "reader-1", "over": False}]
    (item,) = doubted.asked("match")
    assert item["state"] == "open"
    assert len(doubted.shown(doubted.only_game())["records"]) == 1
    shown = show_review(doubted.store, item["item_id"])
    assert shown is not None
    assert [(each["feature"], each["ours"]) for each in shown["proposal"]["evidence"]][-2:] == [
        ("judge", "Lamp"),
        ("quote", "Ann wrote Lamp"),
    ]


def test_what_no_quote_proves_and_what_is_not_the_same_game_is_no_suggestion(doubted: Catalogue) -> None:
    doubted.curator.judge = Reader(
        lambda question: Opinion(question.suspects[0].game_id, "sequel", (Quote("game", "Lamp"),))
    )
    doubted.says("gamma", "c", title="Lamp")
    doubted.reconcile()
    assert {(each["judgement"], each["method"]) for each in opinions(doubted)} == {("unsure", "sequel")}
    doubted.curator.judge = Reader(
        lambda question: Opinion(question.suspects[0].game_id, "same", (Quote("game", "invented"),))
    )
    doubted.says("beta", "d", title="Lamp")
    doubted.reconcile()
    assert opinions(doubted)[-1] == {"judgement": "unsure", "method": "unsure", "judged_by": "reader-1", "over": False}


def test_a_question_is_put_to_the_judge_once_and_again_only_when_there_was_no_answer(doubted: Catalogue) -> None:
    doubted.reconcile()
    doubted.curator.judge = silent = Reader(lambda question: None)
    doubted.reconcile()
    doubted.reconcile()
    assert (len(silent.asked), opinions(doubted)) == (2, [])
    doubted.curator.judge = reader = Reader(proven)
    doubted.reconcile()
    doubted.says("beta", "b", **SAME, extra={"size": 7})
    doubted.reconcile()
    assert len(reader.asked) == 1


def test_a_judge_that_fails_costs_its_opinion_and_not_the_question(doubted: Catalogue) -> None:
    doubted.curator.judge = Reader(lambda question: Opinion(-1, "same"))
    report, _ = doubted.reconcile()
    assert [failure.partition(": ")[2] for failure in report.failed] == [
        f"ValueError: the opinion is about game -1; asked about were: {doubted.only_game()}"
    ]
    assert [item["state"] for item in doubted.asked("match")] == ["open"]


def test_an_opinion_ends_when_a_person_answers(doubted: Catalogue) -> None:
    doubted.curator.judge = Reader(proven)
    doubted.reconcile()
    (item,) = doubted.asked("match")
    doubted.does(accept, item["item_id"], author="ann", reason="the same text")
    assert [each["over"] for each in opinions(doubted)] == [True]
    assert len(doubted.shown(doubted.only_game())["records"]) == 2


def test_an_opinion_that_came_too_late_is_not_kept(doubted: Catalogue) -> None:
    def answered_meanwhile(question: Question) -> Opinion:
        (item,) = doubted.asked("match")
        doubted.does(accept, item["item_id"], author="ann", reason="the same text")
        return proven(question)

    doubted.curator.judge = Reader(answered_meanwhile)
    doubted.reconcile()
    assert opinions(doubted) == []
