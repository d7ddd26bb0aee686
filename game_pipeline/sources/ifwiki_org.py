"""ifwiki.org, the English wiki of interactive fiction. How a wiki is walked is in `wiki_source`.

Known are the API (MediaWiki's) and that a page has redirects titled `IFID:…` for the story files of its game; its
templates are not. So a page is read for what any wiki page says: prose, links, categories, and those redirects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from game_pipeline.model import Attribution

from .base import Coverage, Expects, Policy
from .draft import Draft
from .identities import site_id
from .ifiction import clean_ifid
from .languages import language_of
from .mediawiki import WikiPage, page_slug
from .text import partial_date
from .wiki_source import WikiSource
from .wikitext import parameters, parse_wikitext, plain, prose, template_name

if TYPE_CHECKING:
    from mwparserfromhell.nodes import ExternalLink, Template, Wikilink

__all__ = ["IfwikiOrg"]

_GAMES = "Category:Games"
_OUTSIDE = frozenset(("category", "file", "image", "media", "user", "template", "help", "special", "talk"))
_LINK_SECTION = re.compile(r"links|external links|see also|references|versions?|downloads?|general info", re.IGNORECASE)
# Categories that say what kind of thing a page is about, by how they begin or end.
_CATEGORY_KINDS = (
    (re.compile(r"(?:works|games) (?:in|from) (?P<value>\d{4})", re.IGNORECASE), "year"),
    (re.compile(r"(?P<value>.+?) (?:works|games)", re.IGNORECASE), "system"),
)


class IfwikiOrg(WikiSource):
    """The English wiki of interactive fiction, joined to the others by its IFIDs and by its links.

    `verified` is False: no page of it was seen, and that the category of games is called so is a guess. A page that
    names none of the category is taken for no game.
    """

    name = "ifwiki_org"
    title = "IFWiki"
    home = "https://www.ifwiki.org/"
    hosts = ("ifwiki.org",)
    attribution = Attribution(site="ifwiki.org", licence="unknown")
    policy = Policy(priority=40)
    verified = False
    parser_version = 1
    expects = Expects(records=(10, None), page=(0, 1), coverage=(Coverage("descriptions", 0.5, "text of the page"),))
    api = "https://www.ifwiki.org/api.php"
    category = _GAMES
    no_articles = re.compile(
        r"(?:category|file|image|media|user|special|template|mediawiki|help|form|property|ifwiki|ifid"
        r"|(?:talk|[a-z]+ talk))\s*:",
        re.IGNORECASE,
    )
    asked: ClassVar[Mapping[str, str]] = {
        "prop": "revisions|categories|redirects",
        "cllimit": "max",
        "rdprop": "title",
        "rdlimit": "max",
    }

    def read_game(self, draft: Draft, page: WikiPage) -> bool:
        code = parse_wikitext(page.text)
        draft.set_title(page.title)
        reader = _GamePage(draft)
        text = prose(code, reader)
        categories = [*page.categories, *reader.categories]
        if not any(name.casefold() == _GAMES.casefold() for name in categories):
            return False
        draft.describe(text, language_of(text, ("en",)))
        draft.external_id("ifwiki_en", page.title)
        for redirect in page.redirects:
            if redirect.upper().startswith("IFID:") and (ifid := clean_ifid(redirect[5:])):
                draft.external_id("ifid", ifid)
        if len(reader.listings) == 1:  # its own; a page that links to several speaks of other games, too
            draft.external_id("tuid", *reader.listings)
        for category in dict.fromkeys(categories):
            _tag(draft, category.partition(":")[2])
        return True

    def page_url(self, title: str) -> str:
        return _page_url(title)


def _page_url(title: str) -> str:
    return f"https://www.ifwiki.org/{page_slug(title)}"


def _tag(draft: Draft, category: str) -> None:
    if not category or f"Category:{category}".casefold() == _GAMES.casefold():
        return
    for pattern, kind in _CATEGORY_KINDS:
        if match := pattern.fullmatch(category):
            if kind != "year":
                draft.tag(kind, match["value"])
            elif draft.release_date is None:
                draft.set_date(match["value"])
            return
    draft.tag("category", category)


class _GamePage:
    """Answers the prose renderer (`wikitext.Reader`) and puts what it is asked about into the draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.categories: list[str] = []
        self.listings: set[str] = set()
        """TUIDs of the listings on IFDB that the page links to."""

    def drops_section(self, heading: str) -> bool:
        return bool(_LINK_SECTION.fullmatch(heading.strip(" .:")))

    def external_link(self, node: ExternalLink) -> str:
        url, label = str(node.url).strip(), plain(node.title, self)
        self._link(url, label)
        return label or url

    def wikilink(self, node: Wikilink) -> str:
        target, shown = plain(node.title, self), plain(node.text, self)
        prefix, colon, name = target.partition(":")
        if colon and prefix.strip().casefold() == "category":
            self.categories.append(f"Category:{name.strip()}")
            return ""
        if colon and prefix.strip().casefold() in _OUTSIDE:
            return "" if prefix.strip().casefold() in ("file", "image") else shown or name
        return shown or target

    def template(self, node: Template) -> str:
        """No template of this wiki is known: parameters that say what they are are read, the others told of."""
        name, values = template_name(node), parameters(node)
        if name in ("game", "game info", "infobox game", "infobox"):
            for key, value in values.items():
                self._fact(key, plain(value, self))
            return ""
        if name == "pagename":
            return self.draft.title
        self.draft.unread("template", [name])
        return ""

    def _fact(self, key: str, text: str) -> None:
        match key.strip().casefold():
            case "title" | "name" if text:
                self.draft.alt_title(text)
            case "author" | "authors" | "by":
                for name in text.split(","):
                    self.draft.credit(name)
            case "release" | "released" | "release date" | "published" | "year":
                if date := partial_date(text):
                    self.draft.set_date(date)
            case "system" | "platform" | "language" as kind:
                if kind == "language":
                    self.draft.set_languages(text)
                else:
                    self.draft.tag(kind, text)
            case "ifid":
                if ifid := clean_ifid(text):
                    self.draft.external_id("ifid", ifid)
            case _ if text:
                self.draft.unread("parameter", [key])

    def _link(self, url: str, label: str) -> None:
        if not re.match(r"https?://", url, re.IGNORECASE):
            return
        self.draft.link(url, None, label)
        if (found := site_id(url)) and found.scheme == "tuid":
            self.listings.add(found.value)
