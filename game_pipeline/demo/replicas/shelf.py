"""What the replicas of the smaller Russian sites share: their entries, and pages in Windows-1251."""

from html import escape

from game_pipeline.demo.world.shelves import SHELVES, ShelfEntry

from .noise import advertisement, seconds, token
from .reply import Reply

__all__ = ["MONTHS", "entries_of", "entry_of", "footer", "markup", "page_in_1251", "short_day"]

MONTHS = ("Янв", "Фев", "Мар", "Апр", "Май", "Июн", "Июл", "Авг", "Сен", "Окт", "Ноя", "Дек")


def entries_of(site: str) -> tuple[ShelfEntry, ...]:
    """What the site lists, newest first."""
    return tuple(sorted(SHELVES[site], key=lambda entry: entry.since, reverse=True))


def entry_of(site: str, key: str) -> ShelfEntry | None:
    return next((entry for entry in SHELVES[site] if entry.key == key), None)


def markup(text: str) -> str:
    """Text as HTML."""
    return escape(text, quote=False)


def short_day(day: str) -> str:
    """2018-03-05 as 05.03.18."""
    return f"{day[8:]}.{day[5:7]}.{day[2:4]}"


def footer(*about: object) -> str:
    """What ends a page and is another on every day: an advertisement, a form's token, how long the page took."""
    return (
        f'<div class="footer"><p>{markup(advertisement(*about))}</p>'
        f'<form action="/search"><input type="hidden" name="csrf" value="{token(*about)}"></form>'
        f"<!-- {seconds(*about)} s --></div>"
    )


def page_in_1251(title: str, body: str, *, head: str = "", status: int = 200) -> Reply:
    """An HTML page of a site that knows no UTF-8; `title`, `head` and `body` are markup."""
    text = (
        "<!DOCTYPE html>\n<html>\n<head>\n"
        '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">\n'
        f"<title>{title}</title>\n{head}</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
    return Reply(
        status=status,
        body=text.encode("windows-1251", "xmlcharrefreplace"),
        content_type="text/html; charset=windows-1251",
    )
