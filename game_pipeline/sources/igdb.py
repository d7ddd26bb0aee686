"""IGDB (igdb.com): its API's requests, blocks of ids as pages, the feed by `updated_at`. How a game reads is in
`igdb_game`.

Formats: the API's documentation (api-docs.igdb.com) and recorded exchanges of 2024 and 2025.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from game_pipeline.model import Attribution, GameRecord

from .base import (
    ClientCredentials,
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
from .igdb_game import game_record
from .jsondoc import mapping, number, parse_json_list, string
from .many import read_many
from .ranges import IdRanges

__all__ = ["IGDB"]

_API = "https://api.igdb.com/v4/games"
_HEADERS = (
    ("Client-ID", "{IGDB_CLIENT_ID}"),
    ("Authorization", "Bearer {IGDB_TOKEN}"),
    ("Accept", "application/json"),
    ("Content-Type", "text/plain"),
)
# Tables whose fields were renamed are asked for whole: a field named that is no more refuses the whole request.
_FIELDS = (
    "name,slug,url,summary,storyline,game_type,game_status,first_release_date,release_dates.*,genres.name,themes.name,"
    "game_modes.name,game_modes.slug,player_perspectives.name,game_engines.name,platforms.name,"
    "involved_companies.company.name,involved_companies.company.slug,involved_companies.developer,"
    "involved_companies.publisher,involved_companies.porting,involved_companies.supporting,alternative_names.name,"
    "alternative_names.comment,game_localizations.name,game_localizations.region.identifier,"
    "game_localizations.region.category,franchises.name,collections.name,language_supports.language.locale,"
    "external_games.*,websites.*,videos.name,videos.video_id,cover.image_id,screenshots.image_id,multiplayer_modes.*,"
    "parent_game,version_parent,version_title,rating,rating_count,aggregated_rating,aggregated_rating_count,"
    "total_rating,total_rating_count,hypes,updated_at"
)
_LIMIT = 500  # rows of a reply, the API's own limit
_BLOCK = 100  # ids of a page: about half a megabyte
_IDS = IdRanges("ids", "Ids", 5_000, 101)
_KEY = re.compile(r"(\d{1,9})-(\d{1,9})")
_WINDOW = re.compile(r"where id >= (\d+) & id < (\d+);")
_SINCE = re.compile(r"where updated_at (>=?) (\d+);")
_TIES = re.compile(r"where updated_at = (\d+) & id > (\d+);")


def _query(text: str) -> Request:
    return Request(_API, method="POST", body=text, headers=_HEADERS)


def _window(start: int) -> Request:
    return _query(f"fields id,updated_at; where id >= {start} & id < {start + _LIMIT}; sort id asc; limit {_LIMIT};")


def _since(moment: int, *, inclusive: bool = True) -> Request:
    operator = ">=" if inclusive else ">"
    return _query(f"fields id,updated_at; where updated_at {operator} {moment}; sort updated_at asc; limit {_LIMIT};")


def _ties(moment: int, after: int) -> Request:
    return _query(f"fields id,updated_at; where updated_at = {moment} & id > {after}; sort id asc; limit {_LIMIT};")


class IGDB(Source):
    """The Internet Game Database. A page is a block of a hundred ids, fetched by one request: a game each would be a
    day of requests, a block each is a quarter of an hour.

    The listing asks for the highest id and walks windows of ids up to it; a block's fingerprint is its newest
    `updated_at`, which the change feed, read from old to new, moves. An address has no id but a slug, which is looked
    up; the game's block is fetched.
    """

    name = "igdb"
    title = "IGDB"
    home = "https://www.igdb.com/"
    hosts = ("igdb.com", "api.igdb.com")
    attribution = Attribution(site="IGDB", licence="IGDB terms: non-commercial use, attribution")
    policy = Policy(
        min_delay=0.3,
        max_body=12 * 1024 * 1024,
        # The feed tells every change.
        revisit_min=dt.timedelta(days=7),
        revisit_mean=dt.timedelta(days=90),
        revisit_max=dt.timedelta(days=180),
        priority=35,
    )
    verified = True
    parser_version = 1
    segments = _IDS.segments
    volatile = frozenset(
        f"extra.{key}"
        for key in (
            "aggregated_rating",
            "aggregated_rating_count",
            "hypes",
            "rating",
            "rating_count",
            "total_rating",
            "total_rating_count",
            "updated_at",
        )
    )
    expects = Expects(
        coverage=(
            Coverage("descriptions", 0.5, "games[..].summary"),
            Coverage("tags.platform", 0.5, "games[..].platforms[..].name"),
            Coverage("release_date", 0.3, "games[..].first_release_date"),
        )
    )
    needs = (
        Secret(
            "IGDB_CLIENT_ID",
            "the client id of a Twitch application",
            "https://dev.twitch.tv/console/apps",
            ("api.igdb.com", "id.twitch.tv"),
        ),
        Secret(
            "IGDB_CLIENT_SECRET",
            "the client secret of the same application",
            "https://dev.twitch.tv/console/apps",
            ("id.twitch.tv",),
        ),
    )
    token = ClientCredentials(
        name="IGDB_TOKEN",
        url="https://id.twitch.tv/oauth2/token",
        client_id="IGDB_CLIENT_ID",
        client_secret="IGDB_CLIENT_SECRET",
        hosts=("api.igdb.com",),
    )

    def owns(self, url: str) -> bool:
        return bool(self._slug_in(url))

    def identity(self, url: str) -> str | None:
        """None: an address names a game by its slug, which its editors may change."""
        return None

    def segment_of(self, key: str) -> str:
        match = _KEY.fullmatch(key)
        return _IDS.of(match[1] if match else "")

    def locate(self, url: str) -> Listing:
        slug = self._slug_in(url)
        if not slug:
            raise ValueError(f"no address of a game on IGDB (igdb.com/games/…): {url[:120]}")
        return Listing(next=(_query(f'fields id,slug,updated_at; where slug = "{slug}"; limit 1;'),))

    def listing(self) -> tuple[Request, ...]:
        return (_query("fields id; sort id desc; limit 1;"),)

    def parse_listing(self, response: Response) -> Listing:
        """The highest id, which says what windows there are; a window's rows; or the row that a slug led to."""
        rows = self._rows(response)
        body = self._asked(response)
        if window := _WINDOW.search(body):
            if any(not int(window[1]) <= identity < int(window[2]) for identity, _ in rows):
                raise ParseError("games[..].id", f"ids outside of {window[1]}…{int(window[2]) - 1} were answered")
            if self._count(response, rows) > len(rows):
                raise ParseError("x-count", f"{self._count(response, rows)} games in a window that gave {len(rows)}")
            return Listing(pages=self._blocks(rows))
        if "where slug" in body:
            if not rows:
                raise ParseError("games[0]", "IGDB has no game of that address")
            return Listing(pages=self._blocks((identity, None) for identity, _ in rows))
        highest = max((identity for identity, _ in rows), default=0)
        if not highest:
            raise ParseError("games[0].id", "no game at all")
        windows = tuple(_window(start) for start in range(0, highest + 1, _LIMIT))
        return Listing(pages=self._blocks([(highest, None)]), next=windows)

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        if cursor and cursor.isascii() and cursor.isdecimal():
            return (_since(int(cursor)),)
        return (_query("fields id,updated_at; sort updated_at desc; limit 1;"),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """Changed games from old to new. The cursor is the newest `updated_at` seen.

        The next part begins at the last moment of this one, since several games may share it; should they fill a
        whole reply they are walked by id, so that none is skipped. Without a cursor one row fixes the place.
        """
        rows = self._rows(response)
        body = self._asked(response)
        moments = [moment for _, moment in rows if moment]
        newest = str(max(moments)) if moments else None
        if not cursor:
            return Feed(pages=self._blocks(rows), cursor=newest)
        more = self._count(response, rows) > len(rows) if rows else False
        follow: tuple[Request, ...] = ()
        if ties := _TIES.search(body):
            moment = int(ties[1])
            follow = (_ties(moment, rows[-1][0]),) if more else (_since(moment, inclusive=False),)
        elif more and moments:
            stuck = min(moments) == max(moments)
            follow = (_ties(moments[0], 0),) if stuck else (_since(max(moments)),)
        return Feed(pages=self._blocks(rows), cursor=newest, next=follow)

    def parse(self, page: Page) -> list[GameRecord]:
        """The games of a block. One that cannot be read is left out, and the first of the others says so."""
        return read_many(self._games(page.body), "games", lambda game, where: game_record(self, game, where))

    @staticmethod
    def _slug_in(url: str) -> str:
        found = site_id(url)
        return found.value if found and found.scheme == "igdb_slug" else ""

    @staticmethod
    def _games(body: bytes) -> list[dict[str, Any]]:
        games = [mapping(game) for game in parse_json_list(body, what="games")]
        if games and "id" not in games[0] and "cause" in games[0]:
            cause, title = string(games[0].get("cause")), string(games[0].get("title"))
            raise ParseError("games", f"refused: {title or 'unnamed'}: {cause}"[:300])
        return games

    def _rows(self, response: Response) -> list[tuple[int, int | None]]:
        """Id and `updated_at` of each row."""
        rows = []
        for game in self._games(response.body):
            identity, moment = number(game.get("id")), number(game.get("updated_at"))
            if isinstance(identity, int) and identity > 0:
                rows.append((identity, int(moment) if moment is not None else None))
        return rows

    @staticmethod
    def _asked(response: Response) -> str:
        return (response.request.body if response.request else None) or ""

    @staticmethod
    def _count(response: Response, rows: list[tuple[int, int | None]]) -> int:
        """How many rows there are in all, by the header `x-count`; without it, a full reply is not the last."""
        counted = number(response.headers.get("x-count", ""))
        if isinstance(counted, int):
            return counted
        return len(rows) + (len(rows) >= _LIMIT)

    def _blocks(self, rows: Iterable[tuple[int, int | None]]) -> tuple[PageRef, ...]:
        """The blocks that the games lie in, each with the newest of their changes."""
        blocks: dict[int, int | None] = {}
        for identity, moment in rows:
            start = identity // _BLOCK * _BLOCK
            blocks[start] = max(blocks.get(start) or 0, moment) if moment else blocks.get(start)
        return tuple(self._block(start, moment) for start, moment in blocks.items())

    @staticmethod
    def _block(start: int, moment: int | None) -> PageRef:
        key = f"{start}-{start + _BLOCK - 1}"
        text = f"fields {_FIELDS}; where id >= {start} & id < {start + _BLOCK}; sort id asc; limit {_LIMIT};"
        return PageRef(key=key, url=f"{_API}#{key}", request=_query(text), fingerprint=str(moment) if moment else None)
