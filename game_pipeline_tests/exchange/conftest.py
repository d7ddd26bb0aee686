"""A catalogue to export."""

from __future__ import annotations

import pytest

from game_pipeline.store import Store
from game_pipeline_tests.catalog.curating import Catalogue


@pytest.fixture
def catalogue(store: Store) -> Catalogue:
    return Catalogue(store)
