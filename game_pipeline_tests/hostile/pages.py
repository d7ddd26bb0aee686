"""Rows 47 to 57, 61 to 63: bytes that are no text, markup built to exhaust its reader, text built to do harm."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from game_pipeline.model import MAX_BLOCK, MAX_LINE, GameRecord
from game_pipeline.parsing import ParseKilledError
from game_pipeline.sources import ParseError
from game_pipeline_tests.http_server import Reply
from game_pipeline_tests.parsing.nasty import Nasty, page

from .bench import Bench, Row, good_list

__all__ = ["ROWS"]

TITLE = "Остров, где кончается осень"


def _labelled(body: bytes, charset: str) -> Reply:
    return Reply(200, body, {"Content-Type": f"text/xml; charset={charset}"})


def _text(body: bytes, charset: str, bench: Bench) -> str:
    (record,) = bench.fetched("instead_games", _labelled(body, charset))
    return "; ".join([record.title, *record.warnings])


def _story(description: str) -> bytes:
    """An iFiction document; the description is markup within markup, as the format has it."""
    text = html.escape(description)
    return (
        "<ifindex><story><identification><ifid>AAAA-1111</ifid></identification>"
        f"<bibliographic><title>T</title><description>{text}</description></bibliographic></story></ifindex>"
    ).encode()


def _wiki(text: str) -> bytes:
    page = {"pageid": 1, "ns": 0, "title": "T", "revisions": [{"slots": {"main": {"content": text}}}]}
    return json.dumps({"query": {"pages": [page]}}).encode()


def _game_of_wiki(text: str) -> bytes:
    return _wiki("{{game info}}" + text)


def _exhausting(number: str, sent: str, unit: str, times: int, reason: str) -> list[Row]:
    """The markup as a page; escaped in a description, where the scan before the parser cannot see it; in wikitext."""

    def plain(bench: Bench) -> str:
        return bench.read("instead_games", unit.encode() * times)

    def hidden(name: str, wrap: Callable[[str], bytes], bench: Bench) -> str:
        """Read or refused, as its parser likes, but within the limits."""
        return bench.read(name, wrap(unit * times)).partition(" ")[0].rstrip(",:")

    return [
        Row(f"{number}a", sent, f"refused: {reason}", plain),
        Row(f"{number}b", f"{sent}, escaped", "read", partial(hidden, "ifiction", _story)),
        Row(f"{number}c", f"{sent}, in wikitext", "refused", partial(hidden, "ifwiki_ru", _game_of_wiki)),
    ]


SECRET = Path(__file__).with_name("secret.txt")


def _entities(number: str, sent: str, doctype: str) -> Row:
    def act(bench: Bench) -> str:
        answers = []
        for name, body in {
            "instead_games": good_list("&z;"),
            "ifdb": b"<ifindex><story>&z;</story></ifindex>",
            "ifiction": b"<ifindex><story><bibliographic><title>&z;</title></bibliographic></story></ifindex>",
        }.items():
            head = f"<?xml version='1.0'?><!DOCTYPE x [{doctype}]>".encode()
            answers.append(bench.read(name, head + body.removeprefix(b'<?xml version="1.0"?>')))
        assert SECRET.read_text().strip() not in str(answers)
        return ", ".join(sorted({answer.partition(":")[0] for answer in answers}))

    return Row(number, sent, "refused", act)


LAUGHS = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10 if n else 'lol'}'>" for n in range(10)) + "<!ENTITY z '&l9;'>"
QUADRATIC = f"<!ENTITY a '{'a' * 50_000}'><!ENTITY z '{'&a;' * 50_000}'>"


def _harmless(record: GameRecord) -> str:
    """`text only`, or what of a record would do something in a browser or a terminal."""
    texts = [record.title, *(text.text for text in record.descriptions), *(link.label or "" for link in record.urls)]
    texts += [credit.name for credit in record.credits] + [tag.value for tag in record.tags]
    live = [text.text[:80] for text in record.descriptions if "<" in text.text.replace("\\<", "")]
    live += [text[:80] for text in texts if any(char in text for char in "\u202e\u200b\u0000\x1b")]
    # Titles and names are plain text wherever they are shown; descriptions are Markdown.
    live += [text.text[:80] for text in record.descriptions if "](javascript" in text.text.replace("\\]", "")]
    live += [link.url for link in record.urls if urlsplit(link.url).scheme not in ("http", "https")]
    long = [len(text) for text in (record.title,) if len(text) > MAX_LINE]
    long += [len(text) for text in texts if len(text) > MAX_BLOCK]
    return f"live: {live} {long}" if live or long else "text only"


def _harm(number: str, text: str, expected: str = "text only") -> Row:
    shown = text if len(text) < 60 else f"{text[:20]}... ({len(text)} characters)"

    def act(bench: Bench) -> str:
        escaped = html.escape(html.escape(text))
        pages: dict[str, Callable[[], bytes]] = {
            "instead_games": lambda: good_list(f"T {escaped}", description=escaped, author=escaped),
            "ifiction": lambda: _story(f"T {text} <p>{text}</p>"),
            "ifwiki_ru": lambda: _wiki("{{game info|автор=" + text + "}} " + text),
        }
        outcomes = set()
        for name, make in pages.items():
            try:
                outcomes |= {_harmless(record) for record in bench.records(name, make())}
            except ParseError:
                outcomes.add("refused")
        return ", ".join(sorted(outcomes))

    return Row(number, f"in title, author, description: {shown!r}", expected, act)


def _links(bench: Bench) -> str:
    """Addresses that a page gives for its files: what is no web address goes, with a warning."""
    found = []
    for address in (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://u:p@a.example/",
        "//b.example/",
    ):
        (record,) = bench.records("instead_games", good_list(url=html.escape(address)))
        found += [link.url for link in record.urls]
    return ", ".join(found)


def _foreign_descurl(bench: Bench) -> str:
    body = good_list().replace(b"http://instead-games.ru/game.php", b"http://evil.example:8080/game.php")
    return bench.read("instead_games", body)


def _markdown(_: Bench) -> str:
    from game_pipeline.orchestration.metadata import table

    bad = [
        "[x](javascript:alert(1))",
        "![](http://evil.example/beacon)",
        "a | b\n| c |",
        "<img onerror=x>",
        "`",
        "http://e",
    ]
    cells = table(("page",), [(text,) for text in bad]).splitlines()[2:]
    # Without what is escaped, a cell has nothing left that Markdown would look at.
    bare = [re.sub(r"\\.", "", cell.removeprefix("| ").removesuffix(" |")) for cell in cells]
    inert = len(cells) == len(bad) and not any(mark in "".join(bare) for mark in "[]()<>|`!:")
    return "escaped" if inert else f"live: {cells}"


def _url_metadata(_: Bench) -> str:
    """Addresses reach the UI as links only where the source's own module states them."""
    from game_pipeline.sources import SOURCES

    root = Path(__file__).resolve().parents[2] / "game_pipeline"
    uses = [path.name for path in root.rglob("*.py") if "MetadataValue.url(" in path.read_text(encoding="utf-8")]
    assert uses == ["source_pages.py"]
    assert "MetadataValue.url(source.home)" in (root / "orchestration" / "source_pages.py").read_text(encoding="utf-8")
    schemes = {urlsplit(source.home).scheme for source in SOURCES.values()}
    assert schemes <= {"http", "https"}
    return "only sources' homes, http(s)"


def _formulas(_: Bench) -> str:
    from game_pipeline.exchange.spreadsheet import defuse, restore

    cells = ['=HYPERLINK("http://evil.example")', "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1"]
    assert [restore(defuse(cell)) for cell in cells] == cells
    live = [cell for cell in cells if not defuse(cell).startswith("'")]
    return f"live: {live}" if live else "an apostrophe in front"


def _webserver(_: Bench) -> str:
    code = (Path(__file__).resolve().parents[2] / "game_pipeline" / "orchestration" / "serve.py").read_text("utf-8")
    return "127.0.0.1" if '"dagster-webserver", *workspace, "-h", "127.0.0.1"' in code else "bound elsewhere"


def _nasty(what: str, bench: Bench) -> str:
    """A parser with a defect, as C code may have one; its source goes on with the next page."""
    source = Nasty()
    try:
        bench.workers.parse(source, page(what))
    except ParseKilledError as error:
        assert bench.workers.parse(source, page("next"))
        return f"{KILLED}: {error.problem}"
    return "read"


def _hangs(bench: Bench) -> str:
    """By the limit of the processor or, where the machine is busy, by that of time."""
    what, _, why = _nasty("hang", bench).partition(": ")
    return f"{what} in time" if why.endswith(("8 s of the processor, killed", "not done after 10 s, killed")) else why


KILLED = "parse_killed"
ATTRIBUTES = "<div" + " a" * 200_000 + ">"
WELL = good_list()
ROWS = [
    Row(
        "47", "NUL bytes in the text", "Остров\ufffd\ufffd; NUL bytes replaced",
        partial(_text, good_list("Остров\0\0"), "utf-8"),
    ),
    Row(
        "48", "cp1251 labelled utf-8", f"{TITLE}; text is not UTF-8, read as Windows-1251",
        partial(_text, WELL.decode().encode("cp1251"), "utf-8"),
    ),
    Row("49", "charset=unicode_escape", TITLE, partial(_text, WELL, "unicode_escape")),
    Row("50a", "charset=zlib_codec", TITLE, partial(_text, WELL, "zlib_codec")),
    Row(
        "50b", "XML that declares itself zlib_codec", "refused",
        lambda bench: bench.read("instead_games", WELL.replace(b"'1.0'", b"").replace(
            b'version="1.0"', b'version="1.0" encoding="zlib_codec"')).partition(":")[0],
    ),
    *_exhausting("51", "100,000 nested <div>", "<div>", 100_000, "tags nested more than 1000 deep"),
    *_exhausting("52", "200,000 attributes in a tag", ATTRIBUTES, 1, "a tag longer than 65536 bytes"),
    *_exhausting("53", "50,000 <b><i>", "<b><i>", 50_000, "tags nested more than 1000 deep"),
    *_exhausting("54", "300,000 <p>", "<p>", 300_000, "more than 200000 tags"),
    Row(
        "54d", "50,000 nested objects of JSON", "refused: nested more than 1000 deep",
        lambda bench: bench.read("ifdb", b'{"a":' * 50_000),
    ),
    Row(
        "54e", "50,000 nested elements of XML", "refused: tags nested more than 1000 deep",
        lambda bench: bench.read("ifdb", b"<a>" * 50_000),
    ),
    Row(
        "54f", "10,000 open templates of wikitext", "refused",
        lambda bench: bench.read("ifwiki_ru", _game_of_wiki("{{" * 10_000)).partition(":")[0],
    ),
    Row("54g", "a page at which C code hangs", f"{KILLED} in time", _hangs),
    Row(
        "54h", "a page that takes all memory", f"{KILLED}: needs more memory than it may have",
        partial(_nasty, "memory"),
    ),
    Row(
        "54i", "a page that crashes C code", f"{KILLED}: the process that read it was ended by SIGSEGV",
        partial(_nasty, "crash"),
    ),
    _entities("55", "billion laughs", LAUGHS),
    _entities("56", "quadratic entities", QUADRATIC),
    _entities("57", "an entity that is a file", f"<!ENTITY z SYSTEM 'file://{SECRET}'>"),
    _harm("61a", "<script>alert(1)</script>"),
    _harm("61b", "<img src=x onerror=alert(1)>"),
    _harm("61c", "[x](javascript:alert(1))"),
    _harm("61d", "<a href='javascript:alert(1)'>x</a> <a href='//evil.example/'>y</a>"),
    _harm("61e", "\u202egnp.exe\u202c \u200bx"),
    _harm("61f", "e" + "\u0301" * 1_000_000, "refused, text only"),
    Row("61g", "addresses that are none of the Web", "http://a.example/, https://b.example/", _links),
    Row("62a", "Markdown and table breakout in metadata", "escaped", _markdown, outside=True),
    Row("62b", "javascript: as metadata of kind URL", "only sources' homes, http(s)", _url_metadata, outside=True),
    Row("63", "prompt injection, a model's wrong answers", "validated, else a person is asked", None),
    Row("csv", "=HYPERLINK in an export", "an apostrophe in front", _formulas, outside=True),
    Row("host", "a page's own address names another host", "refused", lambda b: _foreign_descurl(b).partition(":")[0]),
    Row("web", "the UI has no login", "127.0.0.1", _webserver, outside=True),
]  # fmt: skip
