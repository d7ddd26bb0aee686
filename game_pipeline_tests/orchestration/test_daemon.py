"""The whole installation at work: sensors, queue and workers of the real daemon, on a real PostgreSQL."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from psycopg import sql

from game_pipeline.orchestration.automation import RECONCILE_JOB
from game_pipeline.store.embedded import ServerInfo

from .stack import SITE, Stack, running_stack

pytestmark = pytest.mark.timeout(600)

PATIENCE = 180.0
IMPORT_JOB = f"import_{SITE}"
UPLOADED_AGAIN = "Волшебники и Камень"


@pytest.fixture(scope="module")
def stack(postgres_server: ServerInfo) -> Iterator[Stack]:
    catalogue, dagster = names = [f"daemon_{os.getpid()}_{part}" for part in ("catalogue", "dagster")]
    addresses = {
        "database_url": postgres_server.url(catalogue),
        "dagster_database_url": postgres_server.url(dagster),
    }
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with tempfile.TemporaryDirectory(prefix="gp-daemon-") as folder:
        with running_stack(Path(folder), automation=True, addresses=addresses) as running:
            yield running
        with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
            for name in names:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_a_run_with_nothing_to_do_goes_through_the_queue_and_changes_nothing(stack: Stack) -> None:
    before = _catalogue(stack)
    run = stack.wait_for_run(stack.launch(IMPORT_JOB), PATIENCE)
    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert _catalogue(stack) == before


def test_what_changes_on_the_site_reaches_the_catalogue_by_itself(stack: Stack) -> None:
    assert _downloads(stack) == ["0.05"]
    imported, reconciled = ({run.run_id for run in stack.runs(job)} for job in (IMPORT_JOB, RECONCILE_JOB))
    stack.replicas.set_day(2)
    stack.wait_until(lambda: _downloads(stack) == ["0.06"], PATIENCE, "version 0.06 is in the catalogue")
    by_sensor = [run for run in stack.runs(IMPORT_JOB) if run.run_id not in imported]
    assert {run.tags["dagster/sensor_name"] for run in by_sensor} == {f"monitor_{SITE}"}
    taken_in = [run for run in stack.runs(RECONCILE_JOB) if run.run_id not in reconciled]
    assert {run.tags["dagster/sensor_name"] for run in taken_in} == {"reconcile_when_records_wait"}
    for run in (*by_sensor, *taken_in):
        assert stack.wait_for_run(run.run_id, PATIENCE).status == dg.DagsterRunStatus.SUCCESS
    changes = stack.store.rows(
        "SELECT change, count(*) AS n FROM record_version WHERE run_id = ANY(%s) GROUP BY change",
        ([run.run_id for run in by_sensor],),
    )
    assert {row["change"]: row["n"] for row in changes} == {"new": 1, "changed": 2, "vanished": 1}


def _downloads(stack: Stack) -> list[str]:
    """The versions that the game's downloads are of."""
    rows = stack.store.rows(
        "SELECT substring(url FROM '-([0-9.]+)[.]zip$') AS version FROM game_url JOIN game USING (game_id) "
        "WHERE game.title = %s AND url LIKE '%%.zip' ORDER BY 1",
        (UPLOADED_AGAIN,),
    )
    return [row["version"] for row in rows]


def _catalogue(stack: Stack) -> list[dict[str, object]]:
    return stack.store.rows(
        "SELECT (SELECT count(*) FROM game) AS games, (SELECT count(*) FROM game_revision) AS revisions, "
        "(SELECT count(*) FROM record_version) AS versions"
    )
