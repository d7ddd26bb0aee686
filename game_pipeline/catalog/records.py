"""Reading records and the members of games, as they are heard: what both stages of reconciling start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import claims_of, lookup_keys
from game_pipeline.model import GameRecord

from .hearing import ALL, SILENT, Hold, compose, mute_fields, together

__all__ = [
    "StoredRecord",
    "lock_catalogue",
    "match_keys",
    "members_of",
    "read_record",
    "read_records",
    "read_versions",
    "title_tokens",
]

_LOCK = 0x67616D66


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it is heard. `version`: its newest; `heard`: where older words of it stand, by part."""

    record_id: int
    source: str
    identity: str
    version: int
    live: bool
    record: GameRecord
    heard: Mapping[str, int] | None = None
    rollback: Hold | None = None
    """What was taken back of it."""
    limit: Hold | None = None
    """What waits for a person."""
    over: tuple[int, ...] = ()
    """The ids of holds that its page has ended."""
    score: float = 1.0
    """Of the decision that made it a member of its game."""

    @property
    def url(self) -> str:
        return self.record.url

    @property
    def silent(self) -> bool:
        return self.heard == SILENT

    @property
    def mute(self) -> frozenset[str]:
        return mute_fields(self.heard) if self.heard else frozenset()

    @property
    def taken(self) -> Mapping[str, int]:
        """Its parts that were taken back."""
        return self.rollback.parts if self.rollback else {}

    @property
    def limited(self) -> Mapping[str, int]:
        """Its parts that wait for a person."""
        return self.limit.parts if self.limit else {}

    @property
    def versions(self) -> dict[str, int]:
        """What of it is heard, by part, whether held or not."""
        return dict(self.heard) if self.heard else {ALL: self.version}


def lock_catalogue(connection: Connection[DictRow]) -> None:
    """Deciding about the catalogue happens one transaction at a time; the lock ends with the transaction."""
    connection.execute(b"SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


_RECORDS = """
SELECT record.record_id, record.source, record.identity, record.version, record.state = 'live' AS live, newest.record,
       (SELECT jsonb_agg(to_jsonb(hold) || jsonb_build_object('over', hold_is_over(hold)) ORDER BY hold_id)
        FROM record_hold AS hold WHERE hold.record_id = record.record_id AND hold.ended_at IS NULL) AS holds
FROM source_record AS record JOIN record_version AS newest
     ON newest.record_id = record.record_id AND newest.version = record.version AND record.subject = 'game'
"""

_HOLD = ("hold_id", "parts", "upto", "reason")


def read_record(connection: Connection[DictRow], record_id: int) -> StoredRecord:
    """Raises LookupError."""
    found = read_records(connection, [record_id])
    if not found:
        raise LookupError(f"no record {record_id}")
    return found[0]


def read_records(connection: Connection[DictRow], record_ids: Sequence[int]) -> list[StoredRecord]:
    """By id."""
    rows = connection.execute(
        f"{_RECORDS} WHERE record.record_id = ANY(%s) ORDER BY record.record_id".encode(), (list(record_ids),)
    ).fetchall()
    return _heard(connection, rows, {})


def members_of(connection: Connection[DictRow], game_ids: Sequence[int]) -> dict[int, list[StoredRecord]]:
    """The records that were matched to each game, live or vanished, by record id."""
    rows = connection.execute(
        f"""
        SELECT decision.game_id, decision.score, found.*
        FROM match_decision AS decision JOIN ({_RECORDS}) AS found USING (record_id)
        WHERE decision.ended_at IS NULL AND decision.game_id = ANY(%s) ORDER BY record_id
        """.encode(),
        (list(game_ids),),
    ).fetchall()
    games = [row.pop("game_id") for row in rows]
    scores = {row["record_id"]: row.pop("score") for row in rows}
    members: dict[int, list[StoredRecord]] = {game_id: [] for game_id in game_ids}
    for game_id, record in zip(games, _heard(connection, rows, scores), strict=True):
        members[game_id].append(record)
    return members


_VERSIONS = b"""
SELECT record_id, version, record, change FROM record_version
JOIN unnest(%s::bigint[], %s::int[]) AS wanted (record_id, version) USING (record_id, version)
"""


def read_versions(
    connection: Connection[DictRow], heard: Mapping[int, Mapping[str, int]]
) -> dict[int, dict[int, tuple[dict[str, Any], str]]]:
    """Record -> version -> what it said, and what change brought it; of the versions that these parts name."""
    wanted = sorted({(record_id, version) for record_id, parts in heard.items() for version in parts.values()})
    found: dict[int, dict[int, tuple[dict[str, Any], str]]] = {record_id: {} for record_id in heard}
    if wanted:
        ids, versions = zip(*wanted, strict=True)
        for row in connection.execute(_VERSIONS, (list(ids), list(versions))):
            found[row["record_id"]][row["version"]] = (row["record"], row["change"])
    return found


def _heard(
    connection: Connection[DictRow], rows: Sequence[dict[str, Any]], scores: Mapping[int, float]
) -> list[StoredRecord]:
    holds: dict[int, dict[str, Hold]] = {row["record_id"]: {} for row in rows}
    over: dict[int, list[int]] = {row["record_id"]: [] for row in rows}
    for row in rows:
        for hold in row["holds"] or ():
            if hold["over"]:
                over[row["record_id"]].append(hold["hold_id"])
            else:
                holds[row["record_id"]][hold["kind"]] = Hold(**{name: hold[name] for name in _HOLD})
    heard = {
        row["record_id"]: together(stand.values(), row["version"]) for row in rows if (stand := holds[row["record_id"]])
    }
    known = read_versions(connection, heard)
    found = []
    for row in rows:
        record_id = row["record_id"]
        parts = heard.get(record_id)
        live = row["live"]
        if parts is None or parts == SILENT:
            record = GameRecord.from_json(row["record"])
        else:
            record = compose({version: said for version, (said, _) in known[record_id].items()}, parts)
            if parts[ALL] not in (0, row["version"]) and row["version"] == _whole(holds[record_id]).upto:
                live = known[record_id][parts[ALL]][1] != "vanished"
        found.append(
            StoredRecord(
                record_id=record_id,
                source=row["source"],
                identity=row["identity"],
                version=row["version"],
                live=live,
                record=record,
                heard=parts,
                rollback=holds[record_id].get("rollback"),
                limit=holds[record_id].get("limit"),
                over=tuple(over[record_id]),
                score=scores.get(record_id, 1.0),
            )
        )
    return found


def _whole(holds: Mapping[str, Hold]) -> Hold:
    """Of holds one of which names all of a record, that which counts."""
    return min((hold for hold in holds.values() if ALL in hold.parts), key=lambda hold: hold.parts[ALL])


def title_tokens(titles: Sequence[str]) -> list[str]:
    """The forms under which titles are looked up."""
    return list(dict.fromkeys(f"title:{key}" for title in titles for key in lookup_keys(title)))


def match_keys(record: GameRecord) -> list[str]:
    """Every key under which a record can be found again by matching."""
    claims = claims_of(record)
    return [key.token for key in claims.keys] + title_tokens(claims.titles)
