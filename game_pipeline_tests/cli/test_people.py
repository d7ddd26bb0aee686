"""People on the command line: an author's address imported, and what their page says."""

from __future__ import annotations

from pathlib import Path

from game_pipeline.demo.replicas.ifwiki_people import PAGELESS, PEN_NAME, PEN_NAME_OF

from .conftest import Shell


def test_an_author_is_imported_by_address_and_shown_with_what_their_page_says(shell: Shell, workplace: Path) -> None:
    done = shell("import", f"https://ifwiki.ru/автор:{PEN_NAME}", "--json").document
    assert done["sources"][0]["counts"]["records_new"] == 1
    assert done["catalogue"]["games_new"] == 0
    (line,) = shell("person", "list", PEN_NAME, "--json").document
    assert (line["name"], line["aliases"]) == (PEN_NAME_OF, [PEN_NAME])
    shown = shell("person", "show", str(line["person_id"])).out
    assert f"ifwiki_ru calls them {PEN_NAME_OF} (ifwiki.ru, licence: unknown)" in shown
    assert f"also: {PEN_NAME}" in shown
    assert "автор текстовых игр" in shown
    assert "redirect" in shown
    missing = shell("import", f"https://ifwiki.ru/автор:{PAGELESS}")
    assert (missing.code, "404" in missing.err) == (1, True)
