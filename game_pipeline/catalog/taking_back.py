"""Which older words of a record are heard when some of it is taken back, and what stays to be asked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .hearing import ALL, heard_version, is_of, oldest, resolve

__all__ = ["Version", "as_before", "as_then", "beside_limit", "taken_back"]


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


def beside_limit(
    history: Sequence[Version], limit: Mapping[str, int], before: Mapping[str, int], after: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Taking something back of a record of which a limit holds parts back too: all that is taken back, and what of the
    limit stands.

    `before`, `after`: resolved parts that rollbacks let hear, then and now. What waits for a person stays a question
    where that leaves it as it is; where it goes back, too, the older of its words is heard, and nobody is asked.
    """
    kept = _untouched(history, limit, limit, before, after)
    gone = {part: min(version, heard_version(after, part)) for part, version in limit.items() if part not in kept}
    return {**after, **gone}, kept


def as_then(
    history: Sequence[Version], limit: Mapping[str, int], before: Mapping[str, int], wanted: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Hearing a record as it was heard once (`wanted`, resolved): what is taken back, and what of its limit stands.

    The limit's part in it stays a question where the same is held back as then; what is wanted all the same is named
    with the newest version. `before` as for `beside_limit`.
    """
    if not limit:
        return dict(wanted), {}
    last = history[-1].version
    without = {part: version for part, version in wanted.items() if limit.get(part) != version}
    same = [part for part, version in limit.items() if heard_version(wanted, part) == version]
    kept = _untouched(history, limit, same, before, resolve(without, last))
    taken = {part: version for part, version in wanted.items() if part not in kept}
    held = resolve(kept, last)
    return taken, kept | {part: last for part, version in taken.items() if version > heard_version(held, part)}


def as_before(layers: Iterable[Mapping[str, int]], newest: int, taken: Mapping[str, int]) -> dict[str, int]:
    """What holds with these parts let hear of a record while `newest` was its newest version, of what is `taken` back
    of it since. Every version is named: the record has newer ones now."""
    heard = oldest([resolve(parts, newest) for parts in layers] or [{ALL: newest}])
    if ALL in taken:
        return heard
    inside = {part: version for part, version in heard.items() if any(is_of(part, field) for field in taken)}
    return {part: heard_version(heard, part) for part in taken} | inside


def _untouched(
    history: Sequence[Version],
    limit: Mapping[str, int],
    parts: Iterable[str],
    before: Mapping[str, int],
    after: Mapping[str, int],
) -> dict[str, int]:
    """Those of these parts of a limit whose newer words, which it holds back, are the same after as before. The single
    parts of one that holds all of a record are no questions of their own: they go with it."""
    kept = {}
    for part in parts:
        low, high = sorted((heard_version(before, part), heard_version(after, part)))
        changed = {name for each in history if low < each.version <= high for name in each.changed}
        if low == high or (low and part != ALL and not any(is_of(name, part) or is_of(part, name) for name in changed)):
            kept[part] = limit[part]
    return kept if ALL in kept or ALL not in limit else {}
