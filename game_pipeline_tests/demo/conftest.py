"""Replicas of the sites, and what they give on the days."""

from collections.abc import Iterator

import pytest

from game_pipeline.demo.replicas import (
    IFWIKI,
    SITES,
    Replicas,
)
from game_pipeline.model import GameRecord

from .asking import (
    records,
)


@pytest.fixture
def replicas() -> Iterator[Replicas]:
    with Replicas() as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[Replicas]:
    """Replicas for tests that only set the day."""
    with Replicas() as running:
        yield running


@pytest.fixture(scope="module")
def first(shared: Replicas) -> dict[str, dict[str, GameRecord]]:
    return {site: records(shared, site, 1) for site in SITES}


@pytest.fixture(scope="module")
def later(shared: Replicas) -> dict[str, dict[str, GameRecord]]:
    """Day 2, and day 3 for the site that is down on day 2."""
    return {site: records(shared, site, 3 if site == IFWIKI else 2) for site in SITES}
