"""A catalogue for each test, and a game in it."""

from __future__ import annotations

import pytest

from game_pipeline.store import Store

from .curating import Catalogue
from .owls import says


@pytest.fixture
def catalogue(store: Store) -> Catalogue:
    return Catalogue(store)


@pytest.fixture
def game_id(catalogue: Catalogue) -> int:
    """A game of three revisions: its date changed, then its title."""
    says(catalogue)
    says(catalogue, release_date="1999")
    says(catalogue, release_date="1999", title="Crow")
    return catalogue.only_game()
