"""The disk of the database fills up in an import: nothing is done by halves, it is said, and later it goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from game_pipeline.demo.replicas import Replicas
from game_pipeline.store import Store, find_databases

from .workplace import PAGES, Workplace, ended

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk of its own."""
    base = Path(tempfile.mkdtemp(prefix="gp-", dir="/tmp"))
    base.chmod(0o755)
    mounted = os.geteuid() == 0 and shutil.which("mount") is not None
    if mounted:
        command = ["mount", "-t", "tmpfs", "-o", "size=320m,mode=755", "tmpfs", str(base)]
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not mounted:
        base.rmdir()
        pytest.skip("a small disk cannot be mounted here: that takes root, and leave to mount")
    try:
        yield base
    finally:
        subprocess.run(["umount", "--lazy", str(base)], check=True)
        base.rmdir()


def fill(path: Path) -> None:
    """Take all that is left of the disk."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size) == size:
                    pass


def test_an_import_on_a_full_disk_does_nothing_by_halves_says_so_and_goes_on_when_there_is_room(
    disk: Path, tmp_path: Path
) -> None:
    with Replicas(day=1) as replicas:
        place = Workplace(tmp_path, disk, replicas)
        try:
            process = place.begin()
            place.wait_for(8)
            fill(disk / "ballast")
            code, _, err = ended(process)
            assert code == 1
            assert "No space left on device" in err or "connection" in err.splitlines()[-1]
            before = place.fetched()
            assert before.total() < PAGES
            (disk / "ballast").unlink()
            place.server.start()  # it may have given up
            _assert_nothing_by_halves(place)
            code, _, err = ended(place.begin())
            assert code == 0, err
            place.assert_whole()
            assert sum((place.fetched() - before).values()) <= PAGES - before.total() + 8
        finally:
            place.server.stop()


def _assert_nothing_by_halves(place: Workplace) -> None:
    """A task is done if and only if its page is stored."""
    settings = place.settings()
    with Store(find_databases(settings).catalogue_url) as store:
        rows = store.rows(
            "SELECT task.state, count(*) AS tasks, count(page.snapshot_id) AS stored "
            "FROM import_task AS task JOIN source_url_state AS page USING (page_id) GROUP BY task.state"
        )
    for row in rows:
        assert row["stored"] == (row["tasks"] if row["state"] == "done" else 0), row
