"""Which personas are one person: rules that say so for sure, each with its evidence. Pure.

Never by an equal name alone: two authors of one name are two people until something else says that they are one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .personas import Persona, page_of

__all__ = ["Link", "Rule", "links_of"]

Rule = Literal["same_page", "one_of_that_name", "credited_together"]


@dataclass(frozen=True, slots=True)
class Link:
    """Two personas (by key) that are one person, by which rule and why."""

    one: str
    other: str
    rule: Rule
    evidence: tuple[dict[str, Any], ...]


def links_of(personas: Mapping[str, Persona], apart: Collection[tuple[str, str]]) -> list[Link]:
    """Every link that a rule finds, surest rule first; none between personas that a person told apart."""
    found = [*_same_page(personas), *_redirected(personas), *_linked(personas)]
    found += _one_of_that_name(personas, _joined(personas, found, apart))
    of_one = _joined(personas, found, apart)
    found += _credited_together(personas, of_one)
    return [link for link in found if tuple(sorted((link.one, link.other))) not in apart]


def _same_page(personas: Mapping[str, Persona]) -> Iterator[Link]:
    """Two sources give the same page for them."""
    by_page: defaultdict[str, list[Persona]] = defaultdict(list)
    for persona in personas.values():
        if page := page_of(persona.url):
            by_page[page].append(persona)
    for page, same in sorted(by_page.items()):
        for other in same[1:]:
            yield Link(same[0].key, other.key, "same_page", ({"kind": "same_page", "detail": page},))


def _redirected(personas: Mapping[str, Persona]) -> Iterator[Link]:
    """Within one source: an address that leads to the page of one person, and is no page of its own."""
    for address, bearers in sorted(_redirects(personas).items()):
        other = personas.get("|".join(address))
        if len(bearers) == 1 and other is not None and other.page is None and other.key != bearers[0].key:
            detail = f"{other.url} leads to {bearers[0].url}"
            yield Link(bearers[0].key, other.key, "same_page", ({"kind": "redirect", "detail": detail},))


def _redirects(personas: Mapping[str, Persona]) -> dict[tuple[str, str], list[Persona]]:
    """(source, page) -> the personas whose page it is said to lead to."""
    found: defaultdict[tuple[str, str], list[Persona]] = defaultdict(list)
    for persona in personas.values():
        for page in {page_of(url) for url in (persona.page.redirects if persona.page else ())}:
            if page is not None:
                found[persona.source, page].append(persona)
    return found


def _linked(personas: Mapping[str, Persona]) -> Iterator[Link]:
    """In two sources: a page that gives the other's page as one of theirs; it is the only one that gives it, and gives
    no other page of that source."""
    by_page: defaultdict[str, dict[str, Persona]] = defaultdict(dict)
    for persona in personas.values():
        if page := page_of(persona.url):
            by_page[page][persona.source] = persona
    for (source, page), bearers in _redirects(personas).items():
        if len(bearers) == 1 and not ((own := by_page[page].get(source)) and own.page):
            by_page[page][source] = bearers[0]
    given: dict[tuple[str, str], str] = {}
    partners: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for persona in personas.values():
        for url in persona.page.profiles if persona.page else ():
            for source, other in by_page.get(page_of(url) or "", {}).items():
                if source == persona.source:
                    continue
                one, two = sorted((persona.key, other.key))
                given.setdefault((one, two), f"{persona.url} gives {url} as theirs")
                partners[one, personas[two].source].add(two)
                partners[two, personas[one].source].add(one)
    for (one, two), detail in sorted(given.items()):
        if len(partners[one, personas[two].source]) == len(partners[two, personas[one].source]) == 1:
            yield Link(one, two, "same_page", ({"kind": "page_link", "detail": detail},))


def _one_of_that_name(personas: Mapping[str, Persona], of_one: Mapping[str, str]) -> Iterator[Link]:
    """Within one source: a name without a page, where the pages of exactly one person of the source bear that very
    name, or say that they are called so, too."""
    pages: defaultdict[tuple[str, str], list[Persona]] = defaultdict(list)
    for _, persona in sorted(personas.items()):
        if persona.url is not None:
            for name in {name.casefold() for name in persona.called}:
                pages[persona.source, name].append(persona)
    for persona in personas.values():
        name = persona.name.casefold()
        bearers = pages.get((persona.source, name), []) if persona.url is None else []
        if len({of_one[bearer.key] for bearer in bearers}) == 1:
            first = bearers[0]
            names = {spelled for spelled, _ in first.spellings} | ({first.page.name} if first.page else set())
            alias = all(spelled.casefold() != name for spelled in names)
            says = "one page that says it is called so" if alias else "one page of that name"
            detail = f"{persona.source} has {says}, {first.url}"
            kind = "alias" if alias else "one_page"
            yield Link(first.key, persona.key, "one_of_that_name", ({"kind": kind, "detail": detail},))


def _joined(
    personas: Mapping[str, Persona], links: Collection[Link], apart: Collection[tuple[str, str]]
) -> dict[str, str]:
    """Persona key -> one key for all that the links make one."""
    leader = {key: key for key in personas}

    def top(key: str) -> str:
        while leader[key] != key:
            key = leader[key]
        return key

    for link in links:
        if tuple(sorted((link.one, link.other))) not in apart:
            leader[top(link.other)] = top(link.one)
    return {key: top(key) for key in personas}


def _credited_together(personas: Mapping[str, Persona], of_one: Mapping[str, str]) -> Iterator[Link]:
    """In two sources: one name, which only one person of each source bears, in one role of one game."""
    bearers: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for persona in personas.values():
        for name in persona.names:
            bearers[name][persona.source].add(persona.key)
    for name, by_source in sorted(bearers.items()):
        alone = {source: sorted(keys) for source, keys in by_source.items() if len({of_one[key] for key in keys}) == 1}
        sources = sorted(alone)
        for position, ours in enumerate(sources):
            for theirs in sources[position + 1 :]:
                shared = _credits(personas, alone[ours]) & _credits(personas, alone[theirs])
                if shared:
                    evidence: tuple[dict[str, Any], ...] = (
                        {"kind": "name", "detail": f"the only {name!r} of {ours} and of {theirs}"},
                        *({"kind": "credit", "game_id": game, "detail": role} for game, role in sorted(shared)[:5]),
                    )
                    yield Link(alone[ours][0], alone[theirs][0], "credited_together", evidence)


def _credits(personas: Mapping[str, Persona], keys: Collection[str]) -> set[tuple[int, str]]:
    return {credit for key in keys for credit in personas[key].credits}
