"""One game or two? What people decide about whole games: merge two into one, split records off one, take a merge back.

All of it is kept as judgements about records, from which the games follow: a merge can be taken back whatever has come
since, and what a person told apart is not joined anew, neither directly nor through a third record.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Decision, Evidence

from .ledger.components import Edge, components
from .ledger.edges import crossing, read_edges, said
from .ledger.moving import merge_position
from .ledger.settle import Change, settle
from .ledger.standing_games import JoinError, founders, living, members_ids
from .reconcile import Curator
from .records import lock_catalogue, members_of

__all__ = [
    "JoinError",
    "MergeReport",
    "SplitReport",
    "keep_apart",
    "merge_games",
    "split_game",
    "unmerge_game",
]

TOLD_APART = "a person told them apart"
ONE_AFTER_ALL = "a person said that they are one game"


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

    Whatever was said before of some of the two being different ends, be it by a person or by a rule: what stood would
    tear a record out of the game that they are now. Inside the caller's transaction. Raises `JoinError`.
    """
    lock_catalogue(connection)
    if kept == merged:
        raise JoinError(f"game {kept} is one game already")
    for game_id in (kept, merged):
        _not_merged(connection, game_id)
    wording = curator.wording(author, "merge", reason)
    words = f"{author} said: game {merged} is game {kept} ({reason})"
    ours, theirs = members_ids(connection, kept), members_ids(connection, merged)
    across = crossing(read_edges(connection, theirs), ours, theirs)
    founder, gone = founders(connection, [kept, merged])
    say = (said(connection, founder, gone, "same", "merged", words, author),)
    change = Change(
        about=ours | theirs,
        because=_person(words),
        say=say,
        end=_not_replaced([(edge, ONE_AFTER_ALL) for edge in across if edge.judgement == "different"], say),
        keeps={kept: ours},
    )
    settled = settle(connection, curator, change, wording)
    return MergeReport(kept, merged, len(theirs), settled.carried.get(merged, ()), settled.lost.get(merged, ()))


def split_game(
    connection: Connection[DictRow],
    curator: Curator,
    game_id: int,
    record_ids: Sequence[int],
    *,
    author: str,
    reason: str,
) -> SplitReport:
    """The records leave the game, and are not joined with what stays again.

    They go back to the game that they had come from by a merge; else they are a new game. Inside the caller's
    transaction. Raises `JoinError`.
    """
    lock_catalogue(connection)
    _not_merged(connection, game_id)
    members = {record.record_id: record for record in members_of(connection, [game_id])[game_id]}
    leaving = frozenset(record_ids) & members.keys()
    strangers = sorted(set(record_ids) - members.keys())
    if strangers:
        has = ", ".join(f"{record.record_id} ({record.source} {record.identity})" for record in members.values())
        raise JoinError(f"game {game_id} has no record {strangers[0]}; it has {has or 'none'}")
    if not leaving:
        raise JoinError("say which records leave the game")
    staying = frozenset(members) - leaving
    if not staying:
        raise JoinError(f"these are all records of game {game_id}; at least one must stay")
    wording = curator.wording(author, "split", reason)
    words = f"{author} said: not game {game_id} ({reason})"
    edges = read_edges(connection, frozenset(members))
    say = [*_different(connection, edges, leaving, staying, "split", words, author)]
    end = [(edge, TOLD_APART) for edge in crossing(edges, leaving, staying) if edge.judgement == "same"]
    for part in (leaving, staying):  # what is not told apart stays one, whatever it hung on
        say += _held_together(connection, edges, part, part, f"{author} left them together ({reason})", author)
    change = Change(
        about=frozenset(members),
        because=_person(words),
        say=tuple(say),
        end=_not_replaced(end, say),
        keeps={game_id: staying},
    )
    settled = settle(connection, curator, change, wording)
    _ask_anew(connection, frozenset(members))
    target = settled.game[min(leaving)]
    return SplitReport(target, game_id, len(leaving), target in settled.revived)


def unmerge_game(
    connection: Connection[DictRow], curator: Curator, game_id: int, *, author: str, reason: str
) -> SplitReport:
    """A merge is taken back, whenever it was: the game is there again, with its edits, its records, and what has joined
    those since by judgements of its own. Inside the caller's transaction. Raises `JoinError`.
    """
    lock_catalogue(connection)
    host = living(connection, game_id)
    if host == game_id:
        raise JoinError(f"game {game_id} is not merged into another; to part records of it: game-pipeline game split")
    members = members_ids(connection, host)
    own, others = _as_before_the_merge(connection, game_id, members)
    if not own:
        raise JoinError(f"game {host} has no record left that was game {game_id}'s")
    if not others:
        raise JoinError(f"game {host} has no record but those of game {game_id}")
    wording = curator.wording(author, "split", reason)
    words = f"{author} said: game {game_id} is not game {host} ({reason})"
    edges = read_edges(connection, members)
    say = _different(connection, edges, own, others, "unmerged", words, author)
    end = [(edge, TOLD_APART) for edge in crossing(edges, own, others) if edge.judgement == "same"]
    for part, rest in ((own, others), (others, own)):
        say += _held_together(connection, edges, part, members - rest, f"{author} left them together", author)
    change = Change(
        about=members,
        because=_person(words),
        say=tuple(say),
        end=_not_replaced(end, say),
        keeps={host: others, game_id: own},
    )
    settled = settle(connection, curator, change, wording)
    _ask_anew(connection, members)
    back = settled.game[min(own)]
    moved = sum(game == back for game in settled.game.values())
    return SplitReport(back, host, moved, back in settled.revived)


def keep_apart(
    connection: Connection[DictRow], curator: Curator, one: int, other: int, *, author: str, reason: str
) -> None:
    """Two games are never the same: not now, and not through what joins one of them later. Raises `JoinError`."""
    lock_catalogue(connection)
    ours, theirs = (members_ids(connection, living(connection, game_id)) for game_id in (one, other))
    if ours & theirs:
        raise JoinError(f"game {one} and game {other} are one game; part them: game-pipeline game split")
    words = f"{author} said: game {one} is not game {other} ({reason})"
    edges = read_edges(connection, ours)
    say = _different(connection, edges, ours, theirs, "not_same", words, author)
    end = [(edge, TOLD_APART) for edge in crossing(edges, ours, theirs) if edge.judgement in ("same", "suggested")]
    change = Change(about=ours | theirs, because=_person(words), say=tuple(say), end=_not_replaced(end, say))
    settle(connection, curator, change, curator.wording(author, "split", reason))


def _ask_anew(connection: Connection[DictRow], parted: frozenset[int]) -> None:
    """What was a question because of what was one game then is decided anew by the next run."""
    records = {
        record
        for edge in read_edges(connection, parted)
        if edge.judgement == "unsure" and edge.judge != "person"
        for record in edge.pair
    }
    connection.execute(b"UPDATE source_record SET matched_version = 0 WHERE record_id = ANY(%s)", (sorted(records),))


def _person(words: str) -> Decision:
    return Decision("auto", None, "person", 1.0, (Evidence("person", words, "", ""),))


def _not_merged(connection: Connection[DictRow], game_id: int) -> None:
    row = connection.execute(
        b"SELECT status, merged_into FROM game WHERE game_id = %s FOR UPDATE", (game_id,)
    ).fetchone()
    if row is None:
        raise JoinError(f"no game {game_id}; look it up with: game-pipeline game find TEXT")
    if row["status"] == "merged":
        raise JoinError(f"game {game_id} was merged into game {row['merged_into']} already")


def _different(
    connection: Connection[DictRow],
    edges: Sequence[Edge],
    ours: Collection[int],
    theirs: Collection[int],
    method: str,
    words: str,
    author: str,
) -> list[Edge]:
    """Every pair across, but those of which it is said already."""
    known = {edge.pair for edge in edges if edge.judge == "person" and edge.judgement == "different"}
    return [
        said(connection, one, other, "different", method, words, author)
        for one, other in product(sorted(ours), sorted(theirs))
        if (min(one, other), max(one, other)) not in known
    ]


def _held_together(
    connection: Connection[DictRow],
    edges: Sequence[Edge],
    part: frozenset[int],
    among: frozenset[int],
    words: str,
    author: str,
) -> list[Edge]:
    """What makes one of the groups that a part would fall into, with all `among` which its records stay."""
    first, *rest = [group & part for group in components(among, edges).groups if group & part]
    return [said(connection, min(first), min(group), "same", "left_together", words, author) for group in rest]


def _not_replaced(end: Sequence[tuple[Edge, str]], say: Sequence[Edge]) -> tuple[tuple[Edge, str], ...]:
    """A judgement that the same judge replaces ends by that."""
    anew = {(*edge.pair, edge.judge) for edge in say}
    return tuple((edge, why) for edge, why in end if (*edge.pair, edge.judge) not in anew)


_BEFORE = b"""
SELECT record_id, bool_or(game_id = %(merged)s AND ended > %(place)s) AS own,
       coalesce(bool_or(game_id IS NOT NULL AND position < %(place)s), false) AS there
FROM (SELECT record_id, game_id, position, lead(position) OVER (PARTITION BY record_id ORDER BY position) AS ended
      FROM match_decision WHERE record_id = ANY(%(members)s)) AS decision
GROUP BY record_id
"""


def _as_before_the_merge(
    connection: Connection[DictRow], game_id: int, members: frozenset[int]
) -> tuple[frozenset[int], frozenset[int]]:
    """Of the members, those that were the merged game's, and those that were of others, when it was merged."""
    about = {"merged": game_id, "place": merge_position(connection, game_id), "members": sorted(members)}
    rows = connection.execute(_BEFORE, about).fetchall()
    own = frozenset(each["record_id"] for each in rows if each["own"])
    others = frozenset(each["record_id"] for each in rows if not each["own"] and each["there"])
    return own, others
