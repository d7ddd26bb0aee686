"""Uploads that are refused, each with why; the process that tries them: `python -m game_pipeline_tests.galaxy.broken`.

Prints a line of JSON an upload as it is done (code, message, seconds), and the most memory that reading any of them
took at the end. A process of its own: what a child ever held is told with what its parent held when it began.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import resource
import sqlite3
import struct
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from game_pipeline.demo.replicas.galaxy_database import GalaxyOwned, GalaxyUser, write_galaxy_database
from game_pipeline.galaxy import GalaxyError, ReadLimits, read_galaxy

__all__ = ["BROKEN", "Broken", "good_database"]

USER = 46_989_000_000_000_001
MIB = 1024 * 1024
LIMITS = ReadLimits(max_bytes=64 * MIB)
SMALL = ReadLimits(max_bytes=20_000)
Make = Callable[[Path], Path]


@dataclass(frozen=True, slots=True)
class Broken:
    """`make` puts the upload into a directory; `code` and part of the `message` it is refused with."""

    name: str
    code: str
    message: str
    make: Make
    limits: ReadLimits = LIMITS


def good_database(place: Path, name: str = "galaxy-2.0.db", games: int = 300) -> Path:
    owned = [
        GalaxyOwned(key=f"gog_{number}", title=f"Game {number}", summary="About it. " * 20)
        for number in range(1, games)
    ]
    return write_galaxy_database(place / name, [GalaxyUser(USER, tuple(owned))])


def _bytes(content: Callable[[], bytes], name: str = "galaxy-2.0.db") -> Make:
    def make(place: Path) -> Path:
        (place / name).write_bytes(content())
        return place / name

    return make


def _damaged(damage: Callable[[bytearray], bytes | bytearray]) -> Make:
    def make(place: Path) -> Path:
        path = good_database(place)
        path.write_bytes(damage(bytearray(path.read_bytes())))
        return path

    return make


def _changed(*statements: str, games: int = 3) -> Make:
    """A good database after some statements."""

    def make(place: Path) -> Path:
        path = good_database(place, games=games)
        with sqlite3.connect(path) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return path

    return make


def _zipped(*members: tuple[str, bytes], damage: Callable[[bytearray], bytes | bytearray] | None = None) -> Make:
    def make(place: Path) -> Path:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                archive.writestr(name, content)
        data = bytearray(buffer.getvalue())
        path = place / "galaxy.zip"
        path.write_bytes(damage(data) if damage else data)
        return path

    return make


def _linked(place: Path) -> Path:
    link = zipfile.ZipInfo("galaxy-2.0.db")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(place / "galaxy.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    return place / "galaxy.zip"


def _good_bytes() -> bytes:
    with tempfile.TemporaryDirectory() as place:
        return good_database(Path(place)).read_bytes()


def _flipped(data: bytearray) -> bytearray:
    chance = random.Random(5)
    for _ in range(60):
        data[chance.randrange(4096, len(data))] ^= 0xFF
    return data


def _overwritten(data: bytearray) -> bytearray:
    """A page where another one belongs: a plain look at the rows reads on and finds fewer, without an error."""
    leaves = [at for at in range(4096, len(data), 4096) if data[at] == 0x0D and b'{"title"' in data[at : at + 4096]]
    data[leaves[4] : leaves[4] + 4096] = data[leaves[1] : leaves[1] + 4096]
    return data


def _wrong_free_list(data: bytearray) -> bytearray:
    data[32:40] = struct.pack(">II", 7, 400)
    return data


def _foreign_log(place: Path) -> Path:
    """The write-ahead log of another database beside a good one."""
    other = place / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE other (a TEXT)")
    connection.executemany("INSERT INTO other VALUES (?)", [("x" * 1000,)] * 200)
    connection.commit()
    log = other.with_name("other.db-wal").read_bytes()
    connection.close()
    path = good_database(place)
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode = WAL")
    made.close()
    path.with_name(f"{path.name}-wal").write_bytes(log)
    return path


def _sparse(place: Path) -> Path:
    path = good_database(place)
    os.truncate(path, 3 * 1024 * MIB)
    return path


def _fifo(place: Path) -> Path:
    os.mkfifo(place / "galaxy-2.0.db")
    return place / "galaxy-2.0.db"


def _directory(place: Path) -> Path:
    (place / "galaxy-2.0.db").mkdir()
    return place / "galaxy-2.0.db"


def _many_columns(place: Path) -> Path:
    path = place / "galaxy-2.0.db"
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE Users ({', '.join(f'c{number}' for number in range(2000))})")
    connection.close()
    return path


def _broken_schema(place: Path) -> Path:
    path = good_database(place, games=3)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE Users (id' WHERE name = 'Users'")
    connection.close()
    return path


def _other_database(place: Path) -> Path:
    path = place / "places.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE moz_places (url TEXT)")
    connection.close()
    return path


def _encrypted(data: bytearray) -> bytearray:
    data[6] |= 1
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    return data


def _lying_size(data: bytearray) -> bytearray:
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    return data


def _lying_count(data: bytearray) -> bytearray:
    at = data.rfind(b"PK\x05\x06")
    data[at + 8 : at + 12] = struct.pack("<HH", 60_000, 60_000)
    return data


def _view(table: str, query: str) -> Make:
    return _changed(f"DROP TABLE {table}", f"CREATE VIEW {table} AS {query}")


ENDLESS = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n"
BROKEN: list[Broken] = [
    Broken("nothing there", "no_file", "cannot be opened: No such file", lambda place: place / "galaxy-2.0.db"),
    Broken("a directory", "no_file", "no regular file", _directory),
    Broken("a pipe that nobody writes to", "no_file", "no regular file", _fifo),
    Broken("an empty file", "not_sqlite", "is empty", _bytes(bytes)),
    Broken("random bytes", "not_sqlite", "no SQLite database", _bytes(lambda: random.Random(1).randbytes(200_000))),
    Broken("a web page", "not_sqlite", "no SQLite database", _bytes(lambda: b"<!DOCTYPE html><title>Sign in</title>")),
    Broken("packed with gzip", "not_sqlite", "packed with gzip", _bytes(lambda: gzip.compress(b"x" * 9000))),
    Broken("packed with 7-Zip", "not_sqlite", "packed with 7-Zip", _bytes(lambda: b"7z\xbc\xaf\x27\x1c" + bytes(900))),
    Broken("the first bytes alone", "damaged", "nothing more", _bytes(lambda: b"SQLite format 3\0")),
    Broken("the header alone", "damaged", "cut off: 100 bytes", _damaged(lambda data: data[:100])),
    Broken("cut off in the middle", "damaged", "is cut off", _damaged(lambda data: data[: 40 * 4096])),
    Broken("cut off within a page", "damaged", "is cut off", _damaged(lambda data: data[:-700])),
    Broken("flipped bytes", "damaged", "the database is damaged", _damaged(_flipped)),
    Broken("a page overwritten by another", "damaged", "the database is damaged", _damaged(_overwritten)),
    Broken("a list of free pages that is none", "damaged", "the database is damaged", _damaged(_wrong_free_list)),
    Broken("a schema that is no SQL", "damaged", "malformed database schema", _broken_schema),
    Broken("the log of another database", "not_galaxy", "none of GOG Galaxy", _foreign_log),
    Broken("larger than is taken", "too_large", "0.0 MiB at most", good_database, SMALL),
    Broken("three sparse GiB", "too_large", "is 3072.0 MiB; 64.0 MiB at most", _sparse),
    Broken("a database of something else", "not_galaxy", "none of GOG Galaxy", _other_database),
    Broken("an endless view for users", "not_galaxy", "Users is a view", _view("Users", ENDLESS)),
    Broken(
        "a view that fills the memory for pieces",
        "not_galaxy",
        "GamePieces is a view",
        _view("GamePieces", "SELECT 'gog_1' releaseKey, 1 gamePieceTypeId, zeroblob(2000000000) value"),
    ),
    Broken(
        "a view that loads code for purchases",
        "not_galaxy",
        "LibraryReleases is a view",
        _view("LibraryReleases", "SELECT 1 id, 1 userId, load_extension('/tmp/x.so') releaseKey"),
    ),
    Broken(
        "a virtual table",
        "not_galaxy",
        "virtual table, 'docs'",
        _changed("CREATE VIRTUAL TABLE docs USING fts5(body)"),
    ),
    Broken(
        "values that are computed, and huge",
        "unknown_schema",
        "has no GamePieces.value",
        _changed(
            "DROP TABLE GamePieces",
            "CREATE TABLE GamePieces (releaseKey TEXT, gamePieceTypeId INT, "
            "value TEXT GENERATED ALWAYS AS (hex(zeroblob(100000000))) VIRTUAL)",
        ),
    ),
    Broken(
        "a schema of another version",
        "unknown_schema",
        "schema version 57 is not known: it has no table GamePieceTypes",
        _changed("DROP TABLE GamePieceTypes", "PRAGMA user_version = 57"),
    ),
    Broken(
        "neither licences nor purchases",
        "unknown_schema",
        "no LibraryReleases with LicensedReleases",
        _changed("DROP TABLE LicensedReleases", "DROP TABLE ProductPurchaseDates"),
    ),
    Broken("nobody signed in", "no_user", "has no user", _changed("DELETE FROM Users")),
    Broken("a user who is no number", "no_user", "has no user", _changed("UPDATE Users SET id = 'me'")),
    Broken("nothing owned", "nothing_owned", "owns a game", _changed("UPDATE LicensedReleases SET isOwned = 0")),
    Broken(
        "subscriptions alone",
        "nothing_owned",
        "owns a game",
        _changed("INSERT INTO SubscriptionReleases SELECT releaseKey, 1 FROM LibraryReleases"),
    ),
    Broken("two thousand columns", "too_much", "too many columns", _many_columns),
    Broken(
        "a value of five MiB",
        "too_much",
        "too big",
        _changed("UPDATE GamePieces SET value = hex(zeroblob(2500000)) WHERE rowid = 1"),
    ),
    Broken(
        "a hundred users",
        "too_much",
        "users; 50 at most",
        _changed(f"INSERT INTO Users {ENDLESS} LIMIT 100"),
    ),
    Broken(
        "more rows than anybody has",
        "too_much",
        "more than 300000 rows of Platforms",
        _changed(f"INSERT INTO Platforms (name) SELECT id FROM ({ENDLESS} LIMIT 300001)"),
    ),
    Broken(
        "too slow to check",
        "too_slow",
        "takes too long to read",
        good_database,
        replace(LIMITS, cpu_seconds=0.001),
    ),
    Broken("a zip bomb", "bad_archive", "more than 200 times its size", _zipped(("galaxy.db", bytes(40 * MIB)))),
    Broken(
        "a zip that unpacks to more than is taken",
        "too_large",
        "no more is read",
        _zipped(("galaxy.db", b"SQLite format 3\0" + bytes(30_000))),
        SMALL,
    ),
    Broken("a zip that climbs out", "bad_archive", "a place outside of it", _zipped(("../../x.db", b"x"))),
    Broken("a zip with an absolute path", "bad_archive", "a place outside of it", _zipped(("/tmp/x.db", b"x"))),
    Broken("a zip with a drive", "bad_archive", "a place outside of it", _zipped(("C:\\x.db", b"x"))),
    Broken("a zip with a link", "bad_archive", "holds a link", _linked),
    Broken(
        "a zip of two thousand files",
        "bad_archive",
        "more than 1000 entries",
        _zipped(*((f"{number}.db", b"") for number in range(2000))),
    ),
    Broken(
        "a zip that counts wrong",
        "bad_archive",
        "more than 1000 entries",
        _zipped(("galaxy.db", b"x"), damage=_lying_count),
    ),
    Broken(
        "an encrypted zip",
        "bad_archive",
        "without a password",
        _zipped(("galaxy.db", b"x" * 50), damage=_encrypted),
    ),
    Broken(
        "a zip that lies about a size",
        "bad_archive",
        "the zip is damaged",
        _zipped(("galaxy.db", random.Random(3).randbytes(5000)), damage=_lying_size),
    ),
    Broken(
        "a zip that is cut off",
        "bad_archive",
        "cut off or damaged",
        _zipped(("galaxy.db", random.Random(4).randbytes(5000)), damage=lambda data: data[:-300]),
    ),
    Broken("a zip without a database", "bad_archive", "holds no .db file", _zipped(("photo.jpg", b"x"))),
    Broken(
        "zips within a zip", "bad_archive", "holds no .db file", _zipped(("lib 0.zip", b"PK"), ("lib 1.zip", b"PK"))
    ),
    Broken("a zip of two databases", "bad_archive", "2 databases", _zipped(("a.db", b"x"), ("b.db", b"x"))),
    Broken("a zip with an empty database", "not_sqlite", "in the zip is empty", _zipped(("galaxy.db", b""))),
    Broken("a zip with something else as .db", "not_sqlite", "no SQLite database", _zipped(("galaxy.db", b"x" * 900))),
]


def main() -> None:
    for broken in BROKEN:
        with tempfile.TemporaryDirectory() as place:
            path = broken.make(Path(place))
            before = {each: each.stat().st_size for each in Path(place).iterdir()}
            begun = time.monotonic()
            try:
                read_galaxy(path, broken.limits)
                told = {"code": "read", "message": ""}
            except GalaxyError as error:
                told = {"code": error.code, "message": str(error)}
            seconds = time.monotonic() - begun
            touched = {each: each.stat().st_size for each in Path(place).iterdir()} != before
        print(json.dumps({"name": broken.name, **told, "seconds": seconds, "touched": touched}), flush=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    per_mb = MIB if sys.platform == "darwin" else 1024
    print(json.dumps({"peak_mb": used.ru_maxrss / per_mb, "cpu": used.ru_utime + used.ru_stime}), flush=True)


if __name__ == "__main__":
    main()
