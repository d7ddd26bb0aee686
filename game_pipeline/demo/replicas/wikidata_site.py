"""Wikidata as it answers: documents of entities, and the few shapes of queries that its source asks.

The switch `layout` calls labels and aliases otherwise.
"""

import re
from typing import Any

from game_pipeline.demo.world.stores import StoreEntry

from .days import World
from .noise import roll, token
from .reply import Reply, Target, html_page
from .site import Site
from .stock import changed_at, entries_with, json_reply

_NAME = "wikidata"
_PLATFORMS = {
    "Windows": "Q1406",
    "macOS": "Q14116",
    "Linux": "Q388",
    "DOS": "Q47604",
    "Android": "Q94",
    "iOS": "Q48493",
}
_LANGUAGES = {"en": "Q1860", "ru": "Q7737"}
# An item that was merged into another: a placeholder, and Zork I.
_MERGED = {"Q1954321": "Q195002"}
# Entities have many addresses, of which robots may have those with an ending.
_ROBOTS = """User-agent: *
Disallow: /wiki/Special:Random
Disallow: /wiki/Special:EntityData/
Allow: /wiki/Special:EntityData/*.
"""
_UNCACHED = (("Cache-Control", "public, s-maxage=300"),)


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET to one of the hosts."""
    if target.path == "/robots.txt":
        return Reply(body=_ROBOTS.encode(), content_type="text/plain")
    if target.host == "query.wikidata.org" and target.path == "/sparql":
        return _results(world, target.query.get("query", ""))
    if match := re.fullmatch(r"/wiki/Special:EntityData/(Q\d+)\.json", target.path):
        item = _MERGED.get(match[1], match[1])
        entry = next((entry for entry in entries_with(world, "wikidata") if f"Q{entry.wikidata}" == item), None)
        if entry is not None:
            return json_reply({"entities": {item: _entity(world, target, entry)}}, headers=_UNCACHED)
    return html_page("Not Found", "<h1>Not Found</h1>", lang="en", status=404)


def _version(world: World, entry: StoreEntry) -> int:
    return 2_400_000_000 + int(changed_at(world, entry).timestamp()) % 100_000_000


def _results(world: World, query: str) -> Reply:
    """The rows of `SELECT ?item ?version ?modified ?n` after a number or a moment, in the order asked for."""
    rows = [
        (entry.wikidata or 0, _version(world, entry), f"{changed_at(world, entry):%Y-%m-%dT%H:%M:%SZ}")
        for entry in entries_with(world, "wikidata")
    ]
    if moment := re.search(r'\?modified > "([^"]+)"\^\^xsd:dateTime \|\| \(.*&& \?n > (\d+)\)', query):
        rows = [row for row in rows if (row[2], row[0]) > (moment[1], int(moment[2]))]
    elif number := re.search(r"FILTER\(\?n > (\d+)\)", query):
        rows = [row for row in rows if row[0] > int(number[1])]
    by_moment = "?modified" in query.partition("ORDER BY")[2]
    rows.sort(key=lambda row: (row[2], row[0]) if by_moment else row[0], reverse="DESC(" in query)
    limit = re.search(r"LIMIT (\d+)", query)
    bindings = [
        {
            "item": {"type": "uri", "value": f"http://www.wikidata.org/entity/Q{item}"},
            "version": _literal(version, "integer"),
            "modified": _literal(modified, "dateTime"),
            "n": _literal(item, "integer"),
        }
        for item, version, modified in rows[: int(limit[1]) if limit else None]
    ]
    document = {"head": {"vars": ["item", "version", "modified", "n"]}, "results": {"bindings": bindings}}
    return Reply(body=json_reply(document).body, content_type="application/sparql-results+json;charset=utf-8")


def _literal(value: object, kind: str) -> dict[str, str]:
    return {"datatype": f"http://www.w3.org/2001/XMLSchema#{kind}", "type": "literal", "value": str(value)}


def _entity(world: World, target: Target, entry: StoreEntry) -> dict[str, Any]:
    item = f"Q{entry.wikidata}"
    claims = [
        _item("P31", "Q7889"),
        *(_item("P400", _PLATFORMS[name]) for name in entry.platforms if name in _PLATFORMS),
        *(_item("P407", _LANGUAGES[code]) for code in entry.languages),
        _item("P404", "Q208850" if entry.players == 1 else "Q6895044"),
        _date(entry.released),
        _text("P9968", entry.slug),
        _text("P5794", entry.slug, qualifiers={"P9043": [_text("P9043", str(entry.igdb))["mainsnak"]]}),
        *([_text("P1733", str(entry.steam)), _text("P1733", "1", rank="deprecated")] if entry.steam else []),
        *([_text("P3180", f"v{entry.vndb}")] if entry.vndb else []),
        _unknown("P178"),
    ]
    grouped: dict[str, list[dict[str, Any]]] = {}
    for claim in claims:
        grouped.setdefault(claim["mainsnak"]["property"], []).append(claim)
    labels, aliases = ("names", "other_names") if "layout" in target.switches else ("labels", "aliases")
    return {
        "pageid": 1_000_000 + (entry.wikidata or 0),
        "ns": 0,
        "title": item,
        "lastrevid": _version(world, entry),
        "modified": f"{changed_at(world, entry):%Y-%m-%dT%H:%M:%SZ}",
        "type": "item",
        "id": item,
        labels: {"en": {"language": "en", "value": entry.title}},
        "descriptions": {"en": {"language": "en", "value": f"{entry.released[:4]} video game"}},
        aliases: {"en": [{"language": "en", "value": entry.title.upper()}]},
        "claims": grouped,
        "sitelinks": {"enwiki": {"site": "enwiki", "title": entry.title, "badges": []}} if roll(2, item) else {},
    }


def _claim(property_: str, snak: dict[str, Any], rank: str, qualifiers: dict[str, Any] | None) -> dict[str, Any]:
    claim = {
        "mainsnak": {"property": property_, "hash": token(property_, snak), **snak},
        "type": "statement",
        "id": f"Q0${token(property_, snak, rank)}",
        "rank": rank,
    }
    return claim | ({"qualifiers": qualifiers} if qualifiers else {})


def _item(property_: str, item: str) -> dict[str, Any]:
    value = {"entity-type": "item", "numeric-id": int(item[1:]), "id": item}
    snak = {"snaktype": "value", "datavalue": {"value": value, "type": "wikibase-entityid"}}
    return _claim(property_, snak, "normal", None)


def _text(
    property_: str, text: str, *, rank: str = "normal", qualifiers: dict[str, Any] | None = None
) -> dict[str, Any]:
    snak = {"snaktype": "value", "datavalue": {"value": text, "type": "string"}}
    return _claim(property_, snak, rank, qualifiers)


def _unknown(property_: str) -> dict[str, Any]:
    return _claim(property_, {"snaktype": "somevalue"}, "normal", None)


def _date(released: str) -> dict[str, Any]:
    time = f"+{released}T00:00:00Z" if len(released) > 4 else f"+{released}-00-00T00:00:00Z"
    value = {"time": time, "timezone": 0, "before": 0, "after": 0, "precision": 11 if len(released) > 4 else 9}
    return _claim("P577", {"snaktype": "value", "datavalue": {"value": value, "type": "time"}}, "normal", None)


SITE = Site(
    _NAME,
    ("wikidata.org", "www.wikidata.org", "query.wikidata.org"),
    answer,
    lambda world: (f"Q{entry.wikidata}" for entry in entries_with(world, "wikidata")),
    redesigns=True,
)
