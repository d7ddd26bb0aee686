"""Every type of event in one place: its version, what it means and the model of its payload."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError

from game_pipeline.model import describe_errors

from . import payloads

__all__ = ["EVENT_TYPES", "EventType"]


@dataclass(frozen=True)
class EventType:
    """`payload`: the TypedDict of `payloads` that describes the newest version."""

    version: int
    meaning: str
    payload: type[Any] = field(repr=False)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.payload)

    def check(self, payload: dict[str, Any]) -> None:
        """Raises ValueError that names every key at fault where a payload is not as described."""
        try:
            self._adapter.validate_python(payload)
        except ValidationError as error:
            raise ValueError(describe_errors(error)) from None

    def schema(self) -> dict[str, Any]:
        """The payload as JSON Schema."""
        return self._adapter.json_schema()


EVENT_TYPES: dict[str, EventType] = {
    "import.finished": EventType(
        1,
        "A run of one source ended. One event a run, whatever it found: checks that found nothing are counts here.",
        payloads.ImportFinished,
    ),
    "catalogue.imported": EventType(
        1,
        "An existing catalogue was imported from a file, to its end. One event a run that brought anything.",
        payloads.CatalogueImported,
    ),
    "source.paused": EventType(1, "A person stopped everything that asks a source.", payloads.SourcePaused),
    "source.resumed": EventType(1, "A person let a paused source go on.", payloads.SourceResumed),
    "source.breaker_changed": EventType(
        1,
        "A source's circuit breaker opened, tries, comes back by a step or is closed again; by itself, or by a person.",
        payloads.BreakerChanged,
    ),
    "source.needs_attention": EventType(
        1,
        "A source will not have us, fails for a day, or again and again: once each time, for a person.",
        payloads.NeedsAttention,
    ),
    "source.released": EventType(
        1, "A person believes a page or a listing that was held because it had lost too much.", payloads.SourceReleased
    ),
    "source.format_changed": EventType(
        1,
        "A source's format gained fields that it never stated before; one event, not one a record.",
        payloads.FormatChanged,
    ),
    "record.changed": EventType(
        2,
        "What a source says about a game or a person changed: new, changed, format, reparsed, vanished or returned.",
        payloads.RecordChanged,
    ),
    "record.matched": EventType(
        1, "A record was said to be about a game (auto, new), or put to a person (review).", payloads.RecordMatched
    ),
    "record.separated": EventType(
        1,
        "A person said that a record is not about a game. Since there are judgements (records.judged) it is not "
        "written any more.",
        payloads.RecordSeparated,
    ),
    "records.judged": EventType(
        1,
        "Two records were judged: about one game, about different ones, or not known. Replaces what the same kind of "
        "judge said of the two before. Games are what the standing judgements join.",
        payloads.RecordsJudged,
    ),
    "records.judgement_ended": EventType(
        1, "A judgement about two records holds no more; nothing takes its place.", payloads.JudgementEnded
    ),
    "key.demoted": EventType(
        1,
        "An identity key turned out to be shared by several games (a hub page, a compilation); it links nothing from "
        "now on.",
        payloads.KeyDemoted,
    ),
    "relation.stated": EventType(
        1,
        "One game belongs to another without being it. A rule's word is a suggestion; a person's also says that the "
        "two are different games.",
        payloads.RelationStated,
    ),
    "relation.ended": EventType(1, "A relation was taken back.", payloads.RelationEnded),
    "record.held": EventType(
        2,
        "Older words of a record are heard instead of its newest; replaces an earlier hold of the same kind.",
        payloads.RecordHeld,
    ),
    "record.released": EventType(1, "A hold of a record ended: it is heard as it is again.", payloads.RecordReleased),
    "game.created": EventType(2, "A game entered the catalogue; its first revision.", payloads.GameRevised),
    "game.revised": EventType(
        2, "What the catalogue says about a game changed; the whole state after it.", payloads.GameRevised
    ),
    "game.proposed": EventType(
        1,
        "In shadow mode: what the sources would make of a game, which goes on saying what it said. Replaces an earlier "
        "proposal; the game's next revision ends it.",
        payloads.GameProposed,
    ),
    "game.proposal_closed": EventType(
        1, "The sources say again what the game says: nothing is proposed any more.", payloads.ProposalClosed
    ),
    "game.sources_updated": EventType(
        2,
        "Records of a game moved on (a version, a vanishing) without changing what the catalogue says.",
        payloads.SourcesUpdated,
    ),
    "game.edited": EventType(
        2,
        "A person set a field. The edit stands over every source until it is released.",
        payloads.GameEdited,
    ),
    "game.edit_released": EventType(1, "A person gave a field back to the sources.", payloads.EditReleased),
    "game.edit_confirmed": EventType(1, "The sources have come to say what a person set.", payloads.EditConfirmed),
    "game.edit_aged": EventType(
        1, "An edit grew so old that the sources' word is suggested again; it stands all the same.", payloads.EditAged
    ),
    "game.pinned": EventType(
        1,
        "A field stands as of an older revision until the sources say something new.",
        payloads.GamePinned,
    ),
    "game.unpinned": EventType(1, "A pinned field follows its sources again.", payloads.GameUnpinned),
    "rollback.made": EventType(
        1, "Changes were taken back: of a game, or of a source, run, parser or time.", payloads.RollbackMade
    ),
    "rollback.undone": EventType(1, "A rollback was itself taken back.", payloads.RollbackUndone),
    "conflict.detected": EventType(
        1, "Sources truly disagree about a field; every side is kept.", payloads.ConflictDetected
    ),
    "conflict.closed": EventType(
        1,
        "The sources agree again, or the sides changed; the conflict as it stood is over.",
        payloads.ConflictClosed,
    ),
    "conflict.resolved": EventType(1, "A rule or a person chose a side.", payloads.ConflictResolved),
    "review.opened": EventType(1, "A question for a person; at most one open item a question.", payloads.ReviewOpened),
    "review.closed": EventType(1, "A question was answered, or no longer arises (stale).", payloads.ReviewClosed),
    "library.uploaded": EventType(
        1,
        "A player's Galaxy database was taken in. Its entries that changed follow in events of their own.",
        payloads.LibraryUploaded,
    ),
    "library.entries_changed": EventType(
        1,
        "What a player owns changed: releases that are new or differ, and those gone.",
        payloads.LibraryEntriesChanged,
    ),
    "library.player_named": EventType(1, "A player goes by another name.", payloads.PlayerNamed),
    "library.upload_refused": EventType(
        1, "An upload was refused, and nothing was changed by it.", payloads.UploadRefused
    ),
    "person.claimed": EventType(
        1,
        "A source credits a name that was not known, or a known one under another spelling: whose it is.",
        payloads.PersonClaimed,
    ),
    "person.described": EventType(
        1,
        "The page of a source about a person was read, says something else of their names or credits, or is gone.",
        payloads.PersonDescribed,
    ),
    "person.merged": EventType(
        1, "Two people are one, by a rule with its evidence or by a person's word.", payloads.PersonMerged
    ),
    "person.parted": EventType(
        1,
        "What joined some names of somebody to the rest holds no more, and no person confirmed it: they are another's.",
        payloads.PersonParted,
    ),
    "person.split": EventType(
        1, "A person said that some names of somebody are another's; no rule joins them again.", payloads.PersonSplit
    ),
}
