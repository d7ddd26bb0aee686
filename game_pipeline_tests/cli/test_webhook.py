"""Webhooks from the command line: what a user sees, and what a killed delivery leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from game_pipeline.settings import CONFIG_VARIABLE, load_settings
from game_pipeline.store import Store
from game_pipeline_tests.http_server import Reply, ScriptedServer, Seen, Send
from game_pipeline_tests.webhooks.conftest import PATH, SECRET, happened

from .conftest import Shell

pytestmark = pytest.mark.timeout(120)
COMMAND = [sys.executable, "-c", "from game_pipeline.cli import main; main()", "-v", "webhook", "deliver", "partner"]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as opened:
        yield opened.on(PATH, Reply(204))


@pytest.fixture
def store(workplace: Path, server: ScriptedServer) -> Iterator[Store]:
    """The workplace's catalogue; a webhook `partner` is in its settings, one `idle` switched off."""
    file = workplace / "game_pipeline.toml"
    lines = [
        "[webhooks.partner]",
        f"url = '{server.origin}{PATH}'",
        f"secret = '{SECRET}'",
        "events = ['*']",
        "max_attempts = 1",
        "[webhooks.idle]",
        f"url = '{server.origin}{PATH}'",
        f"secret = '{SECRET}'",
        "enabled = false",
    ]
    file.write_text(file.read_text(encoding="utf-8") + "\n" + "\n".join(lines), encoding="utf-8")
    with Store(str(load_settings(file).database_url)) as opened:
        yield opened


def test_the_life_of_a_webhook(shell: Shell, store: Store, server: ScriptedServer) -> None:
    (first,) = happened(store, 1)
    assert [row["state"] for row in shell("webhook", "list", "--json").document] == ["new", "off"]
    assert shell("webhook", "test", "partner").out == "partner: accepted with 204\n"
    assert b'"type":"webhook.ping"' in server.seen[0].body
    delivered = shell("webhook", "deliver", "partner", "--from-start", "--json")
    assert (delivered.code, delivered.document[0]["delivered"]) == (0, 1)
    assert server.seen[1].headers["webhook-id"] == first

    server.on(PATH, Reply(418, b"a teapot"))
    (second, third) = happened(store, 1, 2)
    failed = shell("webhook", "deliver")
    assert failed.code == 1
    assert failed.err.strip() == "game-pipeline: partner: 2 deliveries failed, the last with: 418: a teapot"
    dead = shell("webhook", "dead", "partner", "--json").document
    assert [(row["event_id"], row["last_error"]) for row in dead] == [
        (second, "418: a teapot"),
        (third, dead[1]["last_error"]),
    ]
    assert "418: a teapot" in shell("webhook", "dead", "partner").out
    listed = {row["name"]: row for row in shell("webhook", "list", "--json").document}
    assert (listed["partner"]["dead"], listed["partner"]["pending"], listed["partner"]["lag_events"]) == (2, 0, 0)
    assert listed["partner"]["to"] == server.origin
    assert shell("webhook", "test", "partner").code == 1
    assert shell("webhook", "test", "partner", "--json").document["status"] == 418

    server.on(PATH, Reply(410))
    assert shell("webhook", "retry", "partner", third).out == "partner: 1 dead letters wait to be delivered again\n"
    gone = shell("webhook", "deliver", "partner", "--json")
    assert gone.code == 1
    assert "410 Gone" in gone.document[0]["note"]
    assert "410 Gone" in shell("webhook", "list").out
    server.on(PATH, Reply(200))
    assert shell("webhook", "resume", "partner", "--json").document == {"webhook": "partner", "was_stopped": True}
    assert shell("webhook", "retry", "partner", "--json").document == {"webhook": "partner", "pending_again": 1}
    assert shell("webhook", "deliver", "partner").code == 0
    assert [seen.headers["webhook-id"] for seen in server.seen[-2:]] == [second, third]
    assert shell("webhook", "dead", "partner").out == "partner: no dead letters\n"
    assert shell("webhook", "deliver", "partner", "--from-start").code == 1
    refused = shell("webhook", "retry", "partner", first)
    assert (refused.code, f"no dead letter {first}" in refused.err) == (1, True)

    happened(store, 3)
    shell("webhook", "deliver", "partner")
    forgotten = shell("webhook", "forget", "partner", "--json")
    assert forgotten.document == {"webhook": "partner", "never_sent": 0}
    assert shell("webhook", "list", "--json").document[0]["state"] == "new"
    again = shell("webhook", "forget", "partner")
    assert (again.code, "nothing is known of a webhook 'partner'" in again.err) == (1, True)


def test_no_output_shows_a_secret(shell: Shell, store: Store, server: ScriptedServer) -> None:
    happened(store, 1)
    server.on(PATH, Reply(500))
    told = [
        shell("-v", "webhook", *arguments)
        for arguments in (
            ["list"],
            ["list", "--json"],
            ["test", "partner"],
            ["deliver", "--from-start", "partner"],
            ["dead", "partner"],
            ["retry", "partner"],
            ["deliver"],
            ["resume", "partner"],
        )
    ]
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    text = "".join(outcome.out + outcome.err for outcome in told) + done.stdout + done.stderr
    assert "partner" in text
    for hidden in (SECRET, SECRET.removeprefix("whsec_"), "token-in-the-path"):
        assert hidden not in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["test", "nobody"], "no webhook 'nobody' in the settings; known are none"),
        (["deliver", "nobody"], "no webhook 'nobody'"),
        (["dead", "nobody"], "no webhook 'nobody'"),
        (["retry", "nobody"], "no webhook 'nobody'"),
        (["resume", "nobody"], "no webhook 'nobody'"),
        (["retry", "nobody", "12"], "'12' is not a valid UUID"),
        (["deliver", "--from-start"], "--from-start goes with NAME"),
    ],
)
def test_wrong_use(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CONFIG_VARIABLE, "")
    outcome = shell("webhook", *arguments)
    assert outcome.code == 2
    assert says in outcome.err
    assert outcome.err.count("\n") == 1


def test_without_webhooks_there_is_nothing_to_do(shell: Shell, workplace: Path) -> None:
    assert "no webhook is in the settings" in shell("webhook", "list").out
    assert shell("webhook", "deliver", "--json").document == []


def test_a_killed_delivery_is_made_again_and_nothing_is_lost_or_out_of_order(
    shell: Shell, store: Store, server: ScriptedServer
) -> None:
    events = happened(store, *(number % 3 for number in range(30)))
    game_of = {event: number % 3 for number, event in enumerate(events)}
    children: list[subprocess.Popen[bytes]] = []

    def kill_at_the_tenth(seen: Seen, send: Send) -> Reply:
        if len(server.requests(PATH)) in (10, 20):  # taken here, but never written down there
            os.kill(children[-1].pid, signal.SIGKILL)
        return Reply(204)

    server.on(PATH, kill_at_the_tenth)
    assert shell("webhook", "list").code == 0
    store.execute("INSERT INTO webhook (name, position) VALUES ('partner', 0)")
    for _ in range(2):
        children.append(subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        assert children[-1].wait(60) == -signal.SIGKILL
    last = shell("webhook", "deliver", "partner", "--json")
    if last.document[0]["note"] == "another process is delivering":  # the server has not noticed yet
        last = shell("webhook", "deliver", "partner", "--json")
    assert last.document[0]["pending"] == 0
    arrived = [seen.headers["webhook-id"] for seen in server.requests(PATH)]
    assert len(arrived) == 32, "the two in flight came twice"
    assert list(dict.fromkeys(arrived)) == events
    for game in range(3):
        numbers = [events.index(event) for event in arrived if game_of[event] == game]
        assert numbers == sorted(numbers)


def test_two_processes_at_once_send_everything_once(store: Store, server: ScriptedServer) -> None:
    store.execute("INSERT INTO webhook (name, position) VALUES ('partner', 0)")
    events = happened(store, *(number % 3 for number in range(60)))
    for _ in range(2):  # whoever finds the other at work leaves it alone; a second round takes what came too late
        children = [subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)]
        said = [child.communicate(timeout=60)[1].decode() for child in children]
        assert [child.returncode for child in children] == [0, 0], "".join(said)
    assert [seen.headers["webhook-id"] for seen in server.requests(PATH)] == events
