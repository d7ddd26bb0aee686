"""instead-games.ru: two XML lists (`game_list`), `xml.php` (approved games) and `xml2.php` (sandbox).

The pages of single games are not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote, urlsplit, urlunsplit

from game_pipeline.model import Attribution

from .base import Policy, Segment
from .draft import Draft
from .game_list import GameListSource
from .text import unescape_all
from .urls import normalise_url, on_host, query_of

__all__ = ["InsteadGames"]

_HOST = "instead-games.ru"


def _own_address(url: str) -> str:
    """An address of the site in its one form: https, single slashes, `/download/X` for `downloader.php?file=X`.

    The site wrote all these forms over the years for the same places. Addresses of other hosts are only normalised.
    Raises ValueError for what is no address; links may begin with the bare host name.
    """
    if url.strip().lower().startswith(_HOST):
        url = f"https://{url.strip()}"
    url = normalise_url(url, f"https://{_HOST}/")
    if not on_host(url, (_HOST,)):
        return url
    parts = urlsplit(url)
    path = re.sub(r"/{2,}", "/", parts.path)
    if path == "/downloader.php" and (file := query_of(url).get("file")):
        return f"https://{_HOST}/download/{quote(file)}"
    return urlunsplit(("https", _HOST, path, parts.query, ""))


class InsteadGames(GameListSource):
    """The INSTEAD games repository. A record's identity is the `ID` of its page.

    The licence of the texts is not stated anywhere.
    """

    name = "instead_games"
    title = "instead-games.ru"
    home = f"https://{_HOST}/"
    hosts = (_HOST,)
    attribution = Attribution(site=_HOST, licence="unknown")
    policy = Policy(priority=30)
    verified = True
    parser_version = 1
    segments = (Segment("approved", "Approved games"), Segment("sandbox", "Sandbox"))
    identified_by = "descurl"
    lists = MappingProxyType({"approved": f"https://{_HOST}/xml.php", "sandbox": f"https://{_HOST}/xml2.php"})

    def list_at(self, url: str) -> str:
        parts = urlsplit(url)
        sandboxed = parts.path.endswith("xml2.php") or query_of(url).get("approved") == "0"
        return "sandbox" if sandboxed else "approved"

    def entry_identity(self, facts: Mapping[str, str]) -> str | None:
        try:
            return self.identity(_own_address(unescape_all(facts.get("descurl", ""))))
        except ValueError:
            return None

    def entry_url(self, identity: str) -> str:
        return f"https://{_HOST}/game.php?ID={identity}"

    def own_address(self, url: str) -> str:
        return _own_address(url)

    def complete(self, draft: Draft, facts: Mapping[str, str], key: str) -> None:
        if key == "sandbox":
            draft.extra("sandbox", True)
