"""Knowing a captcha or a login page that is served with status 200 where a page was asked for.

Only what no real page has counts: a game's page may well talk of captchas, and carry a login form in its corner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from .exchange import Reply
from .outcomes import FetchError, Kind, Outcome
from .urls import Target

__all__ = ["check_wall", "wall_of"]

LOOKED_AT = 64 * 1024
"""Bytes from the beginning: walls are short, and say what they are at once."""

# What the pages hold that protection services put before a site, in small letters: titles, then other markup.
_TITLES = (
    b"<title>just a moment...</title>",  # Cloudflare
    b"<title>attention required! | cloudflare</title>",
    b"<title>ddos-guard</title>",
    b"<title>bot verification</title>",
    b"<title>are you a robot?</title>",
    b"<title>robot or human?</title>",
)
_CAPTCHAS = (
    b'id="px-captcha"',  # HUMAN
    b"geo.captcha-delivery.com",  # DataDome
    b"/showcaptcha?",  # Yandex SmartCaptcha
)
_MARKERS = (
    b"window._cf_chl_opt",  # Cloudflare
    b'id="challenge-form"',
    b"/_incapsula_resource?swudnsai=",  # Imperva
)
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,200})</title", re.IGNORECASE)
_PASSWORD = re.compile(rb"<input[^>]{0,500}type\s*=\s*[\"']?password")
_LOGIN_TITLE = re.compile(r"\b(log ?in|sign ?in|log ?on|вход|войти|авторизация)\b", re.IGNORECASE)
_LOGIN_PATH = re.compile(
    r"/(log-?in|sign-?in|logon|auth|captcha|showcaptcha|checkcaptcha)(\.\w{2,5})?/?$", re.IGNORECASE
)


def check_wall(asked: str, target: Target, reply: Reply, markers: Iterable[str]) -> None:
    """Raise `FetchError` where a good reply is a captcha or login page."""
    wall = wall_of(asked, target.url, reply.body, markers)
    if wall is not None:
        why = f"the site shows a captcha or login page where a page was asked for: {wall}"
        raise FetchError(Outcome.BLOCKED_BY_SITE, Kind.BLOCKED, why, asked, status=reply.status)


def wall_of(asked: str, final: str, body: bytes, markers: Iterable[str] = ()) -> str | None:
    """What shows that a reply is a captcha or login page; None: nothing does.

    `asked`, `final`: the address that was asked for and the one that answered. `markers`: of the site, in any case.
    """
    head = body[:LOOKED_AT]
    small = head.lower()
    for marker in markers:
        if marker and (marker.encode() in head or marker.lower().encode() in small):
            return marker
    if not small.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return None
    title = small.find(b"<title>")
    while title >= 0:
        if small.startswith(_TITLES, title):
            return small[title : small.index(b">", small.index(b"</", title)) + 1].decode("ascii")
        title = small.find(b"<title>", title + 1)
    for known in _MARKERS + _CAPTCHAS if b"captcha" in small else _MARKERS:
        if known in small:
            return known.decode()
    path = urlsplit(final).path
    if path != urlsplit(asked).path and _LOGIN_PATH.search(path):
        return f"sent on to {path}"
    if b"password" in small and _PASSWORD.search(small) and (named := _TITLE.search(head)):
        text = named[1].decode("utf-8", "replace").strip()
        if _LOGIN_TITLE.search(text):
            return f"a form for a password under the title {text!r}"
    return None
