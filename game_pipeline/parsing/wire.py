"""What a worker and its master say to each other, and how it travels: frames of a JSON head and raw bytes.

A frame asks for several pages, and its answer has what each came to.

Never pickled: what a hostile page made of a worker must not run in its master.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from game_pipeline.model import AnyRecord
from game_pipeline.sources import Feed, Listing, Request

from .reading import Job, Result

__all__ = [
    "NO_MEMORY",
    "Frame",
    "decode_jobs",
    "decode_result",
    "encode_jobs",
    "encode_result",
    "joined",
    "parted",
    "receive",
    "send",
]

Frame = tuple[dict[str, Any], bytes]

NO_MEMORY = 86
"""The exit status of a worker that met its limit of memory."""

MAX_FRAME = 64 * 1024 * 1024
_LENGTHS = struct.Struct("!II")
_HEAD = tuple(each.name for each in fields(Job) if each.name not in ("body", "request"))
_RESULTS: dict[str, Any] = {"parse": list[AnyRecord], "parse_listing": Listing, "parse_feed": Feed}


@cache
def _adapter(method: str) -> TypeAdapter[Any]:
    return TypeAdapter(_RESULTS[method])


def joined(parts: Iterable[Frame], **more: Any) -> Frame:
    """Several frames as one, which says `more`, too."""
    heads, bodies = zip(*parts, strict=True)
    return {"parts": heads, "lengths": [len(body) for body in bodies], **more}, b"".join(bodies)


def parted(frame: Frame) -> list[Frame]:
    """The frames that were `joined`."""
    head, body = frame
    parts, start = [], 0
    for part, length in zip(head["parts"], head["lengths"], strict=True):
        parts.append((part, body[start : start + length]))
        start += length
    return parts


def encode_jobs(source: str, jobs: Sequence[Job]) -> Frame:
    return joined(map(_encode_job, jobs), source=source)


def decode_jobs(frame: Frame) -> tuple[str, list[Job]]:
    return frame[0]["source"], [_decode_job(part) for part in parted(frame)]


def _encode_job(job: Job) -> Frame:
    request = None if job.request is None else asdict(job.request)
    return {**{name: getattr(job, name) for name in _HEAD}, "request": request}, job.body


def _decode_job(frame: Frame) -> Job:
    head, body = frame
    if head["request"] is not None:
        head["request"] = Request.of(head["request"].pop("url"), head["request"])
    return Job(**head, body=body)


def encode_result(job: Job, result: Result) -> bytes:
    return _adapter(job.method).dump_json(result)


def decode_result(job: Job, body: bytes) -> Result:
    result: Result = _adapter(job.method).validate_json(body)
    return result


def send(connection: socket.socket, frame: Frame, deadline: float | None = None) -> None:
    """Raises OSError (`TimeoutError` where the deadline, by the monotonic clock, passes)."""
    head = json.dumps(frame[0]).encode()  # ASCII: it may quote half a surrogate pair
    connection.settimeout(_left(deadline))
    connection.sendall(_LENGTHS.pack(len(head), len(frame[1])) + head + frame[1])


def receive(connection: socket.socket, deadline: float | None = None) -> Frame | None:
    """The next frame; None where the other side is gone. Raises OSError, and ValueError for what is no frame."""
    lengths = _exactly(connection, _LENGTHS.size, deadline)
    if lengths is None:
        return None
    head_length, body_length = _LENGTHS.unpack(lengths)
    if head_length + body_length > MAX_FRAME:
        raise ValueError(f"a frame of {head_length + body_length} bytes")
    rest = _exactly(connection, head_length + body_length, deadline)
    if rest is None:
        return None
    head: dict[str, Any] = json.loads(rest[:head_length])
    return head, bytes(rest[head_length:])


def _exactly(connection: socket.socket, length: int, deadline: float | None) -> bytearray | None:
    data = bytearray(length)
    view = memoryview(data)
    done = 0
    while done < length:
        connection.settimeout(_left(deadline))
        got = connection.recv_into(view[done:])
        if not got:
            return None
        done += got
    return data


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
