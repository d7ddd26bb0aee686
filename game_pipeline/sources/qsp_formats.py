"""A QSP game in the three formats it comes in: the API's JSON, the old XML list, a page of the old site (Joomla with
sobi2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from game_pipeline.model import GameRecord, LinkKind

from .base import ParseError, Source
from .draft import Draft
from .html import drop, markup, parse_html, required, text
from .jsondoc import number, string
from .languages import language_of
from .text import html_to_markdown, partial_date, split_names
from .xml import children, leaves, parse_xml

if TYPE_CHECKING:
    from parsel import Selector

__all__ = ["api_record", "list_records", "old_record"]

_SITE = "https://qsp.org/"
_OLD_SITE = "http://qsp.su/"
_COUNTS = {
    "downloads_count": "downloads",
    "plays_count": "plays",
    "likes_count": "likes",
    "comments_count": "comments",
}
_READ_OF_API = frozenset(
    re.findall(
        r"\w+",
        "slug name lang ver authors translators description_html cover_url icon_url file_url file_name file_size"
        " created_at updated_at",
    )
) | frozenset(_COUNTS)
_READ_OF_LIST = frozenset(re.findall(r"\w+", "id author version title lang icon file_url file_size file_ext desc_url"))
_MAX_PROBLEMS = 40

_DETAILS = "table.sobi2Details"
_FIELD = re.compile(r"sobi2Details_field_(\w+)")
_ADDED = re.compile(r"Добавлено:\s*(\d{1,2}\.\d{1,2}\.\d{4})")


def api_record(source: Source, game: dict[str, Any], *, identity: str, url: str) -> GameRecord:
    """The game of `data` in a reply of the API."""
    draft = _draft(source, f"data of game {identity}")
    draft.set_title(string(game.get("name")))
    draft.set_languages(string(game.get("lang")))
    _credit(draft, string(game.get("authors")), string(game.get("translators")))
    description = html_to_markdown(string(game.get("description_html")), base=_SITE)
    draft.describe(description, language_of(description, draft.languages))
    draft.link(string(game.get("file_url")), "download_direct", string(game.get("file_name")), _SITE)
    draft.link(string(game.get("cover_url")) or string(game.get("icon_url")), "poster", base=_SITE)
    draft.extra("version", string(game.get("ver")))
    draft.extra("size", number(game.get("file_size")))
    draft.extra("added", string(game.get("created_at"))[:10])
    draft.extra("updated", string(game.get("updated_at")))
    for name, key in _COUNTS.items():
        draft.extra(key, number(game.get(name)))
    draft.unread("field", sorted(name for name in game if name not in _READ_OF_API))
    return draft.build(identity=identity, url=url)


def list_records(source: Source, body: bytes, url_of: Callable[[str], str]) -> list[GameRecord]:
    """The games of the XML list `gamestock2.php`. An entry without id or title costs only itself."""
    records: dict[str, GameRecord] = {}
    problems: list[str] = []
    for position, entry in enumerate(children(parse_xml(body, "game_list", what="game_list"), "game"), start=1):
        facts = leaves(entry)
        where = f"game_list game[{position}]"
        identity = source.identity(url_of(facts.get("id", "")))
        if identity is None:
            problems.append(f"{where} id: no number in {facts.get('id', '')[:80]!r}, left out")
        elif identity in records:
            problems.append(f"{where} id: {identity} again, the first one stays")
        else:
            try:
                records[identity] = _listed_record(source, facts, where, identity, url_of(identity))
            except ParseError as error:
                problems.append(f"{error}, left out")
    if not records:
        raise ParseError("game_list game", problems[0] if problems else "no game in the list")
    found = list(records.values())
    if problems:
        # About the list rather than about a game; the first record carries them.
        found[0] = found[0].model_copy(update={"warnings": (*found[0].warnings, *problems[:_MAX_PROBLEMS])})
    return found


def _listed_record(source: Source, facts: dict[str, str], where: str, identity: str, url: str) -> GameRecord:
    draft = _draft(source, where)
    draft.set_title(facts.get("title", ""))
    draft.set_languages(facts.get("lang", ""))
    _credit(draft, facts.get("author", ""))
    draft.link(facts.get("file_url", ""), "download_direct", base=_SITE)
    draft.link(facts.get("icon", ""), "poster", base=_SITE)
    draft.link(facts.get("desc_url", ""), "game_page", base=_SITE)
    draft.extra("version", facts.get("version", ""))
    draft.extra("size", number(facts.get("file_size", "")))
    draft.extra("format", facts.get("file_ext", ""))
    draft.unread("element", (name for name in facts if name not in _READ_OF_LIST))
    return draft.build(identity=identity, url=url)


def old_record(source: Source, body: bytes, *, identity: str, url: str) -> GameRecord:
    """The game of a page of qsp.su."""
    page = parse_html(body)
    details = required(page, _DETAILS)
    draft = _draft(source, f"page {identity}")
    draft.set_title(text(required(details, "h1")))
    for field in details.css('[id^="sobi2Details_field_"]'):
        _read_old_field(draft, field)
    for image in details.css("img.sobi2DetailsImage::attr(src)").getall():
        draft.link(image, "poster", base=_OLD_SITE)
    for link in details.css('a[title="download"][href]'):
        kind: LinkKind = "play_online" if "онлайн" in text(link).lower() else "download_direct"
        draft.link(link.root.get("href", ""), kind, base=_OLD_SITE)
    for link in details.xpath('.//a[@href][contains(preceding-sibling::text()[1], "Файл:")]'):
        draft.link(link.root.get("href", ""), None, text(link), _OLD_SITE)
    if added := _ADDED.search(text(page, "table.sobi2DetailsFooter")):
        draft.extra("added", partial_date(added[1]) or "")
    return draft.build(identity=identity, url=url)


def _read_old_field(draft: Draft, field: Selector) -> None:
    """A field is a span that begins with its label in a span of its own."""
    name = _FIELD.fullmatch(field.root.get("id", ""))
    key = name[1] if name else field.root.get("id", "")
    drop(field, ":scope > span:first-of-type")
    match key:
        case "author":
            _credit(draft, text(field))
        case "translator":
            _credit(draft, "", text(field))
        case "version":
            draft.extra("version", text(field))
        case "description":
            description = html_to_markdown(markup(field), base=_OLD_SITE)
            draft.describe(description, language_of(description, ("ru",)))
        case _:
            draft.unread("field", [key])


def _draft(source: Source, where: str) -> Draft:
    draft = Draft(source, where)
    draft.tag("platform", "QSP")
    return draft


def _credit(draft: Draft, authors: str, translators: str = "") -> None:
    for name in split_names(authors, conjunctions=False):
        draft.credit(name)
    for name in split_names(translators, conjunctions=False):
        draft.credit(name, "translator")
