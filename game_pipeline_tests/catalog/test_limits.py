"""How far an import may change the catalogue unasked, and what becomes of a change that goes further."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.catalog import (
    Limits,
    ReviewError,
    accept,
    merge_games,
    reject,
    release_field,
    show_review,
)
from game_pipeline.catalog.limits import FEW_LINKS, SHORT_TEXT, anomalies
from game_pipeline.store import Store

from .answering import answer
from .curating import ANYTHING_GOES, Catalogue, shared

# What is suspicious: pure ------------------------------------------------------------------------------------------


def state(**fields: Any) -> dict[str, Any]:
    return {"title": "Owl", "alt_titles": [], "release_date": None, "descriptions": {}, "urls": []} | fields


def text(length: int) -> dict[str, Any]:
    return {"descriptions": {"en": {"text": "x" * length}}}


def links(*numbers: int) -> dict[str, Any]:
    return {"urls": [{"url": f"https://owl.example/{n}", "kind": "other", "label": None} for n in numbers]}


LONG = SHORT_TEXT * 5


@pytest.mark.parametrize(
    ("before", "after", "suspicious"),
    [
        (text(LONG), text(LONG * 3 // 10), set()),
        (text(LONG), text(LONG * 3 // 10 - 1), {"descriptions.en"}),
        (text(SHORT_TEXT), text(1), set()),
        (text(SHORT_TEXT + 1), text(1), {"descriptions.en"}),
        (text(1), {}, {"descriptions.en"}),
        ({}, text(LONG), set()),
        ({"title": "The Owl"}, {"title": "Owl, The"}, set()),
        ({"title": "Owl"}, {"title": "Owl 2"}, set()),
        ({"title": "Owl"}, {"title": "Lantern"}, {"title"}),
        ({"title": "Owl"}, {"title": "Lantern", "alt_titles": [{"title": "Owl", "lang": None}]}, set()),
        ({"release_date": "1980"}, {"release_date": "1982-12-31"}, set()),
        ({"release_date": "1980-12-31"}, {"release_date": "1983"}, {"release_date"}),
        ({"release_date": "1983"}, {"release_date": "1980"}, {"release_date"}),
        ({"release_date": "1980"}, {"release_date": None}, set()),
        ({}, {"release_date": "1980"}, set()),
        (links(*range(FEW_LINKS)), links(*range(FEW_LINKS // 2)), set()),
        (links(*range(FEW_LINKS)), links(0), {"urls"}),
        (links(*range(FEW_LINKS - 1)), {}, set()),
        (links(1, 2, 3, 4), links(4, 3, 2, 1, 5), set()),
    ],
)
def test_each_limit_at_its_edge(before: dict[str, Any], after: dict[str, Any], suspicious: set[str]) -> None:
    assert anomalies(state(**before), state(**after), Limits()).keys() == suspicious


def test_limits_may_be_so_wide_that_nothing_is_suspicious() -> None:
    before = state(title="Owl", release_date="1980", **text(LONG) | links(1, 2, 3, 4))
    after = state(title="Lantern", release_date="2020")
    assert anomalies(before, after, ANYTHING_GOES) == {}
    assert anomalies(before, after, Limits()).keys() == {"title", "release_date", "descriptions.en", "urls"}


# What is held back --------------------------------------------------------------------------------------------------

OWL: dict[str, Any] = {
    "title": "Owl",
    "release_date": "1980",
    "descriptions": [{"lang": "en", "text": "A bird that flies at night."}],
    "external_ids": shared("OWL-ONE"),
}


@pytest.fixture
def limited(store: Store) -> Catalogue:
    """With the limits that hold by default, and a game of alpha's."""
    catalogue = Catalogue(store, Limits())
    catalogue.says("alpha", "owl", **OWL)
    catalogue.reconcile()
    return catalogue


def held(catalogue: Catalogue) -> list[tuple[list[str], str]]:
    """The fields that questions are about, and how the questions stand."""
    return [
        ([field["field"] for field in item["proposal"]["fields"]], item["state"]) for item in catalogue.asked("held")
    ]


def now(catalogue: Catalogue, *fields: str) -> list[Any]:
    game = catalogue.state(catalogue.games()[0])
    return [game[field] for field in fields]


def test_a_suspicious_change_is_held_and_the_rest_of_the_page_is_taken_in(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"title": "Lantern", "tags": [{"kind": "genre", "value": "birds"}]})
    _, revised = limited.reconcile()
    assert (revised.counts["held"], held(limited)) == (1, [(["title"], "open")])
    title, tags = now(limited, "title", "tags")
    assert (title, [tag["value"] for tag in tags]) == ("Owl", ["birds"])


def test_the_question_says_what_was_and_what_would_be(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"release_date": "1999"})
    limited.reconcile()
    (item,) = limited.asked("held")
    (field,) = item["proposal"]["fields"]
    assert (field["old"], field["new"]) == ("1980", "1999")
    assert "by 19 years" in field["why"]
    assert "by 19 years" in item["summary"]


def test_the_question_shows_the_page_and_the_import_that_brought_the_change(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"release_date": "1999"})
    limited.reconcile()
    (item,) = limited.asked("held")
    shown = show_review(limited.store, item["item_id"])
    assert shown is not None
    (page,) = shown["pages"]
    assert (page["source"], page["url"], page["run_id"]) == ("alpha", "https://alpha.example/owl", "alpha 2")


def test_a_held_change_is_asked_about_once(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"title": "Lantern"})
    limited.reconcile()
    limited.reconcile()
    limited.says("beta", "owl", title="Owl", external_ids=shared("OWL-ONE"))
    limited.reconcile()
    assert held(limited) == [(["title"], "open")]


def test_an_accepted_change_is_applied(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"title": "Lantern"})
    limited.reconcile()
    answer(limited, "held", accept)
    assert now(limited, "title") == ["Lantern"]
    assert limited.shown(limited.only_game())["held"] == []


def test_a_rejected_change_stays_out_while_other_fields_follow_their_page(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"title": "Lantern"})
    limited.reconcile()
    answer(limited, "held", reject)
    limited.reconcile()
    assert (now(limited, "title"), held(limited)) == (["Owl"], [(["title"], "rejected")])


def test_a_new_page_ends_the_hold_and_its_question(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"title": "Lantern"})
    limited.reconcile()
    limited.says("alpha", "owl", **OWL | {"title": "Owls"})
    limited.reconcile()
    assert (now(limited, "title"), held(limited)) == (["Owls"], [(["title"], "stale")])


def test_a_new_page_that_is_as_suspicious_is_asked_about_anew(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"title": "Lantern"})
    limited.reconcile()
    limited.says("alpha", "owl", **OWL | {"title": "Zebra"})
    limited.reconcile()
    assert (now(limited, "title"), held(limited)) == (["Owl"], [(["title"], "stale"), (["title"], "open")])


def test_several_fields_are_one_question(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"title": "Lantern", "release_date": "1999", "descriptions": []})
    limited.reconcile()
    assert held(limited) == [(["descriptions.en", "release_date", "title"], "open")]
    answer(limited, "held", accept)
    assert now(limited, "title", "release_date", "descriptions") == ["Lantern", "1999", {}]


def test_of_two_sources_only_the_one_that_changed_is_held(limited: Catalogue) -> None:
    limited.says("beta", "owl", title="Owl", external_ids=shared("OWL-ONE"))
    limited.reconcile()
    limited.says("alpha", "owl", **OWL | {"release_date": "1999"})
    limited.says("beta", "owl", title="Owl", tags=[{"kind": "genre", "value": "birds"}], external_ids=shared("OWL-ONE"))
    limited.reconcile()
    (hold,) = limited.store.rows("SELECT source FROM record_hold JOIN source_record USING (record_id)")
    assert hold == {"source": "alpha"}
    date, tags = now(limited, "release_date", "tags")
    assert (date, len(tags)) == ("1980", 1)


def test_a_second_held_source_joins_the_question_of_the_first(limited: Catalogue) -> None:
    beta = {"title": "Owl", "external_ids": shared("OWL-ONE")}
    limited.says("beta", "owl", **beta, descriptions=[{"lang": "ru", "text": "Птица."}])
    limited.reconcile()
    limited.says("alpha", "owl", **OWL | {"release_date": "1999"})
    limited.reconcile()
    limited.says("beta", "owl", **beta)
    limited.reconcile()
    assert held(limited) == [(["release_date"], "stale"), (["descriptions.ru", "release_date"], "open")]
    answer(limited, "held", accept)
    date, descriptions = now(limited, "release_date", "descriptions")
    assert (date, sorted(descriptions)) == ("1999", ["en"])


def test_what_a_source_says_first_is_never_held(limited: Catalogue) -> None:
    limited.says("gamma", "crow", title="Crow", release_date="2020")
    limited.reconcile()
    assert (held(limited), len(limited.games())) == ([], 2)


def test_a_vanished_page_is_not_held(limited: Catalogue) -> None:
    limited.drops("alpha", "owl")
    limited.reconcile()
    assert held(limited) == []


def test_what_is_held_is_not_let_in_by_the_page_that_vanishes(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"title": "Lantern"})
    limited.reconcile()
    limited.drops("alpha", "owl")
    limited.reconcile()
    assert (now(limited, "title"), held(limited)) == (["Owl"], [(["title"], "open")])
    answer(limited, "held", accept)
    assert now(limited, "title") == ["Lantern"]


def test_limits_are_per_source(limited: Catalogue) -> None:
    limited.curator.limits = {"alpha": ANYTHING_GOES}
    limited.says("alpha", "owl", **OWL | {"title": "Lantern"})
    limited.reconcile()
    assert (now(limited, "title"), held(limited)) == (["Lantern"], [])


def test_what_a_person_wants_is_not_held(limited: Catalogue) -> None:
    limited.edit(limited.only_game(), "title", "Lantern")
    assert (now(limited, "title"), held(limited)) == (["Lantern"], [])


def test_what_pages_bring_while_a_person_works_is_held_all_the_same(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"descriptions": [], "release_date": "1981"})
    limited.edit(limited.only_game(), "title", "Lantern")
    assert (now(limited, "title", "release_date"), held(limited)) == (
        ["Lantern", "1981"],
        [(["descriptions.en"], "open")],
    )
    assert len(now(limited, "descriptions")[0]) == 1
    limited.reconcile()
    answer(limited, "held", accept)
    assert now(limited, "descriptions") == [{}]


def test_a_person_is_not_asked_about_their_own_change_whatever_the_page_brings(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"release_date": "1980-05"})
    limited.edit(limited.only_game(), "release_date", "1999")
    assert (now(limited, "release_date"), held(limited)) == (["1999"], [])
    limited.says("alpha", "owl", **OWL | {"release_date": "1980-06"})
    limited.does(release_field, limited.only_game(), "release_date", author="ann", reason="found out")
    assert (now(limited, "release_date"), held(limited)) == (["1980-06"], [])


def test_a_yes_is_about_what_was_asked_and_not_about_what_another_page_brings(limited: Catalogue) -> None:
    limited.says("beta", "owl", title="Owl", external_ids=shared("OWL-ONE"))
    limited.reconcile()
    limited.says("alpha", "owl", **OWL | {"release_date": "1999"})
    limited.reconcile()
    limited.says("beta", "owl", title="Owl", release_date="1980-07", external_ids=shared("OWL-ONE"))
    answer(limited, "held", accept)
    assert (now(limited, "release_date"), held(limited)) == (["1999"], [(["release_date"], "accepted")])


def test_a_question_whose_page_has_changed_again_cannot_be_answered(limited: Catalogue) -> None:
    limited.says("alpha", "owl", **OWL | {"release_date": "1999"})
    limited.reconcile()
    limited.says("alpha", "owl", **OWL | {"release_date": "1981"})
    with pytest.raises(ReviewError, match="stale already; what it asked about has changed since"):
        answer(limited, "held", accept)


@pytest.mark.parametrize("order", [1, -1])
def test_what_a_page_brings_meanwhile_is_held_on_both_sides_of_a_merge(limited: Catalogue, order: int) -> None:
    limited.says("beta", "crow", title="Crow", release_date="2001")
    limited.reconcile()
    limited.says("alpha", "owl", **OWL | {"descriptions": []})
    limited.says("beta", "crow", title="Raven of another name", release_date="2001")
    kept, merged = limited.games()[::order]
    limited.does(merge_games, kept, merged, author="ann", reason="the same")
    assert sorted(fields for fields, _ in held(limited)) == [["descriptions.en"], ["title"]]
    assert len(now(limited, "descriptions")[0] or limited.state(limited.games()[1])["descriptions"]) == 1
