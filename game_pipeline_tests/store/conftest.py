"""Clusters that the tests of the store make."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from game_pipeline.store.embedded import EmbeddedPostgres

from .embedded import Make


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
