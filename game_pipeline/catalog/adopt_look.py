"""Looking at a game of an existing catalogue: what is to be done about it. Nothing is written here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.exchange import ExistingEdit, ExistingGame
from game_pipeline.matching import Decision, decide, identity_keys
from game_pipeline.model import GameRecord, canonical_json
from game_pipeline.sources import ExistingCatalogue, Page
from game_pipeline.store.bodies import body_hash

from .candidates import find_candidates
from .ledger.keys import demoted_among
from .ledger.pairs import claims_without

__all__ = ["AdoptError", "Look", "Looker", "edited_value"]

What = Literal["new", "joined", "changed", "unchanged"]


class AdoptError(ValueError):
    """The catalogue, or one of its games, cannot be imported so; the message says why."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be done about one game. `decision`: where it is not known yet; `fields`: claims that changed."""

    game: ExistingGame
    what: What
    record: GameRecord
    body: bytes
    game_id: int | None = None
    decision: Decision | None = None
    fields: tuple[str, ...] = ()
    edits: tuple[ExistingEdit, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Is a person asked whether it is a game that is there already? Only strong keys join by themselves."""
        return self.decision is not None and self.decision.band != "new" and self.what == "new"


_KNOWN = b"""
SELECT page.page_key, page.content_hash, page.parsed_version, newest.field_hashes, decision.game_id
FROM source_url_state AS page
JOIN source_record AS record ON record.source = page.source AND record.identity = page.page_key
    AND record.subject = 'game'
JOIN record_version AS newest USING (record_id, version)
JOIN match_decision AS decision ON decision.record_id = record.record_id AND decision.ended_at IS NULL
WHERE page.source = %s AND page.page_key = ANY(%s)
"""


class Looker:
    """Looks at the games of one catalogue."""

    def __init__(self, source: ExistingCatalogue) -> None:
        self.source = source

    def known(self, connection: Connection[DictRow], games: Sequence[ExistingGame]) -> dict[str, dict[str, Any]]:
        """By id, what an import has brought before."""
        rows = connection.execute(_KNOWN, (self.source.name, [game.id for game in games]))
        return {row["page_key"]: row for row in rows}

    def look(
        self,
        connection: Connection[DictRow],
        game: ExistingGame,
        known: dict[str, Any] | None,
        joined: Collection[int],
    ) -> Look:
        """What is to be done about a game. `joined`: games that others of the file have joined by now.

        Raises `AdoptError` or `ParseError`.
        """
        body = _body(game)
        page = Page(url=self.source.address_of(game.id), body=body, key=game.id, content_type="application/json")
        record = self.source.parse(page)[0]
        if record.identity != game.id:
            raise AdoptError("its id is not written plainly (spaces or invisible characters)")
        for edit in game.edits:
            edited_value(record, edit.field)
        if known is None:
            return self._new(connection, game, record, body, joined)
        game_id = known["game_id"]
        if known["content_hash"] == body_hash(body) and known["parsed_version"] == self.source.parser_version:
            return Look(game, "unchanged", record, body, game_id)
        before, after = known["field_hashes"], record.field_hashes()
        fields = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        edits = _news_of_edits(connection, game_id, record, game.edits)
        return Look(game, "changed", record, body, game_id, fields=tuple(fields), edits=edits)

    def decide(
        self, connection: Connection[DictRow], record: GameRecord, record_id: int, joined: Collection[int] = ()
    ) -> Decision:
        """Which game of other sources it is, as matching sees it; two games of the catalogue are never one."""
        demoted = demoted_among(connection, [key.token for key in identity_keys(record)])
        claims = claims_without(record, demoted)
        candidates = [
            candidate
            for candidate in find_candidates(connection, record_id, claims)
            if self.source.name not in candidate.sources and candidate.game_id not in joined
        ]
        return decide(claims, candidates)

    def _new(
        self,
        connection: Connection[DictRow],
        game: ExistingGame,
        record: GameRecord,
        body: bytes,
        joined: Collection[int],
    ) -> Look:
        decision = self.decide(connection, record, 0, joined)
        if decision.method != "strong_key" or decision.game_id is None:
            return Look(game, "new", record, body, decision=decision, edits=game.edits)
        edits = _news_of_edits(connection, decision.game_id, record, game.edits)
        return Look(game, "joined", record, body, decision.game_id, decision, edits=edits)


def _body(game: ExistingGame) -> bytes:
    """The game as it is kept: one JSON line, equal for equal games."""
    edits = [
        {"field": edit.field, "author": edit.author, "at": edit.edited_at.isoformat(), "reason": edit.reason}
        for edit in game.edits
    ]
    return canonical_json({"id": game.id, "claims": game.claims, "edits": edits}).encode(errors="backslashreplace")


def edited_value(record: GameRecord, name: str) -> Any:
    """What a person had set a field to, in the form of an edit: the game's own value; None or []: it was emptied."""
    head, _, lang = name.partition(".")
    if head == "descriptions" and lang:
        return next((text.text for text in record.descriptions if (text.lang or "und") == lang), None)
    if name in ("title", "kind", "release_date"):
        return getattr(record, name)
    if name in ("alt_titles", "credits", "tags", "urls", "external_ids"):
        return [part.model_dump(mode="json") for part in getattr(record, name)]
    raise AdoptError(f"no field {name!r} that people edit")


_LAST_EDITS = b"""
SELECT DISTINCT ON (field) field, value, author, edited_at, released_at FROM human_edit AS edit
WHERE game_id = %s AND NOT EXISTS (
    SELECT FROM rollback
    WHERE edit.game_id = ANY(games) AND NOT scope ? 'game' AND undone_at IS NULL
      AND also->'edits_released' @> to_jsonb(edit.edit_id))
ORDER BY field, released_at DESC NULLS FIRST
"""


def _news_of_edits(
    connection: Connection[DictRow], game_id: int, record: GameRecord, edits: Sequence[ExistingEdit]
) -> tuple[ExistingEdit, ...]:
    """The edits that are newer than what people have done about their fields here.

    A release counts, too; but what was taken back with the import that had brought it, a mended file brings again.
    """
    if not edits:
        return ()
    rows = connection.execute(_LAST_EDITS, (game_id,)).fetchall()
    last = {row["field"]: row for row in rows}

    def newer(edit: ExistingEdit) -> bool:
        row = last.get(edit.field)
        if row is None:
            return True
        if row["released_at"] is not None:
            return bool(edit.edited_at > row["released_at"])
        same = row["author"] == (edit.author or record.source) and edit.edited_at == row["edited_at"]
        # Of one day two edits may be told with one date.
        return bool(edit.edited_at > row["edited_at"]) or (same and row["value"] != edited_value(record, edit.field))

    return tuple(edit for edit in edits if newer(edit))
