"""Treaty of Babel documents (iFiction): the reader of one story, and the source for documents given by hand or by
address.

The format is that of "The Treaty of Babel" (babel.ifarchive.org), revision 12. IFDB wraps the same format; what it
adds lives in `ifdb`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from game_pipeline.model import Attribution, GameRecord, digest

from .base import Expects, Listing, Page, PageRef, ParseError, Policy, Request, Response, Segment, Source
from .draft import Draft
from .html_games import html_game, is_html
from .languages import language_of
from .links import classify
from .text import html_to_markdown, plain_to_markdown, split_names
from .urls import normalise_url
from .xml import child, children, leaves, local, markup_of, parse_xml, repeated, text_of

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["IFiction", "add_bibliography", "clean_ifid", "split_genres", "story_description"]

_IFID = re.compile(r"[A-Z0-9-]{8,63}")
_MARKUP = re.compile(r"<(?:br|p|i|b|em|strong|ul|ol|li|a|blockquote)\b[^<>]*>", re.IGNORECASE)
_ESCAPED_MARKUP = re.compile(r"&lt;(?:br|p)\s*/?&gt;", re.IGNORECASE)

_SECTIONS = {
    "identification": ("ifid", "bafn", "format"),
    "bibliographic": (
        "title",
        "author",
        "language",
        "headline",
        "firstpublished",
        "genre",
        "group",
        "description",
        "series",
        "seriesnumber",
        "forgiveness",
    ),
    "contacts": ("url", "authoremail"),
    "contact": ("url",),
    "cover": ("format", "height", "width", "description"),
    "colophon": ("generator", "generatorversion", "originated", "originator"),
}
_CONTAINERS = ("resources", "releases", "annotation")
_AUXILIARY = ("leafname", "description")
_RELEASE = ("version", "releasedate", "compiler", "compilerversion")


def clean_ifid(text: str) -> str | None:
    """An IFID as the Treaty compares them (capitals), or None for what is none."""
    ifid = text.strip().upper()
    return ifid if _IFID.fullmatch(ifid) else None


def split_genres(text: str) -> list[str]:
    """The genres of "Zorkian/Cave crawl" or "Horror, Comedy"."""
    return list(dict.fromkeys(genre for part in re.split(r"[/,]", text) if (genre := part.strip())))


def story_description(text: str) -> str:
    """A description that is HTML, escaped once more than needed where all its tags are escaped, as Markdown.

    Its only markup by the Treaty is `<br/>`, a paragraph break.
    """
    if not _MARKUP.search(text) and _ESCAPED_MARKUP.search(text):
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return html_to_markdown(text, breaks_paragraphs=True)


def add_bibliography(draft: Draft, facts: dict[str, str], description: str) -> None:
    """The bibliographic section, which iFiction and IFDB share: `facts` by element name, description as Markdown."""
    draft.set_title(facts.get("title", ""))
    for name in split_names(facts.get("author", "")):
        draft.credit(name)
    draft.set_languages(facts.get("language", ""))
    draft.set_date(facts.get("firstpublished", ""))
    for genre in split_genres(facts.get("genre", "")):
        draft.tag("genre", genre)
    for key in ("headline", "series", "forgiveness"):
        draft.extra(key, facts.get(key, ""))
    draft.extra("series_number", facts.get("seriesnumber", ""))
    draft.describe(description, language_of(description, draft.languages))


class IFiction(Source):
    """iFiction documents, and games in HTML that carry an IFID: given as files, or by the address of a document.

    Nothing is listed. A document with an address is visited again like any page, a file is what it was.
    """

    name = "ifiction"
    title = "Treaty of Babel (iFiction) documents"
    home = "https://babel.ifarchive.org/"
    hosts = ("babel.ifarchive.org",)
    attribution = Attribution(site="Treaty of Babel", licence="unknown")
    policy = Policy(priority=60)
    verified = True
    parser_version = 1
    several_records_a_game = True
    expects = Expects(records=(0, None))
    segments = (Segment("documents", "Documents"),)
    documents = True

    def owns(self, url: str) -> bool:
        try:
            return bool(urlsplit(normalise_url(url)).path.lower().endswith(".ifiction"))
        except ValueError:
            return False

    def identity(self, url: str) -> str | None:
        return None

    def segment_of(self, key: str) -> str:
        return "documents"

    def locate(self, url: str) -> Listing:
        if not self.owns(url):
            raise ValueError(f"no address of an iFiction document: {url[:120]}")
        address = normalise_url(url)
        return Listing(pages=(PageRef(key=address, url=address, request=Request(address)),))

    def listing(self) -> tuple[Request, ...]:
        return ()

    def parse_listing(self, response: Response) -> Listing:
        raise ParseError("listing", "iFiction documents are not listed anywhere")

    def given_address(self, identity: str) -> str:
        return f"https://ifiction.invalid/{quote(identity, safe='')}"

    def parse(self, page: Page) -> list[GameRecord]:
        if is_html(page.body):
            return [html_game(self, page)]
        stories = list(children(parse_xml(page.body, "ifindex", what="ifindex"), "story"))
        if not stories:
            raise ParseError("ifindex story", "no story in the document")
        return [self._story(story, page.url) for story in stories]

    def _story(self, story: etree._Element, url: str) -> GameRecord:
        draft = Draft(self, "ifindex story")
        bibliographic = child(story, "bibliographic")
        facts = leaves(bibliographic)
        add_bibliography(draft, facts, self._description(child(bibliographic, "description")))
        if group := facts.get("group"):
            draft.tag("group", group)
        identity = self._identify(draft, story, facts)
        self._add_rest(draft, story)
        return draft.build(identity=identity, url=url)

    @staticmethod
    def _description(element: etree._Element | None) -> str:
        markup = markup_of(element)
        if "<br/>" in markup:
            return html_to_markdown(markup, breaks_paragraphs=True)
        text = text_of(element)
        # Some tools escape the markup that the Treaty wants unescaped; a text without any is plain.
        return story_description(text) if _MARKUP.search(text) else plain_to_markdown(text)

    @staticmethod
    def _identify(draft: Draft, story: etree._Element, facts: dict[str, str]) -> str:
        """The first IFID; for a sparse record (the Treaty's §5.11) one made from title, author and year."""
        identification = child(story, "identification")
        ifids = []
        for element in children(identification, "ifid"):
            if ifid := clean_ifid(text_of(element)):
                ifids.append(ifid)
            else:
                draft.warn(f"no IFID: {text_of(element)[:70]}")
        for ifid in dict.fromkeys(ifids):
            draft.external_id("ifid", ifid)
        draft.external_id("bafs", text_of(identification, "bafn"))
        draft.tag("system", text_of(identification, "format"))
        if ifids:
            return ifids[0]
        draft.warn("sparse record: no IFID, identity made from title, author and year")
        return f"sparse-{digest([facts.get(key, '').lower() for key in ('title', 'author', 'firstpublished')])[:16]}"

    @staticmethod
    def _add_rest(draft: Draft, story: etree._Element) -> None:
        contacts = leaves(child(story, "contacts")) | leaves(child(story, "contact"))
        if website := contacts.get("url"):
            kind = classify(website)
            draft.link(website, "game_page" if kind == "other" else kind, "Website")
        draft.extra("author_email", contacts.get("authoremail", ""))
        cover = leaves(child(story, "cover"))
        if cover:
            draft.extra("cover_format", cover.get("format", ""))
            draft.extra("cover_size", f"{cover.get('width', '?')}x{cover.get('height', '?')}")
            draft.extra("cover_description", cover.get("description", ""))
        auxiliary = [leaves(element) for element in children(child(story, "resources"), "auxiliary")]
        draft.unread("auxiliary", (key for item in auxiliary for key in item if key not in _AUXILIARY))
        names = [" — ".join(filter(None, map(item.get, _AUXILIARY))) for item in auxiliary]
        draft.extra("auxiliary", names)
        releases = [leaves(element) for element in children(child(story, "releases", "attached"), "release")]
        draft.extra("releases", [" ".join(filter(None, map(item.get, _RELEASE))) for item in releases])
        draft.unread("release", (key for item in releases for key in item if key not in _RELEASE))
        draft.unread(
            "releases", (name for name in map(local, children(child(story, "releases"))) if name != "attached")
        )
        if releases:
            draft.extra("version", releases[0].get("version", ""))
        colophon = leaves(child(story, "colophon"))
        draft.extra("generator", " ".join(filter(None, (colophon.get("generator"), colophon.get("generatorversion")))))
        draft.extra("originated", colophon.get("originated", ""))
        story_format = text_of(child(story, "identification"), "format")
        for section in children(story):
            name = local(section)
            if name in _SECTIONS:
                draft.unread(name, (local(inner) for inner in children(section) if local(inner) not in _SECTIONS[name]))
                draft.unread(name, (f"{again}, given again" for again in repeated(section) if again != "ifid"))
            elif name == story_format:
                for key, value in leaves(section).items():
                    draft.extra(f"{name}_{key.lower()}", value)
            elif name not in _CONTAINERS:
                draft.unread("section", [name])
