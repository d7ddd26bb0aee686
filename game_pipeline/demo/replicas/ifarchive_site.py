"""The IF Archive as it answers: Master-Index.xml, the RSS of arrivals, each directory's `Index`, and empty files.

Its files are those that the world's IFDB listings link to. Switch `layout`: the index is wrapped in another root.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from hashlib import blake2b, md5, sha512
from html import escape
from urllib.parse import quote, unquote, urlsplit

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, robots
from .site import Site

HOSTS = ("ifarchive.org", "www.ifarchive.org", "mirror.ifarchive.org")
_ROOT = "if-archive"
_LINE_OF_VALUE = "\n    "  # a further value of a key stands on a line of its own


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the archive and the games in it."""

    path: str
    title: str
    author: str
    tuids: tuple[str, ...]
    uploaded: dt.datetime


def files_of(world: World) -> Mapping[str, StoredFile]:
    """The archive's files by path, in its order."""
    files: dict[str, StoredFile] = {}
    for entry in world.ifdb:
        for link in entry.links:
            parts = urlsplit(link.url)
            path = unquote(parts.path).lstrip("/")
            if not (parts.hostname or "").endswith("ifarchive.org") or not path.startswith(f"{_ROOT}/"):
                continue
            known = files.get(path)
            tuids = (*(known.tuids if known else ()), entry.tuid)
            title, author = (entry.title, entry.author) if known is None else ("", "")
            files[path] = StoredFile(path, title, author, tuids, _uploaded(path))
    return dict(sorted(files.items()))


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    files = files_of(world)
    path = unquote(target.path)
    if path == "/indexes/Master-Index.xml":
        return _validated(master_index(world, layout="layout" in target.switches).encode(), "text/xml")
    if path == "/indexes/archive.rss":
        return _validated(_feed(world).encode(), "application/rss+xml")
    if path == "/robots.txt":
        return robots()
    if path.endswith("/Index"):
        return _index(files, path.removesuffix("/Index").lstrip("/"))
    if path.lstrip("/") in files:
        return Reply(body=b"story", content_type="application/octet-stream")
    return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)


def master_index(world: World, *, layout: bool = False) -> str:
    """The whole archive as one document."""
    files = files_of(world)
    directories = dict.fromkeys(part for path in files for part in _parents(path))
    pieces = []
    for directory in sorted(directories):
        own = [file for file in files.values() if file.path.rpartition("/")[0] == directory]
        pieces.append(
            f"<directory>\n<name>{escape(directory)}</name>\n<parent>{escape(directory.rpartition('/')[0])}</parent>\n"
            f"<filecount>{len(own)}</filecount>\n<subdircount>0</subdircount>\n</directory>\n\n"
        )
        pieces += map(_file, own)
    root = "archive" if layout else "ifarchive"
    return f'<?xml version="1.0"?>\n<{root}>\n\n{"".join(pieces)}\n</{root}>\n'


def _file(file: StoredFile) -> str:
    content = file.path.encode()
    values = "".join(f"    <value>{tuid}</value>\n" for tuid in file.tuids)
    return (
        f"<file>\n<name>{escape(file.path.rpartition('/')[2])}</name>\n"
        f"<directory>{escape(file.path.rpartition('/')[0])}</directory>\n<path>{escape(file.path)}</path>\n"
        f"<size>{1000 + roll(90_000, 'size', file.path)}</size>\n<date>{file.uploaded:%d-%b-%Y}</date>\n"
        f"<rawdate>{int(file.uploaded.timestamp())}</rawdate>\n<md5>{md5(content).hexdigest()}</md5>\n"
        f"<sha512>{sha512(content).hexdigest()}</sha512>\n"
        f"<metadata>\n  <item><key>tuid</key>\n{values}  </item>\n</metadata>\n"
        f"<description>\n\n{escape(_description(file))}\n</description>\n</file>\n\n"
    )


def _description(file: StoredFile) -> str:
    if not file.title:
        return "Several games in one file."
    return f"*{file.title}*, by {file.author}" if file.author else f"*{file.title}*"


def _index(files: Mapping[str, StoredFile], directory: str) -> Reply:
    own = [file for file in files.values() if file.path.rpartition("/")[0] == directory]
    if not own:
        return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)
    entries = "".join(
        f"# {file.path.rpartition('/')[2]}\ntuid: {_LINE_OF_VALUE.join(file.tuids)}\n\n{_description(file)}\n\n"
        for file in own
    )
    return _validated(f"\nFiles of games.\n\n{entries}".encode(), "text/plain; charset=utf-8")


def _feed(world: World) -> str:
    newest = sorted(files_of(world).values(), key=lambda file: file.uploaded, reverse=True)[:20]
    items = "".join(
        f"    <item>\n    <title>{escape(file.path.rpartition('/')[2])}</title>\n"
        f"    <link>https://ifarchive.org/{quote(file.path)}</link>\n"
        f"    <guid>{quote(file.path)}::{int(file.uploaded.timestamp())}</guid>\n"
        f"    <pubDate>{format_datetime(file.uploaded)}</pubDate>\n"
        f"    <description>\n{escape(_description(file))}\n    [at: {escape(file.path)}]\n    </description>\n"
        "    </item>\n"
        for file in newest
    )
    built = format_datetime(dt.datetime.combine(world.today, dt.time(12), dt.UTC))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n\n<rss version="2.0">\n  <channel>\n'
        "    <title>IFArchive Recent Additions</title>\n    <link>https://ifarchive.org</link>\n"
        f"    <lastBuildDate>{built}</lastBuildDate>\n{items}  </channel>\n</rss>\n"
    )


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _uploaded(path: str) -> dt.datetime:
    return dt.datetime(2001, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=roll(150_000, "uploaded", path))


def _validated(body: bytes, content_type: str) -> Reply:
    return Reply(
        body=body,
        content_type=content_type,
        headers=(("ETag", f'"{blake2b(body, digest_size=12).hexdigest()}"'),),
    )


def _holds(world: World) -> Iterator[str]:
    for file in files_of(world).values():
        yield from [file.path] if len(file.tuids) == 1 else [f"{file.path}#{tuid}" for tuid in file.tuids]


SITE = Site("ifarchive", HOSTS, answer, holds=_holds)
