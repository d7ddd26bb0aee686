"""VNDB (vndb.org) by its Kana API: blocks of ids as pages, new ids as feed.

Format: the API's documentation (api.vndb.org/kana), and one reply that its author shortened.
"""

from __future__ import annotations

import datetime as dt
import json
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
    Source,
)
from .draft import Draft
from .identities import site_id
from .jsondoc import listed, mapping, number, parse_json, string
from .languages import language_codes
from .many import read_many
from .ranges import IdRanges
from .text import plain_to_markdown

__all__ = ["VNDB"]

_API = "https://api.vndb.org/kana/vn"
_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))
_FIELDS = (
    "title,alttitle,titles.lang,titles.title,titles.latin,titles.official,aliases,olang,devstatus,released,languages,"
    "platforms,image.url,image.sexual,image.violence,length,length_minutes,description,rating,votecount,"
    "screenshots.url,screenshots.sexual,screenshots.violence,developers.id,developers.name,developers.original,"
    "tags.name,tags.category,tags.rating,tags.spoiler,tags.lie,extlinks.url,extlinks.label,extlinks.name"
)
_BLOCK = 100  # the most results of a reply
_IDS = IdRanges("v", "Visual novels v", 1_000, 101)
_ID = re.compile(r"v([1-9]\d{0,8})")
_KEY = re.compile(r"v(\d{1,9})-(\d{1,9})")
_STATUS = {1: "in development", 2: "cancelled"}
_PLATFORMS = {
    "win": "Windows",
    "lin": "Linux",
    "mac": "macOS",
    "web": "Web",
    "and": "Android",
    "ios": "iOS",
    "dos": "DOS",
    "swi": "Nintendo Switch",
    "ps1": "PlayStation",
    "ps2": "PlayStation 2",
    "ps3": "PlayStation 3",
    "ps4": "PlayStation 4",
    "ps5": "PlayStation 5",
    "psp": "PlayStation Portable",
    "psv": "PlayStation Vita",
    "nds": "Nintendo DS",
    "n3d": "Nintendo 3DS",
    "gba": "Game Boy Advance",
    "sfc": "Super Nintendo",
    "nes": "Nintendo Entertainment System",
    "wii": "Wii",
    "xb1": "Xbox",
    "xb3": "Xbox 360",
    "xbo": "Xbox One",
    "xxs": "Xbox Series X/S",
    "sat": "Sega Saturn",
    "drc": "Dreamcast",
    "p88": "PC-88",
    "p98": "PC-98",
    "fmt": "FM Towns",
    "msx": "MSX",
    "mob": "Mobile",
    "bdp": "Blu-ray Player",
    "dvd": "DVD Player",
}
_READ = frozenset(
    [
        *("id", "title", "alttitle", "titles", "aliases", "olang", "devstatus", "released", "languages", "platforms"),
        *("image", "length", "length_minutes", "description", "rating", "votecount", "screenshots", "developers"),
        *("tags", "extlinks", "average", "length_votes", "relations", "staff", "va", "editions"),
    ]
)
# The site's own measure of a picture: 0 safe, 1 suggestive, 2 explicit, on average over the votes.
_SHOWN_BELOW = 1.0
_MARKUP = re.compile(r"\[/?(?:b|i|u|s|quote|raw|code|spoiler)\]", re.IGNORECASE)
_SPOILER = re.compile(r"\[spoiler\].*?(?:\[/spoiler\]|$)", re.IGNORECASE | re.DOTALL)
_LINK = re.compile(r"\[url=([^\]\s]{1,500})\](.*?)\[/url\]", re.IGNORECASE | re.DOTALL)


def _query(filters: list[Any], fields: str, *, results: int = _BLOCK, reverse: bool = False) -> Request:
    body = {"filters": filters, "fields": fields, "sort": "id", "reverse": reverse, "results": results}
    return Request(_API, method="POST", body=json.dumps(body, separators=(",", ":")), headers=_HEADERS)


class VNDB(Source):
    """The Visual Novel Database. A page is a block of a hundred ids, which is what one reply holds.

    The API tells no edits: new ids are the feed, and blocks are revisited. The site allows 200 requests in five
    minutes. `verified` is False: of its replies only one was seen, shortened.
    """

    name = "vndb"
    title = "VNDB"
    home = "https://vndb.org/"
    hosts = ("vndb.org", "api.vndb.org")
    attribution = Attribution(site="VNDB", licence="ODbL-1.0 and DbCL-1.0")
    policy = Policy(min_delay=3.0, revisit_mean=dt.timedelta(days=7), priority=35)
    verified = False
    parser_version = 1
    segments = _IDS.segments
    volatile = frozenset({"extra.rating", "extra.votes", "extra.length_minutes"})
    expects = Expects(
        coverage=(
            Coverage("release_date", 0.5, "results[..].released"),
            Coverage("tags.language", 0.5, "results[..].languages"),
            Coverage("credits.developer", 0.4, "results[..].developers[..].name"),
        )
    )

    def segment_of(self, key: str) -> str:
        match = _KEY.fullmatch(key)
        return _IDS.of(match[1] if match else "")

    def locate(self, url: str) -> Listing:
        identity = self.identity(url)
        if identity is None:
            raise ValueError(f"no address of a visual novel on VNDB (vndb.org/v…): {url[:120]}")
        return Listing(pages=(self._block(int(identity[1:])),))

    def listing(self) -> tuple[Request, ...]:
        return (_query(["id", ">=", "v1"], "id", results=1, reverse=True),)

    def parse_listing(self, response: Response) -> Listing:
        """The highest id, which says what blocks there are."""
        rows = self._results(response.body)
        if not rows:
            raise ParseError("results[0]", "no visual novel at all")
        highest = max(self._number_of(row) for row in rows)
        return Listing(pages=tuple(self._block(start) for start in range(0, highest + 1, _BLOCK)))

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        if cursor and _ID.fullmatch(cursor):
            return (_query(["id", ">", cursor], "id"),)
        return (_query(["id", ">=", "v1"], "id", results=1, reverse=True),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """New visual novels in the order of their ids, the highest of which is the cursor. Without one, the highest
        there is fixes the place."""
        document = self._document(response.body)
        numbers = [self._number_of(row) for row in self._results(response.body)]
        if not numbers:
            return Feed()
        newest = f"v{max(numbers)}"
        if not cursor:
            return Feed(cursor=newest)
        blocks = {number // _BLOCK: f"v{number}" for number in sorted(numbers)}
        pages = tuple(self._block(block * _BLOCK, fingerprint) for block, fingerprint in blocks.items())
        more = document.get("more") is True
        return Feed(pages=pages, cursor=newest, next=(_query(["id", ">", newest], "id"),) if more else ())

    def parse(self, page: Page) -> list[GameRecord]:
        """The visual novels of a block. One that cannot be read is left out, and the first of the others says so."""
        return read_many(self._results(page.body), "results", self._record)

    def _record(self, row: dict[str, Any], where: str) -> GameRecord:
        identity = f"v{self._number_of(row, where)}"
        draft = Draft(self, where)
        draft.set_title(string(row.get("title")))
        draft.external_id("vndb", identity)
        self._add_titles(draft, row)
        if (released := string(row.get("released"))) not in ("", "TBA", "unknown"):
            draft.set_date(released)
        elif released:
            draft.extra("coming_soon", True)
        draft.set_languages(", ".join(code for value in listed(row.get("languages")) if (code := string(value))))
        for value in listed(row.get("platforms")):
            draft.tag("platform", _PLATFORMS.get(string(value), string(value)))
        for developer in map(mapping, listed(row.get("developers"))):
            page = string(developer.get("id"))
            url = f"https://vndb.org/{page}" if re.fullmatch(r"p[1-9]\d{0,8}", page) else None
            draft.credit(string(developer.get("name")), "developer", url)
        self._add_tags(draft, row)
        self._add_links(draft, row)
        self._add_text(draft, string(row.get("description")))
        draft.extra("original_language", next(iter(language_codes(string(row.get("olang")))), ""))
        status = number(row.get("devstatus"))
        draft.extra("status", _STATUS.get(status, "") if isinstance(status, int) else "")
        draft.extra("length_minutes", number(row.get("length_minutes")))
        draft.extra("rating", number(row.get("rating")))
        draft.extra("votes", number(row.get("votecount")))
        draft.unread("field", (key for key in row if key not in _READ))
        return draft.build(identity=identity, url=f"https://vndb.org/{identity}")

    @staticmethod
    def _add_titles(draft: Draft, row: dict[str, Any]) -> None:
        for other in map(mapping, listed(row.get("titles"))):
            codes = language_codes(string(other.get("lang")))
            draft.alt_title(string(other.get("title")), codes[0] if codes else None)
            if codes and (latin := string(other.get("latin"))):
                draft.alt_title(latin, f"{codes[0].partition('-')[0]}-Latn")
        known = {string(mapping(other).get("title")) for other in listed(row.get("titles"))}
        if (original := string(row.get("alttitle"))) not in known:
            draft.alt_title(original)
        for alias in listed(row.get("aliases")):
            draft.alt_title(string(alias))

    @staticmethod
    def _add_tags(draft: Draft, row: dict[str, Any]) -> None:
        """Tags of the content that give nothing away; a `lie` is one that only seems to be true."""
        for tag in map(mapping, listed(row.get("tags"))):
            if not number(tag.get("spoiler")) and tag.get("lie") is not True and tag.get("category") != "ero":
                draft.tag("theme", string(tag.get("name")))

    @staticmethod
    def _add_links(draft: Draft, row: dict[str, Any]) -> None:
        def fit(image: dict[str, Any]) -> bool:
            return all((number(image.get(key)) or 0) < _SHOWN_BELOW for key in ("sexual", "violence"))

        cover = mapping(row.get("image"))
        if fit(cover):
            draft.link(string(cover.get("url")), "poster")
        for picture in map(mapping, listed(row.get("screenshots"))):
            if fit(picture):
                draft.link(string(picture.get("url")), "screenshot")
        for link in map(mapping, listed(row.get("extlinks"))):
            url, label = string(link.get("url")), string(link.get("label"))
            if site_id(url):
                draft.game_page(url, label)
            else:
                draft.link(url, None, label)

    @staticmethod
    def _add_text(draft: Draft, text: str) -> None:
        """The site's markup is BBCode; what it hides is left out, and a link is its words."""
        text = _LINK.sub(r"\2", _SPOILER.sub("", text))
        draft.describe(plain_to_markdown(_MARKUP.sub("", text)), "en")

    @staticmethod
    def _document(body: bytes) -> dict[str, Any]:
        return parse_json(body, what="VNDB reply")

    def _results(self, body: bytes) -> list[dict[str, Any]]:
        document = self._document(body)
        if not isinstance(document.get("results"), list):
            raise ParseError("results", "missing")
        return [mapping(row) for row in document["results"]]

    @staticmethod
    def _number_of(row: dict[str, Any], where: str = "results[..]") -> int:
        match = _ID.fullmatch(string(row.get("id")))
        if not match:
            raise ParseError(f"{where}.id", f"no id of a visual novel: {string(row.get('id'))[:40]!r}")
        return int(match[1])

    @staticmethod
    def _block(number: int, fingerprint: str | None = None) -> PageRef:
        start = number // _BLOCK * _BLOCK
        key = f"v{start}-{start + _BLOCK - 1}"
        filters = ["and", ["id", ">=", f"v{max(start, 1)}"], ["id", "<", f"v{start + _BLOCK}"]]
        return PageRef(key=key, url=f"{_API}#{key}", request=_query(filters, _FIELDS), fingerprint=fingerprint)
