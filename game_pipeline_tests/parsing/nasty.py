"""A source that does to its reader what its page says, and pages that say so."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import time

from game_pipeline.model import Attribution, GameRecord, RecordError
from game_pipeline.sources import Listing, Page, ParseError, Request, Response, Segment, Source

__all__ = ["Nasty", "page"]


def page(what: str) -> Page:
    return Page(url="https://nasty.example/a", body=what.encode(), key="a")


class Nasty(Source):
    name = "nasty"
    title = "Nasty"
    home = "https://nasty.example/"
    hosts = ("nasty.example",)
    attribution = Attribution(site="Nasty", licence="unknown")
    parser_version = 1
    segments = (Segment("one", "One"),)

    def owns(self, url: str) -> bool:
        return False

    def identity(self, url: str) -> str | None:
        return None

    def segment_of(self, key: str) -> str:
        return "one"

    def locate(self, url: str) -> Listing:
        raise ValueError(url)

    def listing(self) -> tuple[Request, ...]:
        return ()

    def parse_listing(self, response: Response) -> Listing:
        self.parse(Page(url=response.url, body=response.body))
        return Listing()

    def parse(self, page: Page) -> list[GameRecord]:
        what, _, detail = page.body.decode().partition(" ")
        match what:
            case "hang":  # in C code that holds the lock of the interpreter
                re.match(r"(a|a)*$", "a" * 64 + "b")
            case "sleep":
                time.sleep(float(detail))
            case "burn":
                until = time.process_time() + float(detail)
                while time.process_time() < until:
                    pass
            case "memory":
                held = []
                while True:
                    held.append(bytes(10_000_000))
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "crash":
                ctypes.string_at(0)
            case "exit":
                os._exit(0)
            case "defect":
                raise KeyError("a key that is not there \ud800")
            case "refuse":
                raise ParseError("where \ud800", "what \0")
            case "claim":
                raise RecordError("release_date: soon")
            case "flood":
                raise ParseError("page", "x" * 80_000_000)
        return [
            GameRecord.build(
                source=self.name,
                identity=str(os.getpid()) if what == "pid" else "1",
                url=page.url,
                title=what,
                attribution=self.attribution,
                parser_version=1,
            )
        ]
