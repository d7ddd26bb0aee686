"""Which game of which site an address names: one table, read by every source and by matching.

How an address is written, and when two are the same place, stands in `urls`; what kind of place it is, in `links`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from .urls import host_of, query_of

__all__ = ["SiteId", "site_id", "wiki_title"]


@dataclass(frozen=True, slots=True)
class SiteId:
    """An id as its scheme writes it; the schemes are those of records' `external_ids`."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class IdRule:
    """A row of the table: addresses on these hosts carry an id of this scheme.

    It is the group `id` of `path` (searched from its beginning, percent-encoding undone), or with `query` one of these
    parameters (names in lower case) of an address whose path matches, where `value` matches all of it.
    """

    scheme: str
    hosts: tuple[str, ...]
    path: re.Pattern[str] = re.compile("")
    query: tuple[str, ...] = ()
    value: re.Pattern[str] = re.compile(".+")
    form: Callable[[str], str] = str.strip

    def id_in(self, host: str, path: str, query: dict[str, str]) -> str | None:
        if host not in self.hosts or not (match := self.path.match(path)):
            return None
        if not self.query:
            return self.form(match["id"])
        found = next((value.strip() for name in self.query if (value := query.get(name))), "")
        return self.form(found) if self.value.fullmatch(found) else None


def _path(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _number(text: str) -> str:
    """Leading zeros do not make another number."""
    return str(int(text))


_NUMBER = re.compile(r"[0-9]{1,9}")
_LOCALE = r"(?:/[a-z]{2}(?:-[A-Za-z]{2,4})?)?"

_RULES: tuple[IdRule, ...] = (
    # Interactive fiction
    IdRule(
        "tuid",
        ("ifdb.org", "ifdb.tads.org"),
        _path(r"/+viewgame/?$"),
        query=("id",),
        value=re.compile(r"[0-9A-Za-z]{15,16}"),
        form=str.lower,
    ),
    IdRule("ifwiki_ru", ("ifwiki.ru",), query=("curid", "pageids"), value=re.compile(r"[1-9]\d{0,8}")),
    IdRule("ifwiki_org", ("ifwiki.org",), query=("curid", "pageids"), value=re.compile(r"[1-9]\d{0,8}")),
    IdRule(
        "instead_games",
        ("instead-games.ru",),
        _path(r"/+game\.php$"),
        query=("id",),
        value=_NUMBER,
        form=_number,
    ),
    IdRule("quest_book", ("quest-book.ru",), _path(r"/online/view/(?P<id>[\w-]+)/?$")),
    IdRule("apero", ("apero.ru",), _path(r"/Текстовые-игры/(?P<id>(?!Каталог(?:/|$))[^/]+)/?$")),
    IdRule("plut", ("urq.plut.info",), _path(r"/node/(?P<id>[1-9]\d{0,8})/?$")),
    IdRule("plut", ("plut.info",), _path(r"/urq/node/(?P<id>[1-9]\d{0,8})/?$")),
    IdRule(
        "qsp",
        ("qsp.org",),
        _path(r"/(?:api/v1/)?(?:games|details)/(?P<id>[1-9]\d{0,8})(?:-[^/]*)?(?:/download)?/?$"),
    ),
    # The site before it had numbers of its own.
    IdRule("qsp", ("qsp.su",), query=("sobi2id",), value=_NUMBER, form="sobi2-{}".format),
    IdRule(
        "ifiction_forum",
        ("forum.ifiction.ru",),
        _path(r"/viewtopic\.php$"),
        query=("id",),
        value=_NUMBER,
    ),
    IdRule("axma", ("axmajs.ru",), _path(r"/(?:library/?|include/download_zip\.php)$"), query=("id",), value=_NUMBER),
    IdRule(
        "hyperbook", ("hyperbook.ru",), _path(r"/(?:comments|preview|download)\.php$"), query=("id",), value=_NUMBER
    ),
    IdRule("hyperbook", ("hyperbook.ru",), _path(r"/file(?P<id>[1-9]\d{0,8})/?$")),
    IdRule("textadventures", ("textadventures.co.uk",), _path(r"/games/(?:view|play)/(?P<id>[\w-]{10,40})(?:/|$)")),
    # Stores and databases
    IdRule("steam", ("store.steampowered.com",), _path(r"/(?:agecheck/)?app/(?P<id>\d{1,10})(?:/|$)"), form=_number),
    IdRule("steam", ("steamcommunity.com",), _path(r"/app/(?P<id>\d{1,10})(?:/|$)"), form=_number),
    IdRule(
        "epic",
        ("store.epicgames.com", "epicgames.com"),
        _path(rf"(?:/store)?{_LOCALE}/(?:p|product)/(?P<id>[a-z0-9][a-z0-9-]*)(?:/home)?/?$"),
    ),
    IdRule("gog_slug", ("gog.com",), _path(rf"{_LOCALE}/game/(?P<id>[a-z0-9_]+)/?$")),
    IdRule("igdb_slug", ("igdb.com",), _path(r"/games/(?P<id>[a-z0-9-]+)/?$")),
    IdRule("rawg_slug", ("rawg.io",), _path(r"/games/(?P<id>[a-z0-9-]+)/?$")),
    IdRule("vndb", ("vndb.org",), _path(r"/(?P<id>v[1-9]\d{0,8})/?$")),
    IdRule("wikidata", ("wikidata.org",), _path(r"/(?:wiki|entity)/(?P<id>Q[1-9]\d{0,11})/?$")),
    IdRule("wikidata", ("wikidata.org",), _path(r"/wiki/Special:EntityData/(?P<id>Q[1-9]\d{0,11})(?:\.\w+)?$")),
    IdRule("mobygames", ("mobygames.com",), _path(r"/game/(?P<id>\d{1,9})(?:/|$)"), form=_number),
)
_BY_HOST: dict[str, tuple[IdRule, ...]] = {
    host: tuple(rule for rule in _RULES if host in rule.hosts) for rule in _RULES for host in rule.hosts
}

# Wikis whose pages are games, by the scheme that a page's title is an id of.
_WIKIS = {"ifwiki.ru": "ifwiki_ru_title", "ifwiki.org": "ifwiki_en"}
_ITCH_HOST = re.compile(r"[a-z0-9][a-z0-9_-]*\.itch\.io")
_ITCH_PATH = re.compile(r"/([A-Za-z0-9][A-Za-z0-9_-]*)/?")


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def site_id(url: str) -> SiteId | None:
    """The game that an http(s) address names on its site, or None where the address carries no id of one."""
    if not re.match(r"https?://", url, re.IGNORECASE) or _CONTROL.search(unquote(url)):
        return None
    host = host_of(url)
    try:
        path = unicodedata.normalize("NFC", unquote(urlsplit(url).path))
    except ValueError:
        return None
    if rules := _BY_HOST.get(host):
        query = {name.lower(): value for name, value in query_of(url).items()}
        for rule in rules:
            if (found := rule.id_in(host, path, query)) is not None:
                return SiteId(rule.scheme, found)
    if host in _WIKIS and (title := wiki_title(url)):
        return SiteId(_WIKIS[host], title)
    if _ITCH_HOST.fullmatch(host) and (match := _ITCH_PATH.fullmatch(path)):
        return SiteId("itch", f"{host}/{match[1].lower()}")
    return None


def wiki_title(url: str) -> str:
    """The title of the page of a MediaWiki that an address names, as the wiki writes it; empty where it names none.

    Spaces and underscores are one, the first letter is a capital. The namespace stays: whether a colon in a title
    ends one is for each wiki to say.
    """
    path = unquote(urlsplit(url).path).lstrip("/")
    if path in ("index.php", "api.php", ""):
        query = query_of(url)
        title = query.get("title") or query.get("titles") or ""
    else:
        title = "" if path.startswith(("files/", "api.php")) else path.removeprefix("index.php/")
    title = " ".join(title.replace("_", " ").split())
    return "" if "|" in title else title[:1].upper() + title[1:]
