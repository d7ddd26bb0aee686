"""The settings of webhooks: what is refused at start, and that secrets stay secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from game_pipeline.settings import SettingsError, WebhookSettings, load_settings

GOOD = "s3cret-s3cret-s3cret-s3cret"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("GAME_PIPELINE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(text: str) -> None:
    Path("game_pipeline.toml").write_text(text, encoding="utf-8")


def refusal() -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value)


@pytest.mark.parametrize("secret", [GOOD, "123456789012345678901234567890", "whsec_" + "QUJD" * 8])
def test_the_secret_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    write("[webhooks.partner]\nurl = 'https://example.org/hook'")
    assert "webhooks.partner.secret: Field required" in refusal()
    monkeypatch.setenv("GAME_PIPELINE_WEBHOOKS__PARTNER__SECRET", secret)
    settings = load_settings().webhooks["partner"]
    assert settings.secret.get_secret_value() == secret
    assert settings.events == ["game.*"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("url = 'http://example.org/token'", "https is needed"),
        ("url = 'http://127.0.0.1.example.org/token'", "https is needed"),
        ("url = 'ftp://example.org/token'", "an address such as"),
        ("url = 'https:///token'", "an address such as"),
        ("url = 'https://example.org:99999/token'", "an address such as"),
        ("url = 'https://example.org/token space'", "an address such as"),
        ("url = 'https://user:token@example.org/'", "without user, password"),
        ("url = 'https://example.org/#token'", "without user, password"),
        ("secret = 'token'", "at least 24 bytes"),
        ("secret = 'whsec_dG9rZW4='", "at least 24 bytes"),
        ("secret = 'whsec_token!token!token!token!token!'", "base64"),
        ("secret = 4242", "valid string"),
        ("events = []", "at least 1 item"),
        ("events = ['game .*']", "no type of event"),
        ("timeout = 0", "greater than 0"),
        ("max_attempts = 0", "greater than or equal to 1"),
        ("backoff_base = 9\nbackoff_cap = 8", "backoff_cap must not be less"),
        ("colour = 'red'", "colour"),
    ],
)
def test_wrong_settings_are_refused_without_telling_what_is_secret(line: str, says: str) -> None:
    given = [f"url = 'https://example.org/x'\nsecret = '{GOOD}'", line]
    key = line.partition(" ")[0]
    given[0] = "\n".join(other for other in given[0].splitlines() if not other.startswith(key + " "))
    write("\n".join(["[webhooks.partner]", *given]))
    message = refusal()
    assert says in message
    assert "webhooks.partner" in message
    for hidden in ("token", "4242", GOOD):
        assert hidden not in message


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]:8080/x", "http://127.9.9.9/"]
)
def test_http_goes_to_this_machine(url: str) -> None:
    assert WebhookSettings.model_validate({"url": url, "secret": GOOD}).url == url


def test_a_name_that_no_variable_could_carry_is_refused() -> None:
    write(f"[webhooks.'Part-ner']\nurl = 'https://example.org/x'\nsecret = '{GOOD}'")
    assert "'Part-ner': a name of small letters" in refusal()


def test_neither_printing_nor_failing_shows_secrets() -> None:
    settings = WebhookSettings.model_validate({"url": "https://example.org/path-token", "secret": GOOD})
    assert settings.origin == "https://example.org"
    with pytest.raises(ValidationError) as refused:
        WebhookSettings.model_validate({"url": "http://example.org/path-token", "secret": "short-token", "x": GOOD})
    for text in (repr(settings), str(settings), str(refused.value)):
        assert "token" not in text
        assert GOOD not in text
