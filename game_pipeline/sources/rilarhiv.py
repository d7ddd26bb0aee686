"""rilarhiv.ru: fifteen static pages, one a platform, each a list of the games that the archive keeps. How a row reads
is in `rilarhiv_row`.

Format: rows of the live pages as the tests of mooskagh/ifdb quote them; no whole page was seen.
"""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import quote, unquote, urlsplit

from game_pipeline.model import Attribution, GameRecord

from .base import Coverage, Expects, Listing, Page, PageRef, ParseError, Policy, Request, Response, Segment, Source
from .draft import Draft
from .html import parse_html
from .rilarhiv_row import SITE, read_row, target_of
from .urls import on_host

__all__ = ["Rilarhiv"]

# The page's name, and the platform that all its games have.
_PLATFORMS = {
    "rinform": "Rinform",
    "rtads": "RTADS",
    "urq": "URQ",
    "qsp": "QSP",
    "aeroqsp": "AeroQSP",
    "instead": "INSTEAD",
    "adrift": "ADRIFT",
    "milena": "Милена",
    "6days": "6 days",
    "yaril": "ЯРИЛ",
    "tweebox": "Twine",
    "tge2": "TGE",
    "tkr": "ТКР-2",
    "spectrum": "ZX Spectrum",
    "vneplatform": "",
}
_ROWS = '(//*[@id="bl-right"] | //body[not(.//*[@id="bl-right"])])//p[.//a[@href]]'
_MAX_PROBLEMS = 40


class Rilarhiv(Source):
    """The archive of Russian interactive fiction. Each of its pages is a page, and a segment.

    No game has a page or an id. What tells a row from all others is its page and the target of its first link, as the
    page writes it; an address for people is made of the same two (`qsp.htm?qsp%2FBattle.rar`: the site's static pages
    pay no heed to what follows the question mark).
    """

    name = "rilarhiv"
    title = "rilarhiv.ru"
    home = SITE
    hosts = ("rilarhiv.ru",)
    attribution = Attribution(site="rilarhiv.ru", licence="unknown")
    # Few pages, with validators: a look at one that is as it was costs the site next to nothing.
    policy = Policy(priority=60, encoding="windows-1251", revisit_mean=dt.timedelta(days=3))
    verified = False
    parser_version = 1
    expects = Expects(
        records=(15, 20_000),
        page=(1, 5_000),
        coverage=(
            Coverage("credits", 0.5, "p b a, behind the quoted title"),
            Coverage("urls.download_direct", 0.5, "p b a"),
            Coverage("extra.size_kb", 0.4, "p (… Кбайт)"),
        ),
    )
    segments = tuple(Segment(name, platform or "Outside of the platforms") for name, platform in _PLATFORMS.items())
    many_records_a_page = True

    def owns(self, url: str) -> bool:
        return self._row_of(url) is not None

    def identity(self, url: str) -> str | None:
        """`qsp#qsp%2FBattle.rar` of a row's address, or of the address of a file in the folder of a page."""
        row = self._row_of(url)
        return f"{row[0]}#{quote(row[1], safe='')}" if row and row[1] else None

    def segment_of(self, key: str) -> str:
        return key if key in _PLATFORMS else "vneplatform"

    def fixed_pages(self) -> tuple[PageRef, ...]:
        return tuple(map(self._page, _PLATFORMS))

    def locate(self, url: str) -> Listing:
        row = self._row_of(url)
        if row is None:
            raise ValueError(f"no address of a game on rilarhiv.ru (qsp.htm#…, qsp/….rar): {url[:120]}")
        return Listing(pages=(self._page(row[0]),))

    def listing(self) -> tuple[Request, ...]:
        """Nothing to enumerate: see `fixed_pages`."""
        return ()

    def parse_listing(self, response: Response) -> Listing:
        row = self._row_of(response.url)
        if row is None:
            raise ParseError("url", f"no page of the archive: {response.url[:120]}")
        return Listing(pages=(self._page(row[0]),))

    def parse(self, page: Page) -> list[GameRecord]:
        row = self._row_of(page.url)
        name = page.key if page.key in _PLATFORMS else row[0] if row else ""
        if not name:
            raise ParseError("url", f"no page of the archive: {page.url[:120]}")
        records: dict[str, GameRecord] = {}
        problems: list[str] = []
        for position, paragraph in enumerate(parse_html(page.body, self.policy.encoding).xpath(_ROWS), start=1):
            where = f"{name}.htm p[{position}]"
            draft = Draft(self, where)
            if _PLATFORMS[name]:
                draft.tag("platform", _PLATFORMS[name])
            try:
                target = read_row(draft, paragraph)
                if target is None:  # the menu
                    continue
                identity = f"{name}#{quote(target, safe='')}"
                record = draft.build(identity=identity, url=f"{SITE}{name}.htm?{quote(target, safe='')}")
            except ParseError as error:
                problems.append(f"{error}, left out")
                continue
            if identity in records:
                problems.append(f"{where} a: {target[:80]!r} again, the first one stays")
            else:
                records[identity] = record
        if not records:
            raise ParseError("p a", problems[0] if problems else "no game in the list")
        found = list(records.values())
        if problems:
            # About the list rather than about a game; the first record carries them.
            found[0] = found[0].model_copy(update={"warnings": (*found[0].warnings, *problems[:_MAX_PROBLEMS])})
        return found

    def _row_of(self, url: str) -> tuple[str, str] | None:
        """The page, and the target of a row (empty: the whole page) that an address names."""
        if not on_host(url, self.hosts):
            return None
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        path = unquote(parts.path).lstrip("/")
        if page := re.fullmatch(r"(\w+)\.html?", path, re.IGNORECASE):
            target = unquote(parts.fragment or parts.query)
            name = page[1].lower()
            return (name, target_of(target) if target else "") if name in _PLATFORMS else None
        folder = path.partition("/")[0].lower()
        return (folder, target_of(url)) if folder in _PLATFORMS and "/" in path.rstrip("/") else None

    @staticmethod
    def _page(name: str) -> PageRef:
        url = f"{SITE}{name}.htm"
        return PageRef(key=name, url=url, request=Request(url))
