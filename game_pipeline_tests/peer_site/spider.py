"""The same crawl with Scrapy, in a process of its own: `python -m game_pipeline_tests.peer_site.spider URL ORIGIN`.

As its documentation has it: a spider that yields requests and items, a pipeline that stores them; the defaults but for
the delay, which is none here, and robots.txt, which is obeyed as its project template does. What counts as a change is
the same as with us: a hash of the fields. Prints a line of JSON: pages, and CPU seconds between opening and closing the
spider.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import psycopg
import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from .cpu import own_cpu, peak_mb
from .pages import index_path

__all__ = ["TABLE", "PeerSpider", "PostgresPipeline"]

TABLE = """
CREATE TABLE page (
    url        text PRIMARY KEY,
    body       bytea NOT NULL,
    fields     jsonb NOT NULL,
    hash       text NOT NULL,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    stored     integer NOT NULL DEFAULT 1
);
"""
_STORE = """
INSERT INTO page AS known (url, body, fields, hash) VALUES (%(url)s, %(body)s, %(fields)s, %(hash)s)
ON CONFLICT (url) DO UPDATE SET
    fetched_at = now(), stored = known.stored + 1, body = excluded.body, fields = excluded.fields, hash = excluded.hash,
    changed_at = CASE WHEN known.hash = excluded.hash THEN known.changed_at ELSE now() END
"""


class PeerSpider(scrapy.Spider):
    """Follows the index, and takes every game."""

    name = "peers"

    def __init__(self, origin: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = [origin + index_path(1)]

    def parse(self, response: Response) -> Iterator[Any]:
        yield from response.follow_all(css="a.game", callback=self.parse_game)
        yield from response.follow_all(css="a.more")

    def parse_game(self, response: Response) -> Iterator[dict[str, Any]]:
        fields = {
            "title": response.css("h1.title::text").get(),
            "description": "\n\n".join(response.css("div.description p::text").getall()),
            "links": [
                {"url": response.urljoin(link.attrib["href"]), "label": link.css("::text").get()}
                for link in response.css("ul.links a.link")
            ],
        }
        yield {"url": response.url, "body": response.body, "fields": fields}


class PostgresPipeline:
    """Stores items in batches of one transaction each."""

    def __init__(self, crawler: Any) -> None:
        self._url: str = crawler.settings["DATABASE"]
        self._batch: int = crawler.settings.getint("BATCH")
        self._rows: list[dict[str, Any]] = []

    @classmethod
    def from_crawler(cls, crawler: Any) -> PostgresPipeline:
        return cls(crawler)

    def open_spider(self) -> None:
        self._connection = psycopg.connect(self._url)

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(item["fields"], ensure_ascii=False, sort_keys=True)
        digest = blake2b(text.encode(), digest_size=16).hexdigest()
        self._rows.append({"url": item["url"], "body": item["body"], "fields": text, "hash": digest})
        if len(self._rows) >= self._batch:
            self._flush()
        return item

    def close_spider(self) -> None:
        self._flush()
        self._connection.close()

    def _flush(self) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(_STORE, self._rows)
        self._rows = []


class _Meter:
    """Measures between the opening of the spider and its end."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler
        crawler.signals.connect(self._opened, signal=scrapy.signals.spider_opened)
        crawler.signals.connect(self._closed, signal=scrapy.signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Any) -> _Meter:
        return cls(crawler)

    def _opened(self) -> None:
        self._begun = own_cpu()

    def _closed(self) -> None:
        pages = self._crawler.stats.get_value("item_scraped_count", 0)
        print(json.dumps({"cpu": own_cpu() - self._begun, "peak_mb": peak_mb(), "pages": pages}), flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("url")
    arguments.add_argument("origin")
    arguments.add_argument("--job", default=None, help="a directory: go on where an earlier process was ended")
    arguments.add_argument("--batch", type=int, default=100, help="items a transaction")
    given = arguments.parse_args()
    process = CrawlerProcess(
        {
            "AUTOTHROTTLE_ENABLED": False,
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": True,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "WARNING",
            "ITEM_PIPELINES": {PostgresPipeline: 300},
            "EXTENSIONS": {_Meter: 10},
            "DATABASE": given.url,
            "BATCH": given.batch,
            "JOBDIR": given.job,
        }
    )
    process.crawl(PeerSpider, origin=given.origin)
    process.start()


if __name__ == "__main__":
    main()
