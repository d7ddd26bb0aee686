"""The conventions of ifwiki.ru: what its templates, parameters, link prefixes and sections say about a game.

Known through the importer of mooskagh/ifdb and an inventory of a thousand pages crawled in 2017; no whole page was
seen. Whatever is not in these tables is a warning, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from .draft import Draft
from .ifiction import clean_ifid
from .ifwiki_ru_words import (
    CATEGORIES,
    FILES,
    GAME_INFO,
    GAMES,
    LINK_SECTION,
    PICTURES,
    PREFIX,
    ROLES,
    SILENT,
    WIKIPEDIA,
    address_in,
    file_url,
    page_url,
)
from .languages import language_of
from .mediawiki import page_slug
from .text import partial_date, split_names
from .wikitext import parameters, parse_wikitext, plain, prose, template_name

if TYPE_CHECKING:
    from mwparserfromhell.nodes import ExternalLink, Template, Wikilink
    from mwparserfromhell.wikicode import Wikicode

__all__ = ["read_game"]

_TAGS = {
    "тема": "theme",
    "тег": "theme",
    "платформа": "platform",
    "персонаж": "character",
    "персонажи": "character",
    "конкурс": "competition",
}
_COMPETITIONS = {
    "конкурс": "{}",
    "лок": "ЛОК-{}",
    "зок": "ЗОК-{}",
    "выигралзок": "ЗОК-{}",
    "крил": "КРИЛ-{}",
    "goldhamster": "Золотой Хомяк {}",
    "goldhumster": "Золотой Хомяк {}",
    "qspcompo": "QSP-Compo {}",
    "ludum dare": "Ludum Dare {}",
    "проект 31": "Проект 31",
}
_SIZES = frozenset(("ширинаобложки", "высотаобложки"))


def read_game(draft: Draft, title: str, text: str) -> bool:
    """Fill the draft from a page's wikitext; False where the page is no game.

    A game is what has the template `game info` or stands in the category of games (`Игры`).
    """
    code = parse_wikitext(text)
    draft.set_title(title)
    page = _GamePage(draft, title)
    description = prose(code, page)
    if not page.is_game:
        return False
    draft.describe(description, language_of(description, ("ru",)))
    return True


class _GamePage:
    """Answers the prose renderer (`wikitext.Reader`) and puts what it is asked about into the draft."""

    def __init__(self, draft: Draft, title: str) -> None:
        self.draft = draft
        self.title = title
        self.is_game = False
        self._in_author = False
        self._credited_as: dict[str, None] = {}

    def drops_section(self, heading: str) -> bool:
        return bool(LINK_SECTION.fullmatch(heading.strip(" .:")))

    def external_link(self, node: ExternalLink) -> str:
        url = str(node.url).strip()
        label = plain(node.title, self)
        shown = self._link(url, label)
        return shown if node.brackets else url

    def wikilink(self, node: Wikilink) -> str:
        target = plain(node.title, self)
        shown = plain(node.text, self)
        if target.startswith(":"):  # a link to a category or file rather than the thing itself
            return shown or target.lstrip(":")
        match = PREFIX.fullmatch(target)
        if not match:
            if self._in_author and target:
                self.draft.credit(target, "author", page_url(target))
                self._shown_as(target, shown)
            return shown or target
        prefix, name = match[1].casefold(), " ".join(match[2].replace("_", " ").split())
        if not name:
            return shown
        return self._prefixed(prefix, name, shown, target)

    def _prefixed(self, prefix: str, name: str, shown: str, target: str) -> str:
        if role := ROLES.get(prefix):
            self.draft.credit(name, role, page_url(f"{prefix}:{name}"))
            self._shown_as(name, shown)
            return shown or name
        if kind := _TAGS.get(prefix):
            self.draft.tag(kind, name)
            return shown or name
        if prefix in CATEGORIES:
            return self._category(name)
        if prefix in FILES:
            return self._file(prefix, name, shown)
        if prefix == "ifwiki-en":
            self.draft.external_id("ifwiki_en", name)
            self.draft.link(f"https://www.ifwiki.org/{page_slug(name)}", "game_page", "ifwiki.org")
            return shown or name
        if prefix in WIKIPEDIA:
            self.draft.link(f"https://ru.wikipedia.org/wiki/{page_slug(name)}", "other", "Википедия")
            return shown or name
        # A title with a colon reads like a sentence: several words before it, or a space after.
        if " " not in prefix and not re.match(rf"\s*{re.escape(prefix)}\s*::?\s", target, re.IGNORECASE):
            self.draft.unread("link role", [prefix])
        return shown or target

    def _shown_as(self, name: str, shown: str) -> None:
        """Where the template names the author, what is shown for a page is another name of theirs; in a sentence it
        may only be inflected."""
        if self._in_author and shown and shown != name:
            self._credited_as[f"{name} = {shown}"] = None
            self.draft.extra("credited_as", list(self._credited_as))

    def _category(self, name: str) -> str:
        name = name.partition("|")[0].strip()
        if name.casefold() == GAMES:
            self.is_game = True
        else:
            self.draft.tag("category", name)
        return ""

    def _file(self, prefix: str, name: str, shown: str) -> str:
        picture = prefix in PICTURES
        # The text of a picture is its options: "thumb|200px|caption".
        caption = shown.rpartition("|")[2] if picture else shown
        self.draft.link(file_url(name), None, "" if re.fullmatch(r"\d+px", caption) else caption)
        return "" if picture else shown or name

    def template(self, node: Template) -> str:
        name = template_name(node)
        values = parameters(node)
        if name in GAME_INFO:
            self._game_info(values)
            return ""
        if name in _COMPETITIONS:
            edition = plain(values.get("1"), self)
            if edition or "{}" not in _COMPETITIONS[name]:
                self.draft.tag("competition", _COMPETITIONS[name].format(edition))
            return plain(values.get("2"), self) if name == "выигралзок" else ""
        if handler := _TEMPLATES.get(name):
            return handler(self, values)
        if re.fullmatch(r"ns:\s*6", name):
            return "Файл"
        if name not in SILENT:
            self.draft.unread("template", [name])
        return ""

    def _pagename(self, values: dict[str, Wikicode]) -> str:
        return self.title

    def _link_template(self, values: dict[str, Wikicode]) -> str:
        label = plain(values.get("1"), self)
        if archive := address_in(values.get("архив")):
            self.draft.link(archive, "other", f"{label} (архив)" if label else "архив")
        return self._link(address_in(values.get("на")), label)

    def _rilarhiv_file(self, values: dict[str, Wikicode]) -> str:
        if url := address_in(values.get("1")):
            self.draft.link(url, "download_direct", plain(values.get("2"), self) or "РилАрхив")
        return ""

    def _urqstead(self, values: dict[str, Wikicode]) -> str:
        if url := address_in(values.get("1")):
            self.draft.link(url, "play_online", "URQStead")
        return ""

    def _theme(self, values: dict[str, Wikicode]) -> str:
        self.draft.tag("theme", plain(values.get("1"), self))
        return ""

    def _featured(self, values: dict[str, Wikicode]) -> str:
        self.draft.tag("award", "Избранная игра")
        return ""

    def _box(self, values: dict[str, Wikicode]) -> str:
        text = values.get("text")
        return f"\n\n{prose(text, self)}\n\n" if text is not None else ""

    def _link(self, url: str, label: str) -> str:
        if not re.match(r"(?:https?:)?//", url, re.IGNORECASE):
            return label
        self.draft.link(url, None, label)
        return f"[{label}]({quote(url, safe=_URL_SAFE)})" if label else ""

    def _game_info(self, values: dict[str, Wikicode]) -> None:
        self.is_game = True
        for name, value in values.items():
            if handler := _PARAMETERS.get(name):
                handler(self, value)
            elif name not in _SIZES and plain(value, self):
                self.draft.unread("parameter of game info", [name])

    def _name(self, value: Wikicode) -> None:
        name = plain(value, self)
        if name and name != self.draft.title:
            page_title, self.draft.title = self.draft.title, ""
            self.draft.set_title(name)
            self.draft.alt_title(page_title)

    def _author(self, value: Wikicode) -> None:
        self._in_author = True
        text = plain(value, self)
        self._in_author = False
        if not value.filter_wikilinks():
            for name in split_names(text):
                self.draft.credit(name)

    def _cover(self, value: Wikicode) -> None:
        if url := address_in(value):
            self.draft.link(url, "poster", "Обложка")
            return
        links = value.filter_wikilinks()
        name = str(links[0].title) if links else plain(value, self)
        name = re.sub(r"^\s*(?:файл|file|изображение|image)\s*:", "", name, flags=re.IGNORECASE).strip()
        if name:
            self.draft.link(file_url(name), "poster", "Обложка")

    def _ifids(self, value: Wikicode) -> None:
        for text in re.split(r"[,;\s]+", plain(value, self)):
            if ifid := clean_ifid(text):
                self.draft.external_id("ifid", ifid)
            elif text:
                self.draft.warn(f"no IFID: {text[:70]}")

    def _written(self, value: Wikicode) -> None:
        text = plain(value, self)
        self.draft.extra("written", partial_date(text) or text)

    def _tags(self, kind: str, value: Wikicode) -> None:
        for item in plain(value, self).split(","):
            self.draft.tag(kind, item)


_URL_SAFE = "%/:?#[]@!$&'*+,;=~-._"

_TEMPLATES: dict[str, Callable[[_GamePage, dict[str, Wikicode]], str]] = {
    "pagename": _GamePage._pagename,
    "ссылка": _GamePage._link_template,
    "рилфайл": _GamePage._rilarhiv_file,
    "urqstead": _GamePage._urqstead,
    "тема": _GamePage._theme,
    "избранная игра": _GamePage._featured,
    "коробочка": _GamePage._box,
}

_PARAMETERS: dict[str, Callable[[_GamePage, Wikicode], None]] = {
    "название": _GamePage._name,
    "автор": _GamePage._author,
    "авторы": _GamePage._author,
    "вышла": lambda page, value: page.draft.set_date(plain(value, page)),
    "платформа": lambda page, value: page._tags("platform", value),
    "язык": lambda page, value: page.draft.set_languages(plain(value, page)),
    "тема": lambda page, value: page._tags("theme", value),
    "темы": lambda page, value: page._tags("theme", value),
    "1": lambda page, value: page._tags("theme", value),
    "тип": lambda page, value: page._tags("type", value),
    "обложка": _GamePage._cover,
    "ifid": _GamePage._ifids,
    "версия": lambda page, value: page.draft.extra("version", plain(value, page)),
    "статус": lambda page, value: page.draft.extra("status", plain(value, page)),
    "написана": _GamePage._written,
}
