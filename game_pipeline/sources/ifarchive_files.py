"""The IF Archive's own documents, read as files: Master-Index.xml, an `Index`, a file's metadata, the RSS of arrivals.

Formats: the archive's generator (iftechfoundation/ifarchive-ifmap-py) and what it prints for an artificial tree.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from lxml import etree

from .base import ParseError
from .jsondoc import listed, parse_json, string
from .rss import rss_items
from .text import without_surrogates
from .xml import child, children, local, text_of

__all__ = ["MAX_MASTER_INDEX", "ArchiveFile", "Arrival", "arrivals", "index_files", "master_files", "metadata_file"]

MAX_MASTER_INDEX = 96 * 1024 * 1024
MAX_FILES = 500_000

_HEADER = re.compile(r"^# +(\S.*?)\s*$")
_METADATA = re.compile(r"^([A-Za-z][A-Za-z0-9_-]{0,30}):\s*(.*)$")
_GUID = re.compile(r"(?P<path>if-archive/.+)::(?P<rawdate>\d{1,12})")


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of the archive. `path` begins with `if-archive/`.

    `uploaded`: seconds since 1970, None where the document does not say. `metadata`: key -> its values, in order.
    """

    path: str
    description: str = ""
    uploaded: int | None = None
    size: int | None = None
    md5: str = ""
    sha512: str = ""
    metadata: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def directory(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def day(self) -> str:
        """The day of the upload in UTC, or an empty string."""
        if self.uploaded is None:
            return ""
        try:
            return dt.datetime.fromtimestamp(self.uploaded, dt.UTC).date().isoformat()
        except (OverflowError, OSError, ValueError):
            return ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A line of the feed: a file that is new, or was replaced at that time (seconds since 1970)."""

    path: str
    uploaded: int


def master_files(body: bytes) -> Iterator[ArchiveFile]:
    """The files of Master-Index.xml one after another, links to other files left out; a directory that is a game's own
    (its metadata has a `tuid`) counts as one.

    The document is as large as the archive is long, so it is read as a stream and forgotten element by element.
    Raises `ParseError`, for a broken end only after what stands before it.
    """
    if len(body) > MAX_MASTER_INDEX:
        raise ParseError("ifarchive", f"{len(body)} bytes, {MAX_MASTER_INDEX} at most")
    if b"<!DOCTYPE" in body[:2048] or not body.strip():
        raise ParseError("ifarchive", "has a DOCTYPE" if body.strip() else "empty")
    stream = etree.iterparse(
        io.BytesIO(body.lstrip()),
        events=("end",),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    count = 0
    try:
        for _, element in stream:
            name = local(element)
            if name not in ("file", "directory") or local(_parent(element)) != "ifarchive":
                continue
            count += 1
            if count > MAX_FILES:
                raise ParseError("ifarchive file", f"more than {MAX_FILES} files")
            if name == "file" and child(element, "symlink") is None:
                yield _file(element, "path")
            elif name == "directory" and (directory := _file(element, "name")).metadata.get("tuid"):
                yield directory
            element.clear()
            while element.getprevious() is not None:
                del _parent(element)[0]
    except etree.XMLSyntaxError as error:
        raise ParseError(f"ifarchive line {error.lineno or 0}", str(error.msg)) from None
    root: Any = stream.root
    if root is None or local(root) != "ifarchive":
        raise ParseError("ifarchive", f"root is <{local(root) if root is not None else ''}>, not <ifarchive>")


def index_files(body: bytes, directory: str) -> Iterator[ArchiveFile]:
    """What an `Index` says of the entries of its directory. Subdirectories stand among them, and look the same."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError("Index", f"not UTF-8: {error.reason} at byte {error.start}") from None
    if not text.strip() or text.lstrip()[:1] in ("<", "\0"):
        raise ParseError("Index", "a page of markup instead of an Index" if text.strip() else "empty")
    name, lines = "", list[str]()
    for line in [*text.splitlines(), "# end"]:
        header = _HEADER.match(line)
        if header is None:
            lines.append(line)
            continue
        if name:
            yield _entry(f"{directory}/{name}", lines)
        name, lines = header[1], []


def metadata_file(body: bytes, path: str) -> ArchiveFile:
    """What the archive's JSON of one file (`/metadata/if-archive/….json`) says: its metadata and nothing else."""
    document = parse_json(body, what="metadata")
    values = {key: tuple(text for item in listed(value) if (text := string(item))) for key, value in document.items()}
    return ArchiveFile(path, metadata=values)


def arrivals(body: bytes) -> list[Arrival]:
    """The files of the feed, as sent. Raises `ParseError` where an item's guid is not `path::time`."""
    found = []
    for item in rss_items(body):
        guid = text_of(item, "guid")
        match = _GUID.fullmatch(guid)
        if match is None:
            raise ParseError("rss item guid", f"not path::time: {guid[:120]}")
        found.append(Arrival(unquote(match["path"]), int(match["rawdate"])))
    return found


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    return parent if parent is not None else element


def _file(element: etree._Element, named_by: str) -> ArchiveFile:
    path = text_of(element, named_by)
    if path.partition("/")[0] != "if-archive":
        raise ParseError(f"ifarchive {local(element)} {named_by}", f"not in if-archive/: {path[:120]}")
    metadata: dict[str, tuple[str, ...]] = {}
    for item in children(child(element, "metadata"), "item"):
        values = tuple(text for value in children(item, "value") if (text := text_of(value)))
        metadata[text_of(item, "key")] = values
    return ArchiveFile(
        path,
        text_of(element, "description"),
        _whole(text_of(element, "rawdate")),
        _whole(text_of(element, "size")),
        text_of(element, "md5"),
        text_of(element, "sha512"),
        metadata,
    )


def _entry(path: str, lines: list[str]) -> ArchiveFile:
    metadata: dict[str, list[str]] = {}
    key, begins = "", len(lines)
    for position, line in enumerate(lines):
        found = _METADATA.match(line)
        if found:
            key = found[1]
            metadata.setdefault(key, []).append(found[2].strip())
        elif key and line[:1].isspace() and line.strip():
            metadata[key].append(line.strip())
        else:
            begins = position
            break
    description = without_surrogates("\n".join(lines[begins:])).strip()
    return ArchiveFile(path, description, metadata={name: tuple(filter(None, each)) for name, each in metadata.items()})


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,15}", text) else None
