"""Which of several games a record is likely to be, and whether that may be decided without a person.

The model says how likely each is; a rival nearly as likely takes half of that away; the bars below hold back what no
likelihood makes safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from rapidfuzz import fuzz

from .columns import USUAL, Worth
from .features import Features, Pair, observe
from .index import Rarity, usual_rarity
from .model import Model, load_model
from .sides import Side
from .titles import relate_numbers
from .values import Evidence

__all__ = ["PRECISION", "Likely", "Verdict", "bars", "evidence_of", "judge", "resembles", "ruled"]

PRECISION = 0.995
_COMPARED = 8  # of the candidates, how many are compared in full
_RIVALS = 7
_LIKELY = 0.5
_SUPPORT = 1.5  # worth of other columns that makes up for a title that differs
_DOUBT = -1.5
_DOUBT_OF_NAMESAKES = -2.8  # of titles that no two games are likely to share
_RELIABLE = -3.5  # a column that is worth so much against a pair is hardly ever wrong about it
_LONG = 12
_LONG_IN_ANOTHER_SCRIPT = 7
_SPELLED = 0.8

_LEVELS = {
    "same_year": "the years are the same",
    "next_year": "the years are next to each other",
    "near_year": "the years are near",
    "other_year": "the years are far apart",
    "same_people": "a name is the same",
    "alike_people": "the names are alike",
    "other_people": "the names differ",
    "same_platforms": "the platforms are the same",
    "more_platforms": "one side has more platforms",
    "some_platforms": "some platforms are the same",
    "other_platforms": "the platforms differ",
}


@dataclass(frozen=True, slots=True)
class Likely:
    """A candidate by its place in the list given."""

    place: int
    likelihood: float
    pair: Pair


@dataclass(frozen=True, slots=True)
class Verdict:
    """The candidates compared, the likeliest first. `score`: of the first, its rival counted in; `bars`: why a person
    must decide about it, whatever the score."""

    likely: tuple[Likely, ...]
    score: float
    bars: tuple[str, ...]


def judge(
    record: Side,
    games: Sequence[Side],
    *,
    rarity: Rarity = usual_rarity,
    worth: Worth = USUAL,
    model: Model | None = None,
) -> Verdict | None:
    """Compare a record with its candidates; None where there are none."""
    pairs = [(place, observe(record, games[place], rarity, worth)) for place in _nearest(record, games)]
    return ruled(record, games, pairs, model or load_model())


def ruled(record: Side, games: Sequence[Side], pairs: Sequence[tuple[int, Pair]], model: Model) -> Verdict | None:
    """The verdict about pairs that were observed, each with the place of its game."""
    likely = [Likely(place, model.likelihood(pair.features), pair) for place, pair in pairs]
    if not likely:
        return None
    likely.sort(key=lambda one: (-one.likelihood, one.place))
    best = likely[0]
    score = best.likelihood - _rival(likely, games) / 2
    return Verdict(tuple(likely), score, bars(record, games[best.place], best.pair))


def bars(record: Side, game: Side, pair: Pair) -> tuple[str, ...]:
    """What forbids to link a pair by likeness alone, in words."""
    seen = pair.features
    found = []
    mains = (record.main, game.main)
    if any(relate_numbers(a.numbers, b.numbers) == "conflict" for a, b in (mains, (pair.ours, pair.theirs))):
        found.append("the numbers in the titles differ")
    if mains[0].things != mains[1].things or seen.things:
        found.append("one is a demo, an addition or the like, the other is not")
    if any(a.year != b.year and a.year and b.year for a, b in product(record.titles, game.titles)):
        found.append("the years in the titles differ")
    if seen.worst <= _RELIABLE:
        found.append("what hardly ever differs for one game differs")
    elif seen.agree - seen.against < (_DOUBT_OF_NAMESAKES if _telling(seen) else _DOUBT):
        found.append("the years, names or platforms speak against it")
    elif not _titles_suffice(seen) and not _supported(seen):
        found.append("the titles alone are not enough")
    return tuple(found)


def _telling(seen: Features) -> bool:
    return bool(seen.same_key and not seen.alias and seen.words >= 2 and seen.letters >= 8)


def _titles_suffice(seen: Features) -> bool:
    """Equal main titles that are no accident: written the same, or long."""
    if seen.alias or seen.editions or not seen.same_plain:
        return False
    if seen.same_key and not (seen.article and seen.words < 2):
        return True
    return seen.letters >= (_LONG_IN_ANOTHER_SCRIPT if seen.scripts else _LONG)


def _supported(seen: Features) -> bool:
    """Titles that are one up to spelling, edition or subtitle, and other columns that agree."""
    if seen.agree - seen.against < _SUPPORT:
        return False
    spelled = seen.ratio >= _SPELLED and not seen.words_apart
    return bool(seen.same_plain or spelled or seen.head_is_whole)


def resembles(verdict: Verdict, *, strict: bool) -> bool:
    """Is the likeliest game worth a person's look? `strict`: where many records are known to have no answer."""
    best = verdict.likely[0]
    seen = best.pair.features
    if strict:
        if best.likelihood < _LIKELY or seen.things:
            return False
        return bool(seen.same_plain or seen.words >= 2 or seen.agree - seen.against >= _SUPPORT)
    return (
        best.likelihood >= _LIKELY
        or seen.agree - seen.against >= 2
        or bool(seen.heads_equal)
        or (seen.words >= 2 and seen.ours_in_theirs >= 0.75 and seen.theirs_in_ours >= 0.5)
        or (seen.words >= 3 and seen.ours_in_theirs >= 0.8)
        or (seen.words >= 2 and seen.ratio >= _SPELLED)
        or (seen.words >= 3 and seen.ratio >= 0.65 and bool(seen.same_first))
    )


def evidence_of(record: Side, game: Side, pair: Pair) -> tuple[Evidence, ...]:
    """What was seen, in words and with what each side says."""
    ours, theirs, seen = pair.ours, pair.theirs, pair.features
    found = [Evidence("title", _title_words(seen), ours.raw, theirs.raw)]
    if seen.numbers:
        words = "only one title has the number of a first part" if seen.numbers == 1 else "the numbers differ"
        found.append(Evidence("numbers", words, _listed(ours.numbers), _listed(theirs.numbers)))
    if seen.editions:
        found.append(
            Evidence("edition", "the editions differ", _listed(sorted(ours.editions)), _listed(sorted(theirs.editions)))
        )
    if seen.things:
        found.append(
            Evidence("thing", "they are different things", _listed(sorted(ours.things)), _listed(sorted(theirs.things)))
        )
    sides: Mapping[str, tuple[Sequence[object], Sequence[object]]] = {
        "year": (record.years, game.years),
        "people": (record.named, game.named),
        "platforms": (sorted(record.platforms), sorted(game.platforms)),
    }
    for level in pair.levels:
        column = level.partition("_")[2]
        mine, other = sides[column]
        found.append(Evidence(column, _LEVELS[level], _listed(mine), _listed(other)))
    return tuple(found)


def _nearest(record: Side, games: Sequence[Side]) -> list[int]:
    """The places of the games whose titles are nearest: a long list is not compared in full."""
    if len(games) <= _COMPARED:
        return list(range(len(games)))
    ours = record.titles[: record.mains + 2]

    def likeness(place: int) -> float:
        theirs = games[place].titles[:4]
        nearest = max(fuzz.ratio(a.plain, b.plain) for a, b in product(ours, theirs))
        head = any(a.plain_head in (b.plain_head, b.plain) or a.plain == b.plain_head for a, b in product(ours, theirs))
        return nearest + 30 * head

    return sorted(range(len(games)), key=lambda place: (-likeness(place), place))[:_COMPARED]


def _rival(likely: Sequence[Likely], games: Sequence[Side]) -> float:
    """How likely the likeliest other game is. One that nothing tells from the first is no rival, nor is the demo of the
    game; and who bears the record's title only as another title is half a rival of who bears it as the main one."""
    best = likely[0]
    most = 0.0
    for other in likely[1 : _RIVALS + 1]:
        if games[other.place] == games[best.place] or (other.pair.features.things and not best.pair.features.things):
            continue
        lesser = other.pair.features.alias and best.pair.features.same_key and not best.pair.features.alias
        most = max(most, other.likelihood / 2 if lesser else other.likelihood)
    return most


def _title_words(seen: Features) -> str:
    if seen.same_key:
        return "the titles are the same once normalised"
    if seen.same_plain:
        return "the titles are the same in another script" if seen.scripts else "the titles differ in spelling only"
    if seen.head_is_whole:
        return "the titles are the same up to a subtitle"
    if not seen.words_apart:
        return "the titles' words are the same, spelling aside"
    return f"{seen.ratio:.0%} of the titles' letters agree"


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))
