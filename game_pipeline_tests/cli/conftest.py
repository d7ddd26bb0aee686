"""The command line as a user meets it: real arguments, real output, exit codes; replicas for sites."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg import connect, sql

from game_pipeline.cli import main
from game_pipeline.demo.replicas import Replicas
from game_pipeline.settings import CONFIG_VARIABLE
from game_pipeline.store.embedded import ServerInfo


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Calls the command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Outcome:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        captured = self._capsys.readouterr()
        code = ended.value.code
        return Outcome(code if isinstance(code, int) else 1, captured.out, captured.err)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def replicas() -> Iterator[Replicas]:
    with Replicas(day=1) as serving:
        yield serving


@pytest.fixture
def workplace(
    tmp_path: Path,
    database_url: str,
    postgres_server: ServerInfo,
    replicas: Replicas,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """A directory with a settings file: a catalogue of its own, its sites served by replicas."""
    name = f"{database_url.split('?', maxsplit=1)[0].rsplit('/', maxsplit=1)[1]}_dagster"
    lines = [
        'data_dir = "data"',
        f"database_url = {json.dumps(database_url)}",
        "[crawl]",
        "retry_base = 0.01",
        "retry_cap = 0.02",
        "[crawl.routes]",
        *(f"{json.dumps(host)} = {json.dumps(origin)}" for host, origin in replicas.routes.items()),
    ]
    for source in ("instead_games", "ifdb", "ifwiki_ru"):
        lines += [f"[sources.{source}]", "min_delay = 0", "asset_retries = 0"]
    (tmp_path / "game_pipeline.toml").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CONFIG_VARIABLE, "")  # so that what a command sets is taken back
    monkeypatch.delenv(CONFIG_VARIABLE)
    yield tmp_path
    with connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
