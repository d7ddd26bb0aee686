"""What a person's answer to a review item does: accept or reject, with a reason that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Decision, Evidence
from game_pipeline.store import Event, append

from .edits import EditError, current_value, release_field
from .hearing import ALL
from .holding import let_through, limit_events
from .joining import ONE_AFTER_ALL, keep_apart, merge_games
from .ledger.edges import crossing, read_edges, said
from .ledger.standing_games import founders, living, members_ids
from .placing import place_as_decided
from .reconcile import Curator
from .records import lock_catalogue, read_record, read_records
from .review import close_idle_questions, close_item
from .revise import Wording

__all__ = ["ReviewError", "accept", "reject"]


class ReviewError(ValueError):
    """The answer cannot be given; the message says why."""


def accept(
    connection: Connection[DictRow],
    curator: Curator,
    item_id: int,
    *,
    author: str,
    reason: str,
    game_id: int | None = None,
) -> str:
    """Answer yes; returns what came of it, in words.

    match: the record joins the proposed game, or `game_id` where that is another of those shown. duplicate: the two
    games become one. suggestion: the sources' value replaces the edit. conflict: the value that stands is confirmed.
    held, mass: the change that was held back is applied. vanished: noted.
    """
    item = _claim(connection, item_id)
    if item["kind"] != "mass" and curator.catch_up(connection, _games_of(connection, item)):
        item = _claim(connection, item_id)  # what its pages have brought meanwhile may have ended the question
    if game_id is not None and item["kind"] != "match":
        raise ReviewError(f"review item {item_id} is not about a match; no game can be chosen")
    events = [close_item(item_id, item["game_id"], "accepted", author, curator.correlation_id, reason)]
    match item["kind"]:
        case "match":
            candidates = item["proposal"]["candidates"]
            if not candidates:
                raise ReviewError(f"review item {item_id} proposes no game; reject it to make a new one")
            if game_id is not None and game_id not in candidates:
                raise ReviewError(f"review item {item_id} proposes {', '.join(f'game {each}' for each in candidates)}")
            append(connection, events)
            target = living(connection, game_id or candidates[0])
            own = _own_game(connection, item["record_id"])
            if own is not None:
                return _one_game(connection, curator, own, target, author, reason)
            _join(connection, curator, item["record_id"], target, author, reason)
            return f"record {item['record_id']} joined game {target}"
        case "duplicate":
            append(connection, events)
            one, other = (living(connection, each) for each in item["proposal"]["games"])
            return _one_game(connection, curator, other, one, author, reason)
        case "suggestion":
            append(connection, events)
            field = item["proposal"]["field"]
            try:
                release_field(connection, curator, item["game_id"], field, author=author, reason=reason)
            except EditError as error:
                raise ReviewError(str(error)) from None
            return f"{field} of game {item['game_id']} follows its sources again"
        case "conflict":
            field = item["proposal"]["field"]
            game = connection.execute(b"SELECT state FROM game WHERE game_id = %s", (item["game_id"],)).fetchone()
            chosen = current_value(game["state"], field) if game else None
            events.append(_resolved(curator, item, chosen, author, reason))
            append(connection, events)
            return f"{field} of game {item['game_id']} stays {chosen}"
        case "held" | "mass":
            append(connection, events)
            games = _let_through(connection, curator, item, curator.wording(author, "review", reason))
            if not games:
                return "nothing of it is held any more; what the pages say now comes with the next import"
            return f"applied to {', '.join(f'game {game_id}' for game_id in games[:5])}" + (
                f" and {len(games) - 5} more" if len(games) > 5 else ""
            )
        case _:
            append(connection, events)
            return "noted"


def reject(connection: Connection[DictRow], curator: Curator, item_id: int, *, author: str, reason: str) -> str:
    """Answer no; returns what came of it, in words.

    match: no game of those shown is this one; the record is a game of its own, and is never again proposed for the one
    that was asked about. duplicate: the two are different for ever. suggestion: the edit stands. held, mass: the change
    stays out until the pages bring another.
    """
    item = _claim(connection, item_id)
    append(connection, [close_item(item_id, item["game_id"], "rejected", author, curator.correlation_id, reason)])
    if item["kind"] == "match":
        own = _own_game(connection, item["record_id"])
        if own is not None:
            _tell_apart(connection, curator, own, item["game_id"], author, reason)
            return f"record {item['record_id']} stays game {own} of its own"
        game_id = _alone(connection, curator, item, author, reason)
        return f"record {item['record_id']} is game {game_id} of its own"
    if item["kind"] == "duplicate":
        one, other = item["proposal"]["games"]
        _tell_apart(connection, curator, one, other, author, reason)
        return f"game {one} and game {other} stay two"
    if item["kind"] == "conflict":
        return "left open; set the field with: game-pipeline game edit"
    return "the catalogue stays as it is"


def _own_game(connection: Connection[DictRow], record_id: int) -> int | None:
    """The game that a record is about although it is asked about: a game of an existing catalogue is one at once."""
    row = connection.execute(
        b"SELECT game_id FROM match_decision WHERE record_id = %s AND ended_at IS NULL", (record_id,)
    ).fetchone()
    return row["game_id"] if row else None


def _one_game(connection: Connection[DictRow], curator: Curator, own: int, other: int, author: str, reason: str) -> str:
    """Both games become the other one; its own where the other is not in the catalogue yet."""
    if own == other:
        return f"they are game {own} already"
    row = connection.execute(b"SELECT status FROM game WHERE game_id = %s", (other,)).fetchone()
    kept, merged = (own, other) if row and row["status"] == "proposed" else (other, own)
    merge_games(connection, curator, kept, merged, author=author, reason=reason or "accepted in review")
    return f"game {merged} became game {kept}"


def _tell_apart(
    connection: Connection[DictRow], curator: Curator, one: int, other: int | None, author: str, reason: str
) -> None:
    if other is None or living(connection, one) == living(connection, other):
        return
    keep_apart(connection, curator, one, other, author=author, reason=reason or "rejected in review")


def _let_through(
    connection: Connection[DictRow], curator: Curator, item: dict[str, Any], wording: Wording
) -> list[int]:
    """Hear what an item held back, and bring its games up to date; returns them."""
    about = item["proposal"]["records"]
    mass = item["kind"] == "mass"
    asked = {record_id: [ALL] for record_id in about} if mass else {each["record_id"]: each["parts"] for each in about}
    records = [
        record
        for record in read_records(connection, list(asked))
        if not record.limited.keys().isdisjoint(asked[record.record_id])
    ]
    reason = wording.reason or "accepted in review"
    for record in records:
        append(connection, let_through(connection, record, asked[record.record_id], wording, reason))
    games = _of_records(connection, [record.record_id for record in records])
    for game_id in games:
        curator.bring_up_to_date(connection, game_id, wording, newly=[record.record_id for record in records])
    if mass:
        _look_anew(connection, curator, [record.record_id for record in records], wording)
    append(connection, close_idle_questions(connection, curator.correlation_id))  # of games that a record has left
    return games


def _look_anew(connection: Connection[DictRow], curator: Curator, record_ids: Sequence[int], wording: Wording) -> None:
    """Of records that were held back as some of many, what was held of each before is looked at as it is now."""
    records = [record for record in read_records(connection, record_ids) if record.limited]
    for record in records:
        append(connection, limit_events(connection, record, {}, wording, "its page changed", None))
    for game_id in _of_records(connection, [record.record_id for record in records]):
        curator.take_in(connection, game_id)


def _of_records(connection: Connection[DictRow], record_ids: Sequence[int]) -> list[int]:
    rows = connection.execute(
        b"SELECT DISTINCT game_id FROM game_member WHERE record_id = ANY(%s) ORDER BY game_id", (list(record_ids),)
    )
    return [row["game_id"] for row in rows]


def _games_of(connection: Connection[DictRow], item: dict[str, Any]) -> list[int]:
    about = [entry["record_id"] for entry in item["proposal"]["records"]] if item["kind"] == "held" else []
    own = [item["game_id"]] if item["game_id"] is not None else []
    return [*own, *_of_records(connection, about)]


def _claim(connection: Connection[DictRow], item_id: int) -> dict[str, Any]:
    lock_catalogue(connection)
    item = connection.execute(b"SELECT * FROM review_item WHERE item_id = %s FOR UPDATE", (item_id,)).fetchone()
    if item is None:
        raise ReviewError(f"no review item {item_id}; see: game-pipeline review list")
    if item["state"] != "open":
        why = "; what it asked about has changed since" if item["state"] == "stale" else ""
        raise ReviewError(f"review item {item_id} is {item['state']} already{why}")
    return item


def _join(
    connection: Connection[DictRow], curator: Curator, record_id: int, game_id: int, author: str, reason: str
) -> None:
    """The record is that game's, whatever was said before of it and the game's records."""
    record = read_record(connection, record_id)
    words = f"{author} said: the same game ({reason})"
    (founder,) = founders(connection, [game_id])
    across = crossing(read_edges(connection, [record_id]), [record_id], members_ids(connection, game_id))
    end = [  # a rule's word, too: it would tear another record out of the game; a person's of the founder is replaced
        (edge, ONE_AFTER_ALL)
        for edge in across
        if edge.judgement == "different" and not (edge.judge == "person" and founder in edge.pair)
    ]
    decision = Decision("auto", game_id, "person", 1.0, (Evidence("person", words, record.record.title, ""),))
    edge = said(connection, record_id, founder, "same", "accepted", words, author)
    place_as_decided(connection, curator, record, decision, [edge], author, end=end, reason=reason)
    wording = curator.wording(author, "review", reason)
    curator.bring_up_to_date(connection, game_id, wording, newly=[record_id])


def _alone(
    connection: Connection[DictRow], curator: Curator, item: dict[str, Any], author: str, reason: str
) -> int | None:
    """No match exists: kept with the games that were shown, so that only another one is asked about."""
    record = read_record(connection, item["record_id"])
    words = f"{author} said: not the same game ({reason})"
    asked = members_ids(connection, living(connection, item["game_id"])) if item["game_id"] is not None else ()
    edges = [
        said(connection, record.record_id, other, "different", "rejected", words, author)
        for other in sorted(set(asked) - {record.record_id})
    ]
    evidence = (Evidence("person", words, record.record.title, ""),)
    shown = tuple(item["proposal"]["candidates"])
    row = connection.execute(
        b"SELECT score FROM match_decision WHERE record_id = %s AND ended_at IS NULL", (record.record_id,)
    ).fetchone()
    # What spoke for the best of them: another game is a question only where more speaks for it.
    decision = Decision("new", None, "no_match", row["score"] if row else 1.0, evidence, shown)
    return place_as_decided(connection, curator, record, decision, edges, author, reason=reason).game_id


def _resolved(curator: Curator, item: dict[str, Any], chosen: Any, author: str, reason: str) -> Event:
    return Event(
        stream=f"game:{item['game_id']}",
        event_type="conflict.resolved",
        payload={
            "conflict_id": item["proposal"]["conflict_id"],
            "field": item["proposal"]["field"],
            "method": "human",
            "chosen": chosen,
            "confidence": 1.0,
            "reasoning": reason,
        },
        actor=author,
        correlation_id=curator.correlation_id,
        game_id=item["game_id"],
    )
