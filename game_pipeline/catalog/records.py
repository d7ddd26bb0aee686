"""Reading records and the members of games: what both stages of reconciling start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import claims_of, lookup_keys
from game_pipeline.model import GameRecord

__all__ = ["StoredRecord", "lock_catalogue", "match_keys", "members_of", "read_record", "title_tokens"]

_LOCK = 0x67616D66


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as of its newest version."""

    record_id: int
    source: str
    identity: str
    version: int
    live: bool
    record: GameRecord


def lock_catalogue(connection: Connection[DictRow]) -> None:
    """Deciding about the catalogue happens one transaction at a time; the lock ends with the transaction."""
    connection.execute(b"SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


_RECORDS = """
SELECT record.record_id, record.source, record.identity, record.version, record.state = 'live' AS live, newest.record
FROM source_record AS record JOIN record_version AS newest USING (record_id, version)
"""


def _stored(row: dict[str, Any]) -> StoredRecord:
    return StoredRecord(**(row | {"record": GameRecord.from_json(row["record"])}))


def read_record(connection: Connection[DictRow], record_id: int) -> StoredRecord:
    row = connection.execute(f"{_RECORDS} WHERE record_id = %s".encode(), (record_id,)).fetchone()
    if row is None:
        raise LookupError(f"no record {record_id}")
    return _stored(row)


def members_of(connection: Connection[DictRow], game_ids: Sequence[int]) -> dict[int, list[StoredRecord]]:
    """The records that were matched to each game, live or vanished, by record id."""
    rows = connection.execute(
        f"""
        SELECT decision.game_id, found.* FROM match_decision AS decision JOIN ({_RECORDS}) AS found USING (record_id)
        WHERE decision.ended_at IS NULL AND decision.game_id = ANY(%s) ORDER BY record_id
        """.encode(),
        (list(game_ids),),
    )
    members: dict[int, list[StoredRecord]] = {game_id: [] for game_id in game_ids}
    for row in rows:
        members[row.pop("game_id")].append(_stored(row))
    return members


def title_tokens(titles: Sequence[str]) -> list[str]:
    """The forms under which titles are looked up."""
    return list(dict.fromkeys(f"title:{key}" for title in titles for key in lookup_keys(title)))


def match_keys(record: GameRecord) -> list[str]:
    """Every key under which a record can be found again by matching."""
    claims = claims_of(record)
    return [key.token for key in claims.keys] + title_tokens(claims.titles)
