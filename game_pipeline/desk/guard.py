"""What every request has to pass before it reaches a route: the right host, a body within bounds, safe headers back."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem_json

__all__ = ["BodyLimit", "Guard"]

_POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (
        b"referrer-policy",
        b"same-origin",
    ),  # with `no-referrer` browsers would not name the origin of our own forms, either
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class Guard:
    """Answers only under its own names: a page of another site that has its name lead here (DNS rebinding) learns
    nothing. Adds the headers that keep browsers strict."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in _HEADERS if each[0] not in given)]
            await send(message)

        if self._host(scope) not in self._hosts:
            names = ", ".join(sorted(self._hosts))
            refusal = problem_json(421, f"this is not answered under that name; it is: {names} (setting desk.hosts)")
            await refusal(scope, receive, guarded)
        elif b"\0" in unquote_to_bytes(scope["raw_path"]) or b"\0" in unquote_to_bytes(scope["query_string"]):
            await problem_json(400, "the address holds a NUL, which no text here has")(scope, receive, guarded)
        else:
            await self._app(scope, receive, guarded)

    @staticmethod
    def _host(scope: Scope) -> str:
        given = [value for name, value in scope["headers"] if name == b"host"]
        text = given[0].decode("latin-1").lower() if len(given) == 1 else ""
        name, colon, port = text.rpartition(":")
        return name if colon and port.isdecimal() else text


class _TooLarge(Exception):
    """More came than may come."""


class BodyLimit:
    """Stops reading a body that is longer than it may be, as soon as that is seen. `large`: the bound of the addresses
    that begin with one of `uploads`, `small`: of all others; both in bytes."""

    def __init__(self, app: ASGIApp, *, small: int, large: int, uploads: tuple[str, ...]) -> None:
        self._app = app
        self._small, self._large, self._uploads = small, large, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bound = self._large if scope["path"].startswith(self._uploads) else self._small
        refusal = problem_json(413, f"at most {bound // 1024:,} KiB are taken here", headers={"Connection": "close"})
        told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not told.isdigit() or int(told) > bound:
            await refusal(scope, receive, send)
            return
        size, began = 0, False

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > bound:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal began
            if size > bound and not began:
                raise _TooLarge  # whatever the app makes of a body that it could not read
            began = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except _TooLarge:
            if not began:
                await refusal(scope, receive, send)
