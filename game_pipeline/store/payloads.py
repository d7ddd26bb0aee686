"""The payload of every type of event, as a model each: what consumers of the log may rely on.

Values are plain JSON. A change of a model is a new version of its event type, with a step in `upcasting`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

__all__ = [
    "BreakerChanged",
    "CatalogueImported",
    "ConflictClosed",
    "ConflictDetected",
    "ConflictResolved",
    "EditAged",
    "EditConfirmed",
    "EditReleased",
    "FormatChanged",
    "GameEdited",
    "GamePinned",
    "GameProposed",
    "GameRevised",
    "GameUnpinned",
    "ImportFinished",
    "JudgementEnded",
    "KeyDemoted",
    "LibraryEntriesChanged",
    "LibraryEntry",
    "LibraryUploaded",
    "Member",
    "NeedsAttention",
    "PersonClaimed",
    "PersonDescribed",
    "PersonMerged",
    "PersonSplit",
    "PlayerNamed",
    "ProposalClosed",
    "RecordChanged",
    "RecordHeld",
    "RecordMatched",
    "RecordReleased",
    "RecordSeparated",
    "RecordsJudged",
    "RelationEnded",
    "RelationStated",
    "ReviewClosed",
    "ReviewOpened",
    "RollbackMade",
    "RollbackUndone",
    "SourcePaused",
    "SourceReleased",
    "SourceResumed",
    "SourcesUpdated",
    "UploadRefused",
]

_exact = with_config(ConfigDict(extra="forbid", strict=True))

Json = dict[str, Any]
Parts = Annotated[
    dict[str, int],
    Field(
        description="part of the record (title, tags.genre, descriptions.en...) -> version; `*`: all others; 0: mute"
    ),
]


# Imports and sources -----------------------------------------------------------------------------------------------


@_exact
class ImportFinished(TypedDict):
    run_id: str
    status: Annotated[str, Field(description="done, partial or failed")]
    segments: list[str]
    counts: Annotated[Json, Field(description="what was found, by outcome; checks that found nothing are counts here")]


@_exact
class CatalogueImported(TypedDict):
    name: Annotated[str, Field(description="the source of its records and the scheme of its ids")]
    sha256: Annotated[str, Field(description="of the file")]
    priority: Annotated[int, Field(description="the rank of its word; the lower number wins a field")]
    counts: Annotated[Json, Field(description="games by what became of them, edits set, questions asked")]


@_exact
class SourcePaused(TypedDict):
    reason: str


@_exact
class SourceReleased(TypedDict):
    what: Annotated[str, Field(description="`page`, or `listing`")]
    page: Annotated[str | None, Field(description="the page's key")]
    reason: str


@_exact
class SourceResumed(TypedDict):
    reason: str | None


State = Literal["closed", "open", "half_open", "ramping", "paused"]


@_exact
class BreakerChanged(TypedDict):
    before: State
    state: State
    rate: Annotated[float, Field(description="share of the normal rate from now on; 0: nothing is asked")]
    reason: Annotated[str | None, Field(description="what the site last answered, or a person's words")]
    next_trial_at: Annotated[str | None, Field(description="nothing is asked before (ISO 8601)")]
    rest_seconds: Annotated[float, Field(description="its last rest since it was closed; each doubles, up to a cap")]


@_exact
class NeedsAttention(TypedDict):
    reason: str | None
    failing_since: Annotated[str | None, Field(description="when the source was last well (ISO 8601)")]
    openings: Annotated[int, Field(description="within a day, without those after a failed trial")]


@_exact
class FormatChanged(TypedDict):
    segment: str
    fields: Annotated[list[str], Field(description="what the format states now and never stated before")]
    records: Annotated[int, Field(description="records that gained one of them")]


# Records -----------------------------------------------------------------------------------------------------------


@_exact
class RecordChanged(TypedDict):
    record_id: int
    version: int
    change: Literal["new", "changed", "format", "reparsed", "vanished", "returned"]
    changed_fields: list[str]
    subject: Annotated[Literal["game", "person"], Field(description="what the record is about")]
    identity: Annotated[str, Field(description="the source's own id of it")]


@_exact
class RecordMatched(TypedDict):
    decision_id: int
    record_id: int
    game_id: Annotated[int | None, Field(description="null while the question is open")]
    band: Literal["auto", "review", "new"]
    method: str
    score: float
    evidence: Annotated[list[Json], Field(description="kind, detail in words, ours, theirs")]
    alternatives: Annotated[list[int], Field(description="other games that were weighed")]


@_exact
class RecordSeparated(TypedDict):
    record_id: int
    game_id: int
    reason: str


Judge = Annotated[
    Literal["rule", "model", "llm", "person"], Field(description="rule, model, llm (a language model) or person")
]


@_exact
class RecordsJudged(TypedDict):
    edge_id: int
    a: Annotated[int, Field(description="a record; its number is the lower")]
    b: Annotated[int, Field(description="a record")]
    judgement: Annotated[
        Literal["same", "different", "unsure", "suggested"],
        Field(description="same game, different games, a question for a person, or a suggestion to one"),
    ]
    judge: Judge
    method: str
    score: float
    keys: Annotated[list[str], Field(description="identity keys of both, where they made the judgement")]
    reason: Annotated[list[Json], Field(description="feature, detail in words, ours, theirs")]


@_exact
class JudgementEnded(TypedDict):
    edge_id: int
    a: int
    b: int
    why: str


@_exact
class KeyDemoted(TypedDict):
    key: str
    records: Annotated[list[int], Field(description="that carried it then")]
    titles: Annotated[int, Field(description="how many unlike titles those have")]


@_exact
class RelationStated(TypedDict):
    relation_id: int
    record_id: int
    kind: Literal["edition_of", "demo_of", "dlc_of", "translation_of", "sequel_of"]
    of_record: Annotated[int, Field(description="the record that the first is an edition, a demo... of")]
    judge: Judge
    reason: str


@_exact
class RelationEnded(TypedDict):
    relation_id: int
    why: str


@_exact
class RecordHeld(TypedDict):
    hold_id: int
    record_id: int
    game_id: int | None
    kind: Annotated[Literal["rollback", "limit"], Field(description="taken back, or waiting for a person")]
    parts: Parts
    upto: Annotated[int, Field(description="the record's newest version when the hold was made")]
    ends_on: Annotated[
        Literal["page", "version"],
        Field(description="page: a later version that the page brought ends it; version: any later version"),
    ]
    rollback_id: int | None
    reason: str


@_exact
class RecordReleased(TypedDict):
    hold_id: int
    record_id: int
    reason: str


# Games -------------------------------------------------------------------------------------------------------------


@_exact
class Member(TypedDict):
    """A record of a game as a revision heard it."""

    record_id: int
    source: str
    identity: str
    version: int
    live: Annotated[bool, Field(description="the source still lists it")]
    heard: Annotated[dict[str, int] | None, Field(description="older versions heard, by part; null: all of `version`")]
    keys: Annotated[list[str], Field(description="what matching finds the game by")]


@_exact
class GameRevised(TypedDict):
    revision: int
    status: Literal["active", "proposed", "withdrawn", "merged"]
    merged_into: int | None
    state: Annotated[Json, Field(description="the whole game after the change")]
    provenance: Annotated[Json, Field(description="field -> rule, sources or edit, and the revision it is from")]
    changed_fields: list[str]
    cause: Annotated[
        str,
        Field(description="import, edit, release, review, rollback, merge, split, imported (an existing catalogue)"),
    ]
    reason: Annotated[str | None, Field(description="a person's words")]
    index: Annotated[Json, Field(description="rows of the tables that the catalogue is searched by")]
    members: list[Member]
    edited: Annotated[list[str], Field(description="fields that people set")]
    quality_score: Annotated[float | None, Field(description="0 to 1")]
    import_metadata: Json


@_exact
class GameProposed(TypedDict):
    state: Annotated[Json, Field(description="the whole game as the sources would have it")]
    provenance: Json
    changed_fields: Annotated[list[str], Field(description="where that differs from what the game says")]
    members: list[Member]


@_exact
class ProposalClosed(TypedDict):
    reason: str


@_exact
class SourcesUpdated(TypedDict):
    members: list[Member]


@_exact
class GameEdited(TypedDict):
    edit_id: int
    field: str
    value: Any
    previous: Annotated[Any, Field(description="what the sources said then")]
    reason: str
    edited_at: Annotated[str | None, Field(description="when the person decided, where that was earlier (ISO 8601)")]
    carried_from: Annotated[int | None, Field(description="the edit that this one repeats")]


@_exact
class EditReleased(TypedDict):
    edit_id: int
    field: str
    reason: str


@_exact
class EditConfirmed(TypedDict):
    edit_id: int
    field: str
    sources: list[str]


@_exact
class EditAged(TypedDict):
    edit_id: int
    field: str


@_exact
class GamePinned(TypedDict):
    pin_id: int
    field: str
    value: Any
    provenance: Json | None
    rejected: Annotated[str, Field(description="digest of the value that must not come back")]
    revision: int
    rollback_id: int


@_exact
class GameUnpinned(TypedDict):
    pin_id: int
    field: str


# Rollbacks ---------------------------------------------------------------------------------------------------------


@_exact
class RollbackMade(TypedDict):
    rollback_id: int
    scope: Annotated[Json, Field(description="game, to, field; or source, run_id, parser_version, since, until")]
    reason: str
    games: list[int]
    also: Annotated[
        dict[str, list[int]],
        Field(
            description="edits_released, edits_reinstated, unpinned, holds_released: what it did beside holding records"
        ),
    ]


@_exact
class RollbackUndone(TypedDict):
    rollback_id: int
    reason: str


# Conflicts and review ----------------------------------------------------------------------------------------------


@_exact
class ConflictDetected(TypedDict):
    conflict_id: int
    field: str
    sides: Annotated[list[Json], Field(description="value, sources")]
    sides_hash: str


@_exact
class ConflictClosed(TypedDict):
    conflict_id: int
    field: str


@_exact
class ConflictResolved(TypedDict):
    conflict_id: int
    field: str
    method: Literal["rule_based", "ai_auto", "human"]
    chosen: Any
    confidence: float
    reasoning: str


@_exact
class ReviewOpened(TypedDict):
    item_id: int
    kind: str
    question: Annotated[str, Field(description="at most one open item a question")]
    record_id: int | None
    proposal: Json
    summary: str
    priority: int


@_exact
class ReviewClosed(TypedDict):
    item_id: int
    state: Literal["accepted", "rejected", "stale"]
    note: str | None


# Libraries ---------------------------------------------------------------------------------------------------------


@_exact
class LibraryUploaded(TypedDict):
    user_id: Annotated[int, Field(description="Galaxy's own id of the player")]
    name: str
    upload_id: str
    db_filename: str
    db_modified: Annotated[str, Field(description="ISO 8601; of two databases of a player the newer one counts")]
    sha256: Annotated[str, Field(description="of the database and its write-ahead log")]
    schema_version: Annotated[int, Field(description="Galaxy's user_version")]
    total_games: Annotated[int, Field(description="releases that comparisons see: neither hidden nor DLC")]
    installed_games: int
    added: int
    changed: int
    removed: int


@_exact
class LibraryEntry(TypedDict):
    """A release that a player owns."""

    release_key: Annotated[str, Field(description="PLATFORM_ID")]
    game_key: Annotated[str, Field(description="one for the releases of one game")]
    title: str
    sorting_title: str | None
    dlc: bool
    hidden: bool
    installed: bool
    minutes: Annotated[int, Field(description="in the game")]
    last_played: Annotated[str | None, Field(description="ISO 8601")]
    added: Annotated[str | None, Field(description="when bought, else when first seen (ISO 8601)")]
    rating: float | None
    tags: list[str]
    facts: Annotated[str | None, Field(description="hash (hex) of what Galaxy states about the game")]


@_exact
class LibraryEntriesChanged(TypedDict):
    user_id: int
    upload_id: str
    set: Annotated[list[LibraryEntry], Field(description="new, or as they are from now on")]
    removed: Annotated[list[str], Field(description="release keys that are not owned any more")]


@_exact
class PlayerNamed(TypedDict):
    user_id: int
    name: str


@_exact
class UploadRefused(TypedDict):
    upload_id: str
    filename: str
    code: str
    message: Annotated[str, Field(description="as its sender was told")]


# People ------------------------------------------------------------------------------------------------------------


@_exact
class Spelling(TypedDict):
    name: Annotated[str, Field(description="as a source credits it")]
    url: Annotated[str | None, Field(description="their page on the source, as it is credited")]


@_exact
class PersonClaimed(TypedDict):
    person_id: int
    key: Annotated[str, Field(description="the persona: source and page, or source and name")]
    source: str
    name: str
    url: str | None
    spellings: Annotated[list[Spelling], Field(description="those that are new")]


@_exact
class PersonDescribed(TypedDict):
    person_id: int
    key: Annotated[str, Field(description="the persona")]
    source: str
    url: str | None
    record_id: Annotated[int | None, Field(description="of their page there; null: it is gone")]
    name: Annotated[str, Field(description="what the persona is called from now on")]
    names: Annotated[list[str], Field(description="every name that the page gives them")]
    works: Annotated[list[str], Field(description="the games of the source that it says are theirs, by identity")]


@_exact
class PersonMerged(TypedDict):
    person_id: Annotated[int, Field(description="who stays")]
    merged: Annotated[int, Field(description="who is the same person")]
    personas: Annotated[list[str], Field(description="keys that changed hands")]
    rule: Literal["same_page", "one_of_that_name", "credited_together", "person"]
    evidence: Annotated[list[Json], Field(description="kind, detail in words")]
    reason: Annotated[str | None, Field(description="a person's words")]


@_exact
class PersonSplit(TypedDict):
    person_id: Annotated[int, Field(description="who stays")]
    into: Annotated[int, Field(description="whose the personas are from now on")]
    personas: Annotated[list[str], Field(description="keys that changed hands; no rule joins them to the rest again")]
    reason: str
