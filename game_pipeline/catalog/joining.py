"""One game or two? What people decide about whole games: merge two into one, split records off one.

Both are kept as decisions about records: a merge can be split again, and what a person told apart is not joined anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.merging import Merged
from game_pipeline.store import Event, append

from .ids import next_id
from .reconcile import Curator
from .records import StoredRecord, lock_catalogue, members_of
from .review import close_item
from .revise import Wording, revised
from .rollback import edit_again
from .standing import Standing, read_standing

__all__ = ["JoinError", "MergeReport", "SplitReport", "merge_games", "split_game"]


class JoinError(ValueError):
    """The games cannot be merged or split so; the message says why."""


@dataclass(frozen=True, slots=True)
class MergeReport:
    """`carried`: fields whose edits went along; `lost`: fields that a person set in both games, where the kept game's
    edit stands and the other is only in the history: field, value, author."""

    game_id: int
    merged: int
    records: int
    carried: tuple[str, ...]
    lost: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class SplitReport:
    """`game_id`: the game that the records are about now; `back`: it had been merged, and is there again."""

    game_id: int
    split_from: int
    records: int
    back: bool


def merge_games(
    connection: Connection[DictRow], curator: Curator, kept: int, merged: int, *, author: str, reason: str
) -> MergeReport:
    """The records and edits of game `merged` become game `kept`'s, which `merged` then refers to.

    Inside the caller's transaction. Raises `JoinError`.
    """
    lock_catalogue(connection)
    if kept == merged:
        raise JoinError(f"game {kept} is one game already")
    into, gone = _game(connection, kept), _game(connection, merged)
    wording = curator.wording(author, "merge", reason)
    members = members_of(connection, [merged])[merged]
    said = f"{author} said: game {merged} is game {kept} ({reason})"
    events = [_decided(connection, record, kept, "auto", said, wording) for record in members]
    standing = {edit.field: edit for edit in into.edits}
    carried, lost = [], []
    for edit in gone.edits:
        if edit.field not in standing:
            old = {
                "edit_id": edit.edit_id,
                "field": edit.field,
                "value": edit.value,
                "previous": gone.about[edit.edit_id].previous,
                "author": edit.author,
                "reason": gone.about[edit.edit_id].reason,
            }
            events.append(edit_again(connection, kept, old, wording, f"from game {merged}"))
            carried.append(edit.field)
        elif standing[edit.field].value != edit.value:
            lost.append({"field": edit.field, "value": edit.value, "author": edit.author})
    events += _close_everything(connection, gone, wording)
    events.append(_farewell(gone, kept, wording))
    append(connection, events)
    curator.bring_up_to_date(connection, kept, wording)
    return MergeReport(kept, merged, len(members), tuple(carried), tuple(lost))


def split_game(
    connection: Connection[DictRow],
    curator: Curator,
    game_id: int,
    record_ids: Sequence[int],
    *,
    author: str,
    reason: str,
) -> SplitReport:
    """The records leave the game, and are not proposed for it again.

    They go back to the game that they had come from by a merge, where all of them came from one; else they are a new
    game. Inside the caller's transaction. Raises `JoinError`.
    """
    lock_catalogue(connection)
    standing = _game(connection, game_id)
    members = {record.record_id: record for record in members_of(connection, [game_id])[game_id]}
    leaving = [members[record_id] for record_id in dict.fromkeys(record_ids) if record_id in members]
    strangers = sorted(set(record_ids) - members.keys())
    if strangers:
        has = ", ".join(f"{record.record_id} ({record.source} {record.identity})" for record in members.values())
        raise JoinError(f"game {game_id} has no record {strangers[0]}; it has {has or 'none'}")
    if not leaving:
        raise JoinError("say which records leave the game")
    if len(leaving) == len(members):
        raise JoinError(f"these are all records of game {game_id}; at least one must stay")
    wording = curator.wording(author, "split", reason)
    home = _came_from(connection, game_id, leaving)
    target = home if home is not None else next_id(connection, "game")
    said = f"{author} said: not game {game_id} ({reason})"
    decided = [_decided(connection, record, target, "new", said, wording) for record in leaving]
    apart = [
        Event(
            stream=f"record:{record.record_id}",
            event_type="record.separated",
            payload={"record_id": record.record_id, "game_id": game_id, "reason": reason},
            actor=author,
            correlation_id=wording.correlation_id,
            game_id=game_id,
            source=record.source,
            source_url=record.record.url,
        )
        for record in leaving
    ]
    created = curator.planned(connection, read_standing(connection, target), leaving, wording)
    append(connection, [*created.events, *decided, *apart, *_edits_go_home(connection, standing, home, wording)])
    curator.bring_up_to_date(connection, game_id, wording)
    curator.bring_up_to_date(connection, target, wording)
    return SplitReport(target, game_id, len(leaving), home is not None)


def _game(connection: Connection[DictRow], game_id: int) -> Standing:
    row = connection.execute(
        b"SELECT status, merged_into FROM game WHERE game_id = %s FOR UPDATE", (game_id,)
    ).fetchone()
    if row is None:
        raise JoinError(f"no game {game_id}; look it up with: game-pipeline game find TEXT")
    if row["status"] == "merged":
        raise JoinError(f"game {game_id} was merged into game {row['merged_into']} already")
    return read_standing(connection, game_id)


def _decided(
    connection: Connection[DictRow], record: StoredRecord, game_id: int, band: str, said: str, wording: Wording
) -> Event:
    return Event(
        stream=f"record:{record.record_id}",
        event_type="record.matched",
        payload={
            "decision_id": next_id(connection, "match_decision"),
            "record_id": record.record_id,
            "game_id": game_id,
            "band": band,
            "method": "person",
            "score": 1.0,
            "evidence": [{"kind": "person", "detail": said, "ours": record.record.title, "theirs": ""}],
            "alternatives": [],
        },
        actor=wording.actor,
        correlation_id=wording.correlation_id,
        game_id=game_id,
        source=record.source,
        source_url=record.record.url,
    )


def _close_everything(connection: Connection[DictRow], gone: Standing, wording: Wording) -> list[Event]:
    """Conflicts of a game that is no more are over, and what was asked about it is asked no longer.

    Questions about its records stay: whether one is that game, and whether what is held back may be applied. The answer
    leads to the game that it became.
    """
    events = [
        Event(
            stream=f"game:{gone.game_id}",
            event_type="conflict.closed",
            payload={"conflict_id": conflict_id, "field": field},
            actor=wording.actor,
            correlation_id=wording.correlation_id,
            game_id=gone.game_id,
        )
        for field, (conflict_id, _) in sorted(gone.conflicts.items())
    ]
    rows = connection.execute(
        b"SELECT item_id FROM review_item WHERE game_id = %s AND state = 'open' "
        b"AND kind NOT IN ('match', 'held') ORDER BY item_id",
        (gone.game_id,),
    ).fetchall()
    return events + [
        close_item(row["item_id"], gone.game_id, "stale", wording.actor, wording.correlation_id, wording.reason)
        for row in rows
    ]


def _farewell(gone: Standing, kept: int, wording: Wording) -> Event:
    merged = Merged(gone.state or {}, gone.provenance, (), ())
    edited = sorted(edit.field for edit in gone.edits)
    return revised(gone, merged, [], wording, status="merged", changed=(), edited=edited, merged_into=kept)


def _came_from(connection: Connection[DictRow], game_id: int, leaving: Sequence[StoredRecord]) -> int | None:
    """The game merged into this one that all of the records were about before."""
    rows = connection.execute(
        b"""
        SELECT DISTINCT (SELECT before.game_id FROM match_decision AS before
                         WHERE before.record_id = now.record_id AND before.decision_id < now.decision_id
                           AND before.game_id IS NOT NULL AND before.game_id <> now.game_id
                         ORDER BY before.decision_id DESC LIMIT 1) AS home
        FROM match_decision AS now WHERE now.record_id = ANY(%s) AND now.ended_at IS NULL
        """,
        ([record.record_id for record in leaving],),
    ).fetchall()
    home = rows[0]["home"] if len(rows) == 1 else None
    row = connection.execute(
        b"SELECT FROM game WHERE game_id = %s AND status = 'merged' AND merged_into = %s", (home, game_id)
    ).fetchone()
    return home if row is not None else None


def _edits_go_home(
    connection: Connection[DictRow], standing: Standing, home: int | None, wording: Wording
) -> list[Event]:
    """Edits that came along with a merge leave with it; in the game that is there again they never ceased to stand."""
    rows = connection.execute(
        b"SELECT edit.edit_id, edit.field FROM human_edit AS edit JOIN human_edit AS origin "
        b"ON origin.edit_id = edit.carried_from AND origin.game_id = %s "
        b"WHERE edit.game_id = %s AND edit.released_at IS NULL ORDER BY edit.edit_id",
        (home, standing.game_id),
    ).fetchall()
    return [
        Event(
            stream=f"game:{standing.game_id}",
            event_type="game.edit_released",
            payload={"edit_id": row["edit_id"], "field": row["field"], "reason": wording.reason or "split"},
            actor=wording.actor,
            correlation_id=wording.correlation_id,
            game_id=standing.game_id,
        )
        for row in rows
    ]
