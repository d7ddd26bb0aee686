"""What may be said to the catalogue of the state machine: by three small sources, by an editor, by an operator."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from game_pipeline.catalog import Limits
from game_pipeline.sources import Segment
from game_pipeline_tests.changes.tiny_site import JsonSource

from .curating import PRIORITIES, shared

__all__ = [
    "EDITS",
    "FIELDS",
    "IDENTITIES",
    "NTH",
    "PARSERS",
    "RANKS",
    "SOURCES",
    "TIGHT",
    "TOLD",
    "claims_of",
    "reader",
]

TIGHT = Limits(description_kept=0.6, title_similarity=0.7, date_years=2, links_kept=0.7, run_share=0.6, run_minimum=2)
RANKS = (PRIORITIES, {"alpha": 30, "beta": 20, "gamma": 10}, {"alpha": 20, "beta": 20, "gamma": 5})
PARSERS = (1, 2, 3, 4)


class Reader(JsonSource):
    """Version 3 of its parser knows no more of a date than the year; version 4 is as version 2."""

    segments = (Segment("one", "One"),)

    def _record(self, game: dict[str, Any]) -> Any:
        if self.parser_version == 3 and game.get("release_date"):
            game["release_date"] = game["release_date"][:4]
        return super()._record(game)


def reader(name: str, parser_version: int) -> JsonSource:
    made: JsonSource = type(name.title(), (Reader,), {"name": name, "parser_version": parser_version})()
    return made


_LONG = "The owl flies at night. It sees what the day hides. It eats 2 mice. " * 4
_TEXTS = {
    "long": _LONG,
    "longer": _LONG + "It sleeps at noon.",
    "short": "The owl flies at night.",
    "mice": "It eats 3 mice.",
}
_LINKS = [{"url": f"https://owl.example/{n}", "kind": "other", "label": None} for n in range(5)]

# In short words, which `claims_of` spells out: a failure is a story that somebody has to read.
TOLD = st.fixed_dictionaries(
    {"title": st.sampled_from(["Owl", "Owl", "Сова", "Owl 2", "The Crow", "Owls"])},
    optional={
        "date": st.sampled_from(["1999", "2001", "2001-05", "2002"]),
        "text": st.sampled_from(sorted(_TEXTS)),
        "genre": st.sampled_from(["puzzle", "drama"]),
        "links": st.sampled_from([5, 4, 1]),
        "ifid": st.sampled_from(["OWL-ONE-0000", "CROW-ONE-0000"]),
    },
)


def claims_of(told: dict[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = {"title": told["title"]}
    if "date" in told:
        claims["release_date"] = told["date"]
    if "text" in told:
        claims["descriptions"] = [{"lang": "en", "text": _TEXTS[told["text"]]}]
    if "genre" in told:
        claims["genre"] = told["genre"]
    if "links" in told:
        claims["urls"] = _LINKS[: told["links"]]
    if "ifid" in told:
        claims["external_ids"] = shared(told["ifid"])
    return claims


SOURCES = st.sampled_from(sorted(PRIORITIES))
IDENTITIES = st.sampled_from("12")
NTH = st.integers(0, 30)
EDITS = st.sampled_from(
    [
        ("title", "Eule"),
        ("title", "Owl"),
        ("release_date", "1980"),
        ("release_date", None),
        ("tags", []),
        ("descriptions.en", "By hand."),
        ("descriptions.en", None),
        ("descriptions.ru", "Сова."),
        ("urls", [{"url": "https://hand.example/", "kind": "other", "label": None}]),
        ("alt_titles", [{"title": "Uhu", "lang": "de"}]),
    ]
)
FIELDS = sorted({"title", "release_date", "tags", "descriptions.en", "descriptions.ru", "urls", "alt_titles"})
