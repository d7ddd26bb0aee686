"""The sample code of docs/webhooks.md works on what is really sent, and what the page says of the settings is true."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from game_pipeline.settings import WebhookSettings
from game_pipeline.store import Store
from game_pipeline.webhooks import deliver

from .conftest import SECRET, Receiver, happened

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def verify() -> Any:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["verify"]


@pytest.mark.parametrize("secret", [SECRET, "plain text, long enough to be a key"])
def test_the_sample_accepts_what_is_sent_and_nothing_else(
    receiver: Receiver, store: Store, verify: Any, secret: str
) -> None:
    happened(store, 7)
    assert deliver(store, "partner", receiver.make(secret=secret)).delivered == 1
    (seen,) = receiver.seen
    headers = dict(seen.headers)
    assert verify(secret, headers, seen.body)
    assert not verify(secret[:-1] + "x" * 5, headers, seen.body)
    assert not verify(secret, headers, seen.body + b" ")
    assert not verify(secret, headers | {"webhook-id": "another"}, seen.body)
    assert not verify(secret, headers | {"webhook-timestamp": str(int(time.time()) - 10)}, seen.body)
    assert not verify(secret, headers, seen.body, tolerance=-1)
    assert not verify(secret, {}, seen.body)


def test_a_signature_among_several_is_enough(receiver: Receiver, store: Store, verify: Any) -> None:
    happened(store, 7)
    deliver(store, "partner", receiver.make(secret="n" * 24, previous_secret="o" * 24))
    (seen,) = receiver.seen
    assert verify("n" * 24, dict(seen.headers), seen.body)
    assert verify("o" * 24, dict(seen.headers), seen.body)


def test_every_setting_is_on_the_page() -> None:
    table = PAGE.partition("| setting |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:]))) == set(
        WebhookSettings.model_fields
    )
