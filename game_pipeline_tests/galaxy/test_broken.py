"""Every broken or hostile upload is refused with its own message, soon, in little memory, and is left as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, cast

import pytest

from .broken import BROKEN, Broken

SECONDS = 5.0
PEAK_MB = 200.0


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "game_pipeline_tests.galaxy.broken"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


@pytest.fixture(scope="module")
def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What the process told so far, by upload; it is asked on as uploads are looked up."""
    return {}


def _result(name: str, process: subprocess.Popen[str], told: dict[str, Any]) -> dict[str, Any]:
    assert process.stdout is not None
    while name not in told:
        line = process.stdout.readline()
        assert line, f"the process ended with status {process.wait()}"
        document = json.loads(line)
        told[document.pop("name", "end")] = document
    return cast(dict[str, Any], told[name])


def test_there_are_forty_of_them_at_least() -> None:
    assert len({broken.name for broken in BROKEN}) == len(BROKEN) >= 40


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_upload(broken: Broken, process: subprocess.Popen[str], told: dict[str, Any]) -> None:
    result = _result(broken.name, process, told)
    assert result["code"] == broken.code
    assert broken.message in result["message"]
    assert result["seconds"] < SECONDS
    assert not result["touched"]


def test_reading_them_takes_little_memory(process: subprocess.Popen[str], told: dict[str, Any]) -> None:
    assert _result("end", process, told)["peak_mb"] < PEAK_MB
