"""How answers are given: JSON with an ETag that is asked about again, and lists that go on from a cursor."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.encoders import jsonable_encoder
from pydantic import StringConstraints

__all__ = ["MAX_NUMBER", "Cursor", "Limit", "Name", "Text", "json_answer", "tagged"]

Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\u0000]*$")]
"""A line of text that a request holds."""
Name = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\u0000]*$")]
"""Of a player or a platform: an address may hold many."""
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows at most.")]
MAX_NUMBER = 2**53 - 1
"""The largest number that every program reads exactly (RFC 8259, section 6)."""
Cursor = Annotated[
    int, Query(ge=0, le=MAX_NUMBER, description="`next` of the page before; the list goes on behind it.")
]


def json_answer(request: Request, content: Any) -> Response:
    """The content as JSON, or 304 where the client has it already."""
    body = json.dumps(jsonable_encoder(content), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return tagged(request, body)


def tagged(request: Request, body: bytes) -> Response:
    """JSON under an ETag of its own, or 304 where the client's is the same."""
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if _matches(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _matches(request: Request, tag: str) -> bool:
    """If-None-Match compares weakly (RFC 9110, section 13.1.2)."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in given.split(","))
