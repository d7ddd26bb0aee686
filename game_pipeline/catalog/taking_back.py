"""Which older words of a record are heard when some of its versions are taken back. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .hearing import ALL, heard_version, resolve

__all__ = ["Version", "taken_back"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record: what kind of change brought it, and in which parts."""

    version: int
    change: str
    changed: tuple[str, ...]


def taken_back(
    history: Sequence[Version], unwanted: Collection[int], *, readings_count: bool, standing: Mapping[str, int]
) -> dict[str, int] | None:
    """The parts to hear of a record without its `unwanted` versions; None where nothing of them is heard any more.

    `history`: all versions, oldest first. Where unwanted ones are the last, the version before them is heard (or
    silence). Where the page has changed again since, only the parts that it left as the unwanted version had them go
    back; what it first said stays where nothing else was ever said. `readings_count`: a new reading of an old page
    counts as a change of the page (so it does where a parser's work is taken back). `standing`: parts that are held
    already, unresolved.
    """
    unheard = set(unwanted)
    if not readings_count:
        for each in history:  # a new reading of an unwanted page is as unwanted
            if each.change == "reparsed" and each.version - 1 in unheard:
                unheard.add(each.version)
    last = base = history[-1].version
    while base in unheard:
        base -= 1
    if not base:
        return {ALL: 0}
    now = resolve(standing, last)
    until = [each for each in history if each.version <= base]
    back = {
        part: min(target, heard_version(now, part))
        for part in sorted({part for each in until if each.version in unheard for part in each.changed})
        if (target := _before(part, until, unheard)) is not None
    }
    if base == last:
        return {**standing, **back} if back else None
    older = {part: version for part, version in standing.items() if version < base and part != ALL}
    return {**older, **back, ALL: min(base, now[ALL])}


def _before(part: str, history: Sequence[Version], unheard: Collection[int]) -> int | None:
    """The version whose word on a part stands without the unheard ones; None where a wanted version spoke last."""
    changes = [each.version for each in history if part in each.changed or each.change == "new"]
    if changes[-1] not in unheard:
        return None
    while changes and changes[-1] in unheard:
        target = changes.pop() - 1
    return target or None
