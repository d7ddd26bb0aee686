"""ifwiki.ru as it answers: the MediaWiki API in both format versions, raw pages and pages for people.

Lists come in small parts, whatever limit was asked for, so that every walk has to be continued.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from hashlib import sha1
from html import escape
from typing import Any, TypeVar
from urllib.parse import unquote

from .days import World
from .events import IFWIKI
from .ifwiki_pages import SUBCATEGORIES, Article, articles_on, recent_changes
from .noise import advertisement, roll, token
from .reply import Reply, Target, html_page, robots
from .site import Site

MAX_MEMBERS = 20
MAX_CHANGES = 5
"""Rows of a list in one reply, at most."""
MAX_PAGES = 50
"""Pages that one request may name."""
_CATEGORY = "Категория:Игры"
_FRONT_PAGE = "Интерактивная литература"
_Row = TypeVar("_Row")
_Document = dict[str, Any]


class _ApiError(Exception):
    def __init__(self, code: str, info: str) -> None:
        super().__init__(code)
        self.code = code
        self.info = info


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    if target.path == "/api.php":
        return _api(world, target.query)
    if target.path == "/robots.txt":
        return robots("/special/")
    title = unquote(target.path.lstrip("/"))
    if target.path in ("/", "/index.php"):
        by_id = [article for article in articles_on(world.day) if str(article.pageid) == target.query.get("curid")]
        title = by_id[0].title if by_id else target.query.get("title") or _FRONT_PAGE
    return _page(world, title, raw=target.query.get("action") == "raw")


def _api(world: World, query: dict[str, str]) -> Reply:
    modern = query.get("formatversion") in ("2", "latest")
    try:
        document = _query(world, query, modern)
    except _ApiError as error:
        document = {"error": {"code": error.code, "info": error.info}}
    return _json(_with_noise(world, document, query))


def _query(world: World, query: dict[str, str], modern: bool) -> _Document:
    if query.get("action") != "query":
        raise _ApiError("badvalue", f'Unrecognized value for parameter "action": {query.get("action", "")}.')
    found: _Document = {"batchcomplete": True if modern else ""}
    if any(name in query for name in ("pageids", "titles", "revids")):
        found["query"] = _pages(world, query, modern)
    match query.get("list", ""):
        case "categorymembers":
            _merge(found, _category_members(world, query))
        case "recentchanges":
            _merge(found, _recent_changes(world, query))
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


def _category_members(world: World, query: dict[str, str]) -> _Document:
    if query.get("cmtitle", "").replace("_", " ") != _CATEGORY:
        return {"query": {"categorymembers": []}}
    members = [(0, article.pageid, article.title) for article in articles_on(world.day) if article.is_game]
    members.extend((14, pageid, title) for pageid, title in SUBCATEGORIES)
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
    return title.removeprefix("Категория:").upper().encode().hex()


def _recent_changes(world: World, query: dict[str, str]) -> _Document:
    wanted = query.get("rcnamespace", "").split("|") if query.get("rcnamespace") else []
    kinds = query.get("rctype", "edit|new|log|categorize").split("|")
    rows = [
        row
        for row in recent_changes(world)
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


def _pages(world: World, query: dict[str, str], modern: bool) -> _Document:
    """The pages that ids or titles name, with their revisions or info where asked for."""
    articles = articles_on(world.day)
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
        article = next((article for article in articles if str(article.pageid) == number), None)
        found[number] = _shown(article, query, modern) if article else {"pageid": int(number), "missing": flag}
    normalised, redirected = [], []
    for position, asked in enumerate(wanted_titles, start=1):
        title = _normal(asked)
        if title != asked:
            normalised.append({**({"fromencoded": False} if modern else {}), **_pair(asked, title)})
        article = _titled(articles, title)
        if article and article.text.startswith("#") and "redirects" in query:
            redirected.append(_pair(article.title, article.text.partition("[[")[2].partition("]]")[0]))
            article = _titled(articles, redirected[-1]["to"])
        if article:
            found[str(article.pageid)] = _shown(article, query, modern)
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


def _normal(title: str) -> str:
    """The title as MediaWiki knows it: spaces for underscores, the first letter a capital."""
    title = " ".join(title.replace("_", " ").split())
    return title[:1].upper() + title[1:]


def _titled(articles: Iterable[Article], title: str) -> Article | None:
    return next((article for article in articles if article.title == title), None)


def _shown(article: Article, query: dict[str, str], modern: bool) -> _Document:
    shown: _Document = {"pageid": article.pageid, "ns": 0, "title": article.title}
    properties = query.get("prop", "").split("|")
    if "info" in properties:
        shown.update(
            contentmodel="wikitext",
            pagelanguage="ru",
            touched=article.timestamp,
            lastrevid=article.revid,
            length=len(article.text.encode()),
        )
        if "url" in query.get("inprop", "").split("|"):
            shown["fullurl"] = f"https://ifwiki.ru/{article.title.replace(' ', '_')}"
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


def _page(world: World, title: str, *, raw: bool) -> Reply:
    article = _titled(articles_on(world.day), _normal(title))
    if article is None:
        return html_page("ifwiki", "<p>В этой вики нет страницы с таким названием.</p>", lang="ru", status=404)
    if raw:
        return Reply(body=article.text.encode(), content_type="text/x-wiki; charset=UTF-8")
    return html_page(
        f"{escape(article.title)} — ifwiki",
        f'<div class="sitenotice">{advertisement(world.day, article.pageid)}</div>\n<h1>{escape(article.title)}</h1>\n'
        f"<pre>{escape(article.text)}</pre>\n"
        f"<!-- Saved in parser cache with key wiki:{article.pageid}, {token(world.day, article.pageid)} -->",
        lang="ru",
    )


SITE = Site(IFWIKI, ("ifwiki.ru", "www.ifwiki.ru"), answer, lambda world: (str(entry.pageid) for entry in world.wiki))
