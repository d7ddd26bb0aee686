"""The keys of sites: put in place of their placeholders just before a request goes out, and taken out of all that comes
back, before anybody reads, stores or shows it.

Nothing else ever sees a key: sources, tasks, events, logs and errors have the placeholder, such as `{RAWG_KEY}`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from urllib.parse import quote, quote_plus

from game_pipeline.settings import Settings
from game_pipeline.sources import ClientCredentials, Request, Source

from .outcomes import FetchError, Kind, Outcome
from .urls import Target

__all__ = ["NO_KEYS", "Keyring", "token_request", "without_keys"]

_FORM = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r"[!#-\[\]-~]{8,4000}")
# A token is used for so much of its life: what is under way should not see it end.
_USED_SHARE = 0.9
_SHORTEST_LIFE = 60.0


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    good_until: float  # by the monotonic clock


# One a process: a run, the monitor's ticks. Never written down, so that no backup and no export holds it.
_tokens: dict[tuple[str, str], _Token] = {}
_lock = Lock()


class Keyring:
    """The keys of one source: their values by name, and the hosts that each may be sent to."""

    def __init__(
        self,
        values: Mapping[str, str],
        hosts: Mapping[str, tuple[str, ...]],
        credentials: ClientCredentials | None = None,
    ) -> None:
        self._values = dict(values)
        self._hosts = dict(hosts)
        self.credentials = credentials
        self._used = {name: value for name, value in values.items() if value}

    @classmethod
    def of(cls, source: Source, settings: Settings) -> Keyring:
        known = {secret.name: settings.keys[secret.name] for secret in source.needs if secret.name in settings.keys}
        hosts = {secret.name: secret.hosts for secret in source.needs}
        if source.token is not None:
            hosts[source.token.name] = source.token.hosts
        return cls({name: value.get_secret_value() for name, value in known.items()}, hosts, source.token)

    def wants_token(self, *texts: str) -> bool:
        """Is there a placeholder of a token in what is to be sent, and no token that is still good?"""
        if self.credentials is None or not any(f"{{{self.credentials.name}}}" in text for text in texts):
            return False
        token = _tokens.get(self._token_key())
        if token is not None and token.good_until > time.monotonic():
            self._used[self.credentials.name] = token.value
            return False
        return True

    def keep_token(self, reply: bytes) -> None:
        """Take the token out of the reply to `token_request`. Raises ValueError where there is none."""
        assert self.credentials is not None
        try:
            told = json.loads(reply)
            value, life = str(told["access_token"]), float(told.get("expires_in") or _SHORTEST_LIFE)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError("no access_token in the reply") from None
        if not _TOKEN.fullmatch(value):
            raise ValueError("an access_token that cannot be sent")
        good_until = time.monotonic() + max(_SHORTEST_LIFE, _USED_SHARE * life)
        with _lock:
            _tokens[self._token_key()] = _Token(value, good_until)
        self._used[self.credentials.name] = value

    def drop_token(self) -> bool:
        """Forget the token that was refused; False where none was sent."""
        if self.credentials is None or self.credentials.name not in self._used:
            return False
        refused = self._used.pop(self.credentials.name)
        with _lock:
            known = _tokens.get(self._token_key())
            if known is not None and known.value == refused:
                del _tokens[self._token_key()]
        return True

    def fill(self, text: str, target: Target, *, quoted: bool = False) -> str:
        """The text with the keys in it, for a request to `target`. `quoted`: as an address or a form has them.

        Raises `FetchError` where the host is none that a key may be sent to, or would get it in the clear.
        """
        for name, hosts in self._hosts.items():
            placeholder = f"{{{name}}}"
            if placeholder not in text:
                continue
            if target.host not in hosts or target.parsed.scheme != "https":
                raise _withheld(name, target)
            value = self._used.get(name)
            if value is None:
                raise FetchError(Outcome.POSTPONED, Kind.OURS, f"needs key: {name}", target.url)
            text = text.replace(placeholder, quote(value, safe="") if quoted else value)
        return text

    def fill_headers(self, headers: Mapping[str, str], target: Target) -> dict[str, str]:
        return {name: self.fill(value, target) for name, value in headers.items()}

    def fill_body(self, request: Request, target: Target) -> bytes:
        quoted = any(name.lower() == "content-type" and value.startswith(_FORM) for name, value in request.headers)
        return self.fill(request.body or "", target, quoted=quoted).encode()

    def hide(self, text: str) -> str:
        """The text with each key that it holds, in whichever notation, turned back into its placeholder."""
        for form, placeholder in self._forms():
            text = text.replace(form, placeholder)
        return text

    def hide_in_body(self, body: bytes) -> bytes:
        for form, placeholder in self._forms():
            body = body.replace(form.encode(), placeholder.encode())
        return body

    def _forms(self) -> list[tuple[str, str]]:
        forms = {}
        for name, value in self._used.items():
            escaped = quote(value, safe="")
            for form in (value, escaped, re.sub(r"%..", lambda match: match[0].lower(), escaped), quote_plus(value)):
                forms[form] = forms[form.replace("/", "\\/")] = f"{{{name}}}"
        return sorted(forms.items(), key=lambda item: -len(item[0]))

    def _token_key(self) -> tuple[str, str]:
        assert self.credentials is not None
        return self.credentials.url, self._values.get(self.credentials.client_id, "")


NO_KEYS = Keyring({}, {})


def without_keys(source: Source, settings: Settings, *, addresses: bool = False) -> str | None:
    """That a source lacks keys that it needs (`addresses`: for single games by their addresses), for people; None: it
    has them all."""
    missing = [
        secret.name
        for secret in source.needs
        if secret.name not in settings.keys and not (addresses and secret.for_listing)
    ]
    if not missing:
        return None
    return f"needs key: {', '.join(missing)} (set {' and '.join(f'GAME_PIPELINE_KEYS__{name}' for name in missing)})"


def token_request(credentials: ClientCredentials) -> Request:
    """What to ask for a token with (RFC 6749, section 4.4.2)."""
    body = (
        f"grant_type=client_credentials&client_id={{{credentials.client_id}}}"
        f"&client_secret={{{credentials.client_secret}}}"
    )
    headers = (("Content-Type", _FORM), ("Accept", "application/json"))
    return Request(credentials.url, method="POST", body=body, headers=headers)


def _withheld(name: str, target: Target) -> FetchError:
    message = f"the key {name} is not sent to {target.parsed.scheme}://{target.host}"
    return FetchError(Outcome.BLOCKED_ADDRESS, Kind.BLOCKED, message, target.url)
