"""The questions for people, as they are shown: open ones, and one with everything that its answer depends on."""

from __future__ import annotations

from typing import Any, Literal

from game_pipeline.store import Store

from .hearing import part_of

__all__ = ["MOST_CHANGES", "QuestionKind", "list_review", "show_review"]

QuestionKind = Literal["mass", "held", "vanished", "match", "duplicate", "conflict", "suggestion"]

MOST_CHANGES = 100
"""Of a change of many games, so many are shown."""


def list_review(store: Store, *, kind: QuestionKind | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Open questions, the most important and oldest first."""
    return store.rows(
        "SELECT item_id, kind, game_id, record_id, summary, opened_at FROM review_item "
        "WHERE state = 'open' AND (%(kind)s::text IS NULL OR kind = %(kind)s) "
        "ORDER BY priority, item_id LIMIT %(limit)s",
        {"kind": kind, "limit": limit},
    )


def show_review(store: Store, item_id: int) -> dict[str, Any] | None:
    """A question, open or not.

    match: to its evidence comes what a language model says of the record now. held, mass: `pages`, whose words are
    held, and the import that brought each; of a mass change the first `MOST_CHANGES`, and while it is open what each
    said and says.
    """
    item = store.row("SELECT * FROM review_item WHERE item_id = %s", (item_id,))
    if item is None:
        return None
    match item["kind"]:
        case "match":
            opinions = _opinions(store, item["record_id"])
            evidence = [*item["proposal"].get("evidence", []), *opinions]
            return item | {"proposal": item["proposal"] | {"evidence": evidence}}
        case "held":
            asked = item["proposal"]["records"]
            pages = _pages(store, [each["record_id"] for each in asked], [each["version"] for each in asked])
        case "mass":
            asked, versions = item["proposal"]["records"][:MOST_CHANGES], item["proposal"]["versions"][:MOST_CHANGES]
            pages = _pages(store, asked, versions)
        case _:
            return item
    for page in pages:
        old, new = page.pop("old"), page.pop("new")
        if item["kind"] == "mass" and item["state"] == "open":
            page["fields"] = _differences(old, new)
    return item | {"pages": pages}


def _opinions(store: Store, record_id: int) -> list[dict[str, Any]]:
    rows = store.rows(
        "SELECT reason FROM match_edge WHERE %(record)s IN (a, b) AND judge = 'llm' AND ended_at IS NULL "
        "ORDER BY edge_id",
        {"record": record_id},
    )
    return [evidence for row in rows for evidence in row["reason"]]


_PAGES = """
SELECT record.record_id, record.source, record.identity, record.url, member.game_id, game.title,
       news.version, news.change, news.run_id, news.recorded_at, heard.record AS old, news.record AS new
FROM unnest(%(records)s::bigint[], %(versions)s::int[]) WITH ORDINALITY AS asked (record_id, version, place)
JOIN source_record AS record ON record.record_id = asked.record_id
JOIN record_version AS news ON news.record_id = asked.record_id AND news.version = asked.version
LEFT JOIN game_member AS member ON member.record_id = asked.record_id
LEFT JOIN game ON game.game_id = member.game_id
LEFT JOIN record_version AS heard
       ON heard.record_id = asked.record_id
      AND heard.version = coalesce((member.heard->>'*')::int, member.record_version)
ORDER BY place
"""


def _pages(store: Store, records: list[int], versions: list[int]) -> list[dict[str, Any]]:
    return store.rows(_PAGES, {"records": records, "versions": versions})


_FIELDS = ("title", "alt_titles", "kind", "release_date", "credits", "tags", "urls", "external_ids")


def _differences(old: dict[str, Any] | None, new: dict[str, Any]) -> list[dict[str, Any]]:
    """What two versions of a record say otherwise: field, old, new."""
    old = old or {}
    found = [{"field": name, "old": old.get(name), "new": new[name]} for name in _FIELDS]
    for lang in sorted({text["lang"] or "und" for each in (old, new) for text in each.get("descriptions", [])}):
        sides = (
            "\n\n".join(text["text"] for text in part_of(each, f"descriptions.{lang}")) or None for each in (old, new)
        )
        found.append({"field": f"descriptions.{lang}"} | dict(zip(("old", "new"), sides, strict=True)))
    return [each for each in found if each["old"] != each["new"]]
