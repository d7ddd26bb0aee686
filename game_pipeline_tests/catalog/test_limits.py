"""How far an import may change the catalogue unasked, and what becomes of a change that goes further."""

from __future__ import annotations

from collections.abc import Callable
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
from game_pipeline.changes import refresh_records
from game_pipeline.parsing import InProcess
from game_pipeline.store import Store

from .curating import ANYTHING_GOES, PRIORITIES, Catalogue, shared

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


def answer(catalogue: Catalogue, kind: str, verdict: Any) -> None:
    (item,) = (item for item in catalogue.asked(kind) if item["state"] == "open")
    catalogue.does(verdict, item["item_id"], author="ann", reason="seen")


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


# A change of many games ---------------------------------------------------------------------------------------------

GAMES = 6
MASS = Limits(
    **{name: getattr(ANYTHING_GOES, name) for name in ("title_similarity", "date_years")}, run_share=0.5, run_minimum=3
)


def say_all(catalogue: Catalogue, count: int, **claims: Any) -> None:
    for n in range(count):
        catalogue.says("alpha", str(n), **{"title": f"Game number {n}"} | claims)


@pytest.fixture
def many(store: Store) -> Catalogue:
    """A source of six games, of which no more than half may change at once."""
    catalogue = Catalogue(store, MASS)
    say_all(catalogue, GAMES, release_date="1980")
    catalogue.reconcile()
    return catalogue


def dates(catalogue: Catalogue) -> list[str]:
    return [catalogue.state(game_id)["release_date"] for game_id in catalogue.games()]


def test_a_first_import_is_no_mass_change(many: Catalogue) -> None:
    assert (many.asked("mass"), len(many.games())) == ([], GAMES)


def test_as_many_as_the_share_allows_are_believed(many: Catalogue) -> None:
    say_all(many, 3, release_date="1999")
    many.reconcile()
    assert (many.asked("mass"), dates(many)) == ([], ["1999"] * 3 + ["1980"] * 3)


def test_more_are_held_back_as_a_whole(many: Catalogue) -> None:
    say_all(many, 4, release_date="1999")
    _, revised = many.reconcile()
    assert (revised.counts["held"], dates(many)) == (4, ["1980"] * GAMES)
    (item,) = many.asked("mass")
    assert (item["state"], item["proposal"]["games"], item["proposal"]["of"]) == ("open", 4, GAMES)


def import_on(catalogue: Catalogue, *numbers: int, run_id: str = "one import") -> None:
    """An import reads some more of its pages, and the catalogue takes them in while it goes on."""
    site = catalogue.sites["alpha"]
    for n in numbers:
        site.serve(str(n), [{"identity": str(n), "title": f"Game number {n}", "release_date": "1999"}])
    refresh_records(catalogue.store, site.source, run_id, "one", InProcess())
    catalogue.reconcile()


def test_an_import_that_is_taken_in_bit_by_bit_is_held_where_all_of_it_goes_too_far(many: Catalogue) -> None:
    import_on(many, 0, 1)
    import_on(many, 2, 3)
    import_on(many, 4)
    import_on(many, 5)
    assert dates(many) == ["1999"] * 2 + ["1980"] * 4
    (item,) = [item for item in many.asked("mass") if item["state"] == "open"]
    assert (item["proposal"]["games"], item["proposal"]["applied"]) == (4, 2)
    assert "6 of its 6 games at once; 2 of them it had changed" in item["summary"]
    answer(many, "mass", accept)
    assert dates(many) == ["1999"] * GAMES


def test_an_import_that_a_person_let_through_goes_on_unasked(many: Catalogue) -> None:
    import_on(many, 0, 1, 2, 3)
    answer(many, "mass", accept)
    import_on(many, 4, 5)
    assert (dates(many), [item["state"] for item in many.asked("mass")]) == (["1999"] * GAMES, ["accepted"])


def test_several_imports_of_a_few_games_each_are_no_mass_change(many: Catalogue) -> None:
    for n in range(GAMES):
        import_on(many, n, run_id=f"import {n}")
    assert (dates(many), many.asked("mass")) == (["1999"] * GAMES, [])


def test_the_question_about_many_games_shows_what_each_page_says_otherwise(many: Catalogue) -> None:
    text = {"descriptions": [{"lang": "en", "text": "A maze."}]}
    for n in range(4):
        many.says("alpha", str(n), title=f"Game number {n}", release_date="1999", **text)
    many.reconcile()
    (item,) = many.asked("mass")
    shown = show_review(many.store, item["item_id"])
    assert shown is not None
    assert [page["title"] for page in shown["pages"]] == [f"Game number {n}" for n in range(4)]
    assert shown["pages"][0]["fields"] == [
        {"field": "release_date", "old": "1980", "new": "1999"},
        {"field": "descriptions.en", "old": None, "new": "A maze."},
    ]
    answer(many, "mass", accept)
    answered = show_review(many.store, item["item_id"])
    assert answered is not None
    assert "fields" not in answered["pages"][0]


def test_few_games_are_no_mass_whatever_their_share(store: Store) -> None:
    catalogue = Catalogue(store, MASS)
    say_all(catalogue, 2, release_date="1980")
    catalogue.reconcile()
    say_all(catalogue, 2, release_date="1999")
    catalogue.reconcile()
    assert (catalogue.asked("mass"), dates(catalogue)) == ([], ["1999"] * 2)


def test_an_accepted_mass_change_is_applied(many: Catalogue) -> None:
    say_all(many, 4, release_date="1999")
    many.reconcile()
    answer(many, "mass", accept)
    assert dates(many) == ["1999"] * 4 + ["1980"] * 2
    many.reconcile()
    assert [item["state"] for item in many.asked("mass")] == ["accepted"]


@pytest.mark.parametrize(("said", "then"), [(accept, "1999"), (reject, "1980")])
def test_the_next_mass_change_of_the_same_games_is_asked_about_whatever_was_said_of_the_last(
    many: Catalogue, said: Callable[..., str], then: str
) -> None:
    say_all(many, 4, release_date="1999")
    many.reconcile()
    answer(many, "mass", said)
    say_all(many, 4, release_date="2001")
    many.reconcile()
    assert (dates(many), many.asked("mass")[-1]["state"]) == ([then] * 4 + ["1980"] * 2, "open")
    answer(many, "mass", accept)
    assert dates(many) == ["2001"] * 4 + ["1980"] * 2


def test_a_second_mass_change_of_other_games_leaves_none_held_and_unasked(many: Catalogue) -> None:
    say_all(many, 4, release_date="1999")
    many.reconcile()
    for n in (4, 5, 0, 1):
        many.says("alpha", str(n), title=f"Game number {n}", release_date="2001")
    many.reconcile()
    (item,) = [item for item in many.asked("mass") if item["state"] == "open"]
    assert (item["proposal"]["games"], len(item["proposal"]["records"])) == (GAMES, GAMES)
    answer(many, "mass", accept)
    assert dates(many) == ["2001"] * 2 + ["1999"] * 2 + ["2001"] * 2
    assert many.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []


def test_a_rejected_mass_change_stays_out(many: Catalogue) -> None:
    say_all(many, 4, release_date="1999")
    many.reconcile()
    answer(many, "mass", reject)
    many.reconcile()
    assert (dates(many), [item["state"] for item in many.asked("mass")]) == (["1980"] * GAMES, ["rejected"])


def test_pages_put_right_end_a_mass_change(many: Catalogue) -> None:
    say_all(many, 4, release_date="1999")
    many.reconcile()
    say_all(many, 4, release_date="1980")
    many.a_day_later()
    many.reconcile()
    many.reconcile()
    assert (dates(many), [item["state"] for item in many.asked("mass")]) == (["1980"] * GAMES, ["stale"])
    assert many.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []


def test_a_source_that_drops_many_games_at_once_is_held_until_they_are_there_again(many: Catalogue) -> None:
    for n in range(GAMES):
        page = {"title": f"Game number {n}", "external_ids": shared(f"GAME-NUMBER-{n}")}
        many.says("beta", str(n), **page)
        many.says("alpha", str(n), **page, release_date="1980")
    many.reconcile()
    answer(many, "mass", accept)
    for n in range(4):
        many.drops("alpha", str(n))
    many.reconcile()
    assert (dates(many), many.asked("mass")[-1]["state"]) == (["1980"] * GAMES, "open")
    for n in range(4):
        page = {"title": f"Game number {n}", "external_ids": shared(f"GAME-NUMBER-{n}")}
        many.says("alpha", str(n), **page, release_date="1980")
    many.reconcile()
    many.reconcile()
    assert (dates(many), many.asked("mass")[-1]["state"]) == (["1980"] * GAMES, "stale")
    assert many.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []


def test_many_games_that_a_source_dropped_go_where_a_person_says_so(many: Catalogue) -> None:
    for n in range(4):
        many.drops("alpha", str(n))
    many.reconcile()
    assert many.asked("vanished") == []
    answer(many, "mass", accept)
    assert len(many.asked("vanished")) == 4


def test_another_source_is_not_held_with_it(many: Catalogue) -> None:
    many.says("beta", "x", title="Another game")
    say_all(many, 4, release_date="1999")
    many.reconcile()
    assert len(many.games()) == GAMES + 1
    assert set(PRIORITIES) >= {"alpha", "beta"}


def test_a_field_that_all_games_gain_is_no_mass_change(many: Catalogue) -> None:
    tags = [{"kind": "genre", "value": "puzzle"}]
    for n in range(GAMES):
        game = {"identity": str(n), "title": f"Game number {n}", "release_date": "1980", "tags": tags}
        many.sites["alpha"].serve(str(n), [game])
    assert many.sites["alpha"].read() == {"format": GAMES}
    many.reconcile()
    assert many.asked("mass") == []
    assert all(many.state(game_id)["tags"] for game_id in many.games())
