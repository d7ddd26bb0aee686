"""How right matching is, as far as people's answers tell."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from game_pipeline.store import Store

__all__ = ["MatchQuality", "Share", "match_quality", "wilson"]

_Z = 1.959964  # 95 of 100


@dataclass(frozen=True, slots=True)
class Share:
    """`right` of `of`, with the interval (95 %) in which the true share lies; of no answers: 0 to 1."""

    right: int
    of: int

    @property
    def value(self) -> float | None:
        return self.right / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.right, self.of)


@dataclass(frozen=True, slots=True)
class MatchQuality:
    """`linked`: what the pipeline linked by itself and nobody has undone, of all that it linked. `asked`: of the
    questions that people answered, those answered with yes; `by_method`: the same by the method that asked."""

    linked: Share
    asked: Share
    by_method: dict[str, Share]


def wilson(right: int, of: int) -> tuple[float, float]:
    """Wilson's interval of a share; it holds for few answers and for shares near 1, too."""
    if not of:
        return 0.0, 1.0
    share, z2 = right / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


_LINKED = """
SELECT count(*) AS links,
       count(*) FILTER (WHERE edge.ended_why = 'a person told them apart' OR EXISTS (
           SELECT FROM match_edge AS word WHERE word.a = edge.a AND word.b = edge.b AND word.judge = 'person'
           AND word.judgement = 'different' AND word.ended_at IS NULL)) AS undone
FROM match_edge AS edge
WHERE judge <> 'person' AND judgement = 'same'
  AND (ended_at IS NULL OR ended_why = 'a person told them apart')
"""
_ASKED = """
SELECT coalesce(proposal->>'method', kind) AS method, count(*) AS answers,
       count(*) FILTER (WHERE state = 'accepted') AS accepted
FROM review_item WHERE kind IN ('match', 'duplicate') AND state IN ('accepted', 'rejected') GROUP BY 1 ORDER BY 1
"""


def match_quality(store: Store) -> MatchQuality:
    """From the ledger and the answers as they stand now."""
    row = store.row(_LINKED) or {"links": 0, "undone": 0}
    answers = store.rows(_ASKED)
    return MatchQuality(
        linked=Share(row["links"] - row["undone"], row["links"]),
        asked=Share(sum(each["accepted"] for each in answers), sum(each["answers"] for each in answers)),
        by_method={each["method"]: Share(each["accepted"], each["answers"]) for each in answers},
    )
