"""Opening a database that somebody sent: checked before a row is read, and with every power taken from it.

Runs in the reading process only. The file is a private copy.
"""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

from .problems import GalaxyError

__all__ = ["MAGIC", "open_checked", "told"]

MAGIC = b"SQLite format 3\0"
MAX_VALUE = 4 * 1024 * 1024
HEAP = 96 * 1024 * 1024

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 256 * 1024,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 2,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 100_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 8,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
# All that is ever read. ProductAuthorizations and whatever else holds secrets is not, whatever a defect would ask for.
READABLE = frozenset(
    name.lower()
    for name in (
        "sqlite_master",
        "Users",
        "Platforms",
        "LibraryReleases",
        "LicensedReleases",
        "SubscriptionReleases",
        "ProductPurchaseDates",
        "ReleaseProperties",
        "UserReleaseProperties",
        "UserReleaseTags",
        "GamePieceTypes",
        "GamePieces",
        "GameTimes",
        "LastPlayedDates",
        "ProductsToReleaseKeys",
        "InstalledBaseProducts",
        "InstalledProducts",
        "InstalledExternalProducts",
    )
)
_PRAGMAS = frozenset({"quick_check", "table_xinfo", "user_version"})
_STATE = re.compile(
    "|".join(
        (
            r"(?P<not_sqlite>file is not a database|encrypted)",
            r"(?P<too_much>too big|too many columns|too large|too long)",
            r"(?P<too_slow>interrupted)",
            r"(?P<no_memory>out of memory)",
        )
    )
)
STEPS = 5_000


def open_checked(path: Path, *, has_log: bool, cpu_seconds: float) -> sqlite3.Connection:
    """The database, read-only, found whole. `has_log`: its write-ahead log lies beside it.

    Raises `GalaxyError` for a file that is none, is damaged, or is too slow to check.
    """
    _check_header(path, has_log=has_log)
    # Without a log nothing beside the file is looked for: neither a log nor a journal that somebody left there.
    mode = "mode=ro" if has_log else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, isolation_level=None)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    ends = time.process_time() + cpu_seconds
    connection.set_progress_handler(lambda: time.process_time() > ends, STEPS)
    try:
        for statement in (
            "PRAGMA trusted_schema = OFF",
            "PRAGMA cell_size_check = ON",
            "PRAGMA mmap_size = 0",
            "PRAGMA query_only = ON",
            "PRAGMA temp_store = MEMORY",
            "PRAGMA ignore_check_constraints = ON",
            "PRAGMA cache_size = -8000",
            f"PRAGMA hard_heap_limit = {HEAP}",
        ):
            connection.execute(statement).fetchall()
        connection.set_authorizer(_authorise)
        _check_pages(connection, has_log=has_log)
    except (sqlite3.Error, MemoryError) as error:
        raise told(error) from None
    return connection


def told(error: sqlite3.Error | MemoryError) -> GalaxyError:
    """What a failure of SQLite means for whoever sent the file."""
    text = " ".join(str(error).split())[:200]
    match = _STATE.search(text)
    kind = "no_memory" if isinstance(error, MemoryError) else match.lastgroup if match else None
    match kind:
        case "not_sqlite":
            return GalaxyError("not_sqlite", "is no SQLite database (or an encrypted one); send Galaxy's galaxy-2.0.db")
        case "too_much":
            return GalaxyError("too_much", f"holds more in one place than any Galaxy database does ({text})")
        case "too_slow":
            return GalaxyError("too_slow", "takes too long to read; no Galaxy database of a person does")
        case "no_memory":
            return GalaxyError("no_memory", "needs more memory to read than any Galaxy database does")
        case _:
            return GalaxyError("damaged", f"the database is damaged ({text}); close Galaxy and copy it again")


def _check_header(path: Path, *, has_log: bool) -> None:
    with path.open("rb") as file:
        header = file.read(100)
    if not header.startswith(MAGIC):
        raise GalaxyError("not_sqlite", "is no SQLite database; send Galaxy's galaxy-2.0.db, or a zip with it")
    size = path.stat().st_size
    page = int.from_bytes(header[16:18], "big") if len(header) >= 18 else 0
    page = 65_536 if page == 1 else page
    if len(header) < 100 or page < 512 or page & (page - 1):
        raise GalaxyError("damaged", "is the beginning of a SQLite database and nothing more; copy it again")
    pages = int.from_bytes(header[28:32], "big")
    counted = header[24:28] == header[92:96]
    if counted and not has_log and pages * page > size:
        raise GalaxyError("damaged", f"is cut off: {size} bytes of {pages * page}; copy it again")


def _check_pages(connection: sqlite3.Connection, *, has_log: bool) -> None:
    """Every page in its place and used once: a row that is read from a damaged file may be another table's."""
    virtual = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage = 0 LIMIT 1"
    ).fetchone()
    if virtual is not None:  # its check would run code of the module that it names
        raise GalaxyError("not_galaxy", f"holds a virtual table, {virtual[0][:60]!r}, which no Galaxy database does")
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()
    if problem is None or problem[0] != "ok":
        found = " ".join(str(problem[0] if problem else "nothing").split())[:160]
        also = " together with its -wal" if has_log else ""
        raise GalaxyError("damaged", f"the database is damaged{also} ({found}); close Galaxy and copy it again")


def _authorise(action: int, first: str | None, second: str | None, _database: str | None, inner: str | None) -> int:
    if action == sqlite3.SQLITE_SELECT:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ and inner is None and first is not None and first.lower() in READABLE:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first is not None and first.lower() in _PRAGMAS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
