"""A catalogue for each test."""

from __future__ import annotations

import pytest

from game_pipeline.store import Store

from .curating import Catalogue


@pytest.fixture
def catalogue(store: Store) -> Catalogue:
    return Catalogue(store)
