"""Two records beside each other: would an id join them, does one, and which ids join too many. Pure.

What matching says of a pair does not depend on which of the two came first, nor on what else is in the catalogue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from game_pipeline.catalog.records import StoredRecord
from game_pipeline.matching import Candidate, Claims, Decision, IdentityKey, claims_of, decide, lookup_keys
from game_pipeline.model import GameRecord
from game_pipeline.sources import SOURCES

__all__ = ["SEVERAL_A_GAME", "as_candidate", "beside", "claims_without", "could_be_one", "shared_keys", "unlike_titles"]

# Sources of which another record of a game says nothing against this one.
SEVERAL_A_GAME = frozenset(name for name, source in SOURCES.items() if source.several_records_a_game)

_ASKED = IdentityKey("asked", "would an id join them", "strong")


def claims_without(record: GameRecord, demoted: Collection[str]) -> Claims:
    """What a record claims; keys that point at several games say nothing."""
    claims = claims_of(record)
    return replace(claims, keys=tuple(key for key in claims.keys if key.token not in demoted))


def as_candidate(record_id: int, claims: Claims, *, alone: bool = True) -> Candidate:
    """A record as if it were a game of its own, of which its source has no other record (`alone`). `game_id` is the
    record's number."""
    return Candidate(
        game_id=record_id,
        titles=claims.titles,
        years=claims.years,
        people=claims.people,
        external_ids=claims.external_ids,
        keys=frozenset(key.token for key in claims.keys),
        sources=frozenset({claims.source}) if alone else frozenset(),
        kind=claims.kind,
    )


def shared_keys(ours: Claims, theirs: Claims) -> tuple[str, ...]:
    """The keys that both carry as ones that name a game; what is a mere pointer on either side links nobody."""
    other = {key.token for key in theirs.keys if key.strength == "strong"}
    return tuple(sorted(key.token for key in ours.keys if key.strength == "strong" and key.token in other))


def beside(ours: StoredRecord, theirs: StoredRecord, demoted: Collection[str] = ()) -> Decision:
    """What matching says about two records alone."""
    mine, other = claims_without(ours.record, demoted), claims_without(theirs.record, demoted)
    strong = set(shared_keys(mine, other))
    keys = tuple(
        replace(key, strength="weak") if key.strength == "strong" and key.token not in strong else key
        for key in mine.keys
    )
    return decide(replace(mine, keys=keys), [as_candidate(theirs.record_id, other, alone=_alone(ours, theirs))])


def could_be_one(ours: StoredRecord, theirs: StoredRecord) -> Decision:
    """What matching would say if an id that names one game were shared: anything but `auto` is a hard conflict.

    Two listed pages of one source, ids that a game has once, unlike numbers, a demo and its game.
    """
    mine = replace(claims_of(ours.record), keys=(*claims_of(ours.record).keys, _ASKED))
    other = replace(claims_of(theirs.record), keys=(*claims_of(theirs.record).keys, _ASKED))
    return decide(mine, [as_candidate(theirs.record_id, other, alone=_alone(ours, theirs))])


def _alone(ours: StoredRecord, theirs: StoredRecord) -> bool:
    """Whether two records of one source would be two games: both are listed, by a source that lists a game once."""
    return ours.live and theirs.live and theirs.source not in SEVERAL_A_GAME


def unlike_titles(key: str, bearers: Iterable[StoredRecord]) -> int:
    """How many unlike things carry a key: records that no title and no other key of theirs holds together."""
    records = list(bearers)
    claims = {record.record_id: claims_without(record.record, (key,)) for record in records}
    root = {record.record_id: record.record_id for record in records}

    def find(record_id: int) -> int:
        while root[record_id] != record_id:
            record_id = root[record_id]
        return record_id

    for place, one in enumerate(records):
        for other in records[:place]:
            if find(one.record_id) != find(other.record_id) and _akin(claims[one.record_id], claims[other.record_id]):
                root[find(one.record_id)] = find(other.record_id)
    return len({find(record.record_id) for record in records})


def _akin(ours: Claims, theirs: Claims) -> bool:
    if shared_keys(ours, theirs):
        return True
    forms = {form for title in theirs.titles for form in lookup_keys(title)}
    return any(form in forms for title in ours.titles for form in lookup_keys(title))
