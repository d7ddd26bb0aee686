"""ifwiki.ru's pages about authors: known by page id, called by every title that leads to them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from game_pipeline.model import PersonRecord
from game_pipeline.sources import Page, Response, get
from game_pipeline.sources.mediawiki import leading

SOURCE = get("ifwiki_ru")
KEY = "автор:Вера Т."
ADDRESS = "https://ifwiki.ru/%D0%90%D0%B2%D1%82%D0%BE%D1%80:%D0%92%D0%B5%D1%80%D0%B0_%D0%A2."
TEXT = """[[Файл:Вера.jpg|thumb|Вера на море]] [[Файл:Стол.jpg|thumb|200px]]
'''{{PAGENAME}}''' пишет про ''море'', дружит с [[автор:Глеб|Глебом]] ([https://apero.ru/Участники/Глеб его страница]).
{{Небылица|1}}
== Игры ==
* [[Маяк (игра)|Маяк]]
* [[Маяк (игра)]], с [[автор:Глеб]]
== Ссылки ==
* [https://apero.ru/Участники/Вера Аперо]
* {{Ссылка|на=https://vera.example/|1=сайт|архив=https://web.archive.org/9}}
* [[ifwiki-en:Vera T]] [[wikipedia:Вера]]
== См. также ==
* [https://vera.example/talk Беседа]
{{DEFAULTSORT:Т., Вера}} {{ЗаглушкаТекста}}
[[Категория:Авторы]] [[Категория:Художники|Вера]]
"""


def reply(text: str = TEXT, title: str = "Автор:Вера Т.", **query: Any) -> bytes:
    redirects = query.pop("of", None)
    revision = {"revid": 77, "timestamp": "2026-01-02T03:04:05Z", "slots": {"main": {"content": text}}}
    page: dict[str, Any] = {"pageid": 555, "ns": 102, "title": title, "revisions": [revision]}
    if redirects:
        page["redirects"] = [{"title": each} for each in redirects]
    return json.dumps({"batchcomplete": True, "query": {"pages": [page], **query}}).encode()


def parse(body: bytes, key: str = KEY) -> list[PersonRecord]:
    records = SOURCE.parse(Page(url=ADDRESS, body=body, key=key))
    assert all(isinstance(record, PersonRecord) for record in records)
    return [record for record in records if isinstance(record, PersonRecord)]


def test_a_page_is_read_in_full() -> None:
    (person,) = parse(reply())
    assert (person.identity, person.name, person.url) == ("555", "Вера Т.", ADDRESS)
    (about,) = person.about
    assert about.lang == "ru"
    assert about.text.startswith("**Вера Т.** пишет про *море*, дружит с Глебом ([его страница](https://apero.ru/")
    assert "Аперо" not in about.text
    assert person.extra["categories"] == ["Авторы", "Художники"]
    assert person.extra["games"] == ["Маяк (игра)"]
    assert (person.extra["revid"], person.extra["edited"]) == (77, "2026-01-02T03:04:05Z")
    assert person.warnings == ("unread template небылица",)
    assert person.aliases == ()


def test_only_the_section_of_links_gives_pages_of_theirs() -> None:
    (person,) = parse(reply())
    by_kind = {kind: [link.url for link in person.urls if link.kind == kind] for kind in ("profile", "portrait")}
    assert by_kind["portrait"] == ["https://ifwiki.ru/files/%D0%92%D0%B5%D1%80%D0%B0.jpg"]
    assert by_kind["profile"] == [
        "https://apero.ru/%D0%A3%D1%87%D0%B0%D1%81%D1%82%D0%BD%D0%B8%D0%BA%D0%B8/%D0%92%D0%B5%D1%80%D0%B0",
        "https://vera.example/",
        "https://www.ifwiki.org/Vera_T",
    ]
    assert "https://vera.example/talk" in [link.url for link in person.urls if link.kind == "other"]


def test_whatever_title_leads_to_the_page_is_another_name_of_theirs_and_another_address_of_it() -> None:
    led: dict[str, Any] = {
        "normalized": [{"from": "автор:вера-маяк", "to": "Автор:вера-маяк"}],
        "redirects": [{"from": "Автор:вера-маяк", "to": "Автор:Вера Т."}],
    }
    (person,) = parse(reply(of=["Автор:Смотрительница", "В. Т."], **led), key="автор:вера-маяк")
    assert person.identity == "555"
    assert [alias.name for alias in person.aliases] == ["Смотрительница", "В. Т.", "вера-маяк"]
    pages = [link.url for link in person.urls if link.kind == "redirect"]
    credited = SOURCE.person_page("https://ifwiki.ru/Автор:вера-маяк")
    assert credited is not None
    assert credited.url in pages
    assert ADDRESS not in pages


def test_the_page_of_the_credited_title_and_of_the_one_that_it_leads_to_say_the_same() -> None:
    direct = parse(reply(of=["Автор:вера-маяк"]))
    led = parse(reply(of=["Автор:вера-маяк"], redirects=[{"from": "Автор:вера-маяк", "to": "Автор:Вера Т."}]))
    assert direct == led


def test_a_game_behind_an_author_s_address_is_neither_a_person_nor_read_as_a_game() -> None:
    assert parse(reply("{{game info|автор=[[автор:Вера Т.]]}}", title="Маяк", ns=0)) == []
    assert parse(reply("Игра. [[Категория:Игры]]", title="Маяк")) == []
    assert parse(reply("Игра. [[Категория:Игры]]")) == []


@pytest.mark.parametrize(
    ("title", "ns", "text"),
    [
        ("Список авторов", 0, "Здесь и [[автор:Вера Т.]], и [[автор:Глеб]]."),
        ("Команда «Маяк»", 0, "Нас двое."),
        ("Маяк", 0, "{{Игра|автор=Вера Т.}} Туман."),
        ("Категория:Авторы", 14, "Все."),
        ("Участник:Вера", 2, "Это я."),
    ],
    ids=["list", "team", "unknown template", "category", "user"],
)
def test_a_page_that_is_no_author_s_own_is_nobody_whoever_s_address_leads_there(title: str, ns: int, text: str) -> None:
    led = [{"from": "Автор:Вера Т.", "to": title}]
    assert parse(reply(text, title=title, ns=ns, redirects=led, of=["Автор:Вера Т.", "Автор:Глеб"])) == []


def test_an_address_that_leads_to_a_section_is_neither_a_page_nor_a_name_of_whom_the_page_is_about() -> None:
    led = [{"from": "Автор:Глеб", "to": "Автор:Вера Т.", "tofragment": "Соавторы"}]
    assert parse(reply(redirects=led), key="автор:Глеб") == []
    of_page = json.loads(reply())
    of_page["query"]["pages"][0]["redirects"] = [
        {"title": "Автор:Глеб", "fragment": "Соавторы"},
        {"title": "Автор:Вера"},
    ]
    (person,) = parse(json.dumps(of_page).encode())
    assert [alias.name for alias in person.aliases] == ["Вера"]
    assert len([link for link in person.urls if link.kind == "redirect"]) == 1
    page = SOURCE.person_page(ADDRESS)
    assert page is not None
    assert "rdprop=title|fragment" in page.request.url


def test_a_long_way_to_a_page_is_followed_in_the_time_of_its_length() -> None:
    steps = 20_000
    chain = [{"from": f"t{step}", "to": f"t{step + 1}"} for step in range(steps)]
    ring = [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}]
    for pairs in (chain, chain[::-1]):
        found = leading({"query": {"redirects": [*pairs, *ring]}})
        assert sorted(found[f"t{steps}"]) == sorted(pair["from"] for pair in chain)
        assert found["a"] == ("b",)


def test_a_redirect_that_is_not_followed_is_nobody() -> None:
    assert parse(reply("#ПЕРЕНАПРАВЛЕНИЕ [[Автор:Глеб]]")) == []


def test_raw_wikitext_under_an_author_s_address_is_about_them() -> None:
    (record,) = SOURCE.parse(Page(url="https://ifwiki.ru/Автор:Вера_Т.?action=raw", body=TEXT.encode()))
    assert isinstance(record, PersonRecord)
    assert record.name == "Вера Т."
    assert "page id not known, identity made from the title" in record.warnings


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ({"ns": 102, "title": "Автор:Нет", "missing": True}, 404),
        ({"title": "Автор:<", "invalid": True, "invalidreason": "characters"}, 404),
        ({"pageid": 7, "missing": ""}, 404),
        ({"pageid": 7, "title": "Есть"}, None),
    ],
)
def test_a_page_that_the_wiki_has_not_is_gone(page: dict[str, Any], status: int | None) -> None:
    assert SOURCE.soft_status(json.dumps({"query": {"pages": [page]}}).encode()) == status


def test_a_body_that_is_no_reply_has_no_status_of_its_own() -> None:
    assert SOURCE.soft_status(b'{"missing": ') is None
    assert SOURCE.soft_status(b'{"error": {"code": "x", "info": "\\"missing\\": 1"}}') is None


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://ifwiki.ru/автор:Вера_Т.", KEY),
        (ADDRESS, KEY),
        ("https://ifwiki.ru/index.php?title=%D0%90%D0%92%D0%A2%D0%9E%D0%A0:%D0%92%D0%B5%D1%80%D0%B0_%D0%A2.", KEY),
        ("https://ifwiki.ru/Переводчик:Вера", None),
        ("https://ifwiki.ru/Маяк", None),
        ("https://ifwiki.ru/Автор:", None),
        ("https://ifwiki.ru/автор:%00x", None),
        ("https://ifwiki.ru/автор:Вера%7F", None),
        ("https://ifwiki.ru/автор:Вера%23Игры", None),
        ("https://ifwiki.ru/автор:%5BВера%5D", None),
        ("https://ifwiki.ru/автор:" + "Ы" * 125, None),
        ("https://other.example/Автор:Вера", None),
    ],
)
def test_the_address_of_an_author_s_page_tells_its_key(url: str, key: str | None) -> None:
    page = SOURCE.person_page(url)
    assert (page and page.key) == key
    if page:
        assert SOURCE.owns(url)
        assert SOURCE.locate(url).pages == (page,)
        assert SOURCE.segment_of(page.key) == "authors"
        assert "redirects=1" in page.request.url


def test_the_changes_name_authors_pages_by_title_and_revision() -> None:
    rows = [
        {"type": "edit", "ns": 102, "title": "Автор:Вера Т.", "pageid": 555, "revid": 90, "timestamp": "2026-01-02"},
        {"type": "edit", "ns": 102, "title": "Автор:Вера Т.", "pageid": 555, "revid": 91, "timestamp": "2026-01-03"},
        {"type": "edit", "ns": 14, "title": "Категория:Игры", "pageid": 3, "revid": 9, "timestamp": "2026-01-03"},
        {"type": "edit", "ns": 0, "title": "Маяк", "pageid": 12, "revid": 92, "timestamp": "2026-01-04"},
    ]
    (request,) = SOURCE.changes_since(None)
    assert "rcnamespace" not in request.url
    body = json.dumps({"query": {"recentchanges": rows}}).encode()
    feed = SOURCE.parse_feed(Response(request.url, 200, body), None)
    assert [(page.key, page.fingerprint) for page in feed.pages] == [("12", "92"), (KEY, "91")]
