"""What the rows of the table are tried on: a scripted site, real clients and parse workers, a guard at the socket.

A row says what it sends, what must come of it in words, and how to try it; trying gives the words of what did.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from game_pipeline.crawl.outcomes import FetchError
from game_pipeline.model import GameRecord
from game_pipeline.parsing import ParseKilledError, Workers
from game_pipeline.sources import SOURCES, Page, ParseError
from game_pipeline.store import Store
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.http_server import Reply, Script, ScriptedServer
from game_pipeline_tests.sources.games import all_games

__all__ = ["PUBLIC", "URLS", "Bench", "Row", "open_bench", "peak_mb"]

PUBLIC = "93.184.215.14"
PAGE = "http://site.test/page"
URLS = {
    "instead_games": "https://instead-games.ru/xml.php",
    "ifdb": "https://ifdb.org/viewgame?ifiction&id=0dbnusxunq7fw5ro",
    "ifwiki_ru": "https://ifwiki.ru/Маяк",
    "qsp": "https://qsp.org/games/7-owl",
    "plut": "http://urq.plut.info/node/961",
    "apero": "https://apero.ru/Текстовые-игры/Маяк",
    "quest_book": "https://quest-book.ru/online/view/game5296",
    "ifiction_forum": "https://forum.ifiction.ru/viewtopic.php?id=99",
    "rilarhiv": "http://rilarhiv.ru/qsp.htm",
    "igdb": "https://api.igdb.com/v4/games#0-99",
    "steam": "https://store.steampowered.com/api/appdetails?appids=10&cc=us&l=english",
    "rawg": "https://api.rawg.io/api/games/3498?key={RAWG_KEY}",
    "wikidata": "https://www.wikidata.org/wiki/Special:EntityData/Q5.json",
    "vndb": "https://api.vndb.org/kana/vn#v0-99",
    "itch": "https://itch.io/games/newest.xml?page=1",
    "axma": "https://axmajs.ru/library/?id=100",
    "hyperbook": "https://hyperbook.ru/comments.php?id=123",
    "ifiction": "https://example.org/a.iFiction",
}


@dataclass(frozen=True, slots=True)
class Row:
    """`number` is that of the table (with a letter where one has several). `act` None: the part is not built yet.

    `outside`: not tried in the crawl process, as it concerns another part of the product.
    """

    number: str
    sent: str
    expected: str
    act: Callable[[Bench], str] | None
    outside: bool = False


class Guard:
    """Sees every connection that Python opens in this process, and lets none leave for a foreign address."""

    def __init__(self) -> None:
        self.own: set[tuple[str, int]] = set()
        self.foreign: list[str] = []
        self.looked_up: list[str] = []
        self._open = True
        sys.addaudithook(self._see)

    def close(self) -> None:
        self._open = False  # a hook stays for ever; this one says nothing any more

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._open:
            return
        if event in ("socket.connect", "socket.sendto"):
            address = arguments[1]
            if isinstance(address, tuple) and tuple(address[:2]) not in self.own:
                self.foreign.append(f"{address[0]}:{address[1]}")
                raise ConnectionRefusedError("not the test's own address")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not _is_address(arguments[0]):
            self.looked_up.append(str(arguments[0]))
            raise OSError("the real resolver is not asked")


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


class Bench:
    """One for all rows; `renew` makes the site silent and the client forgetful again."""

    def __init__(self, store: Store, server: ScriptedServer, guard: Guard, workers: Workers, stack: ExitStack) -> None:
        self.server = server
        self.guard = guard
        self.workers = workers
        self._store = store
        self._stack = stack
        self.renew()

    def renew(self) -> None:
        self._store.execute("DELETE FROM robots_rules")
        self.server.seen.clear()
        self.guard.foreign.clear()
        self.guard.looked_up.clear()
        self.crawler = Crawler(self._store, self.server, self._stack)

    def names(self, host: str, *answers: list[str]) -> None:
        """What the name server says of a host: one answer a lookup, the last one from then on."""
        self.crawler.names.answers[host] = list(answers)

    def serve(self, *scripts: Script, path: str = "/page") -> None:
        self.server.on(path, *scripts)

    def body(self, *scripts: Script, **options: Any) -> bytes:
        self.serve(*scripts)
        return self.crawler.fetch(PAGE, **options).response.body

    def fetch(self, url: str = PAGE, **options: Any) -> str:
        """The outcome of a fetch and its kind, and how many requests reached the site for it."""
        self.server.seen.clear()
        try:
            fetched = self.crawler.fetch(url, **options)
        except FetchError as error:
            return f"{error.outcome}, {error.kind}, {self._requests()}"
        return f"a page of {len(fetched.response.body)} bytes, {self._requests()}"

    def sent(self, *scripts: Script, **options: Any) -> str:
        """The outcome of a fetch from a site that answers with the scripts in turn."""
        self.serve(*scripts)
        return self.fetch(**options)

    def _requests(self) -> str:
        count = sum(seen.path != "/robots.txt" for seen in self.server.seen)
        return "no packet" if not self.server.seen else f"{count} request{'' if count == 1 else 's'}"

    def records(self, name: str, body: bytes) -> list[GameRecord]:
        page = Page(url=URLS.get(name, SOURCES[name].home), body=body)
        return all_games(self.workers.parse(SOURCES[name], page))

    def read(self, name: str, body: bytes) -> str:
        """What reading a page comes to, in a word and why; its source goes on with another page, or this fails."""
        try:
            found = self.records(name, body)
            outcome = f"read, {len(found)} record{'' if len(found) == 1 else 's'}"
        except ParseKilledError as error:
            outcome = f"parse_killed: {error.problem}"
        except ParseError as error:
            outcome = f"refused: {error.problem}"
        assert len(self.records("instead_games", good_list())) == 1
        return outcome

    def fetched(self, name: str, reply: Reply) -> list[GameRecord]:
        """The records of a page as it comes over the network."""
        self.serve(reply)
        response = self.crawler.fetch(PAGE).response
        page = Page(
            url=URLS.get(name, SOURCES[name].home),
            body=response.body,
            content_type=response.headers.get("content-type", ""),
        )
        return all_games(self.workers.parse(SOURCES[name], page))


def good_list(title: str = "Остров, где кончается осень", **elements: str) -> bytes:
    """A list of instead-games.ru with one game; `title` and the elements as markup."""
    rest = "".join(f"<{name}>{value}</{name}>" for name, value in elements.items())
    game = f"<title>{title}</title><descurl>http://instead-games.ru/game.php?ID=1</descurl>{rest}"
    return f'<?xml version="1.0"?><game_list><game>{game}</game></game_list>'.encode()


@contextmanager
def open_bench(database_url: str) -> Iterator[Bench]:
    logging.getLogger("game_pipeline").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        store = stack.enter_context(Store(database_url))
        server = stack.enter_context(ScriptedServer())
        workers = stack.enter_context(Workers())
        guard = stack.enter_context(_closing(Guard()))
        guard.own.add(("127.0.0.1", server.port))
        yield Bench(store, server, guard, workers, stack)


@contextmanager
def _closing(guard: Guard) -> Iterator[Guard]:
    try:
        yield guard
    finally:
        guard.close()


def peak_mb() -> float:
    """The most memory that this process ever held, in MiB."""
    try:
        status = Path(f"/proc/{os.getpid()}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
