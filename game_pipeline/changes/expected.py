"""Does a page say what its source's pages say? One that does not is news of the site's layout, not of its games."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from game_pipeline.model import AnyRecord, Subject
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
    """Counts, over one reading of a segment, what its records state. `proven`: those whose format was seen."""

    source: Source
    proven: Collection[Subject]
    records: Counter[Subject] = field(default_factory=Counter)
    stated: Counter[tuple[Subject, str]] = field(default_factory=Counter)

    def judge(self, records: Sequence[AnyRecord]) -> tuple[str, str, str] | None:
        """What is wrong with a page of these records, as (where, problem, outcome); None: nothing."""
        expects = self.source.expects
        least, most = expects.page
        if not least <= len(records) <= (math.inf if most is None else most):
            wanted = f"{least} to {most}" if most is not None else f"at least {least}"
            return "records", f"{len(records)} records on the page, {wanted} are expected", "suspect_shrink"
        self.records.update(record.subject for record in records)
        found = None
        for item in expects.coverage:
            judged = [record for record in records if record.subject == item.subject]
            here = sum(map(item.stated_in, judged))
            self.stated[item.subject, item.facet] += here
            if here >= item.share * len(judged):
                continue
            if item.subject in self.proven:
                n, stated = self.records[item.subject], self.stated[item.subject, item.facet]
                differs = n >= FEWEST and _too_few(n, stated, item.share, SIGMAS)
            else:
                differs = _too_few(len(judged), here, item.share, STRICT_SIGMAS)
            if differs and found is None:
                told = f"no {item.facet}" if not here else f"{item.facet} in {here} of {len(judged)} records"
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
    judged = {item.subject for item in source.expects.coverage}
    if source.verified or not judged:
        return Watch(source, proven=judged)
    rows = store.rows(_KNOWN, {"source": source.name, "subjects": sorted(judged), "enough": PROVEN_AFTER})
    return Watch(source, proven={row["subject"] for row in rows if row["n"] >= PROVEN_AFTER})


_KNOWN = """
SELECT subject, (SELECT count(*) FROM (SELECT FROM source_record AS record WHERE record.source = %(source)s
                     AND record.subject = asked.subject AND state = 'live' LIMIT %(enough)s) AS known) AS n
FROM unnest(%(subjects)s::text[]) AS asked (subject)
"""


@dataclass(frozen=True, slots=True)
class FieldStanding:
    """How many of the records that changed last state a facet. `examples`: addresses of some that do not."""

    subject: Subject
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
    SELECT subject, known.* FROM unnest(%(subjects)s::text[]) AS asked (subject) CROSS JOIN LATERAL (
        SELECT record_id, version, url FROM source_record AS record
        WHERE source = %(source)s AND record.subject = asked.subject AND state = 'live'
        ORDER BY changed_at DESC LIMIT %(looked_at)s) AS known
), expected AS (
    SELECT * FROM unnest(%(of)s::text[], %(facets)s::text[]) AS each (subject, facet)
), judged AS (
    SELECT subject, facet, record.url, EXISTS (
        SELECT FROM jsonb_object_keys(newest.field_hashes) AS name WHERE name = facet OR starts_with(name, facet || '.')
    ) AS states
    FROM looked_at AS record JOIN record_version AS newest USING (record_id, version) JOIN expected USING (subject)
)
SELECT subject, facet, count(*) AS records, count(*) FILTER (WHERE states) AS stated,
       (array_agg(url ORDER BY url) FILTER (WHERE NOT states))[1:5] AS examples
FROM judged GROUP BY subject, facet
"""


def field_standings(store: Store, source: Source) -> list[FieldStanding]:
    """The facets that a source expects, and how the stored records stand to that."""
    coverage = source.expects.coverage
    if not coverage:
        return []
    values = {
        "source": source.name,
        "looked_at": LOOKED_AT,
        "subjects": sorted({item.subject for item in coverage}),
        "of": [item.subject for item in coverage],
        "facets": [item.facet for item in coverage],
    }
    rows = {(row["subject"], row["facet"]): row for row in store.rows(_STATED, values)}
    return [
        FieldStanding(
            item.subject,
            item.facet,
            item.selector,
            item.share,
            row["records"],
            row["stated"],
            tuple(row["examples"] or ()),
        )
        for item in coverage
        if (row := rows.get((item.subject, item.facet)))
    ]


@dataclass(frozen=True, slots=True)
class CountStanding:
    """How many live records a segment has, and should have; None: the whole source, of its games."""

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
        "SELECT segment, count(*) AS n, count(*) FILTER (WHERE subject = 'game') AS games "
        "FROM source_record WHERE source = %s AND state = 'live' GROUP BY segment",
        (source.name,),
    )
    records = {row["segment"]: row["n"] for row in rows}
    whole = CountStanding(None, sum(row["games"] for row in rows), *source.expects.records)
    return [whole, *(CountStanding(key, records.get(key, 0), *of) for key, of in source.expects.segments.items())]
