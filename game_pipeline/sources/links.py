"""What kind of place an address is: a game's page, a download, a place to play, a review... One table, for all sources.

No site's own rules live here that only its own source needs; a source passes those to `classify`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from game_pipeline.model import LinkKind

from .urls import host_of

__all__ = ["LinkRule", "classify"]

_DOT = re.compile(r"\.")
# Most addresses: nothing in path and query is encoded, so that they are what stands there.
_PLAIN = re.compile(r"https?://[a-z0-9.-]+((?:/[A-Za-z0-9._~/-]*)?(?:\?[A-Za-z0-9._~/=&:,-]+)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class LinkRule:
    """A row of the table: the kind of an address whose host, rest and label all match what the row names."""

    kind: LinkKind
    hosts: tuple[str, ...] = ()
    """Host names; a name also stands for its subdomains."""
    path: re.Pattern[str] | None = None
    """Searched in the path and query, percent-encoding undone."""
    label: re.Pattern[str] | None = None

    def is_for(self, domains: frozenset[str]) -> bool:
        """`domains`: the host and every domain that it lies in."""
        return not self.hosts or not domains.isdisjoint(self.hosts)

    def matches(self, path: str, label: str) -> bool:
        if self.path and not self.path.search(path):
            return False
        return not self.label or bool(self.label.search(label))


def _any_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_IMAGE = _any_case(r"^[^?]*\.(?:png|jpe?g|gif|webp|bmp|svg|avif)(?:\?|$)")
_FILE = _any_case(
    r"^[^?]*\.(?:zip|rar|7z|gz|tgz|bz2|xz|tar|lha|arj|sit|sea|hqx|exe|msi|com|dmg|pkg|deb|rpm|appimage|apk|jar|love|swf"
    r"|z[1-8]|zlb|zblorb|gblorb|blorb|blb|ulx|gam|t3|hex|taf|agt|agx|acd|a3c|dat|sna|tap|tzx|d64|adf|iso|img"
    r"|qsp|qst|qs1|qs2|gamx?|quest|asl|cas|urqs?|steadz|idf)(?:\?|$)"
)

# The first row that matches wins: known places, then what the file name says, then what the label says.
_RULES: tuple[LinkRule, ...] = (
    LinkRule("poster", ("ifdb.org", "ifdb.tads.org"), _any_case(r"^/coverart\?|[?&]coverart\b")),
    LinkRule("play_online", ("iplayif.com", "borogove.io", "philome.la", "play.ifiction.org", "playfic.com")),
    LinkRule("play_online", ("lib.axmajs.ru",)),
    LinkRule("play_online", ("hyperbook.ru",), _any_case(r"^/file\d+")),
    LinkRule("play_online", ("textadventures.co.uk",), _any_case(r"^/games/play")),
    LinkRule("play_online", ("unbox.ifarchive.org",), _any_case(r"[?&]open=|\.html?$")),
    LinkRule("download_landing", ("unbox.ifarchive.org",)),
    LinkRule("play_online", ("quest-book.ru",), _any_case(r"^/online/(?!view|mitril)")),
    LinkRule("video", ("youtube.com", "youtu.be", "vimeo.com", "twitch.tv", "rutube.ru", "dailymotion.com")),
    LinkRule("video", ("vk.com", "vkvideo.ru"), _any_case(r"^/(?:video|clip)|[?&]z=video")),
    LinkRule("forum", ("forum.ifiction.ru", "intfiction.org", "urq.borda.ru", "instead.forum2x2.ru")),
    LinkRule("forum", path=_any_case(r"/(?:viewtopic|showthread)\.php|/forums?/")),
    LinkRule("download_direct", ("github.com",), _any_case(r"/releases/download/")),
    LinkRule("download_direct", ("instead-games.ru",), _any_case(r"^/+download(?:er\.php\?file=|/)")),
    LinkRule("download_direct", ("sourceforge.net",), _any_case(r"/files/.+/download$")),
    LinkRule("download_landing", ("github.com",), _any_case(r"/releases(?:/|$)")),
    LinkRule("download_landing", ("sourceforge.net",), _any_case(r"^/projects/")),
    LinkRule("download_landing", ("drive.google.com", "mega.nz", "mediafire.com", "dropbox.com")),
    LinkRule("download_landing", ("disk.yandex.ru", "yadi.sk", "cloud.mail.ru", "play.google.com", "apps.apple.com")),
    LinkRule("game_page", ("ifdb.org", "ifdb.tads.org"), _any_case(r"^/viewgame\?")),
    LinkRule("game_page", ("instead-games.ru",), _any_case(r"^/+game\.php\?ID=")),
    LinkRule("game_page", ("ifwiki.ru", "ifwiki.org"), _any_case(r"^/(?!files/|index\.php|api\.php).+")),
    LinkRule("game_page", ("store.steampowered.com",), _any_case(r"^/app/\d+")),
    LinkRule("game_page", ("gog.com",), _any_case(r"/game/")),
    LinkRule("game_page", ("itch.io",), _any_case(r"^/[^/?]+/?$")),
    LinkRule("game_page", ("textadventures.co.uk",), _any_case(r"^/games/view")),
    LinkRule("game_page", ("quest-book.ru",), _any_case(r"^/online/view/")),
    LinkRule("game_page", ("urq.plut.info", "apero.ru", "hyperbook.ru"), _any_case(r"^/.+")),
    LinkRule("game_page", ("axmajs.ru",), _any_case(r"^/library/?\?(?:.*&)?id=")),
    LinkRule("game_page", ("qsp.org",), _any_case(r"^/(?:games|details)/\d+[^/]*/?$")),
    LinkRule("game_page", ("igdb.com",), _any_case(r"^/games/")),
    LinkRule("poster", path=_IMAGE, label=_any_case(r"cover|poster|обложк|постер")),
    LinkRule("screenshot", path=_IMAGE),
    LinkRule("download_direct", path=_FILE),
    LinkRule("review", path=_any_case(r"/(?:reviews?|obzor|recenz)")),
    LinkRule("review", label=_any_case(r"\breviews?\b|рецензи|обзор")),
    LinkRule("video", label=_any_case(r"\b(?:video|trailer)\b|видео|трейлер")),
    LinkRule("forum", label=_any_case(r"\b(?:forum|discussion)\b|форум|обсуждени")),
    LinkRule(
        "play_online", label=_any_case(r"\bplay (?:it )?online\b|(?:играть|сыграть|играем)\b.*онлайн|онлайн[- ]верси")
    ),
    LinkRule("download_landing", label=_any_case(r"\bdownload\b|скачать")),
)


def classify(url: str, label: str = "", extra: tuple[LinkRule, ...] = ()) -> LinkKind:
    """What kind of place the address is, by the table above; the rules of a source (`extra`) are asked first."""
    rules = _rules_for(host_of(url), extra)
    if plain := _PLAIN.fullmatch(url):
        path = plain[1]
    else:
        try:
            parts = urlsplit(url)
        except ValueError:
            return "other"
        path = unquote(parts.path) + (f"?{unquote(parts.query)}" if parts.query else "")
    return next((rule.kind for rule in rules if rule.matches(path, label)), "other")


@lru_cache(maxsize=1_000)
def _rules_for(host: str, extra: tuple[LinkRule, ...]) -> tuple[LinkRule, ...]:
    """The rows that may hold for a host: most name others."""
    domains = frozenset(host[start:] for start in (0, *(match.end() for match in _DOT.finditer(host))))
    return tuple(rule for rule in (*extra, *_RULES) if rule.is_for(domains))
