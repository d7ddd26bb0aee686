"""A catalogue fed by hand: sources say things through the records stage, a curator takes them in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog import Curator, Limits, MatchReport, ReviseReport, edit_field, show_game
from game_pipeline.matching import name_key, title_key
from game_pipeline.merging import MergePolicy
from game_pipeline.store import Store
from game_pipeline_tests.changes.tiny_site import Site, source_named

__all__ = ["Catalogue", "shared"]

# The order of their words: alpha before beta before gamma. The IF Archive may have several files of one game.
PRIORITIES = {"alpha": 10, "beta": 20, "gamma": 30, "ifarchive": 40}

ANYTHING_GOES = Limits(
    description_kept=0, title_similarity=0, date_years=10_000, links_kept=0, run_share=1, run_minimum=10_000
)

P = ParamSpec("P")
R = TypeVar("R")


def shared(value: str) -> list[dict[str, str]]:
    """An id of its own that names one game."""
    return [{"scheme": "ifid", "value": value}]


class Catalogue:
    """A record a page, whose key is the record's identity."""

    def __init__(self, store: Store, limits: Limits = ANYTHING_GOES) -> None:
        self.store = store
        self.sites = {name: Site(store, source_named(name)) for name in PRIORITIES}
        policy = MergePolicy(title_key=title_key, person_key=name_key)
        self.curator = Curator(store, PRIORITIES, policy, "run", limits=dict.fromkeys(PRIORITIES, limits))

    def says(self, source: str, identity: str, **claims: Any) -> int:
        """A source says this now; returns the record's id. The catalogue has not taken it in yet."""
        site = self.sites[source]
        site.serve(identity, [{"identity": identity} | claims])
        site.read()
        return int(site.record(identity)["record_id"])

    def drops(self, source: str, identity: str) -> None:
        """A source does not have the game any more."""
        self.sites[source].lose(identity)
        assert self.sites[source].read() == {"vanished": 1}

    def a_day_later(self) -> None:
        """Pages that say again what they said a few versions ago are believed now."""
        self.store.execute(
            "UPDATE source_url_state SET flapping_since = flapping_since - interval '25 hours', "
            "parsed_snapshot_id = NULL WHERE flapping_since IS NOT NULL"
        )
        for site in self.sites.values():
            site.read()

    def reconcile(self) -> tuple[MatchReport, ReviseReport]:
        return self.curator.match_pending(), self.curator.revise_pending()

    def games(self) -> list[int]:
        return [row["game_id"] for row in self.store.rows("SELECT game_id FROM game ORDER BY game_id")]

    def only_game(self) -> int:
        (game_id,) = self.games()
        return game_id

    def state(self, game_id: int) -> dict[str, Any]:
        return dict(self.shown(game_id)["state"])

    def shown(self, game_id: int) -> dict[str, Any]:
        game = show_game(self.store, game_id)
        assert game is not None
        return game

    def edit(self, game_id: int, field: str, value: Any, reason: str = "mends it") -> int:
        return self.does(edit_field, game_id, field, value, author="ann", reason=reason)

    def does(
        self, action: Callable[Concatenate[Connection[DictRow], Curator, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Something that a person does, in a transaction of its own."""
        with self.store.transaction() as connection:
            return action(connection, self.curator, *args, **kwargs)

    def asked(self, kind: str) -> list[dict[str, Any]]:
        """The questions of a kind, open or not, oldest first."""
        return self.store.rows("SELECT * FROM review_item WHERE kind = %s ORDER BY item_id", (kind,))

    def fingerprint(self) -> dict[str, tuple[int, int]]:
        """Rows and newest writing transaction of every table that matters."""
        tables = (
            "game game_revision game_title game_url game_credit game_tag game_external_id game_match_key "
            "game_member match_decision match_edge demoted_key game_relation review_item data_conflict human_edit "
            "import_event source_record "
            "record_version source_url_state page_snapshot page_body game_proposal existing_catalogue"
        )
        found = {}
        for table in tables.split():
            row = self.store.row(f"SELECT count(*) AS n, coalesce(max(xmin::text::bigint), 0) AS newest FROM {table}")
            assert row is not None
            found[table] = (row["n"], row["newest"])
        return found
