"""Addresses: their one written form, the form that says two are the same place, and what kind of link one is.

No site's own rules live here; a source passes its extra `LinkRule`s to `classify`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit, urlunsplit

from w3lib.url import safe_url_string

from game_pipeline.model import MAX_URL, LinkKind

__all__ = ["LinkRule", "classify", "host_of", "identity_url", "normalise_url", "on_host", "query_of"]

_TRACKING = re.compile(r"(?:utm_[^=&]*|fbclid|gclid|yclid|mc_[ce]id)(?:=|$)", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_TIDY = re.compile(r"https?://[a-z0-9_-]+(?:\.[a-z0-9_-]+)*/[A-Za-z0-9._~/-]*", re.ASCII)
_FORBIDDEN = re.compile(r"[\s\x00-\x20\x7f\\]")
_DOT = re.compile(r"\.")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")


def normalise_url(url: str, base: str | None = None) -> str:
    """The one written form of an http(s) address, `base` completing a relative one.

    Changed is only what can't change the place: case of scheme and host, IDNA, default port, percent-encoding
    (UTF-8, capitals, nothing encoded that needs no encoding), fragment, tracking parameters. The order of the query,
    doubled slashes and the scheme stay. Raises ValueError for anything that is no http(s) address.
    """
    if len(url) <= MAX_URL and _TIDY.fullmatch(url):  # most are, and stay as they are
        return url
    return _normalised(url, base)


def _normalised(url: str, base: str | None) -> str:
    text = url.strip()
    shown = repr(text[:120])
    if text.startswith("//"):
        text = f"{urlsplit(base).scheme if base else 'https'}:{text}"
    elif base:
        text = urljoin(base, text)
    if not re.match(r"https?://", text, re.IGNORECASE):
        raise ValueError(f"no http(s) address: {shown}")
    text = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text.replace("\\", "%5C"))
    try:
        parts = urlsplit(safe_url_string(text))
        host, port = parts.hostname or "", parts.port
    except (ValueError, UnicodeError) as error:
        raise ValueError(f"no http(s) address: {shown} ({error})") from None
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise ValueError(f"no host name: {shown}") from None
    host = f"[{host}]" if ":" in host else host.lower()
    if not _HOST.fullmatch(host):
        raise ValueError(f"no host name: {shown}")
    netloc = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    query = "&".join(part for part in parts.query.split("&") if not _TRACKING.match(part))
    result = urlunsplit((parts.scheme, netloc, _tidy_escapes(parts.path) or "/", _tidy_escapes(query), ""))
    if len(result) > MAX_URL or _FORBIDDEN.search(result):
        raise ValueError(f"no usable http(s) address: {shown}")
    return result


def identity_url(url: str) -> str:
    """A key that is equal for addresses of the same place: for comparing, not for visiting.

    Scheme, `www.`, a trailing slash, doubled slashes, percent-encoding and the order of the query don't count.
    Raises ValueError for anything that is no http(s) address.
    """
    parts = urlsplit(normalise_url(url))
    path = re.sub(r"/{2,}", "/", unquote(parts.path)).rstrip("/")
    query = "&".join(sorted(unquote(part.replace("+", " ")) for part in parts.query.split("&") if part))
    return f"{parts.netloc.removeprefix('www.')}{path}{'?' if query else ''}{query}"


def host_of(url: str) -> str:
    """The lower-case host name without `www.`, or an empty string."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def on_host(url: str, hosts: Iterable[str]) -> bool:
    """Is the address an http(s) one on one of the hosts (`www.` does not count)?"""
    return bool(re.match(r"https?://", url, re.IGNORECASE)) and host_of(url) in hosts


def query_of(url: str) -> dict[str, str]:
    """The query's parameters by name, the last one winning; blank values are kept."""
    try:
        return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=200))
    except ValueError:
        return {}


def _tidy_escapes(text: str) -> str:
    def tidy(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char in _UNRESERVED else match[0].upper()

    return _ESCAPE.sub(tidy, text)


@dataclass(frozen=True, slots=True)
class LinkRule:
    """A row of the table: the kind of an address whose host, rest and label all match what the row names."""

    kind: LinkKind
    hosts: tuple[str, ...] = ()
    """Host names; a name also stands for its subdomains."""
    path: re.Pattern[str] | None = None
    """Searched in the path and query, percent-encoding undone."""
    label: re.Pattern[str] | None = None

    def matches(self, domains: frozenset[str], path: str, label: str) -> bool:
        """`domains`: the host and every domain that it lies in."""
        if self.hosts and domains.isdisjoint(self.hosts):
            return False
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


def classify(url: str, label: str = "", extra: Iterable[LinkRule] = ()) -> LinkKind:
    """What kind of place the address is, by the table above; the rules of a source (`extra`) are asked first."""
    host = host_of(url)
    domains = frozenset(host[start:] for start in (0, *(match.end() for match in _DOT.finditer(host))))
    try:
        parts = urlsplit(url)
    except ValueError:
        return "other"
    path = unquote(parts.path) + (f"?{unquote(parts.query)}" if parts.query else "")
    for rule in (*extra, *_RULES):
        if rule.matches(domains, path, label):
            return rule.kind
    return "other"
