"""Which older words of a record are heard when some of its versions are taken back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.catalog.hearing import ALL, heard_version, resolve
from game_pipeline.catalog.taking_back import Version, as_before, as_then, beside_limit, taken_back

PARTS = ("title", "release_date", "tags.genre")


def history(*changes: tuple[str, tuple[str, ...]]) -> list[Version]:
    return [Version(1, "new", PARTS)] + [
        Version(number, change, parts) for number, (change, parts) in enumerate(changes, start=2)
    ]


def back(
    versions: list[Version], *unwanted: int, readings_count: bool = False, **standing: int
) -> dict[str, int] | None:
    return taken_back(versions, unwanted, readings_count=readings_count, standing=standing)


def test_without_its_last_version_the_one_before_is_heard() -> None:
    assert back(history(("changed", ("title",))), 2) == {ALL: 1}


def test_without_all_its_versions_nothing_is_heard() -> None:
    assert back(history(("changed", ("title",))), 1, 2) == {ALL: 0}


def test_where_the_page_has_changed_since_only_what_it_left_goes_back() -> None:
    versions = history(("changed", ("title", "release_date")), ("changed", ("title",)))
    assert back(versions, 2) == {"release_date": 1}


def test_where_the_page_has_changed_all_of_it_since_nothing_goes_back() -> None:
    assert back(history(("changed", ("title",)), ("changed", ("title",))), 2) is None


def test_a_new_reading_of_an_unwanted_page_is_unwanted() -> None:
    assert back(history(("changed", ("title",)), ("reparsed", ("tags.genre",))), 2) == {ALL: 1}


def test_where_readings_count_a_later_one_is_wanted() -> None:
    versions = history(("reparsed", ("title", "tags.genre")), ("reparsed", ("tags.genre",)))
    assert back(versions, 2, readings_count=True) == {"title": 1}


def test_what_an_earlier_rollback_took_back_stays_back() -> None:
    versions = history(("changed", ("title",)), ("reparsed", ("tags.genre",)), ("changed", ("release_date",)))
    assert back(versions, 4, title=1) == {ALL: 3, "title": 1}


def test_versions_apart_from_each_other_are_all_taken_back() -> None:
    versions = history(("changed", ("title",)), ("changed", ("release_date",)), ("changed", ("tags.genre",)))
    assert back(versions, 2, 4) == {ALL: 3, "title": 1}


# Beside a limit -----------------------------------------------------------------------------------------------------


def beside(
    versions: list[Version], limit: dict[str, int], after: dict[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    last = len(versions)
    taken, kept = beside_limit(versions, limit, {ALL: last}, resolve(after, last))
    return resolve(taken, last), kept


def test_a_question_stays_where_what_it_is_about_stays() -> None:
    versions = history(("changed", ("release_date",)), ("changed", ("title",)))
    assert beside(versions, {"release_date": 1}, {"title": 1}) == ({ALL: 3, "title": 1}, {"release_date": 1})
    assert beside(versions, {"release_date": 1}, {ALL: 2}) == ({ALL: 2}, {"release_date": 1})
    assert beside(versions, {ALL: 1}, {"title": 1}) == ({ALL: 3, "title": 1}, {ALL: 1})


def test_a_question_goes_where_what_it_is_about_goes_and_the_older_word_is_heard() -> None:
    versions = history(("changed", ("release_date",)), ("changed", ("release_date",)))
    assert beside(versions, {"release_date": 1}, {ALL: 2}) == ({ALL: 2, "release_date": 1}, {})
    assert beside(versions, {"release_date": 1}, {ALL: 0}) == ({ALL: 0}, {})
    assert beside(versions, {ALL: 1, "title": 0}, {ALL: 2}) == ({ALL: 1, "title": 0}, {})


def test_hearing_as_once_leaves_the_question_that_stood_then() -> None:
    versions = history(("changed", ("release_date",)), ("changed", ("title",)))
    now = {ALL: 3}
    once = {ALL: 2, "release_date": 1}
    assert as_then(versions, {"release_date": 1}, now, once) == ({ALL: 2}, {"release_date": 1})
    assert as_then(versions, {"release_date": 1}, now, {ALL: 1}) == ({ALL: 1}, {})
    assert as_then(versions, {ALL: 1}, now, {ALL: 1, "title": 3}) == ({"title": 3}, {ALL: 1, "title": 3})
    assert as_then(versions, {}, now, once) == (once, {})
    assert as_then([], {}, now, {ALL: 2, "release_date": 3}) == ({ALL: 2, "release_date": 3}, {})


def test_hearing_as_before_names_what_was_taken_back_alone() -> None:
    assert as_before([], 2, {"tags": 1}) == {"tags": 2}
    assert as_before([{"tags.genre": 1}, {"title": 1}], 3, {"tags": 0}) == {"tags": 3, "tags.genre": 1}
    assert as_before([{"title": 1}], 3, {ALL: 1}) == {ALL: 3, "title": 1}
    assert as_before([{ALL: 1}, {"title": 2}], 3, {ALL: 0}) == {ALL: 1}


# Whatever happened --------------------------------------------------------------------------------------------------

_changes = st.lists(
    st.tuples(
        st.sampled_from(["changed", "reparsed", "vanished", "returned"]),
        st.sets(st.sampled_from(PARTS)).map(lambda parts: tuple(sorted(parts))),
    ),
    max_size=6,
)


def _spoken(versions: list[Version], part: str, upto: int) -> int:
    """The version whose word on a part version `upto` has."""
    return max(each.version for each in versions[:upto] if part in each.changed or each.change == "new")


@given(_changes, st.sets(st.integers(1, 7)), st.booleans())
def test_every_part_is_as_its_last_wanted_version_had_it(
    changes: list[tuple[str, tuple[str, ...]]], chosen: set[int], readings_count: bool
) -> None:
    versions = history(*changes)
    unwanted = {number for number in chosen if number <= len(versions)}
    parts = taken_back(versions, unwanted, readings_count=readings_count, standing={})
    gone = set(unwanted)
    for each in versions:
        if each.change == "reparsed" and not readings_count and each.version - 1 in gone:
            gone.add(each.version)
    wanted = [each.version for each in versions if each.version not in gone]
    if not wanted:
        assert parts == {ALL: 0}
        return
    heard = resolve(parts or {}, len(versions))
    for part in PARTS:
        spoke = [
            each.version
            for each in versions[: wanted[-1]]
            if each.version not in gone and (part in each.changed or each.change == "new")
        ]
        # Where only unwanted versions ever spoke of it, the wanted page that left it so vouches for it.
        expected = spoke[-1] if spoke else _spoken(versions, part, wanted[-1])
        assert _spoken(versions, part, heard_version(heard, part)) == expected, part


@given(
    _changes, st.sets(st.integers(1, 7), min_size=1), st.dictionaries(st.sampled_from([ALL, *PARTS]), st.integers(0, 3))
)
def test_nothing_newer_is_heard_than_before(
    changes: list[tuple[str, tuple[str, ...]]], chosen: set[int], standing: dict[str, int]
) -> None:
    versions = history(*changes)
    last = len(versions)
    held = {part: min(version, last) for part, version in standing.items()}
    unwanted = {number for number in chosen if number <= last}
    parts = taken_back(versions, unwanted, readings_count=False, standing=held)
    if parts is not None:
        before, after = resolve(held, last), resolve(parts, last)
        assert all(heard_version(after, part) <= heard_version(before, part) for part in (ALL, *PARTS))


@given(
    _changes,
    st.dictionaries(st.sampled_from([ALL, *PARTS]), st.integers(0, 3)),
    st.dictionaries(st.sampled_from([ALL, *PARTS]), st.integers(0, 6)),
)
def test_what_a_limit_holds_back_is_not_heard_by_taking_something_back(
    changes: list[tuple[str, tuple[str, ...]]], limit: dict[str, int], after: dict[str, int]
) -> None:
    versions = history(*changes)
    last = len(versions)
    limit = {part: min(version, last) for part, version in limit.items()}
    wanted = resolve({part: min(version, last) for part, version in after.items()}, last)
    taken, kept = beside_limit(versions, limit, {ALL: last}, wanted)
    heard = resolve(kept | {part: v for part, v in resolve(taken, last).items() if part != ALL or v != last}, last)
    for part, version in limit.items():
        if part != ALL:
            assert heard_version(heard, part) <= max(version, heard_version(wanted, part))
            assert part in kept or heard_version(heard, part) <= version
