"""Every type of event in one place: its version, its meaning and the keys of its payload."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EVENT_TYPES", "EventType"]


@dataclass(frozen=True, slots=True)
class EventType:
    version: int
    meaning: str
    payload: tuple[str, ...]


EVENT_TYPES: dict[str, EventType] = {
    "import.finished": EventType(
        1,
        "A run of one source ended. One event a run, whatever it found: checks that found nothing are counts here.",
        ("run_id", "status", "segments", "counts"),
    ),
    "source.paused": EventType(1, "A person stopped a source's monitor and schedule.", ("reason",)),
    "source.resumed": EventType(1, "A person let a source run again.", ("reason",)),
    "source.format_changed": EventType(
        1,
        "A source's format gained fields that it never stated before; one event, not one a record.",
        ("segment", "fields", "records"),
    ),
    "record.changed": EventType(
        1,
        "What a source says about a game changed: new, changed, format, reparsed, vanished or returned.",
        ("record_id", "version", "change", "changed_fields", "identity"),
    ),
    "record.matched": EventType(
        1,
        "A record was said to be about a game (auto, new), or put to a person (review).",
        ("decision_id", "record_id", "game_id", "band", "method", "score", "evidence", "alternatives"),
    ),
    "game.created": EventType(
        1,
        "A game entered the catalogue; its first revision.",
        ("revision", "state", "provenance", "changed_fields", "cause", "reason", "index", "members", "edited"),
    ),
    "game.revised": EventType(
        1,
        "What the catalogue says about a game changed; the whole state after it.",
        ("revision", "state", "provenance", "changed_fields", "cause", "reason", "index", "members", "edited"),
    ),
    "game.sources_updated": EventType(
        1,
        "Records of a game moved on (a version, a vanishing) without changing what the catalogue says.",
        ("members",),
    ),
    "game.edited": EventType(
        1,
        "A person set a field. The edit stands over every source until it is released.",
        ("edit_id", "field", "value", "previous", "reason"),
    ),
    "game.edit_released": EventType(
        1,
        "A person gave a field back to the sources.",
        ("edit_id", "field", "reason"),
    ),
    "conflict.detected": EventType(
        1,
        "Sources truly disagree about a field; every side is kept.",
        ("conflict_id", "field", "sides", "sides_hash"),
    ),
    "conflict.closed": EventType(
        1,
        "The sources agree again, or the sides changed; the conflict as it stood is over.",
        ("conflict_id", "field"),
    ),
    "conflict.resolved": EventType(
        1,
        "A rule or a person chose a side.",
        ("conflict_id", "field", "method", "chosen", "confidence", "reasoning"),
    ),
    "review.opened": EventType(
        1,
        "A question for a person; at most one open item a question.",
        ("item_id", "kind", "question", "record_id", "proposal", "summary", "priority"),
    ),
    "review.closed": EventType(
        1,
        "A question was answered, or no longer arises (stale).",
        ("item_id", "state", "note"),
    ),
}
