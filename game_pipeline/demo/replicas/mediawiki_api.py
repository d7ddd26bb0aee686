"""A MediaWiki as it answers through its API, in both format versions. What it holds is its site's business.

Lists come in small parts, whatever limit was asked for, so that every walk has to be continued.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha1
from typing import Any, TypeVar

from .days import World
from .noise import roll, token
from .reply import Reply

MAX_MEMBERS = 20
MAX_CHANGES = 5
"""Rows of a list in one reply, at most."""
MAX_PAGES = 50
"""Pages that one request may name."""
_Row = TypeVar("_Row")
_Document = dict[str, Any]


class _ApiError(Exception):
    def __init__(self, code: str, info: str) -> None:
        super().__init__(code)
        self.code = code
        self.info = info


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A page with its newest revision; `is_game` puts it into the category of games."""

    pageid: int
    title: str
    revid: int
    timestamp: str
    text: str
    is_game: bool
    namespace: int = 0
    redirects: tuple[str, ...] = ()
    """Titles of the pages that lead to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the recent changes. A deletion has neither page nor revision."""

    type: str
    ns: int
    title: str
    pageid: int
    revid: int
    old_revid: int
    rcid: int
    timestamp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiki:
    """What a wiki holds on a day. `category`: of its games. `changes`: newest first. `subcategories`: page id and title
    of the members of that category that are categories."""

    home: str
    lang: str
    category: str
    articles: Sequence[Article]
    changes: Sequence[Row]
    subcategories: Sequence[tuple[int, str]] = ()

    def titled(self, title: str) -> Article | None:
        return next((article for article in self.articles if article.title == title), None)


def api(wiki: Wiki, world: World, query: dict[str, str]) -> Reply:
    """The answer of `api.php`."""
    modern = query.get("formatversion") in ("2", "latest")
    try:
        document = _query(wiki, query, modern)
    except _ApiError as error:
        document = {"error": {"code": error.code, "info": error.info}}
    return _json(_with_noise(world, document, query))


def normal_title(title: str) -> str:
    """The title as MediaWiki knows it: spaces for underscores, the first letter a capital."""
    title = " ".join(title.replace("_", " ").split())
    return title[:1].upper() + title[1:]


def _query(wiki: Wiki, query: dict[str, str], modern: bool) -> _Document:
    if query.get("action") != "query":
        raise _ApiError("badvalue", f'Unrecognized value for parameter "action": {query.get("action", "")}.')
    found: _Document = {"batchcomplete": True if modern else ""}
    if any(name in query for name in ("pageids", "titles", "revids")):
        found["query"] = _pages(wiki, query, modern)
    match query.get("list", ""):
        case "categorymembers":
            _merge(found, _category_members(wiki, query))
        case "recentchanges":
            _merge(found, _recent_changes(wiki, query))
        case "":
            pass
        case other:
            raise _ApiError("badvalue", f'Unrecognized value for parameter "list": {other}.')
    return found


def _merge(document: _Document, part: _Document) -> None:
    document["query"] = {**document.get("query", {}), **part.pop("query")}
    document.update(part)


def _limited(rows: Sequence[_Row], limit: str, most: int) -> tuple[Sequence[_Row], _Row | None]:
    """The rows of this reply and the first one of the next."""
    wanted = int(limit) if limit.isdecimal() and int(limit) > 0 else 10
    size = min(wanted, most)
    return rows[:size], rows[size] if len(rows) > size else None


def _category_members(wiki: Wiki, query: dict[str, str]) -> _Document:
    if query.get("cmtitle", "").replace("_", " ") != wiki.category:
        return {"query": {"categorymembers": []}}
    members = [(0, article.pageid, article.title) for article in wiki.articles if article.is_game]
    members.extend((14, pageid, title) for pageid, title in wiki.subcategories)
    wanted = query.get("cmnamespace", "").split("|") if query.get("cmnamespace") else []
    members = [member for member in members if not wanted or str(member[0]) in wanted]
    members.sort(key=lambda member: (_sort_key(member[2]), member[1]))
    if start := query.get("cmcontinue"):
        kind, _, rest = start.partition("|")
        key, _, number = rest.partition("|")
        if kind not in ("page", "subcat") or not number.isdecimal():
            raise _ApiError("badcontinue", "Invalid continue param. You should pass the original value returned.")
        members = [member for member in members if (_sort_key(member[2]), member[1]) >= (key, int(number))]
    rows, following = _limited(members, query.get("cmlimit", ""), MAX_MEMBERS)
    part: _Document = {
        "query": {"categorymembers": [{"pageid": pageid, "ns": ns, "title": title} for ns, pageid, title in rows]}
    }
    if following:
        part["continue"] = {"cmcontinue": f"page|{_sort_key(following[2])}|{following[1]}", "continue": "-||"}
    return part


def _sort_key(title: str) -> str:
    """The hexadecimal key by which MediaWiki sorts and continues a category."""
    return title.rpartition(":")[2].upper().encode().hex()


def _recent_changes(wiki: Wiki, query: dict[str, str]) -> _Document:
    wanted = query.get("rcnamespace", "").split("|") if query.get("rcnamespace") else []
    kinds = query.get("rctype", "edit|new|log|categorize").split("|")
    rows = [
        row
        for row in wiki.changes
        if row.type in kinds
        and (not wanted or str(row.ns) in wanted)
        and row.timestamp >= query.get("rcend", "")
        and row.timestamp <= query.get("rcstart", "9")
    ]
    if start := query.get("rccontinue"):
        stamp, _, number = start.partition("|")
        if not (stamp.isdecimal() and number.isdecimal()):
            raise _ApiError("badcontinue", "Invalid continue param. You should pass the original value returned.")
        rows = [row for row in rows if (_digits(row.timestamp), row.rcid) <= (stamp, int(number))]
    shown, following = _limited(rows, query.get("rclimit", ""), MAX_CHANGES)
    properties = query.get("rcprop", "title|timestamp|ids").split("|")
    names = ["type"]
    names += ["ns", "title"] if "title" in properties else []
    names += ["pageid", "revid", "old_revid", "rcid"] if "ids" in properties else []
    names += ["timestamp"] if "timestamp" in properties else []
    part: _Document = {"query": {"recentchanges": [{name: asdict(row)[name] for name in names} for row in shown]}}
    if following:
        part["continue"] = {"rccontinue": f"{_digits(following.timestamp)}|{following.rcid}", "continue": "-||"}
    return part


def _digits(timestamp: str) -> str:
    return "".join(char for char in timestamp if char.isdecimal())


def _pages(wiki: Wiki, query: dict[str, str], modern: bool) -> _Document:
    """The pages that ids or titles name, with their revisions or info where asked for."""
    found: dict[str, _Document] = {}
    result: _Document = {}
    wanted_ids = query["pageids"].split("|") if "pageids" in query else []
    wanted_titles = query["titles"].split("|") if "titles" in query else []
    if len(wanted_ids) + len(wanted_titles) > MAX_PAGES:
        raise _ApiError("toomanyvalues", f"Too many values supplied. The limit is {MAX_PAGES}.")
    flag: bool | str = True if modern else ""
    if bad := next((number for number in wanted_ids if not number.isdecimal()), None):
        raise _ApiError("badinteger", f'Invalid value "{bad}" for integer parameter "pageids".')
    for number in wanted_ids:
        article = next((article for article in wiki.articles if str(article.pageid) == number), None)
        found[number] = _shown(wiki, article, query, modern) if article else {"pageid": int(number), "missing": flag}
    normalised, redirected = [], []
    for position, asked in enumerate(wanted_titles, start=1):
        title = normal_title(asked)
        if title != asked:
            normalised.append({**({"fromencoded": False} if modern else {}), **_pair(asked, title)})
        article = wiki.titled(title)
        if article and article.text.startswith("#") and "redirects" in query:
            redirected.append(_pair(article.title, article.text.partition("[[")[2].partition("]]")[0]))
            article = wiki.titled(redirected[-1]["to"])
        if article:
            found[str(article.pageid)] = _shown(wiki, article, query, modern)
        else:
            found[str(-position)] = {"ns": 0, "title": title, "missing": flag}
    if normalised:
        result["normalized"] = normalised
    if redirected:
        result["redirects"] = redirected
    result["pages"] = list(found.values()) if modern else found
    return result


def _pair(old: str, new: str) -> _Document:
    return {"from": old, "to": new}


def _shown(wiki: Wiki, article: Article, query: dict[str, str], modern: bool) -> _Document:
    shown: _Document = {"pageid": article.pageid, "ns": article.namespace, "title": article.title}
    properties = query.get("prop", "").split("|")
    if "info" in properties:
        shown.update(
            contentmodel="wikitext",
            pagelanguage=wiki.lang,
            touched=article.timestamp,
            lastrevid=article.revid,
            length=len(article.text.encode()),
        )
        if "url" in query.get("inprop", "").split("|"):
            shown["fullurl"] = f"{wiki.home}{article.title.replace(' ', '_')}"
    if "categories" in properties and article.is_game:
        shown["categories"] = [{"ns": 14, "title": wiki.category}]
    if "redirects" in properties and article.redirects:
        shown["redirects"] = [{"title": title} for title in article.redirects]
    if "revisions" in properties:
        shown["revisions"] = [_revision(article, query, modern)]
    return shown


def _revision(article: Article, query: dict[str, str], modern: bool) -> _Document:
    wanted = query.get("rvprop", "ids|timestamp|flags|comment|user").split("|")
    revision: _Document = {}
    if "ids" in wanted:
        revision.update(revid=article.revid, parentid=article.revid - 1)
    if "timestamp" in wanted:
        revision["timestamp"] = article.timestamp
    if "sha1" in wanted:
        revision["sha1"] = sha1(article.text.encode()).hexdigest()
    if "content" in wanted:
        text = {"content" if modern else "*": article.text}
        slot = {"contentmodel": "wikitext", "contentformat": "text/x-wiki", **text}
        revision.update({"slots": {"main": slot}} if "rvslots" in query else slot)
    return revision


def _with_noise(world: World, document: _Document, query: dict[str, str]) -> _Document:
    """The document with what differs between two equal answers: server, request id, time, order of the keys."""
    about = (world.day, sorted(query.items()))
    noisy = {
        **document,
        "servedby": f"mw{roll(9, 'server', *about) + 1}",
        "requestid": token("request", *about),
        "curtimestamp": f"{world.today}T{roll(24, 'hour', *about):02}:{roll(60, 'minute', *about):02}:00Z",
    }
    return {key: noisy[key] for key in sorted(noisy, key=lambda key: roll(1_000_000, "order", key, *about))}


def _json(document: _Document) -> Reply:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    headers = [("Cache-Control", "private, must-revalidate, max-age=0")]
    if "error" in document:
        headers.append(("MediaWiki-API-Error", document["error"]["code"]))
    return Reply(body=text.encode(), content_type="application/json; charset=utf-8", headers=tuple(headers))
