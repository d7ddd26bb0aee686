"""The embedded PostgreSQL against real servers: starts, ends and kills."""

import ctypes
import os
import shutil
import signal
import stat
import threading
import time
from pathlib import Path

import psycopg
import pytest

from game_pipeline.store.embedded import EmbeddedPostgresError

from .embedded import (
    IS_ROOT,
    NOBODY,
    Make,
    as_server,
    execute,
    finish,
    has_ended,
    only_linux,
    query,
    said,
    start_owner,
    wait_until,
)


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


def test_a_connection_costs_no_stretching_of_a_password_that_nobody_can_guess(base: Path, make: Make) -> None:
    postgres = make(base / "data")
    owner = postgres.start()
    application = postgres.ensure_role("app")
    stretched = (
        "SELECT string_agg(split_part(rolpassword, ':', 1), ' ' ORDER BY rolname) FROM pg_authid WHERE rolcanlogin"
    )
    assert query(owner, stretched) == "SCRAM-SHA-256$1 SCRAM-SHA-256$1"
    # As initdb, and the versions before, have left them: the passwords stay.
    for info in (owner, application):
        execute(owner, f"ALTER ROLE {info.user} PASSWORD '{info.password}'")
    assert query(owner, stretched) == "SCRAM-SHA-256$4096 SCRAM-SHA-256$4096"
    postgres.stop()
    owner = postgres.start()
    assert postgres.ensure_role("app").password == application.password
    assert query(owner, stretched) == "SCRAM-SHA-256$1 SCRAM-SHA-256$1"
