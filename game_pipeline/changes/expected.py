"""Does a page say what its source's pages say? One that does not is news of the site's layout, not of its games."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from game_pipeline.model import GameRecord
from game_pipeline.sources import Source
from game_pipeline.store import Store

__all__ = ["CountStanding", "FieldStanding", "Watch", "count_standings", "field_standings", "watch_over"]

PROVEN_AFTER = 20  # records of a format that nobody had seen a capture of, after which it counts as seen
LOOKED_AT = 2_000  # of a source's records, those that changed last say what its pages state
FEWEST = 3
SIGMAS = 3.0
STRICT_SIGMAS = 1.0  # for a format that nobody had seen a capture of


@dataclass(slots=True)
class Watch:
    """Counts, over one reading of a segment, what its records state. `proven`: the format was seen before."""

    source: Source
    proven: bool
    records: int = 0
    stated: Counter[str] = field(default_factory=Counter)

    def judge(self, records: Sequence[GameRecord]) -> tuple[str, str, str] | None:
        """What is wrong with a page of these records, as (where, problem, outcome); None: nothing."""
        expects = self.source.expects
        least, most = expects.page
        if not least <= len(records) <= (math.inf if most is None else most):
            wanted = f"{least} to {most}" if most is not None else f"at least {least}"
            return "records", f"{len(records)} records on the page, {wanted} are expected", "suspect_shrink"
        self.records += len(records)
        found = None
        for item in expects.coverage:
            here = sum(map(item.stated_in, records))
            self.stated[item.facet] += here
            if here >= item.share * len(records):
                continue
            if self.proven:
                differs = self.records >= FEWEST and _too_few(self.records, self.stated[item.facet], item.share, SIGMAS)
            else:
                differs = _too_few(len(records), here, item.share, STRICT_SIGMAS)
            if differs and found is None:
                told = f"no {item.facet}" if not here else f"{item.facet} in {here} of {len(records)} records"
                found = (
                    item.selector,
                    f"the layout differs: {told}, {item.share:.0%} should have it",
                    "selector_missing",
                )
        return found


def _too_few(records: int, stated: int, share: float, sigmas: float) -> bool:
    """Are they fewer than chance would leave, were `share` of all records to state it?

    With one sigma a single record is judged where more than half of all should state it.
    """
    return stated < records * share - sigmas * math.sqrt(records * share * (1 - share))


def watch_over(store: Store, source: Source) -> Watch:
    """The watch for one reading of a segment."""
    if source.verified or not source.expects.coverage:
        return Watch(source, proven=True)
    row = store.row(
        "SELECT count(*) AS n FROM (SELECT FROM source_record WHERE source = %s AND state = 'live' LIMIT %s) AS known",
        (source.name, PROVEN_AFTER),
    )
    return Watch(source, proven=row is not None and row["n"] >= PROVEN_AFTER)


@dataclass(frozen=True, slots=True)
class FieldStanding:
    """How many of the records that changed last state a facet. `examples`: addresses of some that do not."""

    facet: str
    selector: str
    share: float
    records: int
    stated: int
    examples: tuple[str, ...]

    @property
    def well(self) -> bool:
        return self.records < FEWEST or not _too_few(self.records, self.stated, self.share, SIGMAS)


_STATED = """
WITH looked_at AS (
    SELECT record_id, version, url FROM source_record WHERE source = %(source)s AND state = 'live'
    ORDER BY changed_at DESC LIMIT %(looked_at)s
), judged AS (
    SELECT facet, record.url, EXISTS (
        SELECT FROM jsonb_object_keys(newest.field_hashes) AS name WHERE name = facet OR starts_with(name, facet || '.')
    ) AS states
    FROM looked_at AS record JOIN record_version AS newest USING (record_id, version),
         unnest(%(facets)s::text[]) AS facet
)
SELECT facet, count(*) AS records, count(*) FILTER (WHERE states) AS stated,
       (array_agg(url ORDER BY url) FILTER (WHERE NOT states))[1:5] AS examples
FROM judged GROUP BY facet
"""


def field_standings(store: Store, source: Source) -> list[FieldStanding]:
    """The facets that a source expects, and how the stored records stand to that."""
    coverage = source.expects.coverage
    if not coverage:
        return []
    values = {"source": source.name, "looked_at": LOOKED_AT, "facets": [item.facet for item in coverage]}
    rows = {row["facet"]: row for row in store.rows(_STATED, values)}
    return [
        FieldStanding(
            item.facet, item.selector, item.share, row["records"], row["stated"], tuple(row["examples"] or ())
        )
        for item in coverage
        if (row := rows.get(item.facet))
    ]


@dataclass(frozen=True, slots=True)
class CountStanding:
    """How many live records a segment (None: the whole source) has, and should have."""

    segment: str | None
    records: int
    least: int
    most: int | None

    @property
    def well(self) -> bool:
        return self.least <= self.records and (self.most is None or self.records <= self.most)


def count_standings(store: Store, source: Source) -> list[CountStanding]:
    """The ranges that a source expects, and how many records there are; none before it was listed to its end."""
    listed = store.row("SELECT listed_at IS NOT NULL AS ever FROM importer_health WHERE source = %s", (source.name,))
    if listed is None or not listed["ever"]:
        return []
    rows = store.rows(
        "SELECT segment, count(*) AS n FROM source_record WHERE source = %s AND state = 'live' GROUP BY segment",
        (source.name,),
    )
    records = {row["segment"]: row["n"] for row in rows}
    whole = CountStanding(None, sum(records.values()), *source.expects.records)
    return [whole, *(CountStanding(key, records.get(key, 0), *of) for key, of in source.expects.segments.items())]
