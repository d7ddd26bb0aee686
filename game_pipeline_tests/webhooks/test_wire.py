"""What a receiver is sent, byte for byte, and how long it may take to answer."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import time

import pytest

from game_pipeline.store import Store
from game_pipeline_tests.http_server import Reply, ScriptedServer, Seen, Send

from .conftest import PATH, SECRET, Receiver, happened


def signature(key: bytes, seen: Seen) -> str:
    """By RFC 2104 from the hash alone, as the specification words it: nothing of ours."""
    text = f"{seen.headers['webhook-id']}.{seen.headers['webhook-timestamp']}.".encode() + seen.body
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + text).digest()
    return "v1," + base64.b64encode(hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()).decode()


def test_a_message_is_the_event_signed(receiver: Receiver, store: Store) -> None:
    (event_id,) = happened(store, 7)
    assert receiver.deliver().delivered == 1
    (seen,) = receiver.seen
    (row,) = store.rows("SELECT * FROM import_event")
    assert seen.method == "POST"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["webhook-id"] == event_id
    assert int(seen.headers["webhook-timestamp"]) == int(receiver.now.timestamp())
    assert seen.headers["webhook-signature"] == signature(base64.b64decode(SECRET.removeprefix("whsec_")), seen)
    assert json.loads(seen.body) == {
        "type": "source.paused",
        "timestamp": row["recorded_at"].astimezone().astimezone(tz=receiver.now.tzinfo).isoformat(),
        "data": {
            "position": 1,
            "event_id": event_id,
            "stream": "note:7",
            "stream_version": 1,
            "event_type": "source.paused",
            "schema_version": 1,
            "game_id": 7,
            "source": None,
            "source_url": None,
            "payload": {"reason": "Ω"},
            "correlation_id": "run",
            "causation_id": None,
            "actor": "ann",
            "recorded_at": row["recorded_at"].astimezone(tz=receiver.now.tzinfo).isoformat(),
        },
    }


def test_while_a_secret_is_replaced_both_sign(receiver: Receiver, store: Store) -> None:
    happened(store, 7)
    new = "n" * 30
    receiver.deliver(receiver.make(secret=new, previous_secret="o" * 24))
    (seen,) = receiver.seen
    assert seen.headers["webhook-signature"] == f"{signature(b'n' * 30, seen)} {signature(b'o' * 24, seen)}"


def test_a_repetition_has_the_same_id_and_body_and_its_own_time(
    receiver: Receiver, server: ScriptedServer, store: Store
) -> None:
    happened(store, 7)
    server.on(PATH, Reply(500), Reply(204))
    receiver.deliver()
    receiver.later(hours=1)
    receiver.deliver()
    first, second = receiver.seen
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 3600
    assert second.headers["webhook-signature"] == signature(base64.b64decode(SECRET.removeprefix("whsec_")), second)


def test_a_redirect_is_not_followed(receiver: Receiver, server: ScriptedServer, store: Store) -> None:
    happened(store, 7)
    server.on(PATH, Reply(307, headers={"Location": f"{server.origin}/elsewhere"})).on("/elsewhere", Reply(204))
    assert receiver.deliver().failed == 1
    assert server.requests("/elsewhere") == []
    assert "redirects are not followed" in receiver.row()["last_error"]


def test_the_environment_names_no_proxy(receiver: Receiver, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    happened(store, 7)
    assert receiver.deliver().delivered == 1


def _drip(seen: Seen, send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(200):
        send(b"x")
        time.sleep(0.05)


def test_a_server_that_drips_is_cut_at_the_deadline(receiver: Receiver, server: ScriptedServer, store: Store) -> None:
    happened(store, 7)
    server.on(PATH, _drip)
    began = time.monotonic()
    assert receiver.deliver(receiver.make(timeout=0.4)).failed == 1
    assert time.monotonic() - began < 3
    assert receiver.row()["last_error"] == "no answer within 0.4 s"
    assert receiver.row()["last_status"] is None


def _endless(seen: Seen, send: Send) -> None:
    send(b"HTTP/1.1 500 Oh\r\nContent-Type: text/plain\r\n\r\n\x1b[31mred")
    for _ in range(400):
        send(b"x" * 65536)


def test_an_endless_answer_is_read_only_a_little(receiver: Receiver, server: ScriptedServer, store: Store) -> None:
    happened(store, 7)
    server.on(PATH, _endless)
    assert receiver.deliver().failed == 1
    error = receiver.row()["last_error"]
    assert error.startswith("500: [31mredxxx")
    assert len(error) <= 210


def test_a_receiver_that_is_not_there_is_a_failure_with_its_reason(receiver: Receiver, store: Store) -> None:
    happened(store, 7)
    outcome = receiver.deliver(receiver.make(url="http://127.0.0.1:9/secret-path"))
    assert outcome.failed == 1
    assert "ConnectError" in receiver.row()["last_error"]
    assert "secret-path" not in receiver.row()["last_error"]


def test_the_log_of_the_program_holds_no_secret(
    receiver: Receiver, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    happened(store, 7)
    with caplog.at_level(logging.DEBUG):
        receiver.deliver()
    assert "partner" in caplog.text
    for hidden in (SECRET, SECRET.removeprefix("whsec_"), "token-in-the-path"):
        assert hidden not in caplog.text


def test_a_cookie_is_not_sent_back(receiver: Receiver, server: ScriptedServer, store: Store) -> None:
    happened(store, 1, 2)
    server.on(PATH, Reply(204, headers={"Set-Cookie": "a=b; Path=/"}))
    assert receiver.deliver().delivered == 2
    assert ["cookie" in seen.headers for seen in receiver.seen] == [False, False]
