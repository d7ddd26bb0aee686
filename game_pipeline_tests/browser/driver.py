"""Debian's Chromium, driven headless: `apt-get install chromium chromium-driver`."""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

__all__ = ["Browser", "needs_chromium", "opened_browser"]

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

needs_chromium = pytest.mark.skipif(
    not CHROMIUM or not DRIVER, reason="no Chromium here; on Debian: apt-get install chromium chromium-driver"
)

SIZE = (1400, 900)
PATIENCE = 60.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Browser:
    """One window on a site; `hosts` collects every host that the pages asked for anything."""

    def __init__(self, chrome: webdriver.Chrome, origin: str) -> None:
        self.chrome = chrome
        self.origin = origin
        self._hosts: set[str] = set()

    def open(self, path: str, *expected: str) -> str:
        """Open a page and wait until all the expected texts are on it. Returns the page's text."""
        self.chrome.get(self.origin + path)
        return self.wait_for(*expected)

    def wait_for(self, *expected: str) -> str:
        """Wait until all the expected texts are on the page. Returns the page's text."""
        self.wait_until(
            lambda: all(text in self.text() for text in expected), f"{expected} on {self.chrome.current_url}"
        )
        return self.text()

    def wait_until(self, met: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not met():
            if time.monotonic() > deadline:
                pytest.fail(f"in {PATIENCE:.0f} s there was no {what}; the page says: {self.text()[:2000]}")
            time.sleep(0.2)

    def text(self) -> str:
        """What a person can read on the page now."""
        try:
            return self.chrome.find_element(By.TAG_NAME, "body").text
        except WebDriverException:  # the page is just being replaced
            return ""

    def resize(self, height: int = SIZE[1]) -> None:
        """Give the page itself this height; a window's size counts its frame."""
        metrics = {"width": SIZE[0], "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def picture(self, path: Path, height: int | None = None) -> None:
        """Store what the window shows, once nothing moves any more."""
        self.resize(height or SIZE[1])
        shot = self._shot()
        for _ in range(20):
            time.sleep(0.5)
            last, shot = shot, self._shot()
            if shot == last:
                break
        path.write_bytes(shot)
        self.resize()

    def _shot(self) -> bytes:
        return base64.b64decode(self.chrome.get_screenshot_as_base64())

    def errors(self) -> list[str]:
        """What the pages had to complain of since this was asked last."""
        log = self.chrome.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def hosts(self) -> set[str]:
        """Every host that a page of http(s) or ws(s) was asked of so far."""
        for entry in self.chrome.get_log("performance"):  # type: ignore[no-untyped-call]
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked = urlsplit(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                asked = urlsplit(message["params"]["url"])
            else:
                continue
            if asked.scheme in ("http", "https", "ws", "wss") and asked.hostname:
                self._hosts.add(asked.hostname)
        return self._hosts


@contextmanager
def opened_browser(profile: Path, origin: str) -> Iterator[Browser]:
    """A browser with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={SIZE[0]},{SIZE[1]}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        browser = Browser(chrome, origin)
        browser.resize()
        yield browser
    finally:
        chrome.quit()
