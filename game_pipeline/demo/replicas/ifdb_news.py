"""`/allnew-rss` of IFDB: the 25 newest of reviews, new listings, lists, polls, news of games and of the site itself.

The order is that of the site: by time, but its own news stand on top for a week.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from game_pipeline.demo.world import IfdbEntry

from .days import World
from .noise import roll

SHOWN = 25
_CROWD = 40  # reviews of one day
_ROOT = "https://ifdb.org/"
_MEMBERS = ("Ada Quill", "Bogdan", "cloakroom", "Dmitry L.", "E. <Lantern> & Co", "Grue-Fancier")
_SUMMARIES = ("Short and sharp", "Worth a second try", "I wanted to like it", "A map in my pocket at last")


@dataclass(frozen=True, slots=True)
class _Item:
    at: dt.datetime
    title: str
    link: str
    description: str
    pinned: bool = False


def listed_at(world: World, tuid: str) -> dt.datetime:
    """The moment at which a game was listed."""
    return _moment(world.listed[tuid], "listed", tuid)


def news(world: World, *, crowd: bool = False, layout: bool = False) -> str:
    """The feed of a day, at its end."""
    found = [*_listings(world), *_others(world)]
    if crowd:
        found += [_review(world, world.today, number) for number in range(100, 100 + _CROWD)]
    found.sort(key=lambda item: (item.pinned, item.at), reverse=True)
    items = found[:SHOWN]
    root = "feed" if layout else "rss"
    return (
        f'<?xml version="1.0"?>\r\n<{root} version="2.0">\n   <channel>\n      <title>New on IFDB</title>\n'
        f"      <link>{_ROOT}</link>\n      <description>The latest reviews and listings on IFDB, the\n"
        "         Interactive Fiction DataBase.</description>\n      <language>en-us</language>\n"
        f"<lastBuildDate>{_date(max(item.at for item in items))}</lastBuildDate>\r\n"
        f"{''.join(map(_element, items))}    </channel>\n</{root}>\n"
    )


def _listings(world: World) -> Iterator[_Item]:
    for entry in world.ifdb:
        title = f"A new listing for {entry.title} by {entry.author}"
        yield _Item(
            listed_at(world, entry.tuid), title, f"{_ROOT}viewgame?id={entry.tuid}", _summary(entry.description)
        )


def _others(world: World) -> Iterator[_Item]:
    """Three reviews a day and now and then something else, as far back as a feed may reach."""
    for back in range(SHOWN):
        day = world.today - dt.timedelta(days=back)
        number = day.toordinal()
        yield from (_review(world, day, place) for place in range(3))
        member = _MEMBERS[roll(len(_MEMBERS), "member", number)]
        game = _game(world, "other", number)
        at = _moment(day, "other")
        match number % 6:
            case 0:
                yield _Item(at, f"A Recommended List by {member}: Rainy days", f"{_ROOT}viewlist?id=l{number}", "")
            case 1:
                yield _Item(at, f"A poll by {member}: Best lamp", f"{_ROOT}poll?id=p{number}", "Any lamp.")
            case 2:
                reported = f"Reported by {member}: a release without the typing errors."
                yield _Item(at, f"News on {game.title}: Version 2 & more", f"{_ROOT}newslog?newsid={number}", reported)
            case 3:
                link = f"{_ROOT}viewcomp?id=c{number}"
                yield _Item(at, "A new competition page: The Tea Break Jam", link, "Games of one cup.")
            case 4:
                pinned = back < 7
                link = f"{_ROOT}news?item={number}"
                yield _Item(at, "IFDB site news: Faster searches", link, "They are.", pinned)


def _review(world: World, day: dt.date, place: int) -> _Item:
    """The address has the game and nothing behind `review=`, as the site prints it."""
    about = (day.toordinal(), place)
    game = _game(world, "review", *about)
    member = _MEMBERS[roll(len(_MEMBERS), "reviewer", *about)]
    stars = 1 + roll(5, "stars", *about)
    summary = _SUMMARIES[roll(len(_SUMMARIES), "summary", *about)]
    title = f'{member} reviews "{game.title}": "{summary}" {"&#9733;" * stars}{"&#9734;" * (5 - stars)}'
    return _Item(
        _moment(day, "review", place), title, f"{_ROOT}viewgame?id={game.tuid}&review=", f"<p>{summary}, I say.</p>"
    )


def _game(world: World, *about: object) -> IfdbEntry:
    return world.ifdb[roll(len(world.ifdb), *about)]


def _moment(day: dt.date, *about: object) -> dt.datetime:
    return dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=roll(86_400, "at", day, *about))


def _date(moment: dt.datetime) -> str:
    """As PHP's `D, j M Y H:i:s`, in a zone of the old name."""
    return f"{moment:%a}, {moment.day} {moment:%b %Y %H:%M:%S} UT"


def _summary(description: str) -> str:
    return description if len(description) <= 210 else f"{description[:210]}..."


def _element(item: _Item) -> str:
    parts = {
        "title": escape(item.title),
        "description": escape(item.description),
        "link": escape(item.link),
        "pubDate": _date(item.at),
        "guid": escape(item.link),
    }
    return "<item>\r\n" + "".join(f"<{name}>{text}</{name}>\r\n" for name, text in parts.items()) + "</item>\r\n"
