"""Wikidata: its query service as listing and feed, entities as pages. How an entity reads is in `wikidata_item`.

Formats: the documentation of Special:EntityData, of wbgetentities and of the query service; whole replies of both,
which were not about games.
"""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import quote

from game_pipeline.model import Attribution, GameRecord

from .base import (
    Coverage,
    Expects,
    Feed,
    Listing,
    Page,
    PageRef,
    ParseError,
    Policy,
    Request,
    Response,
    Source,
)
from .jsondoc import listed, mapping, parse_json, string
from .ranges import IdRanges
from .wikidata_item import GAME_CLASSES, entity_record, is_game

__all__ = ["Wikidata"]

_SPARQL = "https://query.wikidata.org/sparql?format=json&query="
_LISTED = 5_000  # rows of a listing's part: a second or two of the service's minute
_CHANGED = 1_000
_ITEMS = IdRanges("items", "Items Q", 1_000_000, 161)
_ITEM = re.compile(r"Q([1-9]\d{0,11})")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# The service's servers lag behind the site, each by its own little.
_OVERLAP = dt.timedelta(hours=1)

_GAMES = (
    f"VALUES ?class {{ {' '.join(f'wd:{item}' for item in GAME_CLASSES)} }} ?item wdt:P31 ?class ; "
    "schema:version ?version ; schema:dateModified ?modified . "
    'BIND(xsd:integer(STRAFTER(STR(?item), "/entity/Q")) AS ?n)'
)


def _query(condition: str, order: str, limit: int) -> Request:
    query = (
        f"SELECT DISTINCT ?item ?version ?modified ?n WHERE {{ {_GAMES} {condition} }} ORDER BY {order} LIMIT {limit}"
    )
    return Request(_SPARQL + quote(query, safe=""), conditional=False)


def _after(number: int) -> Request:
    return _query(f"FILTER(?n > {number})", "?n", _LISTED)


def _changed(moment: str, number: int = 0) -> Request:
    """What changed after a moment, or in it with a higher number: several items may share the moment."""
    literal = f'"{moment}"^^xsd:dateTime'
    condition = f"FILTER(?modified > {literal} || (?modified = {literal} && ?n > {number}))"
    return _query(condition, "?modified ?n", _CHANGED)


class Wikidata(Source):
    """The free knowledge base, of which every instance of a video game, an expansion or a modification is listed.

    A page's fingerprint is its revision, which the query service knows. An item that was merged into another answers
    with that one's document, and is that one's record. Developers and publishers are kept by their items
    (`extra.developer_items`): what those are called is in no game's document. Robots may have an entity's document by
    its address with an ending (`.json`), and by no other.
    `verified` is False: the format is documented and was seen in whole replies, though of no game.
    """

    name = "wikidata"
    title = "Wikidata"
    home = "https://www.wikidata.org/"
    hosts = ("wikidata.org", "query.wikidata.org")
    attribution = Attribution(site="Wikidata", licence="CC0-1.0")
    policy = Policy(
        min_delay=1.0,
        max_body=16 * 1024 * 1024,
        revisit_min=dt.timedelta(days=7),
        revisit_mean=dt.timedelta(days=90),
        revisit_max=dt.timedelta(days=180),
        reimport_cron="0 3 1 */3 *",
        priority=60,
    )
    verified = False
    parser_version = 1
    segments = _ITEMS.segments
    volatile = frozenset({"extra.revision", "extra.modified"})
    expects = Expects(
        coverage=(
            Coverage("release_date", 0.4, "claims.P577"),
            Coverage("tags.platform", 0.3, "claims.P400"),
        )
    )

    def segment_of(self, key: str) -> str:
        return _ITEMS.of(key.removeprefix("Q"))

    def locate(self, url: str) -> Listing:
        item = self.identity(url)
        if item is None:
            raise ValueError(f"no address of an item of Wikidata (wikidata.org/wiki/Q…): {url[:120]}")
        return Listing(pages=(self._page(item),))

    def listing(self) -> tuple[Request, ...]:
        return (_after(0),)

    def parse_listing(self, response: Response) -> Listing:
        """A part of the games in the order of their numbers; one that is not full is the last."""
        rows = self._rows(response.body)
        following = (_after(max(_number(item) for item, _, _ in rows)),) if len(rows) >= _LISTED else ()
        return Listing(pages=tuple(self._page(item, version) for item, version, _ in rows), next=following)

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        if cursor and _MOMENT.fullmatch(cursor):
            try:
                since = dt.datetime.strptime(cursor, "%Y-%m-%dT%H:%M:%SZ") - _OVERLAP
                return (_changed(since.strftime("%Y-%m-%dT%H:%M:%SZ")),)
            except (ValueError, OverflowError):
                pass  # no date after all: its place is fixed anew
        return (_query("", "DESC(?modified)", 1),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """Changed games from old to new. The cursor is the newest moment seen; without one, the newest there is."""
        rows = self._rows(response.body)
        newest = max([cursor or "", *(moment for _, _, moment in rows)]) or None
        pages = tuple(self._page(item, version) for item, version, _ in rows)
        if not cursor or len(rows) < _CHANGED:
            return Feed(pages=pages, cursor=newest)
        item, _, moment = rows[-1]
        return Feed(pages=pages, cursor=newest, next=(_changed(moment, _number(item)),))

    def parse(self, page: Page) -> list[GameRecord]:
        """The games among the entities of a document (EntityData, wbgetentities); what is no game gives no record."""
        document = parse_json(page.body, what="entities")
        if "error" in document:
            error = mapping(document["error"])
            raise ParseError("error", f"{string(error.get('code')) or 'unnamed'}: {string(error.get('info'))}"[:300])
        if not mapping(document.get("entities")):
            raise ParseError("entities", "missing")
        records: dict[str, GameRecord] = {}
        for key, value in document["entities"].items():
            entity, where = mapping(value), f"entities.{key[:20]}"
            if "missing" in entity:
                raise ParseError(f"{where}.missing", "Wikidata has no such item")
            if not _ITEM.fullmatch(string(entity.get("id"))):
                raise ParseError(f"{where}.id", f"no item: {string(entity.get('id'))[:40]!r}")
            if is_game(entity):
                record = entity_record(self, entity, where)
                records[record.identity] = record
        return list(records.values())

    @staticmethod
    def _page(item: str, version: str | None = None) -> PageRef:
        return PageRef(
            key=item,
            url=f"https://www.wikidata.org/wiki/{item}",
            request=Request(f"https://www.wikidata.org/wiki/Special:EntityData/{item}.json"),
            fingerprint=version or None,
        )

    @staticmethod
    def _rows(body: bytes) -> list[tuple[str, str, str]]:
        """Item, version and moment of each row of a query's results. A query that took too long breaks off in the
        middle of them, with the status of success."""
        document = parse_json(body, what="SPARQL results")
        bindings = mapping(document.get("results")).get("bindings")
        if not isinstance(bindings, list):
            raise ParseError("results.bindings", "missing")
        rows = []
        for binding in map(mapping, listed(bindings)):
            values = {name: string(mapping(found).get("value")) for name, found in binding.items()}
            if not binding.keys() >= {"item"}:
                raise ParseError("results.bindings[..].item", f"missing; there are {', '.join(binding)[:80]}")
            match = re.fullmatch(r"https?://www\.wikidata\.org/entity/(Q[1-9]\d{0,11})", values["item"])
            if match:  # what has no name of its own (a blank node) is no item
                moment = values.get("modified", "")
                rows.append((match[1], values.get("version", ""), moment if _MOMENT.fullmatch(moment) else ""))
        return rows


def _number(item: str) -> int:
    return int(item[1:])
