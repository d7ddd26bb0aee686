"""`game-pipeline source load`: the dump that a site publishes, instead of a visit to each of its pages."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING
from uuid import uuid4

import click

from .context import App, Failed, WrongUse, print_json
from .reparse import read_pages

if TYPE_CHECKING:
    from game_pipeline.sources import Source

__all__ = ["load_dump"]

MAX_TEXT = 4 * 1024**3
"""Characters of a dump's text; IFDB's has some two hundred million."""
_ZIP_NAMES = (".sql",)


def load_dump(app: App, source: Source, file: Path, *, dry_run: bool, json_: bool) -> None:
    """Raises `Failed`, and `WrongUse` for a source without dumps. Sends no request."""
    from game_pipeline.crawl import Limits, SourceBusy, load_pages, source_lock
    from game_pipeline.sources import ParseError

    run_id = str(uuid4())
    try:
        with _text_of(file) as lines:
            pages = source.read_dump(lines)
            if dry_run:
                counts = Counter(pages_in_the_dump=sum(1 for _ in pages))
            else:
                with app.store() as store, source_lock(store, source.name, run_id) as hold:

                    def tell(sofar: Counter[str]) -> None:
                        hold.check()
                        if not json_:
                            click.echo(f"{source.name}: {sum(sofar.values()):,} pages of {file.name}", err=True)

                    limits = Limits.of(source, app.settings)
                    counts = load_pages(store, source, pages, limits, run_id, origin=file.name, go_on=tell)
    except SourceBusy as error:
        raise Failed(str(error)) from None
    except ParseError as error:
        raise Failed(f"{file}: no dump of {source.title}: {error}") from None
    except (OSError, EOFError, UnicodeError, zipfile.BadZipFile) as error:
        raise Failed(f"{file}: cannot be read: {error}") from None
    except ValueError as error:
        raise WrongUse(f"{error}; what is visited: game-pipeline import --source {source.name}") from None
    if json_ and dry_run:
        print_json({"source": source.name, "file": str(file), **counts})
        return
    if not json_:
        told = ", ".join(f"{n:,} {_WORDS[kind]}" for kind, n in sorted(counts.items()) if n)
        click.echo(f"{source.name}: {told or 'nothing in the dump'}")
    if not dry_run:
        read_pages(app, source, (), again=False, json_=json_, more=dict(counts))


_WORDS = {
    "pages_in_the_dump": "pages in the dump; nothing was written",
    "pages_loaded": "pages loaded",
    "pages_same": "pages as they were",
    "pages_visited": "pages left alone, as the site was visited since",
}


@contextmanager
def _text_of(file: Path) -> Iterator[Iterator[str]]:
    """The text of a dump by line, out of its archive; what comes out of it is counted, whatever the archive says."""
    with file.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        if start.startswith(b"PK"):
            with zipfile.ZipFile(raw) as archive:
                members = [info for info in archive.infolist() if info.filename.lower().endswith(_ZIP_NAMES)]
                if len(members) != 1:
                    names = ", ".join(info.filename for info in archive.infolist()[:5]) or "nothing"
                    raise ValueError(f"{file}: one .sql file is wanted in it; it has {names}")
                with archive.open(members[0]) as opened:
                    yield _lines(opened)
        elif start.startswith(b"\x1f\x8b"):
            with gzip.open(raw) as opened_gzip:
                yield _lines(opened_gzip)  # type: ignore[arg-type]
        else:
            yield _lines(raw)


def _lines(raw: IO[bytes]) -> Iterator[str]:
    size = 0
    for line in io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="\n"):
        size += len(line)
        if size > MAX_TEXT:
            raise OSError(f"more than {MAX_TEXT // 1024**3} GiB of text")
        yield line
