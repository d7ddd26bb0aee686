"""Whatever happens to a catalogue, in any order: it is what its log says, and nothing that a person did is lost.

Every promise is checked after every step; what a single act promises (a rollback, its undoing, a merge) beside the act.
`HYPOTHESIS_PROFILE=nightly` looks ten times longer.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from game_pipeline.catalog import (
    EditError,
    JoinError,
    ReviewError,
    RollbackError,
    Scope,
    accept,
    merge_games,
    reject,
    release_field,
    roll_back,
    roll_back_game,
    split_game,
    undo_rollback,
    unmerge_game,
)
from game_pipeline.catalog.edits import current_value
from game_pipeline.catalog.fields import changed_fields
from game_pipeline.store import Store
from game_pipeline.store.replay import replayed
from game_pipeline_tests.changes.tiny_site import Site
from game_pipeline_tests.conftest import ReusedCatalogue

from .curating import ANYTHING_GOES, PRIORITIES, Catalogue
from .machine_looks import DISAGREEMENTS, GAMES, Game, differences
from .machine_words import EDITS, FIELDS, IDENTITIES, NTH, PARSERS, RANKS, SOURCES, TIGHT, TOLD, claims_of, reader
from .shadow import Shadow

pytestmark = pytest.mark.timeout(4 * 3600)

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


class CatalogueMachine(RuleBasedStateMachine):
    """Three sources with two records each, one editor, and a catalogue."""

    shadow: ClassVar[Shadow]

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(self.shadow.restart())
        self.catalogue = Catalogue(self.store)
        self.curator = self.catalogue.curator
        for name in PRIORITIES:
            self.catalogue.sites[name] = Site(self.store, reader(name, 1))
        self.said: dict[tuple[str, str], dict[str, Any]] = {}
        self.gone: set[tuple[str, str]] = set()
        self.ranks_changed = False
        self.edits: dict[int, Game] = {}
        self.standing: set[int] = set()
        self.about_edits = False
        """Whether the step was a person's act on edits."""

    def teardown(self) -> None:
        try:
            with replayed(self.store) as result:
                assert result.first_difference() is None
        finally:
            self.store.close()

    # What happens ---------------------------------------------------------------------------------------------------

    @initialize(
        tight=st.booleans(),
        told=st.lists(st.tuples(SOURCES, IDENTITIES, TOLD), min_size=2, max_size=6),
    )
    def begin(self, tight: bool, told: list[tuple[str, str, dict[str, Any]]]) -> None:
        self.curator.limits = dict.fromkeys(PRIORITIES, TIGHT if tight else ANYTHING_GOES)
        self._say(told)
        self._reconcile()

    @rule(told=st.lists(st.tuples(SOURCES, IDENTITIES, TOLD), min_size=1, max_size=3), take_in=st.booleans())
    def sources_say(self, told: list[tuple[str, str, dict[str, Any]]], take_in: bool) -> None:
        self._say(told)
        if take_in:
            self._reconcile()

    @rule(source=SOURCES, identity=IDENTITIES)
    def page_vanishes(self, source: str, identity: str) -> None:
        if (source, identity) in self.said and (source, identity) not in self.gone:
            self.catalogue.drops(source, identity)
            self.gone.add((source, identity))

    @precondition(lambda self: self.gone)
    @rule(nth=NTH)
    def page_returns(self, nth: int) -> None:
        source, identity = sorted(self.gone)[nth % len(self.gone)]
        self._say([(source, identity, self.said[source, identity])])

    @rule()
    def reconcile(self) -> None:
        self._reconcile()
        before = self._games()
        self._reconcile()
        assert self._games() == before, "reconciling once more changed something"

    @rule(source=SOURCES, version=st.sampled_from(PARSERS))
    def parser_changes(self, source: str, version: int) -> None:
        site = self.catalogue.sites[source]
        site.source = reader(source, max(version, site.source.parser_version))
        site.read()

    @rule(ranks=st.sampled_from(RANKS))
    def policy_changes(self, ranks: dict[str, int]) -> None:
        self.curator.priorities = ranks
        self.ranks_changed = True

    # What people do -------------------------------------------------------------------------------------------------

    @rule(nth=NTH, edit=EDITS)
    def edit(self, nth: int, edit: tuple[str, Any]) -> None:
        game = self._pick(nth)
        if game is None:
            return
        self.about_edits = True
        try:
            self.catalogue.edit(game["game_id"], *edit)
        except EditError as error:
            refusals = ("so by an earlier edit", "says so already", "has no value to delete")
            assert any(refusal in str(error) for refusal in refusals)  # noqa: PT017

    @rule(nth=NTH, which=NTH)
    def release(self, nth: int, which: int) -> None:
        game = self._pick(nth)
        if game is None or not game["edits"]:
            return
        field = sorted(game["edits"])[which % len(game["edits"])]
        self.about_edits = True
        self.catalogue.does(release_field, game["game_id"], field, author="ann", reason="over")
        assert field not in self._games()[game["game_id"]]["edits"]

    @rule(nth=NTH, yes=st.booleans())
    def answer(self, nth: int, yes: bool) -> None:
        items = self.store.rows("SELECT item_id, kind FROM review_item WHERE state = 'open' ORDER BY item_id")
        if not items:
            return
        item = items[nth % len(items)]
        self.about_edits = item["kind"] == "suggestion" and yes
        try:
            self.catalogue.does(accept if yes else reject, item["item_id"], author="ann", reason="seen")
        except ReviewError as error:
            assert "proposes no game" in str(error) or "has changed since" in str(error)  # noqa: PT017

    @rule(
        nth=NTH,
        to=NTH,
        undo_edits=st.booleans(),
        field=st.one_of(st.none(), st.sampled_from(FIELDS)),
        then_undo=st.booleans(),
    )
    def roll_back_game(self, nth: int, to: int, undo_edits: bool, field: str | None, then_undo: bool) -> None:
        self._settle()
        before = self._games()
        game = self._pick(nth)
        if game is None:
            return
        game_id = game["game_id"]
        wanted = self.store.rows(
            "SELECT revision, status, state, provenance FROM game_revision WHERE game_id = %s AND status <> 'merged' "
            "ORDER BY revision",
            (game_id,),
        )
        then = wanted[to % len(wanted)]
        self.about_edits = undo_edits or then_undo
        rollback_id = None
        try:
            report = self.catalogue.does(
                roll_back_game,
                game_id,
                then["revision"],
                author="ann",
                reason="was better",
                field=field,
                undo_edits=undo_edits,
            )
            rollback_id = report.rollback_id
        except RollbackError as error:
            if game["status"] == "withdrawn" and field is not None:
                return
            assert "said already" in str(error)  # noqa: PT017
        after = self._games()
        now = after[game_id]
        edited_then = {name for name, entry in then["provenance"].items() if entry["rule"] == "human_edit"}
        stand = set() if undo_edits else set(now["edits"]) - edited_then
        # An edit of then that was edited over since stands by the later edit.
        stand |= set() if undo_edits else {name for name in game["edits"] if field in (None, name)}
        about = {field} if field else {*changed_fields(then["state"], {}), *changed_fields(now["state"], {})}
        differing = set(changed_fields(now["state"], then["state"])) & about - stand
        assert not differing, f"game {game_id} to {then['revision']}: {differences({1: then}, {1: now})}"
        if field is None and not now["edits"]:
            assert now["status"] == then["status"]
        if field is not None:
            rest = set(changed_fields(now["state"], game["state"])) - {field, "alt_titles"}
            assert not rest, f"only {field} was to go back, and {rest} changed"
        assert {g: v for g, v in after.items() if g != game_id} == {g: v for g, v in before.items() if g != game_id}
        self._nothing_comes_back(after)
        if then_undo and rollback_id is not None:
            self._undo(rollback_id, before)

    @rule(
        by=st.sampled_from(["source", "run", "parser", "since", "between"]),
        one=NTH,
        other=NTH,
        then_undo=st.booleans(),
    )
    def roll_back(self, by: str, one: int, other: int, then_undo: bool) -> None:
        self._settle()
        before = self._games()
        rows = self.store.rows(
            "SELECT DISTINCT source, run_id, record_version.parser_version, recorded_at "
            "FROM record_version JOIN source_record USING (record_id) ORDER BY recorded_at"
        )
        if not rows:
            return
        row, second = rows[one % len(rows)], rows[other % len(rows)]
        match by:
            case "source":
                scope = Scope(source=row["source"])
            case "run":
                scope = Scope(run_id=row["run_id"])
            case "parser":
                scope = Scope(source=row["source"], parser_version=row["parser_version"])
            case "since":
                scope = Scope(since=row["recorded_at"])
            case _:
                first, last = sorted([row["recorded_at"], second["recorded_at"]])
                scope = Scope(source=row["source"], since=first, until=last)
        try:
            report = self.catalogue.does(roll_back, scope, author="ann", reason="a bad import")
        except RollbackError as error:
            assert "nothing is heard" in str(error) or "no record changed" in str(error)  # noqa: PT017
            assert self._games() == before
            return
        self._nothing_comes_back(self._games())
        if then_undo:
            self.about_edits = True
            self._undo(report.rollback_id, before)

    @rule(nth=NTH)
    def undo_a_rollback(self, nth: int) -> None:
        rollbacks = self.store.rows("SELECT rollback_id FROM rollback WHERE undone_at IS NULL ORDER BY rollback_id")
        if not rollbacks:
            return
        self.about_edits = True
        try:
            self.catalogue.does(
                undo_rollback, rollbacks[nth % len(rollbacks)]["rollback_id"], author="ann", reason="it was right"
            )
        except RollbackError as error:
            assert "undo that one first" in str(error)  # noqa: PT017

    @rule(one=NTH, other=NTH, then_split=st.booleans())
    def merge(self, one: int, other: int, then_split: bool) -> None:
        self._settle()
        kept, gone = self._pick(one), self._pick(other)
        if kept is None or gone is None or kept["game_id"] == gone["game_id"]:
            return
        ids = kept["game_id"], gone["game_id"]
        before = self._games()
        records = self._members(gone["game_id"])
        self.catalogue.does(merge_games, *ids, author="ann", reason="one game")
        after = self._games()
        assert (after[ids[1]]["status"], after[ids[1]]["merged_into"]) == ("merged", ids[0])
        for field, value in gone["edits"].items():
            assert after[ids[0]]["edits"][field] == kept["edits"].get(field, value), "an edit was not carried"
        if then_split:
            report = self.catalogue.does(split_game, ids[0], records, author="ann", reason="two after all")
            self.about_edits = True
            assert (report.back, report.game_id) == (True, ids[1])
            restored = self._games()
            for game_id in ids:
                if before[game_id]["status"] == "withdrawn":  # nobody is heard about it: what it said last is no matter
                    before[game_id]["state"] = restored[game_id]["state"]
            assert differences(before, restored) == {}, "split after merge does not restore"

    @rule(nth=NTH)
    def unmerge(self, nth: int) -> None:
        gone = [game for game in self._games().values() if game["status"] == "merged"]
        if not gone:
            return
        game_id = gone[nth % len(gone)]["game_id"]
        self.about_edits = True
        try:
            report = self.catalogue.does(unmerge_game, game_id, author="ann", reason="two after all")
        except JoinError as error:
            assert "has no record" in str(error)  # noqa: PT017
            return
        assert (report.game_id, report.back) == (game_id, True)
        games = self._games()
        assert games[game_id]["status"] != "merged"
        assert games[report.split_from]["status"] != "merged"

    @rule(nth=NTH, mask=st.integers(1, 62))
    def split(self, nth: int, mask: int) -> None:
        game = self._pick(nth)
        if game is None:
            return
        records = self._members(game["game_id"])
        leaving = [record for bit, record in enumerate(records) if mask >> bit & 1]
        if not leaving or len(leaving) == len(records):
            return
        self.about_edits = True
        report = self.catalogue.does(split_game, game["game_id"], leaving, author="ann", reason="two games")
        assert sorted(set(leaving) - set(self._members(report.game_id))) == []
        assert self._members(game["game_id"]) == [record for record in records if record not in leaving]

    # What holds after every step ------------------------------------------------------------------------------------

    @invariant()
    def replay_equals_state(self) -> None:
        self.shadow.catch_up()
        assert self.shadow.differing() == {}

    @invariant()
    def edits_stand_and_are_kept(self) -> None:
        rows = self.store.rows(
            "SELECT edit_id, edit.game_id, field, value, author, reason, edited_at, released_at, status, state, "
            "merged_into FROM human_edit AS edit JOIN game USING (game_id) ORDER BY edit_id"
        )
        history = {
            row["edit_id"]: {name: row[name] for name in ("game_id", "field", "value", "author", "reason", "edited_at")}
            for row in rows
        }
        assert history.items() >= self.edits.items(), "an edit has gone from the history"
        standing = [row for row in rows if row["released_at"] is None]
        by_game = {(row["game_id"], row["field"]) for row in standing}
        for row in standing:
            if row["status"] == "merged":
                assert (
                    (self._living(row), row["field"]) in by_game or self.about_edits or row["edit_id"] in self.standing
                )
                continue
            assert row["status"] == "active", "what a person has worked on is not withdrawn"
            assert current_value(row["state"], row["field"]) == row["value"], f"edit {row['edit_id']} does not stand"
        ids = {row["edit_id"] for row in standing}
        if not self.about_edits:
            assert ids >= self.standing, f"edits {self.standing - ids} ceased to stand"
        self.edits, self.standing, self.about_edits = history, ids, False

    @invariant()
    def the_tables_agree(self) -> None:
        rows = self.shadow.connection.execute(DISAGREEMENTS).fetchall()
        assert rows == []

    # Doing and looking ----------------------------------------------------------------------------------------------

    def _say(self, told: list[tuple[str, str, dict[str, Any]]]) -> None:
        for source, identity, claims in told:
            self.catalogue.says(source, identity, **claims_of(claims))
            self.said[source, identity] = claims
            self.gone.discard((source, identity))

    def _reconcile(self) -> None:
        matched, revised = self.catalogue.reconcile()
        assert matched.failed + revised.failed == []

    def _settle(self) -> None:
        """Nothing waits: what changes from here on is the doing of what comes next."""
        self._reconcile()
        if self.ranks_changed:
            self._plan_anew(self._games())
            self.ranks_changed = False

    def _plan_anew(self, games: dict[int, Game]) -> None:
        for game_id, game in games.items():
            if game["status"] != "merged":
                with self.store.transaction() as connection:
                    self.curator.bring_up_to_date(connection, game_id, self.curator.wording("pipeline", "import"))

    def _nothing_comes_back(self, after: dict[int, Game]) -> None:
        self._reconcile()
        assert self._games() == after, "the next import brings back what was taken back"
        self._plan_anew(after)
        assert self._games() == after, "the next change of a game brings back what was taken back"

    def _undo(self, rollback_id: int, before: dict[int, Game]) -> None:
        self.catalogue.does(undo_rollback, rollback_id, author="ann", reason="it was right")
        assert differences(before, self._games()) == {}, "the rollback's undoing does not restore"

    def _games(self) -> dict[int, Game]:
        rows = self.shadow.connection.execute(GAMES).fetchall()
        return {row["game_id"]: row for row in rows}

    def _pick(self, nth: int) -> Game | None:
        games = [game for game in self._games().values() if game["status"] != "merged"]
        return games[nth % len(games)] if games else None

    def _members(self, game_id: int) -> list[int]:
        rows = self.store.rows("SELECT record_id FROM game_member WHERE game_id = %s ORDER BY record_id", (game_id,))
        return [row["record_id"] for row in rows]

    def _living(self, row: Game) -> int:
        games = self._games()
        game_id = row["game_id"]
        while games[game_id]["merged_into"] is not None:
            game_id = games[game_id]["merged_into"]
        return int(game_id)


def test_whatever_happens_in_whatever_order(reused_catalogue: ReusedCatalogue) -> None:
    with Shadow(reused_catalogue) as shadow:
        CatalogueMachine.shadow = shadow
        run_state_machine_as_test(
            CatalogueMachine,
            settings=settings(
                max_examples=500 if NIGHTLY else 50,
                stateful_step_count=32,
                derandomize=not NIGHTLY,  # the same fifty each time: what fails then is the change; the night explores
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
