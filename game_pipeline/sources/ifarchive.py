"""The IF Archive (ifarchive.org): its Master-Index as listing, its RSS as feed, a directory's `Index` as page.

How the documents read is in `ifarchive_files`. A record is a file of a game; what it is about, IFDB's id says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

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
    Segment,
    Source,
)
from .draft import Draft
from .ifarchive_files import (
    MAX_MASTER_INDEX,
    ArchiveFile,
    arrivals,
    index_files,
    master_files,
    metadata_file,
)
from .text import plain_to_markdown, split_names
from .urls import on_host

__all__ = ["IFArchive"]

_HOME = "https://ifarchive.org"
_MASTER = f"{_HOME}/indexes/Master-Index.xml"
_FEED = f"{_HOME}/indexes/archive.rss"
_GAMES = "if-archive/games"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# What stands in directories of games and is none.
_NO_GAME = re.compile(
    r"(?:^|/)(?:index(?:\.\w+)?|read[-_ ]?me.*|contents\.txt|ls-lr.*|master-index.*|\.\S*)$"
    r"|\.(?:txt|doc|pdf|html?|sol|hnt|map|gif|jpe?g|png|sig|md5|inv|step|nfo)$",
    re.IGNORECASE,
)
# What a story file's name says of the system that runs it.
_SYSTEMS = {
    "Z-code": "z1 z2 z3 z4 z5 z6 z7 z8 zlb zblorb",
    "Glulx": "ulx glb gblorb",
    "TADS": "gam t3",
    "Hugo": "hex",
    "ADRIFT": "taf",
    "Alan": "acd a3c",
    "AGT": "agx d$$",
    "Quest": "quest asl cas",
}
_SYSTEM_OF = {ending: system for system, endings in _SYSTEMS.items() for ending in endings.split()}
# A description's first line may be a title: "Curses, by Graham Nelson", "*Foo*: An Art Project".
_TITLE_BY = re.compile(
    r"(?P<title>.{1,100}?),?\s+by\s+(?P<author>[^.,;]{2,60}(?:,? and [^.,;]{2,60})?)\.?", re.IGNORECASE
)
_EMPHASIS = re.compile(r"(?<!\w)[*_`]{1,3}|[*_`]{1,3}(?!\w)")
_READ = frozenset({"tuid", "ifwiki", "unbox-link", "unbox-block"})


class IFArchive(Source):
    """The Interactive Fiction Archive: files of games, joined to IFDB by the `tuid` of their metadata.

    The Master-Index (tens of thousands of files) names the directories that have games, with the time of their
    newest file as the change signal; the feed does so for recent arrivals; a directory's `Index` says what its files
    are. The Master-Index itself, given by hand, is read whole, hashes and sizes included. A file that holds several
    games is a record for each of them. When a file was put there says nothing about when the game came out.
    """

    name = "ifarchive"
    title = "IF Archive"
    home = f"{_HOME}/"
    hosts = ("ifarchive.org", "mirror.ifarchive.org")
    attribution = Attribution(site="IF Archive", licence="unknown")
    policy = Policy(priority=60, max_body=MAX_MASTER_INDEX, reimport_cron="0 4 1 * *")
    verified = True
    parser_version = 1
    several_records_a_game = True
    streamed_listing = True
    many_records_a_page = True
    segments = (
        *(Segment(f"games-{letter}", f"games/{letter}…") for letter in _LETTERS),
        Segment("elsewhere", "Other directories"),
    )
    expects = Expects(
        records=(10, None),
        coverage=(Coverage("urls.download_direct", 0.5, "# header of the entry"),),
    )

    def owns(self, url: str) -> bool:
        return self._path_in(url) is not None

    def identity(self, url: str) -> str | None:
        """None: the address of a file says nothing about how many games are in it."""
        return None

    def _path_in(self, url: str) -> str | None:
        if not on_host(url, self.hosts):
            return None
        path = unquote(urlsplit(url).path).lstrip("/")
        is_file = path.startswith("if-archive/") and not path.endswith("/") and not _NO_GAME.search(path)
        return path if is_file and ".." not in path.split("/") else None

    def segment_of(self, key: str) -> str:
        first = key.removeprefix(f"{_GAMES}/")[:1].lower()
        return f"games-{first}" if key.startswith(f"{_GAMES}/") and first and first in _LETTERS else "elsewhere"

    def locate(self, url: str) -> Listing:
        path = self._path_in(url)
        if path is None:
            raise ValueError(f"no address of a file on the IF Archive (/if-archive/…): {url[:120]}")
        return Listing(pages=(self._page(path.rpartition("/")[0]),))

    def listing(self) -> tuple[Request, ...]:
        return (Request(_MASTER, conditional=False),)

    def parse_listing(self, response: Response) -> Listing:
        """The directories that hold games, each with the time of its newest file."""
        newest: dict[str, int] = {}
        for file in master_files(response.body):
            if self._is_game(file):
                newest[file.directory] = max(newest.get(file.directory, 0), file.uploaded or 0)
        if not newest:
            raise ParseError("ifarchive file", "no game among the files")
        return Listing(pages=tuple(self._page(directory, time) for directory, time in newest.items()))

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        return (Request(_FEED),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """The directories that had arrivals. A feed shorter than the time since the last look loses nothing for long:
        the next listing has them."""
        newest: dict[str, int] = {}
        latest = int(cursor) if cursor and cursor.isdecimal() else 0
        for arrival in arrivals(response.body):
            latest = max(latest, arrival.uploaded)
            directory = arrival.path.rpartition("/")[0]
            if f"{directory}/".startswith(f"{_GAMES}/") and not _NO_GAME.search(arrival.path):
                newest[directory] = max(newest.get(directory, 0), arrival.uploaded)
        return Feed(
            pages=tuple(self._page(directory, time) for directory, time in newest.items()),
            cursor=str(latest) if latest else None,
        )

    def parse(self, page: Page) -> list[GameRecord]:
        """The games of an `Index`, of the Master-Index, or of one file's metadata."""
        start = page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:300]
        path = unquote(urlsplit(page.url).path).lstrip("/")
        files: Iterable[ArchiveFile]
        if start.startswith((b"<?xml", b"<ifarchive")):
            files = master_files(page.body)
        elif start.startswith(b"{"):
            files = [metadata_file(page.body, path.removeprefix("metadata/").removesuffix(".json"))]
        else:
            directory = page.key or path.removesuffix("/Index").rstrip("/")
            files = index_files(page.body, directory or _GAMES)
        return [record for file in files if self._is_game(file) for record in self._records(file)]

    @staticmethod
    def _is_game(file: ArchiveFile) -> bool:
        if file.metadata.get("tuid"):
            return True
        in_games = file.path.startswith(f"{_GAMES}/") and "." in file.name
        return in_games and not _NO_GAME.search(file.path)

    def _records(self, file: ArchiveFile) -> list[GameRecord]:
        tuids = file.metadata.get("tuid", ())
        if len(tuids) < 2:
            return [self._record(file, file.path, tuids)]
        return [self._record(file, f"{file.path}#{tuid}", (tuid,), shared=len(tuids)) for tuid in dict.fromkeys(tuids)]

    def _record(self, file: ArchiveFile, identity: str, tuids: tuple[str, ...], shared: int = 1) -> GameRecord:
        draft = Draft(self, f"file {file.path[:80]}")
        url = f"{_HOME}/{quote(file.path)}"
        self._set_title(draft, file)
        draft.describe(plain_to_markdown(file.description))  # Markdown already; what looks like a tag is escaped
        ending = file.name.rpartition(".")[2].lower()
        if system := _SYSTEM_OF.get(ending):
            draft.tag("system", system)
        is_file = "." in file.name or file.size is not None
        draft.link(url, "download_direct" if is_file else "download_landing", file.name)
        for tuid in tuids:
            draft.external_id("tuid", tuid)
        if shared == 1:
            for title in file.metadata.get("ifwiki", ()):
                draft.external_id("ifwiki_en", title)
        else:
            draft.extra("games_in_the_file", shared)
        if file.metadata.get("unbox-link") == ("true",) and not file.metadata.get("unbox-block"):
            draft.link(f"https://unbox.ifarchive.org/?url={quote(url, safe='')}", "download_landing", "Unbox")
        draft.extra("directory", file.directory)
        draft.extra("uploaded", file.day)
        draft.extra("size", file.size)
        draft.extra("md5", file.md5)
        draft.extra("sha512", file.sha512)
        draft.unread("metadata", (key for key in file.metadata if key not in _READ))
        return draft.build(identity=identity, url=url)

    @staticmethod
    def _set_title(draft: Draft, file: ArchiveFile) -> None:
        first = _EMPHASIS.sub("", file.description.split("\n", 1)[0]).strip()
        if match := _TITLE_BY.fullmatch(first):
            draft.set_title(match["title"])
            for name in split_names(match["author"]):
                draft.credit(name)
        elif 0 < len(first) <= 80 and first[-1] not in ".:!?;,":
            draft.set_title(first)
        else:
            stem = file.name.rpartition(".")[0] or file.name
            draft.set_title(re.sub(r"[_\s]+", " ", stem))
            draft.warn("the file's name is all there is for a title")

    @staticmethod
    def _page(directory: str, newest: int = 0) -> PageRef:
        return PageRef(
            key=directory,
            url=f"{_HOME}/indexes/{quote(directory)}/",
            request=Request(f"{_HOME}/{quote(directory)}/Index"),
            fingerprint=str(newest) if newest else None,
        )
