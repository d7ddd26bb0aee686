"""What IFDB says about a game: its viewgame documents (XML and JSON) and search results as records.

Both spellings are first read into the shape of the JSON, which is the same tree. Addresses and requests are in `ifdb`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from game_pipeline.model import GameRecord, LinkKind

from .base import ParseError, Source
from .draft import Draft
from .ifiction import add_bibliography, clean_ifid, story_description
from .jsondoc import listed, mapping, number, parse_json, string
from .links import classify
from .text import plain_to_markdown, split_names
from .urls import identity_url
from .xml import child, children, leaves, local, parse_xml, text_of

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["Item", "Story", "read_reply", "search_record", "story_record"]


@dataclass(frozen=True)
class Story:
    """A viewgame document, in the shape of its JSON."""

    colophon: dict[str, Any] = field(default_factory=dict)
    identification: dict[str, Any] = field(default_factory=dict)
    bibliographic: dict[str, Any] = field(default_factory=dict)
    contacts: dict[str, Any] = field(default_factory=dict)
    ifdb: dict[str, Any] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def tuid(self) -> str:
        return string(self.ifdb.get("tuid")).lower()


@dataclass(frozen=True)
class Item:
    """A search result."""

    tuid: str
    title: str = ""
    author: str = ""
    devsys: str = ""
    published: str = ""
    average_rating: str = ""
    rating_count: str = ""
    star_rating: str = ""
    play_time: str = ""
    has_cover: bool = False
    unread: tuple[str, ...] = ()


def read_reply(body: bytes) -> Story | tuple[Item, ...]:
    """A viewgame document or the items of a search, in XML or JSON. An error document raises `ParseError`."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return _read_json(body)
    root = parse_xml(body, "ifindex", "searchReply", "viewgame", what="IFDB reply")
    if local(root) == "viewgame":
        raise ParseError("viewgame errorCode", _error(text_of(root, "errorCode"), text_of(root, "errorMessage")))
    if local(root) == "searchReply":
        if child(root, "error") is not None:
            raise ParseError("searchReply error", text_of(root, "error")[:300] or "unnamed")
        if child(root, "games") is None:
            raise ParseError("searchReply games", "missing")
        return tuple(_item(_item_from_xml(game)) for game in children(child(root, "games"), "game"))
    story = child(root, "story")
    if story is None:
        raise ParseError("ifindex story", "missing")
    return _story_from_xml(story)


def _error(code: str, message: str) -> str:
    return f"{code or 'unnamed'}: {message}"[:300]


def _read_json(body: bytes) -> Story | tuple[Item, ...]:
    document = parse_json(body, what="IFDB reply")
    if "errorCode" in document:
        raise ParseError("errorCode", _error(string(document["errorCode"]), string(document.get("errorMessage"))))
    if "error" in document:
        raise ParseError("error", string(document["error"])[:300] or "unnamed")
    if "games" in document:
        # A hidden game may come as null: kept as an empty item, for pages are counted by what they hold.
        return tuple(_item(mapping(game)) for game in listed(document["games"]))
    if not mapping(document.get("bibliographic")):
        raise ParseError("bibliographic", "missing: neither a game nor search results")
    known = ("colophon", "identification", "bibliographic", "contacts", "ifdb")
    sections = {name: mapping(document.get(name)) for name in known}
    return Story(**sections, unread=tuple(key for key in document if key not in known))


def _story_from_xml(story: etree._Element) -> Story:
    identification: dict[str, Any] = _section(child(story, "identification"))
    identification.pop("ifid", None)
    identification["ifids"] = [text_of(ifid) for ifid in children(child(story, "identification"), "ifid")]
    section = child(story, "ifdb")
    ifdb: dict[str, Any] = _section(section)
    for name in ("coverart", "downloads", "tags"):
        ifdb.pop(name, None)
    if cover := text_of(section, "coverart", "url"):
        ifdb["coverart"] = {"url": cover}
    ifdb["downloads"] = {"links": [_link_from_xml(link) for link in children(child(section, "downloads", "links"))]}
    ifdb["tags"] = [leaves(tag) for tag in children(child(section, "tags"), "tag")]
    known = ("colophon", "identification", "bibliographic", "contacts", "contact", "ifdb")
    return Story(
        colophon=_section(child(story, "colophon")),
        identification=identification,
        bibliographic=_section(child(story, "bibliographic")),
        contacts={**_section(child(story, "contact")), **_section(child(story, "contacts"))},
        ifdb=ifdb,
        unread=tuple(local(inner) for inner in children(story) if local(inner) not in known),
    )


def _section(element: etree._Element | None) -> dict[str, Any]:
    """The text of every child by name, the first of a name: of those with children of their own, too, lest one that
    nobody knows goes unseen."""
    found: dict[str, Any] = {}
    for inner in children(element):
        found.setdefault(local(inner), text_of(inner))
    return found


def _link_from_xml(link: etree._Element) -> dict[str, Any]:
    found: dict[str, Any] = dict(leaves(link))
    if "isGame" in found:
        found["isGame"] = True
    return found


def _item_from_xml(game: etree._Element) -> dict[str, Any]:
    found: dict[str, Any] = dict(leaves(game))
    found["published"] = leaves(child(game, "published"))
    found["hasCoverArt"] = "hasCoverArt" in found
    return found


def _item(game: dict[str, Any]) -> Item:
    return Item(
        tuid=string(game.get("tuid")).lower(),
        title=string(game.get("title")),
        author=string(game.get("author")),
        devsys=string(game.get("devsys")),
        published=string(mapping(game.get("published")).get("machine")),
        average_rating=string(game.get("averageRating")),
        rating_count=string(game.get("numRatings")),
        star_rating=string(game.get("starRating")),
        play_time=string(game.get("playTimeInMinutes")),
        has_cover=bool(game.get("hasCoverArt")),
        unread=tuple(key for key in game if key not in _ITEM),
    )


_IDENTIFICATION = ("ifids", "bafn", "format")
_BIBLIOGRAPHIC = [
    "title",
    "author",
    "language",
    "firstpublished",
    "genre",
    "description",
    "series",
    "seriesnumber",
    "forgiveness",
    "headline",
]
_IFDB = [
    "tuid",
    "pageversion",
    "link",
    "coverart",
    "playTimeInMinutes",
    "primaryPlayOnlineUrl",
    "downloads",
    "averageRating",
    "starRating",
    "ratingCountAvg",
    "ratingCountTot",
    "tags",
]
_ITEM = [
    "tuid",
    "title",
    "link",
    "author",
    "hasCoverArt",
    "coverArtLink",
    "devsys",
    "published",
    "averageRating",
    "numRatings",
    "starRating",
    "starSort",
    "playTimeInMinutes",
]
_TAG = ["name", "tagcnt", "gamecnt"]
_LINK = ["url", "playOnlineUrl", "title", "desc", "isGame", "format", "os", "compression", "compressedPrimary"]

# Formats of files that accompany a game; what is not a game itself and of none of them is still a download of it.
_DOCUMENTS = frozenset(
    [
        "document",
        "text",
        "html",
        "pdf",
        "guemap",
        "image",
        "jpeg",
        "png",
        "gif",
        "audio",
        "mp3",
        "video",
        "map",
        "hints",
    ]
)
_HYPERTEXT = frozenset(["hypertextgame", "html"])


def story_record(source: Source, story: Story, tuid: str) -> GameRecord:
    """The record of a viewgame document."""
    draft = Draft(source, "ifindex story")
    facts = {key: string(value) for key, value in story.bibliographic.items()}
    add_bibliography(draft, facts, story_description(facts.get("description", "")))
    for ifid in (string(value) for value in listed(story.identification.get("ifids"))):
        if cleaned := clean_ifid(ifid):
            draft.external_id("ifid", cleaned)
        elif ifid:
            draft.warn(f"no IFID: {ifid[:70]}")
    draft.external_id("tuid", tuid)
    draft.external_id("bafs", string(story.identification.get("bafn")))
    draft.tag("system", string(story.identification.get("format")))
    if website := string(story.contacts.get("url")):
        kind = classify(website)
        draft.link(website, "game_page" if kind == "other" else kind, "Website", base=source.home)
    if story.ifdb.get("coverart"):
        _add_cover(draft, tuid)
    draft.link(string(story.ifdb.get("primaryPlayOnlineUrl")), "play_online", base=source.home)
    for link in listed(mapping(story.ifdb.get("downloads")).get("links")):
        _add_link(draft, mapping(link))
    for tag in listed(story.ifdb.get("tags")):
        draft.tag("theme", string(mapping(tag).get("name")))
        draft.unread("tag", (key for key in mapping(tag) if key not in _TAG))
    _add_numbers(draft, story)
    _report_unread(draft, story)
    return draft.build(identity=tuid, url=_address(tuid))


def _address(tuid: str) -> str:
    return f"https://ifdb.org/viewgame?id={tuid}"


def _add_cover(draft: Draft, tuid: str) -> None:
    draft.link(f"https://ifdb.org/coverart?id={tuid}", "poster", "Cover")


def _add_numbers(draft: Draft, story: Story) -> None:
    draft.extra("pageversion", number(story.ifdb.get("pageversion")))
    draft.extra("page_modified", string(story.colophon.get("originated")))
    draft.extra("play_time_minutes", number(story.ifdb.get("playTimeInMinutes")))
    draft.extra("average_rating", number(story.ifdb.get("averageRating")))
    draft.extra("star_rating", number(story.ifdb.get("starRating")))
    draft.extra("rating_count", number(story.ifdb.get("ratingCountAvg")))
    draft.extra("rating_count_total", number(story.ifdb.get("ratingCountTot")))


def _report_unread(draft: Draft, story: Story) -> None:
    draft.unread("section", story.unread)
    draft.unread("identification", (key for key in story.identification if key not in _IDENTIFICATION))
    draft.unread("bibliographic", (key for key in story.bibliographic if key not in _BIBLIOGRAPHIC))
    draft.unread("contacts", (key for key in story.contacts if key != "url"))
    draft.unread("ifdb", (key for key in story.ifdb if key not in _IFDB))


def _add_link(draft: Draft, link: dict[str, Any]) -> None:
    title, note = string(link.get("title")), plain_to_markdown(string(link.get("desc")))
    label = f"{title} — {note}" if title and note else title or note
    url, online = string(link.get("url")), string(link.get("playOnlineUrl"))
    draft.link(url, _link_kind(link, url, online, label), label, base="https://ifdb.org/")
    draft.link(online, "play_online", title, base="https://ifdb.org/")
    draft.unread("link", (key for key in link if key not in _LINK))


def _link_kind(link: dict[str, Any], url: str, online: str, label: str) -> LinkKind:
    """The kind of a download link: what the site says of the file first, what the address looks like second."""
    found = classify(url, label)
    if _same(url, online) or found == "play_online":
        return "play_online"
    game_format = string(link.get("format")).lower()
    if not link.get("isGame") and (not game_format or game_format in _DOCUMENTS):
        # Solutions, maps, transcripts: files too, but none of them is the game.
        return found if found in ("video", "review", "forum", "screenshot", "game_page") else "other"
    if found in ("download_direct", "download_landing"):
        return found
    if link.get("compression") or (game_format and game_format not in _HYPERTEXT):
        return "download_direct" if re.search(r"/[^/?]+\.\w{1,8}$", url) else "download_landing"
    if link.get("isGame") and game_format in _HYPERTEXT and found == "other":
        return "play_online"
    return "download_landing" if found in ("other", "game_page") else found


def _same(one: str, other: str) -> bool:
    try:
        return bool(other) and identity_url(one) == identity_url(other)
    except ValueError:
        return False


def search_record(source: Source, item: Item) -> GameRecord:
    """The little that a search result says."""
    draft = Draft(source, "searchReply game")
    draft.warn("search result only: a partial record")
    draft.unread("search result", item.unread)
    draft.set_title(item.title)
    for name in split_names(item.author):
        draft.credit(name)
    draft.set_date(item.published)
    draft.tag("system", item.devsys)
    draft.external_id("tuid", item.tuid)
    if item.has_cover:
        _add_cover(draft, item.tuid)
    draft.extra("average_rating", number(item.average_rating))
    draft.extra("star_rating", number(item.star_rating))
    draft.extra("rating_count", number(item.rating_count))
    draft.extra("play_time_minutes", number(item.play_time))
    return draft.build(identity=item.tuid, url=_address(item.tuid))
