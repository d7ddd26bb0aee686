"""A row of rilarhiv.ru: `"Title" authors, year /translation/`, a size, platforms in brackets, further links.

Known are five rows of the live pages. Newlines stand anywhere, tags are in capitals, brackets hold authors, an engine,
or a remark; what is not understood is kept as a remark, so that nothing a row says is lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from .draft import Draft
from .html import text
from .text import split_names
from .urls import absolute, host_of

if TYPE_CHECKING:
    from parsel import Selector

__all__ = ["SITE", "read_row", "target_of"]

SITE = "http://rilarhiv.ru/"

_HOST = host_of(SITE)
_PLAIN = re.compile(r"\w[\w-]*(?:/[\w-]+)*\.\w+", re.ASCII)
_LINE_ENDS = re.compile(r"[\r\n\t]+")
_MENU = re.compile(r"[^/?#]*\.html?(?:[?#].*)?", re.IGNORECASE)
_TITLE = re.compile(r"[\"«“„](?P<title>[^\"«»“”„]+)[\"»”“](?P<rest>.*)", re.DOTALL)
_NOTE = re.compile(r"/(?P<note>[^/]{3,200})/")
_BRACKETS = re.compile(r"\((?P<inside>[^()]*)\)")
_YEAR = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)(?!\d)\s*(?:года?\b|г\.?(?!\w))?")
_SIZE = re.compile(r"\(\s*(?P<size>\d{1,6}(?:[.,]\d{1,3})?)\s*(?P<unit>[КкМмKkMm])(?:байт|б|[Bb])\w*\.?\s*\)")
_PLATFORMS = re.compile(r"\[(?P<names>[^\]]{1,100})\]")
_ONLINE = re.compile(r"играть\s+онлайн", re.IGNORECASE)


def target_of(link: str) -> str:
    """The target of a row's link in its one form: a path from the site's root, or a whole address elsewhere."""
    link = _LINE_ENDS.sub("", link).strip()
    if _PLAIN.fullmatch(link):  # most are
        return link
    address = absolute(SITE, link)
    if host_of(address) != _HOST:
        return address
    path = urlsplit(address).path.lstrip("/")
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError:  # encoded in the page's own encoding, or nothing at all: a name like any other
        return path


def read_row(draft: Draft, row: Selector) -> str | None:
    """Fill the draft from a row; the target of its first link, or None where the row is a part of the menu."""
    links = [(target_of(link.root.get("href", "")), text(link)) for link in row.xpath(".//a[@href]")]
    target, bold = links[0]
    if not target or _MENU.fullmatch(target) or not bold:
        return None
    quoted = _TITLE.match(bold)
    draft.set_title(quoted["title"] if quoted else bold)
    remarks = _read_credits(draft, quoted["rest"] if quoted else "")
    _add_links(draft, links)
    remarks += _read_remains(draft, row)
    draft.extra("remarks", remarks)
    return target


def _read_credits(draft: Draft, said: str) -> list[str]:
    """Read what follows the title in its link; the remarks that are left."""
    remarks = [note["note"] for note in _NOTE.finditer(said)]  # of a translation, with a year of its own
    said = _NOTE.sub(" ", said)
    inside = [bracket["inside"].strip() for bracket in _BRACKETS.finditer(said)]
    names = _BRACKETS.sub(" ", said)
    for year in (_YEAR.search(names), *map(_YEAR.fullmatch, inside)):
        if year and not draft.release_date:
            draft.set_date(year["year"])
    names = _YEAR.sub(",", names)
    if not re.search(r"\w", names) and inside and ";" in inside[0]:
        # "(authors; engine)" where a game belongs to no platform of the archive
        names, _, engine = inside.pop(0).rpartition(";")
        draft.tag("platform", engine)
    for name in split_names(names):
        draft.credit(name.strip(" .,—–-"))
    return [*(remark for remark in inside if not _YEAR.fullmatch(remark)), *remarks]


def _add_links(draft: Draft, links: list[tuple[str, str]]) -> None:
    for position, (target, label) in enumerate(links):
        own = "://" not in target
        address = f"{SITE}{target if _PLAIN.fullmatch(target) else quote(target, safe='/%')}" if own else target
        shown = "" if position == 0 else label.strip("() ")
        if _ONLINE.search(label):
            draft.link(address, "play_online", "играть онлайн")
        elif not own:
            draft.link(address, None, shown)
        elif not _MENU.fullmatch(target):
            draft.link(address, "download_direct", shown)


def _read_remains(draft: Draft, row: Selector) -> list[str]:
    """Read what stands in the row outside of its links: size, platforms, and remarks."""
    rest = " ".join(row.xpath(".//text()[not(ancestor::a)]").getall())
    if size := _SIZE.search(rest):
        kilobytes = float(size["size"].replace(",", "."))
        draft.extra("size_kb", round(kilobytes * (1024 if size["unit"] in "МмMm" else 1)))
    for platforms in _PLATFORMS.finditer(rest):
        for name in platforms["names"].split(","):
            draft.tag("platform", name)
    remark = _PLATFORMS.sub(" ", _SIZE.sub(" ", rest)).strip(" \r\n\t/|.,;:—–-")
    return [remark] if remark else []
