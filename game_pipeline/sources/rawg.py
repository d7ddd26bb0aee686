"""RAWG (rawg.io): the most widely kept games as listing, the newest changes as feed. How a game reads is in
`rawg_game`.

Formats: a whole detail document and a whole list, captured; the API's documentation (api.rawg.io/docs).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

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
    Secret,
    Source,
)
from .identities import site_id
from .jsondoc import mapping, number, parse_json, string
from .many import read_many
from .ranges import IdRanges
from .rawg_game import game_record
from .urls import query_of

__all__ = ["RAWG", "WIDELY_KEPT"]

_API = "https://api.rawg.io/api/games"
_PER_PAGE = 40
WIDELY_KEPT = 100
"""A game is one of ours once so many people keep it: of a million, that leaves what more than a few have heard of, and
what the free tier (20,000 requests a month) can carry."""
_LAST_DAY = "2099-12-31"
_IDS = IdRanges("ids", "Ids", 10_000, 101)
_ID = re.compile(r"[1-9]\d{0,8}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
# `updated` carries no time zone, and changes reach the list late by a little.
_OVERLAP = dt.timedelta(hours=1)


def _list(page: int, **parameters: str) -> Request:
    query = "".join(f"&{name}={value}" for name, value in parameters.items())
    return Request(f"{_API}?key={{RAWG_KEY}}{query}&page_size={_PER_PAGE}&page={page}", conditional=False)


class RAWG(Source):
    """RAWG. Every request carries the key, and the site's replies repeat it in `next`: neither is stored.

    Listed, and followed, are the games that at least a hundred people keep; any other comes by its address. An
    address has a slug, which is looked up.
    """

    name = "rawg"
    title = "RAWG"
    home = "https://rawg.io/"
    hosts = ("rawg.io", "api.rawg.io")
    attribution = Attribution(site="RAWG", licence="RAWG terms: attribution with a link")
    policy = Policy(
        min_delay=1.0,
        requests_per_day=650,
        revisit_min=dt.timedelta(days=7),
        revisit_mean=dt.timedelta(days=90),
        revisit_max=dt.timedelta(days=180),
        reimport_cron="0 3 1 */3 *",
        priority=45,
    )
    verified = True
    parser_version = 1
    segments = _IDS.segments
    volatile = frozenset(
        f"extra.{key}"
        for key in ("added", "metacritic", "playtime", "rating", "ratings_count", "reviews_count", "updated")
    )
    expects = Expects(
        coverage=(
            Coverage("tags.platform", 0.6, "platforms[..].platform.name"),
            Coverage("release_date", 0.6, "released"),
        )
    )
    needs = (Secret("RAWG_KEY", "a RAWG API key", "https://rawg.io/apidocs", ("api.rawg.io",)),)

    def owns(self, url: str) -> bool:
        return bool(self._name_in(url))

    def identity(self, url: str) -> str | None:
        """The number, in the few addresses that have one for a slug."""
        name = self._name_in(url)
        return name if _ID.fullmatch(name) else None

    def segment_of(self, key: str) -> str:
        return _IDS.of(key)

    def locate(self, url: str) -> Listing:
        name = self._name_in(url)
        if not name:
            raise ValueError(f"no address of a game on RAWG (rawg.io/games/…): {url[:120]}")
        if _ID.fullmatch(name):
            return Listing(pages=(self._page(int(name), name, None),))
        return Listing(next=(Request(f"{_API}/{name}?key={{RAWG_KEY}}", conditional=False),))

    def listing(self) -> tuple[Request, ...]:
        return (_list(1, ordering="-added"),)

    def parse_listing(self, response: Response) -> Listing:
        """A page of the list, most kept first, or the document that a slug led to."""
        document = self._document(response.body)
        if "results" not in document:
            identity = self._id_of(document, "game")
            return Listing(pages=(self._page(identity, string(document.get("slug")), string(document.get("updated"))),))
        rows = self._results(document)
        enough = [row for row in rows if self._widely_kept(row)]
        more = document.get("next") is not None and len(enough) == len(rows) and bool(rows)
        following = (_list(self._number(response) + 1, ordering="-added"),) if more else ()
        return Listing(pages=self._pages(enough), next=following)

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        return (self._changes(cursor, 1),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """Changed games, newest first, down to the newest one seen. The cursor is its `updated`.

        What changes during the walk comes to the front and pushes the others back: some are named twice, none is
        skipped. Without a cursor one page fixes the place.
        """
        document = self._document(response.body)
        rows = self._results(document)
        moments = [moment for row in rows if _MOMENT.fullmatch(moment := string(row.get("updated"))[:19])]
        page = self._number(response)
        newest = max([*moments, cursor or ""]) if page == 1 and moments else None
        until = self._until(cursor)
        pages = self._pages([row for row in rows if self._widely_kept(row) and string(row.get("updated")) >= until])
        if not cursor:
            return Feed(pages=pages, cursor=newest)
        more = document.get("next") is not None and bool(moments) and min(moments) >= until
        return Feed(pages=pages, cursor=newest, next=(self._changes(cursor, page + 1),) if more else ())

    def parse(self, page: Page) -> list[GameRecord]:
        """The game of a detail document; of a list, a record of each result, which says less."""
        document = self._document(page.body)
        if "results" not in document:
            return [game_record(self, document, "game")]
        return read_many(self._results(document), "results", lambda game, where: game_record(self, game, where))

    @staticmethod
    def _name_in(url: str) -> str:
        """The slug or number of the game that an address names."""
        found = site_id(url)
        return found.value if found and found.scheme == "rawg_slug" else ""

    @staticmethod
    def _document(body: bytes) -> dict[str, Any]:
        document = parse_json(body, what="RAWG reply")
        if "id" not in document and "results" not in document:
            why = string(document.get("detail")) or string(document.get("error")) or "neither a game nor a list"
            raise ParseError("detail", why[:300])
        return document

    @staticmethod
    def _results(document: dict[str, Any]) -> list[dict[str, Any]]:
        if not isinstance(document["results"], list):
            raise ParseError("results", f"{type(document['results']).__name__} instead of a list")
        return [mapping(row) for row in document["results"]]

    @staticmethod
    def _id_of(game: dict[str, Any], where: str) -> int:
        identity = number(game.get("id"))
        if not isinstance(identity, int) or identity < 1:
            raise ParseError(f"{where}.id", f"no id: {str(game.get('id'))[:60]}")
        return identity

    @staticmethod
    def _widely_kept(row: dict[str, Any]) -> bool:
        return (number(row.get("added")) or 0) >= WIDELY_KEPT

    def _pages(self, rows: list[dict[str, Any]]) -> tuple[PageRef, ...]:
        return tuple(
            self._page(self._id_of(row, "results[..]"), string(row.get("slug")), string(row.get("updated")))
            for row in rows
        )

    @staticmethod
    def _page(identity: int, name: str, updated: str | None) -> PageRef:
        return PageRef(
            key=str(identity),
            url=f"https://rawg.io/games/{name or identity}",
            request=Request(f"{_API}/{identity}?key={{RAWG_KEY}}"),
            fingerprint=updated or None,
        )

    @staticmethod
    def _number(response: Response) -> int:
        page = query_of(response.url).get("page", "1")
        return int(page) if re.fullmatch(r"[1-9]\d{0,5}", page) else 1

    @staticmethod
    def _until(cursor: str | None) -> str:
        """How far back to read: a little beyond the newest change seen."""
        if not cursor or not _MOMENT.fullmatch(cursor):
            return ""
        try:
            return (dt.datetime.fromisoformat(cursor) - _OVERLAP).isoformat()
        except (ValueError, OverflowError):
            return ""

    def _changes(self, cursor: str | None, page: int) -> Request:
        since = self._until(cursor)[:10]
        return _list(page, ordering="-updated", **({"updated": f"{since},{_LAST_DAY}"} if since else {}))
