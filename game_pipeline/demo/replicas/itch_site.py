"""itch.io as it answers: the RSS of its browse pages, newest games first.

The switch `layout` puts a game's address and title where no reader looks for them.
"""

import datetime as dt
from email.utils import format_datetime
from html import escape

from game_pipeline.demo.world.stores import StoreEntry

from .days import World, date_of
from .noise import roll
from .reply import Reply, Target, html_page, robots
from .site import Site
from .stock import entries_with, price_of

_NAME = "itch"
_PER_PAGE = 36
_FEEDS = (
    "newest",
    "newest/tag-interactive-fiction",
    "newest/tag-text-based",
    "newest/tag-twine",
    "newest/genre-visual-novel",
)
_ELEMENTS = {"Windows": "windows", "macOS": "osx", "Linux": "linux", "Android": "android"}


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    if target.path == "/robots.txt":
        return robots("/embed-upload")
    feed = target.path.removeprefix("/games/").removesuffix(".xml")
    if target.path != f"/games/{feed}.xml" or feed not in _FEEDS:
        return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)
    page = int(target.query.get("page") or 1)
    # A tag is on the games whose turn it is; everything is in the feed of everything.
    entries = [entry for entry in entries_with(world, "itch") if feed == "newest" or roll(2, feed, entry.game)]
    entries.sort(key=_published, reverse=True)
    items = "".join(_item(world, target, entry) for entry in entries[(page - 1) * _PER_PAGE : page * _PER_PAGE])
    text = (
        f'<?xml version="1.0" encoding="UTF-8" ?>\n<rss version="2.0"><channel><title>{escape(feed)}</title>'
        f"<link>https://itch.io/games/{feed}</link>{items}</channel></rss>\n"
    )
    return Reply(body=text.encode(), content_type="text/xml; charset=utf-8")


def _published(entry: StoreEntry) -> dt.datetime:
    day = date_of(entry.since) - dt.timedelta(days=0 if entry.since > 1 else 30 + roll(900, "published", entry.game))
    return dt.datetime.combine(day, dt.time(9, roll(60, "minute", entry.game)), dt.UTC)


def _address(entry: StoreEntry) -> str:
    author, _, game = (entry.itch or "").partition("/")
    return f"{author}.itch.io/{game}"


def _item(world: World, target: Target, entry: StoreEntry) -> str:
    url, moment = f"https://{_address(entry)}", format_datetime(_published(entry), usegmt=True)
    title, link = ("name", "address") if "layout" in target.switches else ("plainTitle", "link")
    price = f"${price_of(world, entry) / 100:.2f}"
    platforms = "".join(f"<{_ELEMENTS[name]}>yes</{_ELEMENTS[name]}>" for name in entry.platforms if name in _ELEMENTS)
    told = "" if "layout" in target.switches else f"<title>{escape(entry.title)} [{price}] [{entry.genre}]</title>"
    guid = "" if "layout" in target.switches else f"<guid>{url}</guid>"
    return (
        f"<item>{guid}{told}<{title}>{escape(entry.title)}</{title}>"
        f"<imageurl>https://img.itch.zone/{entry.igdb}/315x250.png</imageurl><price>{price}</price>"
        f"<currency>USD</currency><{link}>{url}</{link}>"
        f"<description><![CDATA[<p>{escape(entry.text)}</p>]]></description><pubDate>{moment}</pubDate>"
        f"<createDate>{moment}</createDate><updateDate>{moment}</updateDate><platforms>{platforms}</platforms></item>"
    )


SITE = Site(
    _NAME,
    ("itch.io", "www.itch.io"),
    answer,
    lambda world: map(_address, entries_with(world, "itch")),
    redesigns=True,
)
