"""The decision: which game is this record about? Pure, explained, and blind to the order of the candidates.

Keys speak first, then titles with years and people. What would be linked by one rule and is doubted by another goes
to a person. Finding the candidates, storing the decision and human verdicts do not live here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .compare import Comparison, compare
from .index import Rarity, usual_rarity
from .model import load_model
from .sides import side_of
from .values import Band, Candidate, Claims, Decision, Evidence, Policy
from .verdict import judge, resembles

__all__ = ["METHODS", "decide"]


@dataclass(frozen=True, slots=True)
class Method:
    """How a decision came about: its band and the rank of its score."""

    band: Band
    score: float
    meaning: str


METHODS: dict[str, Method] = {
    "strong_key": Method("auto", 0.99, "an id or address that names one game is shared"),
    "title_author": Method("auto", 0.95, "title and author are the same, the years agree"),
    "title_weak_key": Method("auto", 0.92, "the title is the same and a weaker pointer is shared"),
    "title_likely": Method("auto", 0.88, "the titles are likely those of one game, and something else agrees"),
    "title_head_author": Method("auto", 0.87, "the title is the same up to a subtitle, author and year are the same"),
    "title_year": Method("auto", 0.90, "a rare title is the same and the years agree"),
    "key_source_conflict": Method(
        "review", 0.80, "a strong key is shared, but the source has another page of this game"
    ),
    "key_id_conflict": Method("review", 0.78, "a strong key is shared, but an id that a game has once differs"),
    "key_kind_conflict": Method("review", 0.76, "a strong key is shared by different kinds of thing"),
    "key_numbers_conflict": Method("review", 0.74, "a strong key is shared, but the titles' numbers differ"),
    "keys_disagree": Method("review", 0.72, "strong keys point at several games"),
    "key_against_title": Method("review", 0.70, "a strong key points at one game, title and author at another"),
    "title_held_back": Method(
        "review", 0.68, "it would be linked by title, but an id or the source's own page differs"
    ),
    "title_ambiguous": Method("review", 0.66, "several games fit equally by title"),
    "title_unsure": Method("review", 0.60, "the title is the same, too little else is known"),
    "title_other_year": Method("review", 0.55, "the title is the same, the years are far apart"),
    "title_same_year_other_author": Method("review", 0.50, "title and year are the same, the authors differ"),
    "title_resembles": Method("review", 0.47, "the titles may be those of one game"),
    "title_head": Method("review", 0.45, "the title is the same up to a subtitle"),
    "author_year": Method("review", 0.35, "author and year are the same, the titles may be translations"),
    "title_other_kind": Method("new", 0.30, "the title is the same, but one is a demo, an addition or the music"),
    "title_other_author": Method("new", 0.25, "the title is the same, the authors differ: different games"),
    "title_common": Method("new", 0.20, "a common title is the same, nothing else agrees"),
    "title_near": Method("new", 0.15, "the title is the same up to a subtitle, nothing else agrees"),
    "weak_key": Method("new", 0.10, "only a weak pointer is shared"),
    "no_candidate": Method("new", 0.0, "nothing in the catalogue resembles the record"),
}


@dataclass(frozen=True, slots=True)
class _Judged:
    comparison: Comparison
    method: str
    by_title: str | None  # the method by which its title alone would link it

    @property
    def game_id(self) -> int:
        return self.comparison.game_id

    @property
    def order(self) -> tuple[float, int]:
        return (-METHODS[self.method].score, self.game_id)


def decide(
    record: Claims, candidates: Sequence[Candidate], policy: Policy | None = None, *, rarity: Rarity = usual_rarity
) -> Decision:
    """Match one record against its candidates. A candidate marked `never` is no answer, not even an alternative.

    `rarity`: how much a word tells in the catalogue that the candidates are of, where its index is at hand.
    """
    policy = policy or Policy()
    hubs = _hubs(candidates, policy)
    open_candidates = [candidate for candidate in candidates if not candidate.never]
    comparisons = [compare(record, candidate, hubs, policy) for candidate in open_candidates]
    bearers = sum(comparison.same_title for comparison in comparisons)
    likeness = _likeness(record, open_candidates, comparisons, policy, rarity) if not bearers else None
    judged = sorted(
        (one for comparison in comparisons if (one := _judge(comparison, bearers, likeness)) is not None),
        key=lambda one: one.order,
    )
    if not judged:
        return Decision("new", None, "no_candidate", METHODS["no_candidate"].score)
    best, method = judged[0], judged[0].method
    keyed = [one for one in judged if one.comparison.strong]
    autos = [one for one in judged if METHODS[one.method].band == "auto"]
    if len(keyed) > 1:
        best, method = keyed[0], "keys_disagree"
    elif keyed:
        best, method = keyed[0], keyed[0].method
        if method == "strong_key" and not best.comparison.same_title and any(one.by_title for one in autos):
            method = "key_against_title"
    elif len(autos) > 1:
        method = "title_ambiguous"
    return _decision(best, method, judged, policy)


def _decision(best: _Judged, method: str, judged: Sequence[_Judged], policy: Policy) -> Decision:
    band, score = METHODS[method].band, METHODS[method].score
    others = [one.game_id for one in judged if band == "new" or one is not best][: policy.alternatives]
    evidence = (Evidence("method", METHODS[method].meaning, "", ""), *best.comparison.evidence)
    return Decision(band, None if band == "new" else best.game_id, method, score, evidence, tuple(others))


@dataclass(frozen=True, slots=True)
class _Likeness:
    """The game whose titles are likeliest to name the record's, and whether that is enough to link it unasked."""

    game_id: int
    links: bool


def _likeness(
    record: Claims,
    candidates: Sequence[Candidate],
    comparisons: Sequence[Comparison],
    policy: Policy,
    rarity: Rarity,
) -> _Likeness | None:
    """What the model says of candidates none of which has the record's title."""
    order = sorted(range(len(candidates)), key=lambda place: candidates[place].game_id)
    games = [candidates[place] for place in order]
    sides = [side_of(game.titles, years=game.years, names=game.people) for game in games]
    verdict = judge(side_of(record.titles, years=record.years, names=record.people), sides, rarity=rarity)
    if verdict is None or not resembles(verdict, strict=True):
        return None
    place = verdict.likely[0].place
    comparison = comparisons[order[place]]
    if comparison.people == "different" or comparison.years == "apart" or comparison.numbers == "conflict":
        return None
    supported = comparison.people == "same" or comparison.years != "unknown"
    links = supported and not verdict.bars and verdict.score >= load_model().cut(policy.precision)
    return _Likeness(games[place].game_id, links)


def _hubs(candidates: Sequence[Candidate], policy: Policy) -> frozenset[str]:
    """Keys that several games share: a hub's address, a compilation's id. They inform, they do not identify."""
    shared = Counter(key for candidate in candidates for key in candidate.keys)
    return frozenset(key for key, games in shared.items() if games >= policy.hub_games)


def _judge(comparison: Comparison, bearers: int, likeness: _Likeness | None) -> _Judged | None:
    rare = bearers == 1 and comparison.rare_title
    liked = likeness if likeness is not None and likeness.game_id == comparison.game_id else None
    by_title = _by_title(comparison, rare) if comparison.same_title else _by_likeness(comparison, liked)
    linked_by = by_title if by_title and METHODS[by_title].band == "auto" else None
    if comparison.strong:
        return _Judged(comparison, _by_key(comparison), linked_by)
    if linked_by and (comparison.clashes or comparison.same_source):
        return _Judged(comparison, "title_held_back", None)
    if by_title:
        return _Judged(comparison, by_title, linked_by)
    return _Judged(comparison, "weak_key", None) if comparison.weak else None


def _by_key(comparison: Comparison) -> str:
    if comparison.numbers == "conflict":
        return "key_numbers_conflict"
    if comparison.kinds_conflict:
        return "key_kind_conflict"
    if comparison.clashes:
        return "key_id_conflict"
    if comparison.same_source:
        return "key_source_conflict"
    return "strong_key"


def _by_likeness(comparison: Comparison, liked: _Likeness | None) -> str | None:
    if comparison.kinds_conflict:
        return "title_other_kind" if comparison.title == "head" else None
    if liked and liked.links:
        return "title_likely"
    if comparison.title == "head":
        if comparison.people == "same" and comparison.years == "equal":
            return "title_head_author"
        return "title_head" if _supported(comparison) else "title_near"
    if liked:
        return "title_resembles"
    dated = comparison.years in ("equal", "near")
    translated = comparison.scripts_differ and comparison.numbers != "conflict"
    return "author_year" if comparison.people == "same" and dated and translated else None


def _by_title(comparison: Comparison, rare: bool) -> str | None:
    if comparison.kinds_conflict:
        return "title_other_kind"
    people, years = comparison.people, comparison.years
    if people == "different":
        doubtful = comparison.weak or years == "equal"
        return "title_same_year_other_author" if doubtful else "title_other_author"
    if years == "apart":
        return "title_other_year" if rare or people == "same" else "title_common"
    # Folded spaces or script may join two titles, so they need the year as well.
    exact = comparison.title == "equal"
    dated = years != "unknown"
    if people == "same" and (exact or dated):
        return "title_author"
    if exact and comparison.weak and (rare or dated):
        return "title_weak_key"
    if exact and dated and rare:
        return "title_year"
    return "title_unsure"


def _supported(comparison: Comparison) -> bool:
    """A title known only up to its subtitle deserves a person's look where something else speaks for it."""
    if comparison.people == "different" or comparison.years == "apart":
        return False
    return comparison.people == "same" or comparison.years != "unknown" or bool(comparison.weak)
