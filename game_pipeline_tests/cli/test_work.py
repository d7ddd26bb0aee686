"""Importing and curating from the command line, against replica sites."""

from __future__ import annotations

from pathlib import Path

from game_pipeline.crawl import begin_run, source_lock
from game_pipeline.demo.replicas import EDITED_TUID, FAILING_TUID, MALFORMED_TUID, Replicas
from game_pipeline.settings import load_settings
from game_pipeline.store import Store

from .conftest import Shell


def test_a_source_is_imported_found_shown_edited_and_told(shell: Shell, workplace: Path, replicas: Replicas) -> None:
    imported = shell("import", "--source", "instead_games", "--json")
    assert imported.code == 0
    assert imported.document["sources"][0]["status"] == "done"
    assert imported.document["catalogue"]["games_new"] == 25  # the 26th is a question for people

    found = shell("game", "find", "материк", "--json").document
    assert found[0]["title"] == "Материк"
    game_id = str(found[0]["game_id"])
    assert shell("game", "edit", game_id, "release_date", "2009-05", "--reason", "the forum says so").code == 0
    replicas.set_day(2)
    assert shell("import", "--source", "instead_games", "--full").code == 0

    shown = shell("game", "show", game_id, "--json").document
    assert shown["state"]["release_date"] == "2009-05"
    assert shown["provenance"]["release_date"]["rule"] == "human_edit"
    assert any("2.4" in link["url"] for link in shown["state"]["urls"])
    history = shell("game", "history", game_id, "--json").document
    assert [revision["cause"] for revision in history] == ["import", "edit", "import"]
    assert history[1]["reason"] == "the forum says so"
    first = shell("game", "show", game_id, "--at", history[0]["recorded_at"].replace("+00:00", ".999999Z"), "--json")
    assert (first.document["revision"], first.document["state"]["release_date"]) == (1, None)
    assert shell("game", "show", game_id, "--at", "2001-01-01").code == 1
    for command in (["status"], ["source", "list"], ["source", "show", "instead_games"], ["db", "status"]):
        assert shell(*command).code == 0
        assert shell(*command, "--json").document
    listed = {row["name"]: row for row in shell("source", "list", "--json").document}
    assert listed["instead_games"]["last_checked_at"]
    assert listed["rawg"]["health"].startswith("needs key: RAWG_KEY")
    assert "judged strictly" in shell("source", "show", "ifwiki_ru").out
    assert "Материк" in shell("game", "show", game_id).out
    assert "the forum says so" in shell("game", "history", game_id).out

    one, other = (str(row["person_id"]) for row in shell("person", "list", "--json").document[:2])
    (persona,) = shell("person", "show", one, "--json").document["personas"]
    assert persona["key"] in shell("person", "show", one).out
    assert "no person 999999" in shell("person", "show", "999999").err
    alone = shell("person", "split", one, persona["key"], "--reason", "another one")
    assert (alone.code, "at least one must stay" in alone.err) == (1, True)
    assert shell("person", "merge", one, other, "--reason", "a test").code == 0
    assert shell("person", "split", one, persona["key"], "--reason", "only a test").code == 0

    again = shell("import", "--source", "instead_games", "--full", "--json").document
    assert again["catalogue"] | {"run_id": ""} == {
        "run_id": "",
        "games_new": 0,
        "games_updated": 0,
        "games_untouched": 26,
        "failed": None,
    }


def test_one_address_imports_one_game(shell: Shell, workplace: Path) -> None:
    outcome = shell("import", f"http://www.ifdb.org/viewgame?id={EDITED_TUID}", "--json")
    assert outcome.code == 0
    assert outcome.document["catalogue"]["games_new"] == 1
    assert outcome.document["sources"][0]["counts"]["pages_checked"] == 1
    by_title = shell("import", "https://ifwiki.ru/Zork", "--json")
    assert by_title.document["sources"][0]["counts"]["pages_checked"] == 1


def test_an_address_without_a_game_says_why_and_fails(shell: Shell, workplace: Path) -> None:
    outcome = shell("import", "https://ifdb.org/viewgame?id=nosuchgame123456")
    assert outcome.code == 1
    assert "404" in outcome.err
    assert "nosuchgame123456" in outcome.err


def test_a_failing_page_fails_its_segment_and_a_malformed_one_only_itself(
    shell: Shell, workplace: Path, replicas: Replicas
) -> None:
    replicas.set_day(2)
    outcome = shell("import", "--source", "ifdb", "--full", "--json")
    assert outcome.code == 1
    assert FAILING_TUID in outcome.err
    assert outcome.document["catalogue"]["games_new"] == 33
    errors = shell("source", "show", "ifdb", "--json").document["errors"]
    assert {error["url"].rsplit("=", 1)[1] for error in errors} == {FAILING_TUID, MALFORMED_TUID}
    replicas.set_day(3)
    mended = shell("import", "--source", "ifdb", "--json")
    assert mended.code == 0
    assert mended.document["sources"][0]["counts"]["pages_checked"] == 1
    assert mended.document["catalogue"]["games_new"] == 1


def test_a_second_import_of_a_source_says_so_and_ends(shell: Shell, workplace: Path) -> None:
    settings = load_settings(workplace / "game_pipeline.toml")
    assert settings.database_url
    with Store(settings.database_url) as store, source_lock(store, "instead_games", "another"):
        begin_run(store, "another", "instead_games", ["approved"], full=False)
        outcome = shell("import", "--source", "instead_games")
        status = shell("status")
        [progress] = shell("status", "--json").document["progress"]
    assert "instead_games is being imported: 0 of 0 pages (run another)" in status.out
    assert (progress["source"], progress["pages_left"], progress["ends_at"]) == ("instead_games", 0, None)
    assert outcome.code == 1
    assert "instead_games is being imported" in outcome.err


def test_a_question_is_answered(shell: Shell, workplace: Path) -> None:
    shell("import", "--source", "instead_games")
    shell("import", "--source", "ifdb")
    items = shell("review", "list", "--kind", "match", "--json").document
    assert items
    number = str(items[0]["item_id"])
    assert "Лифтер" in shell("review", "show", number).out
    assert "of its own" in shell("review", "reject", number, "--reason", "two games").out
    assert shell("review", "reject", number, "--reason", "again").code == 1
    assert shell("review", "accept", "999999").code == 1


def test_a_paused_source_says_why(shell: Shell, workplace: Path) -> None:
    assert shell("source", "pause", "ifdb", "--reason", "they asked us to").code == 0
    assert "they asked us to" in shell("source", "list").out
    outcome = shell("import", "--source", "ifdb")
    assert (outcome.code, "paused: they asked us to" in outcome.err) == (1, True)
    assert shell("source", "resume", "ifdb").code == 0
    assert "they asked us to" not in shell("source", "list").out


def test_a_source_that_rests_says_why_and_until_when_and_is_closed_by_force(shell: Shell, workplace: Path) -> None:
    settings = load_settings(workplace / "game_pipeline.toml")
    assert settings.database_url
    with Store(settings.database_url) as store:
        store.execute(
            "INSERT INTO importer_health (source, state, reason, next_trial_at, rest, failing_since) "
            "VALUES ('ifdb', 'open', 'the site answers 500', now() + interval '1 hour', 60, now())"
        )
    for command in (["status"], ["source", "list"], ["source", "show", "ifdb"]):
        assert "resting, next trial" in " ".join(shell(*command).out.split()), command
    shown = shell("source", "show", "ifdb", "--json").document
    assert (shown["state"], shown["rate"]) == ("open", 0)
    assert shown["next_trial_at"]
    refused = shell("source", "resume", "ifdb")
    assert refused.code == 1
    assert "ifdb is not paused: resting" in refused.err
    assert "game-pipeline source close ifdb --reason" in refused.err
    assert shell("source", "close", "ifdb", "--reason", "they said that it is mended").code == 0
    assert shell("source", "show", "ifdb", "--json").document["state"] == "closed"


def test_a_held_page_is_released_by_name_and_reason(shell: Shell, workplace: Path) -> None:
    shell("import", "--source", "instead_games")
    nothing = shell("source", "release", "instead_games", "approved", "--reason", "they cleaned up")
    assert (nothing.code, "no page of it is held" in nothing.err) == (2, True)
    with Store(load_settings().database_url or "") as store:
        store.execute("UPDATE source_url_state SET parse_outcome = 'suspect_shrink' WHERE page_key = 'approved'")
    released = shell("source", "release", "instead_games", "approved", "--reason", "they cleaned up")
    assert (released.code, "is read again and believed" in released.out) == (0, True)
    assert shell("source", "release", "instead_games", "listing", "--reason", "true").code == 0


def test_stored_pages_are_read_again_without_a_request(shell: Shell, workplace: Path, replicas: Replicas) -> None:
    shell("import", "--source", "instead_games")
    before = len(replicas.log)
    outcome = shell("source", "reparse", "instead_games", "--json")
    assert (outcome.code, outcome.document["pages"], outcome.document["unreadable"]) == (0, 2, 0)
    assert set(outcome.document["records"].values()) == {0}
    assert outcome.document["catalogue"]["games_new"] == 0
    one = shell("source", "reparse", "instead_games", "--segment", "sandbox")
    assert (one.code, "as they were" in one.out) == (0, True)
    assert len(replicas.log) == before
    assert shell("source", "reparse", "instead_games", "--segment", "nowhere").code == 2


def test_a_source_that_its_limits_hold_back_says_until_when(shell: Shell, workplace: Path) -> None:
    config = workplace / "game_pipeline.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[sources.ifdb]", "[sources.ifdb]\nrequests_per_day = 1"), encoding="utf-8")
    outcome = shell("import", "--source", "ifdb")
    assert outcome.code == 0
    assert "ifdb is sent nothing now: the day's 1 requests are sent" in outcome.out
    assert "ifdb is sent nothing now" in shell("status").out
