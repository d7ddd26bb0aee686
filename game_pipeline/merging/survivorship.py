"""What the catalogue says of a game: a pure function of its records' claims, human edits and the policy.

The table says which rule each field follows. Storing revisions, opening conflicts and review items do not live here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from game_pipeline.model import GameRecord, canonical_json
from game_pipeline.sources.urls import identity_url

from .claims import Claim, HumanEdit, SourceClaims, SourceRef, speaking, state_claims
from .descriptions import SourceText, Thresholds, merge_descriptions
from .edits import DESCRIPTION, edited_record, standing_edits
from .rules import Conflict, Side, Survivor, most_precise_date, priority, union
from .sentences import split_sentences
from .text import clean_text, fold_words

__all__ = ["FIELDS", "Agreement", "Disagreement", "FieldRule", "MergePolicy", "Merged", "merge"]


def _fold_title(title: str) -> str:
    return fold_words(title) or title


def _fold_name(name: str) -> str:
    return " ".join(sorted(fold_words(name).split())) or name


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """What the caller may turn: when two titles or names are one (matching knows best), when two sentences are."""

    title_key: Callable[[str], str] = _fold_title
    person_key: Callable[[str], str] = _fold_name
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A field of the state: its rule, and how a record states it (None or empty: not at all)."""

    rule: str
    stated: Callable[[GameRecord], Any]


def _parts(name: str) -> Callable[[GameRecord], list[dict[str, Any]]]:
    return lambda record: [part.model_dump() for part in getattr(record, name)]


def _titles(record: GameRecord) -> list[dict[str, Any]]:
    return [{"title": record.title, "lang": None}, *_parts("alt_titles")(record)]


# In the order of the state. "other" is a source's way of not knowing the kind.
FIELDS: dict[str, FieldRule] = {
    "title": FieldRule("priority", lambda record: record.title),
    "alt_titles": FieldRule("union", _titles),
    "kind": FieldRule("priority", lambda record: record.kind if record.kind != "other" else None),
    "release_date": FieldRule("most_precise_date", lambda record: record.release_date),
    "credits": FieldRule("union", _parts("credits")),
    "tags": FieldRule("union", _parts("tags")),
    "urls": FieldRule("union", _parts("urls")),
    "external_ids": FieldRule("union", _parts("external_ids")),
}
_LISTS = frozenset(name for name, rule in FIELDS.items() if rule.rule == "union")
_DESCRIPTION_RULE = "merge_descriptions"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Sources would say otherwise than the edit that stands. Nothing to act on by itself: a person may be asked."""

    field: str
    edit_id: int
    edited: Any
    computed: Any
    sources: tuple[SourceRef, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Sources say what the edit that stands says; of a value that a person deleted, that they state none."""

    field: str
    edit_id: int
    sources: tuple[SourceRef, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """`state` and `provenance` are plain JSON; provenance has an entry for every field that anybody states.

    An entry is {"rule", "sources": [{"source", "record", "version"}]}, for lists also "values": the sources of each
    item in the state's order; or {"rule": "human_edit", "edit", "author", "at"}. There is one conflict a field at most.
    """

    state: dict[str, Any]
    provenance: dict[str, dict[str, Any]]
    conflicts: tuple[Conflict, ...]
    disagreements: tuple[Disagreement, ...]
    agreements: tuple[Agreement, ...] = ()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the sources make of one field."""

    value: Any
    rule: str
    survivor: Survivor

    def provenance(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"rule": self.rule, "sources": [by.to_dict() for by in self.survivor.sources]}
        if self.survivor.each is not None:
            entry["values"] = [list(sources) for sources in self.survivor.each]
        return entry


def merge(claims: Sequence[SourceClaims], edits: Sequence[HumanEdit] = (), policy: MergePolicy | None = None) -> Merged:
    """Merge the records of one game; the order of `claims` and `edits` is no matter.

    Raises ValueError where no record is given or an edit's value has not its field's form.
    """
    policy = policy or MergePolicy()
    heard = speaking(claims)
    if not heard:
        raise ValueError("a game needs at least one record to speak for it")
    standing = standing_edits(edits)
    by_hand = {name: _edited_value(name, edit) for name, edit in standing.items()}
    computed = {name: outcome for name in FIELDS if name != "alt_titles" and (outcome := _survive(name, heard, policy))}
    title = by_hand.get("title") or computed["title"].value
    if others := _other_titles(title, heard, policy):
        computed["alt_titles"] = others
    computed |= _descriptions(heard, policy)

    values = {name: outcome.value for name, outcome in computed.items()} | by_hand
    provenance = {name: outcome.provenance() for name, outcome in computed.items()}
    provenance |= {name: _edit_provenance(edit) for name, edit in standing.items()}
    silent = tuple(claim.ref for claim in heard)
    return Merged(
        state=_state(values),
        provenance=provenance,
        conflicts=tuple(
            Conflict(name, outcome.survivor.sides, outcome.value if name in FIELDS else outcome.value["text"])
            for name, outcome in computed.items()
            if outcome.survivor.sides and name not in by_hand  # a person has chosen already
        ),
        disagreements=tuple(
            Disagreement(name, edit.edit_id, by_hand[name], computed[name].value, computed[name].survivor.sources)
            for name, edit in standing.items()
            if name in computed and _comparable(by_hand[name]) != _comparable(computed[name].value)
        ),
        agreements=tuple(
            Agreement(name, edit.edit_id, computed[name].survivor.sources if name in computed else silent)
            for name, edit in standing.items()
            if _comparable(by_hand[name]) == (_comparable(computed[name].value) if name in computed else None)
        ),
    )


def _state(values: dict[str, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    for name in FIELDS:
        state[name] = values.get(name, [] if name in _LISTS else None)
        if name == "release_date":
            state["descriptions"] = {
                key.removeprefix(DESCRIPTION): values[key]
                for key in sorted(values)
                if key.startswith(DESCRIPTION) and values[key] is not None
            }
    state["kind"] = state["kind"] or "other"
    return state


def _survive(name: str, heard: Sequence[SourceClaims], policy: MergePolicy) -> _Outcome | None:
    rule = FIELDS[name]
    stated = state_claims([claim for claim in heard if name not in claim.mute] or heard, rule.stated)
    if not stated:
        return None
    match rule.rule:
        case "priority":
            survivor = priority(stated)
        case "most_precise_date":
            survivor = most_precise_date(stated)
        case _:
            survivor = union(stated, _sameness(name, policy), _fill)
    return _Outcome(survivor.value, rule.rule, survivor)


def _sameness(name: str, policy: MergePolicy) -> Callable[[dict[str, Any]], Hashable]:
    """When two items of a list are one."""
    samenesses: dict[str, Callable[[dict[str, Any]], Hashable]] = {
        "alt_titles": lambda item: policy.title_key(item["title"]),
        "credits": lambda item: (policy.person_key(item["name"]), item["role"]),
        "tags": lambda item: (item["kind"], item["value"].casefold()),
        "urls": lambda item: _address(item["url"]),
        "external_ids": lambda item: (item["scheme"], item["value"].casefold()),
    }
    return samenesses[name]


def _fill(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """The first wording, with what only the second knows. A link of no known kind takes the kind that another gives."""
    filled = {key: second[key] if value is None else value for key, value in first.items()}
    if first.get("kind") == "other":
        filled["kind"] = second["kind"]
    return filled


def _address(url: str) -> str:
    try:
        return identity_url(url)
    except ValueError:
        return url


def _other_titles(title: str, heard: Sequence[SourceClaims], policy: MergePolicy) -> _Outcome | None:
    """Every other name that sources give the game. What only repeats the title is none."""
    own = policy.title_key(title)
    mute = {claim.ref for claim in heard if "title" in claim.mute}
    claims = [
        Claim(claim.by, others)
        for claim in state_claims(heard, FIELDS["alt_titles"].stated)
        # The first is the record's own title.
        for said in [claim.value[1:] if claim.by in mute else claim.value]
        if (others := [item for item in said if policy.title_key(item["title"]) != own])
    ]
    if not claims:
        return None
    survivor = union(claims, _sameness("alt_titles", policy), _fill)
    return _Outcome(survivor.value, FIELDS["alt_titles"].rule, survivor)


def _descriptions(heard: Sequence[SourceClaims], policy: MergePolicy) -> dict[str, _Outcome]:
    by_language: dict[str, list[tuple[SourceClaims, str]]] = {}
    for claim in heard:
        for description in claim.record.descriptions:
            by_language.setdefault(description.lang or "und", []).append((claim, description.text))
    return {DESCRIPTION + lang: _describe(lang, told, policy) for lang, told in sorted(by_language.items())}


def _describe(lang: str, told: Sequence[tuple[SourceClaims, str]], policy: MergePolicy) -> _Outcome:
    texts = [SourceText(claim.source, claim.priority, text) for claim, text in told]
    merged = merge_descriptions(texts, lang, policy.thresholds)
    value = {
        "text": merged.text,
        "sentences": [{"text": sentence.text, "sources": list(sentence.sources)} for sentence in merged.sentences],
        "method": merged.method,
        "confidence": merged.confidence,
    }
    contradicting = {side.text: side for conflict in merged.conflicts for side in conflict.sides}
    sides = tuple(
        Side(side.text, tuple(claim.ref for claim, _ in told if claim.source in side.sources))
        for side in contradicting.values()
    )
    survivor = Survivor(value, tuple(claim.ref for claim, _ in told), sides)
    return _Outcome(value, _DESCRIPTION_RULE, survivor)


def _edited_value(name: str, edit: HumanEdit) -> Any:
    """The edit's value in the form of the state; None for a description or date that was emptied."""
    record = edited_record(edit)
    if name == "alt_titles":
        return _parts(name)(record)
    if not name.startswith(DESCRIPTION):
        return record.kind if name == "kind" else FIELDS[name].stated(record)
    if not record.descriptions:
        return None
    text = clean_text(record.descriptions[0].text)
    sentences = [{"text": unit.text, "sources": [record.source]} for unit in split_sentences(text)]
    return {"text": text, "sentences": sentences, "method": "human_edit", "confidence": 1.0}


def _edit_provenance(edit: HumanEdit) -> dict[str, Any]:
    return {"rule": "human_edit", "edit": edit.edit_id, "author": edit.author, "at": edit.at.isoformat()}


def _comparable(value: Any) -> Any:
    """What an edit and the sources may differ in: the words of a description, the items of a list in any order."""
    if not value:
        return None
    if isinstance(value, dict):
        return value["text"]
    if isinstance(value, list):
        return sorted(canonical_json(item) for item in value)
    return value
