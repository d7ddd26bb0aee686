"""One record beside one game: every observation that a decision rests on, with its words. Judging is `decide`'s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from .keys import clashing_ids
from .names import NamesRelation, names_compatible
from .titles import NumbersRelation, Title, TitleRelation, parse_title, relate, relate_numbers
from .values import Candidate, Claims, Evidence, Policy

__all__ = ["Comparison", "YearsRelation", "compare"]

YearsRelation = Literal["equal", "near", "apart", "unknown"]

_CLOSEST: tuple[TitleRelation, ...] = ("equal", "spacing", "transliterated", "head", "none")
_NUMBERS: tuple[NumbersRelation, ...] = ("same", "one_sided", "conflict")
_TITLE_WORDS = {
    "equal": "the titles are the same once normalised",
    "spacing": "the titles differ in spaces only",
    "transliterated": "the titles are the same in another script",
    "head": "the titles are the same up to a subtitle",
    "none": "the titles differ",
}
_NUMBER_WORDS = {
    "one_sided": "only one title has the number of a first part",
    "conflict": "the numbers in the titles differ",
}
_YEAR_WORDS = {
    "equal": "the years are the same",
    "near": "the years are next to each other",
    "apart": "the years are far apart",
    "unknown": "a side has no year",
}
_PEOPLE_WORDS = {
    "same": "an author is the same",
    "different": "the authors differ",
    "unknown": "the authors cannot be compared",
}
# Things that are sold or told of beside a game and must not become it. An edition or a thing of unknown kind may be it.
_APART = frozenset({"demo", "dlc", "soundtrack"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was seen. `strong` and `weak` are the shared key tokens, `clashes` the schemes whose ids differ."""

    game_id: int
    strong: tuple[str, ...]
    weak: tuple[str, ...]
    title: TitleRelation
    rare_title: bool
    numbers: NumbersRelation
    years: YearsRelation
    people: NamesRelation
    kinds_conflict: bool
    scripts_differ: bool
    clashes: tuple[str, ...]
    same_source: bool
    evidence: tuple[Evidence, ...]

    @property
    def same_title(self) -> bool:
        return self.title not in ("head", "none")


def compare(record: Claims, candidate: Candidate, hubs: frozenset[str], policy: Policy) -> Comparison:
    """Look at every feature. Keys among `hubs` count as weak, whatever their kind."""
    shared = [key for key in record.keys if key.token in candidate.keys]
    strong = tuple(sorted(key.token for key in shared if key.strength == "strong" and key.token not in hubs))
    weak = tuple(sorted({key.token for key in shared} - set(strong)))
    ours, theirs = _parsed(record.titles), _parsed(candidate.titles)
    title, our_title, their_title = _closest(ours, theirs)
    numbers = min((relate_numbers(a.numbers, b.numbers) for a, b in product(ours, theirs)), key=_NUMBERS.index)
    years = _relate_years(record.years, candidate.years, policy.year_tolerance)
    people = names_compatible(record.people, candidate.people)
    kinds_conflict = record.kind != candidate.kind and bool({record.kind, candidate.kind} & _APART)
    # A page may say it in the title alone: "Doom (Demo)" is not Doom.
    things_conflict = all(a.things != b.things for a, b in product(ours, theirs))
    # A key of a known scheme is an id too: the game's page at a source need not repeat it as an external id.
    clashes = clashing_ids(_ids(record), (*candidate.external_ids, *map(_split_token, candidate.keys)))
    same_source = record.source in candidate.sources

    evidence = [Evidence("key", f"both carry {token}", token, token) for token in strong]
    evidence += [
        Evidence("weak_key", f"both carry {token}, which may serve several games", token, token) for token in weak
    ]
    evidence.append(Evidence("title", _TITLE_WORDS[title], our_title.key, their_title.key))
    if numbers != "same":
        evidence.append(Evidence("numbers", _NUMBER_WORDS[numbers], our_title.key, their_title.key))
    evidence.append(Evidence("year", _YEAR_WORDS[years], _listed(record.years), _listed(candidate.years)))
    evidence.append(Evidence("people", _PEOPLE_WORDS[people], _listed(record.people), _listed(candidate.people)))
    if things_conflict:
        words = "one is a demo, an addition or the like by its title"
        evidence.append(Evidence("thing", words, our_title.raw, their_title.raw))
    if kinds_conflict:
        evidence.append(Evidence("kind", "they are different kinds of thing", record.kind, candidate.kind))
    evidence += [Evidence("id", f"a game has one {scheme}, these differ", a, b) for scheme, a, b in clashes]
    if same_source:
        detail = f"{record.source} already has another page of this game"
        evidence.append(Evidence("source", detail, record.identity, record.source))
    return Comparison(
        game_id=candidate.game_id,
        strong=strong,
        weak=weak,
        title=title,
        rare_title=_rare(our_title, policy),
        numbers=numbers,
        years=years,
        people=people,
        kinds_conflict=kinds_conflict or things_conflict,
        scripts_differ=our_title.cyrillic != their_title.cyrillic,
        clashes=tuple(scheme for scheme, _, _ in clashes),
        same_source=same_source,
        evidence=tuple(evidence),
    )


def _parsed(titles: Sequence[str]) -> tuple[Title, ...]:
    return tuple(parse_title(title) for title in titles)


def _closest(ours: Sequence[Title], theirs: Sequence[Title]) -> tuple[TitleRelation, Title, Title]:
    pairs = [(relate(a, b), a, b) for a, b in product(ours, theirs)]
    return min(pairs, key=lambda pair: _CLOSEST.index(pair[0]))


def _rare(title: Title, policy: Policy) -> bool:
    return len(title.compact) >= policy.rare_title_letters and len(title.key.split()) >= policy.rare_title_words


def _relate_years(ours: Sequence[int], theirs: Sequence[int], tolerance: int) -> YearsRelation:
    if not ours or not theirs:
        return "unknown"
    distance = min(abs(a - b) for a, b in product(ours, theirs))
    if distance == 0:
        return "equal"
    return "near" if distance <= tolerance else "apart"


def _ids(record: Claims) -> tuple[tuple[str, str], ...]:
    return (*record.external_ids, *((key.kind, key.value) for key in record.keys))


def _split_token(token: str) -> tuple[str, str]:
    kind, _, value = token.partition(":")
    return kind, value


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))
