"""One POST and its answer within one deadline: no redirects, no proxies, no cookies, no retries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import httpx2

__all__ = ["Answer", "Sender"]

MOST_READ = 16_384
MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status, or none and the reason in `error`. `error` is set for all but a success."""

    status: int | None
    error: str | None = None
    retry_after: str | None = None

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """Sends messages, keeping connections open between them. For one thread; use as a context manager.

    The requests run in an event loop of their own because only there the time for the whole exchange can be limited: a
    timeout of single reads never ends a server that sends a byte now and then.
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._client: httpx2.AsyncClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._runner.run(self._client.aclose())
            self._client = None
        self._runner.close()

    def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Answer:
        """Send one message. Whatever goes wrong is in the answer."""
        return self._runner.run(self._post(url, headers, body, timeout))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Answer:
        import httpx2

        status: int | None = None
        retry_after: str | None = None
        read = b""
        try:
            async with (
                asyncio.timeout(timeout),
                self._opened().stream(
                    "POST",
                    url,
                    content=body,
                    headers={**headers, "content-type": "application/json", "accept-encoding": "identity"},
                ) as response,
            ):
                status = response.status_code
                retry_after = response.headers.get("retry-after")
                async for chunk in response.aiter_raw():
                    read += chunk
                    if len(read) >= MOST_READ:
                        break
        except TimeoutError:
            if status is None:
                return Answer(None, f"no answer within {timeout:g} s")
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            if status is None:
                return Answer(None, _line(f"{type(error).__name__}: {error}".replace(url, "the address")))
        finally:
            if self._client is not None:
                self._client.cookies.clear()
        # Once there is a status it counts, whatever became of the rest.
        return Answer(status, _complaint(status, read), retry_after)

    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            import httpx2

            # It writes whole addresses to the log, and the path of a webhook's address is often a secret.
            logging.getLogger("httpx2").setLevel(logging.WARNING)
            self._client = httpx2.AsyncClient(
                verify=httpx2.create_ssl_context(trust_env=False),
                trust_env=False,
                follow_redirects=False,
                timeout=None,
                headers={"user-agent": _agent()},
            )
        return self._client


def _complaint(status: int, body: bytes) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"{status}: redirects are not followed; put the final address into the settings"
    said = _line(body.decode("utf-8", "replace"))
    return f"{status}: {said}" if said else str(status)


def _line(text: str) -> str:
    """Text from outside in one line that no terminal trips over."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= MOST_TOLD else line[: MOST_TOLD - 1] + "…"


@cache
def _agent() -> str:
    try:
        return f"game-pipeline/{version('game-pipeline')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "game-pipeline"
