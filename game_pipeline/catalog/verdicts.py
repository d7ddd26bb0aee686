"""What a person's answer to a review item does: accept or reject, with a reason that is kept."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Decision, Evidence
from game_pipeline.store import Event, append

from .edits import EditError, current_value, release_field
from .reconcile import Curator
from .records import lock_catalogue, read_record
from .review import close_item

__all__ = ["ReviewError", "accept", "reject"]


class ReviewError(ValueError):
    """The answer cannot be given; the message says why."""


def accept(connection: Connection[DictRow], curator: Curator, item_id: int, *, author: str, reason: str) -> str:
    """Answer yes; returns what came of it, in words.

    match: the record joins the proposed game. suggestion: the sources' value replaces the edit. conflict: the value
    that stands is confirmed. vanished: noted.
    """
    item = _claim(connection, item_id)
    events = [close_item(item_id, item["game_id"], "accepted", author, curator.correlation_id, reason)]
    match item["kind"]:
        case "match":
            candidates = item["proposal"]["candidates"]
            if not candidates:
                raise ReviewError(f"review item {item_id} proposes no game; reject it to make a new one")
            append(connection, events)
            _decide(connection, curator, item, candidates[0], author, reason)
            return f"record {item['record_id']} joined game {candidates[0]}"
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
        case _:
            append(connection, events)
            return "noted"


def reject(connection: Connection[DictRow], curator: Curator, item_id: int, *, author: str, reason: str) -> str:
    """Answer no; returns what came of it, in words.

    match: the record is a game of its own, and is never again proposed for that game. suggestion: the edit stands.
    """
    item = _claim(connection, item_id)
    append(connection, [close_item(item_id, item["game_id"], "rejected", author, curator.correlation_id, reason)])
    if item["kind"] == "match":
        game_id = _decide(connection, curator, item, None, author, reason)
        return f"record {item['record_id']} is game {game_id} of its own"
    if item["kind"] == "conflict":
        return "left open; set the field with: game-pipeline game edit"
    return "the catalogue stays as it is"


def _claim(connection: Connection[DictRow], item_id: int) -> dict[str, Any]:
    lock_catalogue(connection)
    item = connection.execute(b"SELECT * FROM review_item WHERE item_id = %s FOR UPDATE", (item_id,)).fetchone()
    if item is None:
        raise ReviewError(f"no review item {item_id}; see: game-pipeline review list")
    if item["state"] != "open":
        raise ReviewError(f"review item {item_id} is {item['state']} already")
    return item


def _decide(
    connection: Connection[DictRow],
    curator: Curator,
    item: dict[str, Any],
    game_id: int | None,
    author: str,
    reason: str,
) -> int | None:
    record = read_record(connection, item["record_id"])
    said = "the same game" if game_id is not None else "not the same game"
    decision = Decision(
        band="new" if game_id is None else "auto",
        game_id=game_id,
        method="person",
        score=1.0,
        evidence=(Evidence("person", f"{author} said: {said} ({reason})", record.record.title, ""),),
    )
    joined = curator.apply(connection, record, decision, author)
    if game_id is not None:
        curator.bring_up_to_date(connection, game_id, actor=author, cause="review", reason=reason)
    return joined


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
