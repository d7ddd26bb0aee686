"""iFiction documents and games in HTML: given as files, or by the address of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from game_pipeline.changes import unread_segments
from game_pipeline.sources import get
from game_pipeline.sources.ifiction import IFiction
from game_pipeline.store import Store
from game_pipeline_tests.http_server import Reply, ScriptedServer

from .conftest import Shell

STORY = (
    "<ifindex><story><identification><ifid>{ifid}</ifid><format>glulx</format></identification>"
    "<bibliographic><title>{title}</title><author>Ann Example</author></bibliographic></story></ifindex>"
)
GAME = '<!doctype html><html><title>The Lamp</title><meta property="ifiction:ifid" content="AAAA-0001">play</html>'


def test_documents_given_as_files_and_by_address_reach_the_catalogue_and_are_read_by_later_parsers(
    shell: Shell, workplace: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, game = workplace / "lamp.iFiction", workplace / "lamp.html"
    story.write_text(STORY.format(ifid="AAAA-0001", title="The Lamp"))
    game.write_text(GAME)
    loaded = shell("source", "load", "ifiction", str(story), "--json")
    assert loaded.code == 0, loaded.err
    assert (loaded.document["documents_loaded"], loaded.document["records"]["new"]) == (1, 1)

    with ScriptedServer() as server:
        server.on("/tower.iFiction", Reply(200, STORY.format(ifid="BBBB-0002", title="The Tower").encode()))
        config = workplace / "game_pipeline.toml"
        text = config.read_text().replace("[crawl.routes]", f'[crawl.routes]\n"docs.example" = "{server.origin}"')
        config.write_text(f"{text}\n[sources.ifiction]\nmin_delay = 0\n")
        imported = shell("import", "https://docs.example/tower.iFiction", "--json")
    assert imported.code == 0, imported.err
    assert imported.document["catalogue"]["games_new"] == 1

    with Store(database_url) as store:
        games = store.rows("SELECT state->>'title' AS title FROM game ORDER BY game_id")
        assert [row["title"] for row in games] == ["The Lamp", "The Tower"]
        assert unread_segments(store, get("ifiction")) == []
        monkeypatch.setattr(IFiction, "parser_version", IFiction.parser_version + 1)
        assert unread_segments(store, get("ifiction")) == ["documents"]  # the sensor reads them anew


def test_a_file_that_is_no_document_is_refused_in_one_line_and_the_others_with_it(
    shell: Shell, workplace: Path
) -> None:
    good, bad = workplace / "good.html", workplace / "bad.html"
    good.write_text(GAME)
    bad.write_text("<html><title>T</title><body>x</body></html>")
    looked = shell("source", "load", "ifiction", str(good), "--dry-run", "--json")
    assert looked.document == {"source": "ifiction", "documents": ["given:AAAA-0001"]}
    ended = shell("source", "load", "ifiction", str(good), str(bad))
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "bad.html: ifiction cannot read it" in ended.err
    assert "no IFID in the page" in ended.err
    assert "one dump at a time" in shell("source", "load", "ifdb", str(good), str(bad)).err


def test_what_is_held_back_is_shown_with_what_would_change_why_and_who_brought_it(
    shell: Shell, workplace: Path
) -> None:
    names = {"AAAA-0001": "The Lamp", "BBBB-0002": "The Tower", "CCCC-0003": "The Well"}
    for ifid, title in names.items():
        (workplace / f"{ifid}.iFiction").write_text(STORY.format(ifid=ifid, title=title))
    files = [str(workplace / f"{ifid}.iFiction") for ifid in names]
    assert shell("source", "load", "ifiction", *files).code == 0

    Path(files[0]).write_text(STORY.format(ifid="AAAA-0001", title="404 Not Found"))
    assert shell("source", "load", "ifiction", files[0]).code == 0
    (item,) = shell("review", "list", "--kind", "held", "--json").document
    shown = shell("review", "show", str(item["item_id"])).out
    assert "the title would be replaced: “The Lamp” by “404 Not Found”" in shown
    assert "changed by ifiction run " in shown

    config = workplace / "game_pipeline.toml"
    config.write_text(f"{config.read_text()}\n[sources.ifiction.limits]\nrun_minimum = 2\ntitle_similarity = 0.0\n")
    for file, ifid in zip(files, names, strict=True):
        Path(file).write_text(STORY.format(ifid=ifid, title=f"Error {ifid}"))
    assert shell("source", "load", "ifiction", *files).code == 0
    (item,) = shell("review", "list", "--kind", "mass", "--json").document
    mass = shell("review", "show", str(item["item_id"]))
    assert "ifiction would change 3 of its 3 games at once; all of it is held back" in mass.out
    assert "The Tower" in mass.out
    assert "Error BBBB-0002" in mass.out
    (run_id,) = {page["run_id"] for page in shell("review", "show", str(item["item_id"]), "--json").document["pages"]}
    assert f"brought by run {run_id}" in mass.out
