"""A source whose pages are JSON lists of claims, and a site of it that is stored without any network."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from psycopg.types.json import Jsonb

from game_pipeline.changes import RecordsReport, refresh_records
from game_pipeline.crawl import frontier
from game_pipeline.model import AnyRecord, Attribution, GameRecord, PersonRecord
from game_pipeline.parsing import InProcess
from game_pipeline.sources import Listing, Page, PageRef, ParseError, Policy, Request, Response, Segment, Source
from game_pipeline.store import Store, save_body

__all__ = ["JsonSource", "Site", "source_named"]


class JsonSource(Source):
    """Version 2 of its parser reads the field `genre`, which version 1 did not know. A key `two...` lies in `two`."""

    name = "tiny"
    title = "Tiny"
    home = "https://tiny.example/"
    hosts = ("tiny.example",)
    attribution = Attribution(site="Tiny", licence="unknown")
    policy = Policy()
    parser_version = 1
    segments: ClassVar[tuple[Segment, ...]] = (Segment("one", "One"), Segment("two", "Two"))

    def owns(self, url: str) -> bool:
        return False

    def identity(self, url: str) -> str | None:
        return None

    def segment_of(self, key: str) -> str:
        return "two" if key.startswith("two") else "one"

    def locate(self, url: str) -> Listing:
        raise ValueError(url)

    def listing(self) -> tuple[Request, ...]:
        return ()

    def parse_listing(self, response: Response) -> Listing:
        raise ParseError("listing", "there is none")

    def ref(self, key: str, fingerprint: str | None = None) -> PageRef:
        url = f"https://{self.name}.example/{key}"
        return PageRef(key=key, url=url, request=Request(url), fingerprint=fingerprint)

    def parse(self, page: Page) -> list[AnyRecord]:
        try:
            games = json.loads(page.body)
        except ValueError:
            raise ParseError("body", "no JSON") from None
        return [self._record(game) for game in games]

    def _record(self, game: dict[str, Any]) -> AnyRecord:
        genre = game.pop("genre", None)
        if genre and self.parser_version >= 2:
            game["tags"] = [{"kind": "genre", "value": genre}]
        facts = {
            "source": self.name,
            "url": f"https://{self.name}.example/{game['identity']}",
            "attribution": self.attribution,
            "parser_version": self.parser_version,
        }
        if game.get("kind") == "person":
            return PersonRecord.build(**facts | game)
        facts["title"] = f"Game {game['identity']}"
        return GameRecord.build(**facts | game)


def source_named(name: str = "tiny", **facts: Any) -> JsonSource:
    """A source of that name; `facts` are its class attributes."""
    made: JsonSource = type(name.title(), (JsonSource,), {"name": name, **facts})()
    return made


class Site:
    """The pages of one source as an import leaves them: stored, not read."""

    def __init__(self, store: Store, source: Source | None = None) -> None:
        self.store = store
        self.source = source or source_named()
        self._runs = 0

    def serve(self, key: str, games: Sequence[dict[str, Any]] | bytes) -> None:
        """The page is listed and was fetched with this content."""
        body = games if isinstance(games, bytes) else json.dumps(list(games)).encode()
        with self.store.transaction() as connection:
            url = f"https://{self.source.name}.example/{key}"
            frontier.observe(connection, self.source, [PageRef(key, url, Request(url))], listed=True)
            page = connection.execute(
                b"SELECT page_id, content_hash FROM source_url_state WHERE source = %s AND page_key = %s",
                (self.source.name, key),
            ).fetchone()
            assert page is not None
            content_hash = save_body(connection, body)
            if content_hash == page["content_hash"]:
                connection.execute(
                    b"UPDATE source_url_state SET outcome = 'same' WHERE page_id = %s", (page["page_id"],)
                )
                return
            connection.execute(
                b"WITH kept AS (INSERT INTO page_snapshot (page_id, body_hash, final_url, http_status, headers, run_id)"
                b" VALUES (%(page)s, %(hash)s, '', 200, %(headers)s, 'fetch') RETURNING snapshot_id) "
                b"UPDATE source_url_state SET snapshot_id = kept.snapshot_id, content_hash = %(hash)s, "
                b"outcome = 'fetched' FROM kept WHERE page_id = %(page)s",
                {"page": page["page_id"], "hash": content_hash, "headers": Jsonb({})},
            )

    def lose(self, key: str, *, listed: bool = False) -> None:
        """The page's address answers 404; `listed`: the listing names it still."""
        self.store.execute(
            "UPDATE source_url_state SET outcome = 'gone', listed = %(listed)s, "
            "unlisted_at = CASE WHEN NOT %(listed)s THEN now() END WHERE source = %(source)s AND page_key = %(key)s",
            {"listed": listed, "source": self.source.name, "key": key},
        )

    def read(self, source: JsonSource | None = None) -> Counter[str]:
        """Read what is not read yet and return how many records changed in which way."""
        before = self.store.row("SELECT count(*) AS n FROM record_version")
        counts: Counter[str] = Counter()
        for report in self.reports(source):
            counts += Counter(
                {name.removeprefix("records_"): n for name, n in report.counts.items() if name in _CHANGES}
            )
        after = self.store.row("SELECT count(*) AS n FROM record_version")
        assert before is not None
        assert after is not None
        assert after["n"] - before["n"] == counts.total()
        return counts

    def reports(self, source: JsonSource | None = None) -> list[RecordsReport]:
        reader: Source = source or self.source
        self._runs += 1
        run_id = f"{reader.name} {self._runs}"
        return [refresh_records(self.store, reader, run_id, segment, InProcess()) for segment in reader.segment_keys()]

    def page(self, key: str) -> dict[str, Any]:
        row = self.store.row(
            "SELECT * FROM source_url_state WHERE source = %s AND page_key = %s", (self.source.name, key)
        )
        assert row is not None
        return row

    def record(self, identity: str) -> dict[str, Any]:
        """The newest version of a record, with its state."""
        row = self.store.row(
            "SELECT * FROM source_record JOIN record_version USING (record_id, version) "
            "WHERE source = %s AND identity = %s",
            (self.source.name, identity),
        )
        assert row is not None
        return row


_CHANGES = {f"records_{kind}" for kind in ("new", "changed", "format", "reparsed", "vanished", "returned")}
