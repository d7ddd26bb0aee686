"""The Steam store: appdetails as pages, the app list of IStoreService as listing and feed. How an app reads is in
`steam_app`.

Formats: a whole appdetails reply and descriptions by its users; the documentation of IStoreService/GetAppList.
"""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlsplit

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
from .jsondoc import listed, mapping, number, parse_json, string
from .ranges import IdRanges
from .steam_app import app_record
from .urls import on_host, query_of

__all__ = ["Steam"]

_STORE = "store.steampowered.com"
_LIST = "https://api.steampowered.com/IStoreService/GetAppList/v1/"
_PER_REQUEST = 50_000
_APPS = IdRanges("apps", "Apps", 50_000, 101)
_NO_SUCCESS = re.compile(rb'\{\s*"\d+"\s*:\s*\{\s*"success"\s*:\s*false\s*\}\s*\}')
_APPID = re.compile(r"[1-9]\d{0,9}")
# Seconds by which the feed looks back beyond the last change seen: what is named twice costs nothing.
_OVERLAP = 600


def _apps(after: int, since: int | None) -> Request:
    query = f"?key={{STEAM_KEY}}&include_games=1&max_results={_PER_REQUEST}&last_appid={after}"
    if since is not None:
        query += f"&if_modified_since={since}"
    return Request(f"{_LIST}{query}", conditional=False)


class Steam(Source):
    """The Steam store, in English and for the United States, whatever country the importer is in.

    The list of apps needs a key and names games alone; additions, demos and soundtracks are imported by address. It
    carries `last_modified`, a page's fingerprint. The store allows some 200 requests in five minutes and then answers
    429, or `null`.
    """

    name = "steam"
    title = "Steam"
    home = f"https://{_STORE}/"
    hosts = (_STORE, "api.steampowered.com")
    attribution = Attribution(site="Steam", licence="unknown")
    policy = Policy(
        min_delay=1.6,
        max_body=16 * 1024 * 1024,
        # The list tells what changed; between changes only prices move.
        revisit_min=dt.timedelta(days=7),
        revisit_mean=dt.timedelta(days=90),
        revisit_max=dt.timedelta(days=180),
        reimport_cron="0 3 1 1,7 *",
        priority=40,
    )
    verified = True
    parser_version = 1
    segments = _APPS.segments
    volatile = frozenset(
        f"extra.{key}" for key in ("achievements", "currency", "metacritic", "price", "price_before", "recommendations")
    )
    expects = Expects(
        coverage=(
            Coverage("descriptions", 0.8, "data.about_the_game"),
            Coverage("credits.developer", 0.6, "data.developers"),
            Coverage("tags.platform", 0.8, "data.platforms"),
            Coverage("urls.poster", 0.8, "data.header_image"),
        )
    )
    needs = (
        Secret(
            "STEAM_KEY",
            "a Steam Web API key, for the list of apps",
            "https://steamcommunity.com/dev/apikey",
            ("api.steampowered.com",),
            for_listing=True,
        ),
    )

    def identity(self, url: str) -> str | None:
        if on_host(url, (_STORE,)) and urlsplit(url).path.rstrip("/") == "/api/appdetails":
            appid = query_of(url).get("appids", "")
            return appid if _APPID.fullmatch(appid) else None
        return super().identity(url)

    def segment_of(self, key: str) -> str:
        return _APPS.of(key)

    def locate(self, url: str) -> Listing:
        appid = self.identity(url)
        if appid is None:
            raise ValueError(f"no address of an app on Steam ({_STORE}/app/…): {url[:120]}")
        return Listing(pages=(self._page(int(appid)),))

    def listing(self) -> tuple[Request, ...]:
        return (_apps(0, None),)

    def parse_listing(self, response: Response) -> Listing:
        pages, after, _ = self._read(response)
        return Listing(pages=pages, next=(_apps(after, None),) if after else ())

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        if cursor and cursor.isascii() and cursor.isdecimal():
            return (_apps(0, max(0, int(cursor) - _OVERLAP)),)
        return (_apps(0, None),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """Apps changed since the cursor, a moment in seconds, in the order of their ids.

        The newest change of the first part is the next cursor: an app of that part which changes while the others are
        read is later than it, whatever they hold. Without a cursor the first part fixes the place.
        """
        pages, after, newest = self._read(response)
        if not cursor:
            return Feed(cursor=str(newest) if newest else None)
        since = number(query_of(response.url).get("if_modified_since", ""))
        first = query_of(response.url).get("last_appid", "0") == "0"
        moved = str(max(newest, int(cursor))) if first and newest else None
        more = (_apps(after, int(since) if since is not None else None),) if after else ()
        return Feed(pages=pages, cursor=moved, next=more)

    def soft_status(self, body: bytes) -> int | None:
        """The store says `null` to whoever asks too often, and `success: false` for what is gone or not sold in the
        country asked for."""
        if len(body) > 200:
            return None
        if body.strip() == b"null":
            return 429
        return 404 if _NO_SUCCESS.fullmatch(body.strip()) else None

    def parse(self, page: Page) -> list[GameRecord]:
        if page.body.strip() == b"null":
            raise ParseError("appdetails", "null instead of an app: the store was asked too often")
        document = parse_json(page.body, what="appdetails")
        if not document:
            raise ParseError("appdetails", "no app in the reply")
        key, entry = next(iter(document.items()))
        found = mapping(entry)
        where = f"appdetails.{key[:20]}"
        if found.get("success") is not True:
            raise ParseError(f"{where}.success", "not true: the app is gone, or not sold in the country asked for")
        data = mapping(found.get("data"))
        if not data:
            raise ParseError(f"{where}.data", "missing")
        return [app_record(self, data, f"{where}.data")]

    @staticmethod
    def _page(appid: int, modified: int | None = None) -> PageRef:
        return PageRef(
            key=str(appid),
            url=f"https://{_STORE}/app/{appid}",
            request=Request(f"https://{_STORE}/api/appdetails?appids={appid}&cc=us&l=english"),
            fingerprint=str(modified) if modified else None,
        )

    def _read(self, response: Response) -> tuple[tuple[PageRef, ...], int, int]:
        """The apps of a list, the id after which it goes on (0: nowhere), and the newest change among them."""
        answer = parse_json(response.body, what="GetAppList")
        if "response" not in answer:
            raise ParseError("response", "missing")
        reply = mapping(answer["response"])
        pages, newest, last = [], 0, 0
        for position, app in enumerate(map(mapping, listed(reply.get("apps")))):
            appid, modified = number(app.get("appid")), number(app.get("last_modified"))
            if not isinstance(appid, int) or appid < 1:
                raise ParseError(f"response.apps[{position}].appid", f"no id: {string(app.get('appid'))[:40]!r}")
            modified = modified if isinstance(modified, int) else 0
            newest, last = max(newest, modified), max(last, appid)
            pages.append(self._page(appid, modified))
        if not reply.get("have_more_results"):
            return tuple(pages), 0, newest
        after = number(reply.get("last_appid"))
        asked = number(query_of(response.url).get("last_appid", "0")) or 0
        if not isinstance(after, int) or after <= asked:
            raise ParseError("response.last_appid", f"{after!r} does not go on from {asked}")
        return tuple(pages), max(after, last), newest
