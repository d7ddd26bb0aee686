"""What a page of ifwiki.ru about a person says. Its conventions are those of the games' pages (`ifwiki_ru_words`); no
whole page was seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from game_pipeline.model import PersonLinkKind

from .ifwiki_ru_words import (
    CATEGORIES,
    FILES,
    GAME_INFO,
    GAMES,
    LINK_SECTION,
    PICTURES,
    PREFIX,
    SILENT,
    WIKIPEDIA,
    address_in,
    file_url,
)
from .languages import language_of
from .mediawiki import page_slug
from .person_draft import PersonDraft
from .urls import names_page
from .wikitext import parameters, parse_wikitext, plain, prose, template_name

if TYPE_CHECKING:
    from mwparserfromhell.nodes import ExternalLink, Template, Wikilink
    from mwparserfromhell.wikicode import Wikicode

__all__ = ["person_name", "person_title", "read_person"]

_NAMESPACE = "автор"
_OF_THEIRS = re.compile(r"(?:внешние )?ссылки|контакты|в сети|links", re.IGNORECASE)
"""The sections whose links are the person's own pages, and not what is only mentioned."""
_WORKS = re.compile(r"(?:список )?(?:игр(?:ы)?|работ(?:ы)?|произведени[яй]|библиография|творчество)", re.IGNORECASE)
_NO_TITLE = re.compile(r"[#<>\[\]|{}]")  # what no title of a wiki has, and means something else in a question for one
_URL_SAFE = "%/:?#[]@!$&'*+,;=~-._"


def person_title(title: str) -> str | None:
    """A title as that of a page about a person: `автор:Имя`, its first part in lower case; None where it is none."""
    match = PREFIX.fullmatch(title)
    name = " ".join(match[2].replace("_", " ").split()) if match else ""
    if not match or match[1].casefold() != _NAMESPACE or not name or _NO_TITLE.search(name):
        return None
    found = f"{_NAMESPACE}:{name}"
    return found if names_page(found) else None


def person_name(title: str) -> str:
    """What a title calls the person whose page it is."""
    found = person_title(title)
    return found.partition(":")[2] if found else title


def read_person(draft: PersonDraft, title: str, text: str) -> bool:
    """Fill the draft from a page's wikitext; False where the page is a game's."""
    code = parse_wikitext(text)
    draft.set_name(person_name(title))
    page = _PersonPage(draft)
    about = prose(code, page)
    if page.is_game:
        return False
    draft.describe(about, language_of(about, ("ru",)))
    draft.extra("categories", page.categories)
    draft.extra("games", list(dict.fromkeys(page.games)))
    return True


class _PersonPage:
    """Answers the prose renderer (`wikitext.Reader`) and puts what it is asked about into the draft."""

    def __init__(self, draft: PersonDraft) -> None:
        self.draft = draft
        self.is_game = False
        self.categories: list[str] = []
        self.games: list[str] = []
        self._among_links = False
        self._among_games = False
        self._has_portrait = False

    def drops_section(self, heading: str) -> bool:
        heading = heading.strip(" .:")
        self._among_links = bool(_OF_THEIRS.fullmatch(heading))
        self._among_games = bool(_WORKS.fullmatch(heading))
        return self._among_links or self._among_games or bool(LINK_SECTION.fullmatch(heading))

    def external_link(self, node: ExternalLink) -> str:
        url = str(node.url).strip()
        shown = self._link(url, plain(node.title, self))
        return shown if node.brackets else url

    def wikilink(self, node: Wikilink) -> str:
        target = plain(node.title, self)
        shown = plain(node.text, self)
        if target.startswith(":"):  # a link to a category or file rather than the thing itself
            return shown or target.lstrip(":")
        match = PREFIX.fullmatch(target)
        prefix = match[1].casefold() if match else ""
        name = " ".join(match[2].replace("_", " ").split()) if match else ""
        if prefix in CATEGORIES and name:
            self._category(name)
            return ""
        if prefix in FILES and name:
            return self._file(prefix, name, shown)
        if prefix == "ifwiki-en" and name:
            self._address(f"https://www.ifwiki.org/{page_slug(name)}", "profile", "ifwiki.org")
            return shown or name
        if prefix in WIKIPEDIA and name:
            self._address(f"https://ru.wikipedia.org/wiki/{page_slug(name)}", "other", "Википедия")
            return shown or name
        if self._among_games and target and person_title(target) is None:
            self.games.append(target)
        return shown or name or target

    def _category(self, name: str) -> None:
        name = name.partition("|")[0].strip()
        if name.casefold() == GAMES:
            self.is_game = True
        else:
            self.categories.append(name)

    def _file(self, prefix: str, name: str, shown: str) -> str:
        picture = prefix in PICTURES
        # The text of a picture is its options: "thumb|200px|caption".
        caption = shown.rpartition("|")[2] if picture else shown
        portrait = picture and not self._has_portrait
        self._has_portrait |= picture
        label = "" if re.fullmatch(r"\d+px|thumb|мини|left|right", caption) else caption
        self._address(file_url(name), "portrait" if portrait else "other", label)
        return "" if picture else shown or name

    def template(self, node: Template) -> str:
        name = template_name(node)
        values = parameters(node)
        if name in GAME_INFO:
            self.is_game = True
        elif name == "pagename":
            return self.draft.name
        elif name == "ссылка":
            return self._link_template(values)
        elif name not in SILENT and not name.startswith("defaultsort:"):
            self.draft.unread("template", [name])
        return ""

    def _link_template(self, values: dict[str, Wikicode]) -> str:
        label = plain(values.get("1"), self)
        if archive := address_in(values.get("архив")):
            self._address(archive, "other", f"{label} (архив)" if label else "архив")
        return self._link(address_in(values.get("на")), label)

    def _link(self, url: str, label: str) -> str:
        if not re.match(r"(?:https?:)?//", url, re.IGNORECASE):
            return label
        self._address(url, "profile" if self._among_links else "other", label)
        return f"[{label}]({quote(url, safe=_URL_SAFE)})" if label else ""

    def _address(self, url: str, kind: PersonLinkKind, label: str) -> None:
        self.draft.link(url, kind, label)
