"""The API keeps to its own description, whatever it is asked: schemathesis asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import negative_data_rejection, positive_data_acceptance

from game_pipeline.desk import create_app
from game_pipeline.settings import Settings
from game_pipeline.store import Store
from game_pipeline_tests.conftest import ReusedCatalogue

from .conftest import AUTHORISED, TOKEN, Served, filled_catalogue, hand_in_libraries, opened_desk, settings_at


@schemathesis.serializer("application/x-ndjson")
def as_lines(context: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


# Only described here; those that are asked are served by `desk`.
described = create_app(Settings(), Store("postgresql:///nowhere"), TOKEN).openapi()
# The live events never end: test_games listens to them.
schema = schemathesis.openapi.from_dict(described).exclude(path="/api/events/live")
# Every request goes out with the token: one that was made up without it is not one that lacks it. The check that the
# token is asked for (`ignored_auth`) leaves it out by itself.
schema.config.generation.update(with_security_parameters=False)
BOUNDS = {
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
    "deadline": None,
}


@pytest.fixture(scope="module")
def desk(reused_catalogue: ReusedCatalogue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all operations: made for each of them it would take most of the time."""
    place = tmp_path_factory.mktemp("desk")
    with Store(reused_catalogue.empty()) as store:
        filled_catalogue(store)
        hand_in_libraries(store, settings_at(place), place)
        with opened_desk(store, settings_at(place)) as opened:
            yield opened


def _ask(case: Case[Any], desk: Served) -> None:
    # A form has no other types than texts and files, and of lines a schema cannot say more than that they are text:
    # what is wrong as JSON may be right there, and the other way round.
    excluded = []
    if case.method == "POST" and case.path in ("/api/library/uploads", "/api/import"):
        excluded = [negative_data_rejection, positive_data_acceptance]
    if case.path == "/api/reconcile":  # JSON within a text: test_reconcile asks for what is right and wrong in it
        excluded = [negative_data_rejection, positive_data_acceptance]
    case.call_and_validate(base_url=desk.url, headers=AUTHORISED, excluded_checks=excluded)


@schema.parametrize()
@settings(max_examples=5, **BOUNDS)  # type: ignore[arg-type]
def test_every_answer_is_as_described(case: Case[Any], desk: Served) -> None:
    _ask(case, desk)


@pytest.mark.faults
@schema.parametrize()
@settings(max_examples=300, **BOUNDS)  # type: ignore[arg-type]
def test_every_answer_is_as_described_however_often_it_is_asked(case: Case[Any], desk: Served) -> None:
    _ask(case, desk)
