"""The shapes of the demo's data: a game, and how each of the three sites lists it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A download or a page named by an entry."""

    url: str
    title: str
    desc: str = ""
    format: str | None = None
    is_game: bool = False
    play_online: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InsteadEntry:
    """How instead-games.ru lists the game.

    `id` is the ID of game.php?ID=, `name` the slug of the download, `size` bytes, `date` YYYY-MM-DD. `author` is one
    string, as on the site, and is empty where the sandbox names nobody; `approved=False` puts the game in the sandbox.
    """

    id: int
    name: str
    title: str
    author: str
    version: str
    size: int
    date: str
    lang: str = "ru"
    description: str
    approved: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IfdbEntry:
    """How ifdb.org lists the game.

    `published` is YYYY or YYYY-MM-DD; `language` is a code or, for several languages, IFDB's prose.
    """

    tuid: str
    title: str
    author: str
    published: str | None
    language: str
    genre: str | None
    devsys: str
    description: str
    ifids: tuple[str, ...] = ()
    format: str | None
    links: tuple[Link, ...] = ()
    tags: tuple[str, ...] = ()
    pageversion: int
    rating: float | None
    ratings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WikiEntry:
    """How ifwiki.ru describes the game.

    `title` is the page's title, `released` DD.MM.YYYY or YYYY, `competitions` wikitext templates such as
    `{{КРИЛ|2009}}`. An empty `authors` is a page that names none.
    """

    pageid: int
    title: str
    authors: tuple[str, ...]
    released: str | None
    platform: str
    language: str
    themes: tuple[str, ...] = ()
    ifid: str | None = None
    competitions: tuple[str, ...] = ()
    description: str
    links: tuple[Link, ...] = ()
    revid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """One game and its entries; a site that does not list it has None. This grouping is the demo's right answer."""

    slug: str
    instead: InsteadEntry | None = None
    ifdb: IfdbEntry | None = None
    wiki: WikiEntry | None = None
