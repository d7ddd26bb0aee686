"""The desk as a person uses it: signs in, hands a library in, and sees what friends could play.

With `GAME_PIPELINE_SCREENSHOTS=DIR` the picture of docs/images is stored in DIR (`make screenshots`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from game_pipeline.demo.libraries import write_databases
from game_pipeline.desk import create_app
from game_pipeline.library import renew_data_file
from game_pipeline.settings import DeskSettings, Settings
from game_pipeline.store import Store
from game_pipeline_tests.desk.conftest import TOKEN, serving
from game_pipeline_tests.library.test_intake import take

from .driver import Browser, needs_chromium, opened_browser

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def databases(tmp_path: Path) -> list[Path]:
    """The demo's friends."""
    return write_databases(tmp_path / "friends")


@pytest.fixture
def browser(store: Store, tmp_path: Path, databases: list[Path]) -> Iterator[Browser]:
    """A browser at a desk where all friends but the last have handed their libraries in."""
    settings = Settings(data_dir=tmp_path / "data", desk=DeskSettings(token=TOKEN))
    for path in databases[:-1]:
        take(store, settings.data_dir, path, path.stem)
    renew_data_file(store, settings)
    with serving(create_app(settings, store)) as url, opened_browser(tmp_path / "chromium", url) as opened:
        yield opened


def test_a_friend_hands_a_library_in_and_a_game_is_picked(browser: Browser, databases: list[Path]) -> None:
    friend = databases[-1]
    browser.open("/upload", "Uploads are for whoever has the operator's token")
    browser.open("/sign-in", "Operator's token")
    browser.chrome.find_element(By.NAME, "token").send_keys(TOKEN)
    _press(browser, "Sign in")
    browser.wait_for("Hand a library in")
    browser.chrome.find_element(By.NAME, "database").send_keys(str(friend))
    browser.chrome.find_element(By.NAME, "name").send_keys(friend.stem)
    _press(browser, "Upload")
    browser.wait_for("accepted", friend.stem)
    browser.chrome.find_element(By.LINK_TEXT, "Compare").click()

    names = [path.stem for path in databases]
    browser.wait_for("that", *names)
    for name in names:
        browser.chrome.find_element(By.XPATH, f"//label[contains(., '{name}')]/input").click()
    Select(browser.chrome.find_element(By.NAME, "owned")).select_by_value("any")
    _press(browser, "Show")
    browser.wait_for("Owned by")
    _picture(browser, "compare")

    Select(browser.chrome.find_element(By.NAME, "view")).select_by_value("grid")
    _press(browser, "Show")
    browser.wait_for("own it")
    titles = {each.text for each in browser.chrome.find_elements(By.CSS_SELECTOR, ".grid h2")}
    _press(browser, "Pick one by chance")
    browser.wait_for("Another one")
    assert {each.text for each in browser.chrome.find_elements(By.CSS_SELECTOR, ".grid h2")} < titles

    assert browser.hosts() == {"127.0.0.1"}
    assert browser.errors() == []


def _press(browser: Browser, words: str) -> None:
    browser.chrome.find_element(By.XPATH, f"//main//button[text()='{words}']").click()


def _picture(browser: Browser, name: str) -> None:
    folder = os.environ.get("GAME_PIPELINE_SCREENSHOTS")
    if folder:
        browser.picture(Path(folder) / f"{name}.png", 800)
