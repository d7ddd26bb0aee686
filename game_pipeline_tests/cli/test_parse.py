"""`source parse`: canonical JSON lines on stdout, without database or network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from game_pipeline.model import GameRecord
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .conftest import Shell

CASES = [
    ("ifdb", "ifdb/viewgame-ifiction-zork1-2026.xml", "https://ifdb.org/viewgame?id=0dbnusxunq7fw5ro", 1),
    ("ifdb", "ifdb/search-xml-deep-space-drifter-2026.xml", "https://ifdb.org/search?xml", 3),
    ("instead_games", "instead_games/xml.php-2018-09-01.xml", "https://instead-games.ru/xml.php", 165),
    ("instead_games", "instead_games/xml2.php-2018-09-01.xml", "https://instead-games.ru/xml2.php", 53),
    ("ifiction", "ifiction_babel/babel-tool-bronze_expected.iFiction", "https://example.org/bronze.iFiction", 1),
]


@needs_shared
@pytest.mark.parametrize(("name", "file", "url", "records"), CASES)
def test_real_captures_are_printed_as_canonical_lines(
    shell: Shell, name: str, file: str, url: str, records: int
) -> None:
    outcome = shell("source", "parse", name, str(SAMPLES / file), "--url", url)
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert len(lines) == records
    assert [GameRecord.from_json(line).to_json() for line in lines] == lines


def test_wikitext_is_read_with_the_title_of_its_address(shell: Shell, tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text(
        "{{game info|автор=[[автор:Аня]]|вышла=01.02.2010|платформа=URQ}}\nОписание игры.", encoding="utf-8"
    )
    outcome = shell("source", "parse", "ifwiki_ru", str(page), "--url", "https://ifwiki.ru/Сова")
    record = json.loads(outcome.out)
    assert (record["title"], record["release_date"]) == ("Сова", "2010-02-01")
    assert record["credits"] == [
        {"name": "Аня", "role": "author", "url": record["credits"][0]["url"]},
    ]


def test_a_page_that_is_not_the_format_fails_with_the_selector(shell: Shell, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><body>Be right back</body></html>")
    outcome = shell("source", "parse", "instead_games", str(page), "--url", "https://instead-games.ru/xml.php")
    assert outcome.code == 1
    assert "game_list" in outcome.err
    assert outcome.err.count("\n") == 1


def test_parsing_needs_neither_dagster_nor_a_database_driver(tmp_path: Path) -> None:
    page = tmp_path / "page.xml"
    page.write_text("<ifindex/>")
    code = (
        "import sys\nfrom game_pipeline.cli import main\n"
        f"try: main(['source', 'parse', 'ifdb', {str(page)!r}, '--url', 'https://ifdb.org/viewgame?id=1'])\n"
        "except SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'dagster', 'psycopg', 'pandas'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
