"""Every row of the table, tried in one crawl process: the right outcome, soon, without a packet to anybody else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from game_pipeline_tests.conftest import ReusedCatalogue

from .bench import Bench, Row
from .table import ROWS

Note = Callable[[str, object], None]
SECONDS = 15.0
PEAK_MB = 150.0


@pytest.fixture(scope="module")
def crawl_process(reused_catalogue: ReusedCatalogue) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "game_pipeline_tests.hostile.table", reused_catalogue.empty()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture(scope="module")
def told(crawl_process: subprocess.Popen[str]) -> dict[str, Any]:
    """What the process told so far, by row; it is asked on as rows are looked up."""
    return {}


def _result(row: Row, process: subprocess.Popen[str], told: dict[str, Any]) -> dict[str, Any]:
    assert process.stdout is not None
    while row.number not in told:
        line = process.stdout.readline()
        assert line, f"the crawl process ended with status {process.wait()}"
        document = json.loads(line)
        told[document.pop("number", "end")] = document
    return cast(dict[str, Any], told[row.number])


def test_no_number_stands_for_two_rows() -> None:
    assert len({row.number for row in ROWS}) == len(ROWS)
    numbers = {int("".join(filter(str.isdigit, row.number)) or 0) for row in ROWS}
    assert set(range(1, 64)) <= numbers


@pytest.mark.timeout(60)
@pytest.mark.parametrize("row", [row for row in ROWS if not row.outside], ids=lambda row: row.number)
def test_row(row: Row, crawl_process: subprocess.Popen[str], told: dict[str, Any], record_property: Note) -> None:
    if row.act is None:
        record_property("row", [row.number, row.sent, row.expected, "no model in the product", 0.0])
        pytest.skip("the row is about a language model's answers, and the product asks none")
    result = _result(row, crawl_process, told)
    record_property("row", [row.number, row.sent, row.expected, result["got"], result["seconds"]])
    assert result["got"] == row.expected
    assert result["seconds"] < SECONDS
    assert result["foreign"] == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.outside], ids=lambda row: row.number)
def test_row_of_another_part(row: Row, record_property: Note) -> None:
    assert row.act is not None
    got = row.act(cast(Bench, None))
    record_property("row", [row.number, row.sent, row.expected, got, 0.0])
    assert got == row.expected


def test_the_crawl_process_stays_small(
    crawl_process: subprocess.Popen[str], told: dict[str, Any], record_property: Note
) -> None:
    last = [row for row in ROWS if row.act is not None and not row.outside][-1]
    _result(last, crawl_process, told)
    assert crawl_process.stdout is not None
    peak = json.loads(crawl_process.stdout.readline())["peak_mb"]
    record_property("peak_mb", peak)
    assert peak < PEAK_MB
