"""Which personas are one person: rules that say so for sure, each with its evidence. Pure.

Never by an equal name alone: two authors of one name are two people until something else says that they are one. What
the rules find follows from all that is known now, in whatever order it came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from game_pipeline.matching import name_key, names_compatible

from .grouping import Groups
from .personas import Persona, page_of, written

__all__ = ["Link", "Rule", "links_of"]

Rule = Literal["same_page", "one_of_that_name", "credited_together"]


@dataclass(frozen=True, slots=True)
class Link:
    """Two personas (by key) that are one person, by which rule and why."""

    one: str
    other: str
    rule: Rule
    evidence: tuple[dict[str, Any], ...]


def links_of(
    personas: Mapping[str, Persona],
    apart: Collection[tuple[str, str]],
    together: Iterable[Collection[str]] = (),
) -> list[Link]:
    """Every link that a rule finds, surest rule first; none between personas that a person told apart, through others
    neither. `together`: those that a person said are one."""
    groups = Groups(personas, apart, {key: site for key, each in personas.items() if (site := _site(each))})
    for said in together:
        known = sorted(key for key in said if key in personas)
        for one, other in pairwise(known):
            groups.join(one, other)
    found = _taken(groups, [*_same_page(personas), *_redirected(personas)])
    found += _taken(groups, _one_to_one(personas, groups, _linked(personas)), one_page_a_site=True)
    found += _taken(groups, _one_of_that_name(personas, groups), one_page_a_site=True)
    found += _taken(groups, _credited_together(personas, groups), one_page_a_site=True)
    return found


def _taken(groups: Groups, links: Iterable[Link], *, one_page_a_site: bool = False) -> list[Link]:
    """The links that may be, their groups joined. In an order of their own: of two that exclude each other, one wins
    whichever was found first."""
    ordered = sorted(links, key=lambda link: (link.one, link.other))
    return [link for link in ordered if groups.join(link.one, link.other, one_page_a_site=one_page_a_site)]


def _site(persona: Persona) -> str | None:
    page = page_of(persona.url)
    return page and page.partition("/")[0]


def _same_page(personas: Mapping[str, Persona]) -> Iterator[Link]:
    """Two sources give the same page for them."""
    by_page: defaultdict[str, list[Persona]] = defaultdict(list)
    for _, persona in sorted(personas.items()):
        if page := page_of(persona.url):
            by_page[page].append(persona)
    for page, same in by_page.items():
        for other in same[1:]:
            yield Link(same[0].key, other.key, "same_page", ({"kind": "same_page", "detail": page},))


def _redirected(personas: Mapping[str, Persona]) -> Iterator[Link]:
    """Within one source: an address that leads to the page of one person, and is no page of its own. Where several that
    games credit lead to one page (a team's, a list), only those that bear its name."""
    led: defaultdict[str, list[Persona]] = defaultdict(list)
    for address, bearers in _redirects(personas).items():
        other = personas.get("|".join(address))
        if len(bearers) == 1 and other is not None and other.page is None and other.key != bearers[0].key:
            led[bearers[0].key].append(other)
    for key, others in led.items():
        page = personas[key].page
        for other in others:
            if len(others) > 1 and page and names_compatible([page.name], sorted(other.called)) != "same":
                continue
            detail = f"{other.url} leads to {personas[key].url}"
            yield Link(key, other.key, "same_page", ({"kind": "redirect", "detail": detail},))


def _redirects(personas: Mapping[str, Persona]) -> dict[tuple[str, str], list[Persona]]:
    """(source, page) -> the personas whose page it is said to lead to."""
    found: defaultdict[tuple[str, str], list[Persona]] = defaultdict(list)
    for persona in personas.values():
        for page in {page_of(url) for url in (persona.page.redirects if persona.page else ())}:
            if page is not None:
                found[persona.source, page].append(persona)
    return found


def _linked(personas: Mapping[str, Persona]) -> Iterator[Link]:
    """In two sources: a page that gives the other's page as one of theirs; both may bear one name, or the other gives
    this one back."""
    by_page: defaultdict[str, dict[str, Persona]] = defaultdict(dict)
    for persona in personas.values():
        if page := page_of(persona.url):
            by_page[page][persona.source] = persona
    for (source, page), bearers in _redirects(personas).items():
        if len(bearers) == 1 and not ((own := by_page[page].get(source)) and own.page):
            by_page[page][source] = bearers[0]
    given: dict[tuple[str, str], str] = {}
    for key, persona in sorted(personas.items()):
        for url in sorted(persona.page.profiles) if persona.page else ():
            for source, other in by_page.get(page_of(url) or "", {}).items():
                if source != persona.source:
                    given.setdefault((key, other.key), f"{persona.url} gives {url} as theirs")
    for (key, other_key), detail in given.items():
        ours, theirs = (sorted(personas[each].called) for each in (key, other_key))
        mutual = (other_key, key) in given
        if mutual and other_key < key:
            continue  # said from there
        if mutual or names_compatible(ours, theirs) != "different":
            one, two = sorted((key, other_key))
            yield Link(one, two, "same_page", ({"kind": "page_link", "detail": detail},))


def _one_to_one(personas: Mapping[str, Persona], groups: Groups, links: Iterable[Link]) -> list[Link]:
    """The links without those to a site of which they would join two pages, through whichever others: one of the two is
    wrong, and nothing says which."""
    candidates = list(links)
    whole = Groups(personas)
    for key in personas:
        whole.join(groups[key], key)
    for link in candidates:
        whole.join(link.one, link.other)
    pages: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for key, persona in personas.items():
        if site := _site(persona):
            pages[whole[key], site].add(groups[key])

    def leads_to_two(key: str) -> bool:
        site = _site(personas[key])
        return site is not None and len(pages[whole[key], site]) > 1

    return [link for link in candidates if not leads_to_two(link.one) and not leads_to_two(link.other)]


def _one_of_that_name(personas: Mapping[str, Persona], groups: Groups) -> Iterator[Link]:
    """Within one source: a name without a page, where the pages of exactly one person of the source bear that very
    name, or say that they are called so, too. A single word that no game is known to credit to them ("Peter") is too
    little."""
    pages: defaultdict[tuple[str, str], list[Persona]] = defaultdict(list)
    for _, persona in sorted(personas.items()):
        if persona.url is not None:
            for name in {written(name) for name in persona.called}:
                pages[persona.source, name].append(persona)
    for persona in personas.values():
        name = written(persona.name)
        bearers = pages.get((persona.source, name), []) if persona.url is None else []
        if len({groups[bearer.key] for bearer in bearers}) != 1:
            continue
        own = [bearer for bearer in bearers if name in {written(spelled) for spelled in _main_names(bearer)}]
        if own or len(name_key(persona.name).split()) > 1:
            says = "one page of that name" if own else "one page that says it is called so"
            bearer = (own or bearers)[0]
            detail = f"{persona.source} has {says}, {bearer.url}"
            kind = "one_page" if own else "alias"
            yield Link(bearer.key, persona.key, "one_of_that_name", ({"kind": kind, "detail": detail},))


def _main_names(persona: Persona) -> set[str]:
    """Not what a page says besides."""
    return persona.credited | ({persona.page.name} if persona.page else set())


def _credited_together(personas: Mapping[str, Persona], groups: Groups) -> list[Link]:
    """In two sources: one name, which only one person of each source bears, in one role of one game."""
    bearers: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for persona in personas.values():
        for name in persona.names:
            bearers[name][persona.source].add(persona.key)
    found: list[Link] = []
    for name, by_source in sorted(bearers.items()):
        alone = {source: sorted(keys) for source, keys in by_source.items() if len({groups[key] for key in keys}) == 1}
        sources = sorted(alone)
        for position, ours in enumerate(sources):
            for theirs in sources[position + 1 :]:
                shared = _credits(personas, alone[ours]) & _credits(personas, alone[theirs])
                if shared:
                    evidence: tuple[dict[str, Any], ...] = (
                        {"kind": "name", "detail": f"the only {name!r} of {ours} and of {theirs}"},
                        *({"kind": "credit", "game_id": game, "detail": role} for game, role in sorted(shared)[:5]),
                    )
                    found.append(Link(alone[ours][0], alone[theirs][0], "credited_together", evidence))
    return found


def _credits(personas: Mapping[str, Persona], keys: Collection[str]) -> set[tuple[int, str]]:
    return {credit for key in keys for credit in personas[key].credits}
