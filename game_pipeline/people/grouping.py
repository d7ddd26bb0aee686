"""Which personas are one so far: groups that grow by one join after another, and what no join may bring together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

__all__ = ["Groups"]


class Groups:
    """Keys in groups. Never in one: two that a person told apart (`apart`), through whichever others."""

    def __init__(
        self, keys: Iterable[str], apart: Collection[tuple[str, str]] = (), sites: Mapping[str, str] | None = None
    ) -> None:
        """`sites`: of those keys that are a page, the site that it is on."""
        self._leader = {key: key for key in keys}
        self._members = {key: {key} for key in self._leader}
        self._sites = {key: {sites[key]} if sites and key in sites else set() for key in self._leader}
        self._apart: defaultdict[str, set[str]] = defaultdict(set)
        for one, other in apart:
            self._apart[one].add(other)
            self._apart[other].add(one)

    def __getitem__(self, key: str) -> str:
        """The key that stands for the group."""
        return self._leader[key]

    def members(self, key: str) -> set[str]:
        """All that are one with it, itself among them."""
        return self._members[self._leader[key]]

    def join(self, one: str, other: str, *, one_page_a_site: bool = False) -> bool:
        """Make one group of two, if they may be one. `one_page_a_site`: not where each has a page on one site."""
        kept, gone = sorted((self._leader[one], self._leader[other]))
        if kept == gone:
            return True
        if one_page_a_site and not self._sites[kept].isdisjoint(self._sites[gone]):
            return False
        ours, theirs = self._members[kept], self._members[gone]
        if any(not self._apart[key].isdisjoint(theirs) for key in ours if key in self._apart):
            return False
        for key in theirs:
            self._leader[key] = kept
        ours |= self._members.pop(gone)
        self._sites[kept] |= self._sites.pop(gone)
        return True
