"""The catalogue as a reconciliation service (W3C Reconciliation Service API 0.2), for OpenRefine and its kin.

What is asked and answered here are the API's JSON documents; the desk serves them over HTTP.
Format: https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, get_args

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import ValidationError

from game_pipeline.matching import SCHEMES, Candidate, Decision, claims_of, decide
from game_pipeline.model import GameRecord, Kind
from game_pipeline.store import Store

from .candidates import alike, find_candidates
from .games import find_games, living_game, show_game

__all__ = ["Reconciliation", "ReconciliationError"]

MOST_QUERIES = 200
MOST_IDS = 1000
MOST_RESULTS = 50
USUAL_RESULTS = 10
USUAL_SUGGESTIONS = 10

Json = dict[str, Any]

_KINDS: tuple[Kind, ...] = get_args(Kind)
_TYPES: list[dict[str, str]] = [{"id": kind, "name": kind} for kind in _KINDS]
_OWN = {
    "year": "Year of release",
    "author": "Author",
    "developer": "Developer",
    "publisher": "Publisher",
    "platform": "Platform",
    "language": "Language",
    "url": "Address",
}
_PROPERTIES = _OWN | {scheme: f"Id at {scheme}" for scheme in SCHEMES}
_PEOPLE = ("author", "developer", "publisher")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


class ReconciliationError(ValueError):
    """The question is not as the API has it; the message says what is wrong."""


class Reconciliation:
    """Answers from one catalogue. Every answer reads what stands now; nothing is written."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # What it is ------------------------------------------------------------------------------------------------------

    def manifest(self, base: str) -> Json:
        """What the service offers; `base`: the address that it is served at, without a slash at its end."""
        service = {"service_url": base, "service_path": ""}
        return {
            "versions": ["0.2"],
            "name": "game_pipeline",
            "identifierSpace": f"{base}/games/",
            "schemaSpace": f"{base}/properties/",
            "defaultTypes": _TYPES[:1],
            "view": {"url": f"{base}/view/{{{{id}}}}"},
            "preview": {"url": f"{base}/preview?id={{{{id}}}}", "width": 420, "height": 220},
            "suggest": {
                what: service | {"service_path": f"/suggest/{what}"} for what in ("entity", "property", "type")
            },
            "extend": {"propose_properties": service | {"service_path": "/extend/propose"}, "property_settings": []},
        }

    # Which game is it ------------------------------------------------------------------------------------------------

    def reconcile(self, queries: Any) -> Json:
        """The answers to a batch: id of a query -> {"result": candidates, the likeliest first}.

        `match` is set on the one candidate that the pipeline would link by itself. Raises `ReconciliationError`.
        """
        if not isinstance(queries, dict):
            raise ReconciliationError("queries are an object: id of a query -> query")
        if len(queries) > MOST_QUERIES:
            raise ReconciliationError(f"{len(queries)} queries at once; at most {MOST_QUERIES}")
        with self._store.transaction() as connection:
            return {str(name): {"result": self._reconciled(connection, query)} for name, query in queries.items()}

    def _reconciled(self, connection: Connection[DictRow], query: Any) -> list[Json]:
        if not isinstance(query, dict):
            raise ReconciliationError(f"a query is an object with the key `query`, not {query!r:.60}")
        text = str(query.get("query") or "").strip()
        properties = list(_given(query.get("properties") or []))
        if not text and not properties:
            return []
        limit = query.get("limit", USUAL_RESULTS)
        if not isinstance(limit, int) or limit < 1:
            raise ReconciliationError(f"`limit` is a number from 1 to {MOST_RESULTS}, not {limit!r:.60}")
        kinds = _kinds(query)
        record = _as_record(text or "?", kinds, properties)
        claims = claims_of(record)
        found = find_candidates(connection, 0, claims, alike(connection, claims.titles, MOST_RESULTS))
        judged = [(decide(claims, [candidate]), candidate) for candidate in found]
        if kinds and query.get("type_strict") in ("all", "any"):
            judged = [each for each in judged if each[1].kind in kinds]
        judged.sort(key=lambda each: (-each[0].score, each[1].game_id))
        best = decide(claims, found)
        linked = best.game_id if best.band == "auto" else None
        shown = judged[: min(limit, MOST_RESULTS)]
        about = self._about(connection, [candidate.game_id for _, candidate in shown])
        return [
            _candidate(decision, candidate, about[candidate.game_id], match=candidate.game_id == linked)
            for decision, candidate in shown
        ]

    # Looking at games ------------------------------------------------------------------------------------------------

    def preview(self, game_id: int) -> str | None:
        """A game as a small HTML page; None where there is none."""
        living = living_game(self._store, game_id)
        game = show_game(self._store, living) if living is not None else None
        if game is None:
            return None
        state = game["state"]
        people = ", ".join(credit["name"] for credit in state["credits"][:5])
        text = next((each["text"] for each in state["descriptions"].values()), "")
        sources = ", ".join(sorted({record["source"] for record in game["records"]}))
        lines = [
            f"<h1>{escape(state['title'])}</h1>",
            f"<p>{escape(' · '.join(filter(None, (state['kind'], state['release_date'], people))))}</p>",
            f"<p>{escape(text[:300])}{'…' if len(text) > 300 else ''}</p>",
            f"<p>game {game['game_id']} · {escape(sources)}</p>",
        ]
        title = f"<title>{escape(state['title'])}</title>"
        return f'<!DOCTYPE html><html><head><meta charset="utf-8">{title}</head><body>{"".join(lines)}</body></html>'

    def suggest(self, what: str, prefix: str) -> Json:
        """Entities, properties or types whose name begins with what was typed. Raises `ReconciliationError`."""
        match what:
            case "entity":
                found = find_games(self._store, prefix.strip(), USUAL_SUGGESTIONS) if prefix.strip() else []
                result = [
                    {
                        "id": str(each.game_id),
                        "name": each.title,
                        "description": ", ".join(filter(None, (each.release_date, *each.authors[:2]))),
                    }
                    for each in found
                ]
            case "property":
                result = [{"id": key, "name": name} for key, name in _PROPERTIES.items() if _begins(prefix, key, name)]
            case "type":
                result = [kind for kind in _TYPES if _begins(prefix, kind["id"])]
            case _:
                raise ReconciliationError(f"nothing suggests {what!r:.60}; there are entity, property and type")
        return {"result": result}

    def proposed_properties(self, limit: int | None = None) -> Json:
        """What a table of games can be extended by."""
        listed = [{"id": key, "name": name} for key, name in _PROPERTIES.items()]
        return {"properties": listed[:limit], "type": "game"} | ({"limit": limit} if limit else {})

    def extend(self, query: Any) -> Json:
        """Values of the games of a table: {"ids": [...], "properties": [{"id": ...}]} -> rows by id.

        Raises `ReconciliationError`.
        """
        if not isinstance(query, dict) or not isinstance(query.get("ids"), list):
            raise ReconciliationError('extend is asked with {"ids": [...], "properties": [{"id": ...}]}')
        if len(query["ids"]) > MOST_IDS:
            raise ReconciliationError(f"{len(query['ids'])} games at once; at most {MOST_IDS}")
        properties = query.get("properties") or []
        if not isinstance(properties, list):
            raise ReconciliationError('`properties` is a list of {"id": ...}')
        wanted = [str(each.get("id")) for each in properties if isinstance(each, dict)]
        unknown = [name for name in wanted if name not in _PROPERTIES]
        if unknown:
            raise ReconciliationError(f"no property {unknown[0]!r:.60}; there are {', '.join(_PROPERTIES)}")
        rows: dict[str, Json] = {}
        for given in query["ids"]:
            game_id = int(given) if str(given).isdecimal() and len(str(given)) < 18 else 0
            living = living_game(self._store, game_id)
            row = self._store.row("SELECT state FROM game WHERE game_id = %s", (living,)) if living else None
            rows[str(given)] = {name: _cells(row["state"], name) if row else [] for name in wanted}
        return {"meta": [{"id": name, "name": _PROPERTIES[name]} for name in wanted], "rows": rows}

    def _about(self, connection: Connection[DictRow], games: list[int]) -> dict[int, Json]:
        rows = connection.execute(b"SELECT game_id, state FROM game WHERE game_id = ANY(%s)", (games,))
        return {row["game_id"]: row["state"] for row in rows}


def _candidate(decision: Decision, candidate: Candidate, state: Mapping[str, Any], *, match: bool) -> Json:
    people = [credit["name"] for credit in state["credits"] if credit["role"] in _PEOPLE]
    evidence = [each.detail for each in decision.evidence]
    return {
        "id": str(candidate.game_id),
        "name": state["title"],
        "description": "; ".join(filter(None, (state["release_date"], ", ".join(people[:3]), *evidence[:2]))),
        "type": [{"id": candidate.kind, "name": candidate.kind}],
        "score": round(100 * decision.score, 2),
        "match": match,
        "features": [
            {"id": each.feature, "value": f"{each.detail}: {each.ours} / {each.theirs}"}
            for each in decision.evidence
            if each.ours or each.theirs
        ],
    }


# Reading a query -----------------------------------------------------------------------------------------------------


def _given(properties: Any) -> Iterator[tuple[str, str]]:
    """(property, value) of each value that a query gives; values may be lists, numbers, or entities."""
    if not isinstance(properties, list):
        raise ReconciliationError("`properties` is a list of {pid, v}")
    for each in properties:
        if not isinstance(each, dict) or "pid" not in each:
            raise ReconciliationError(f"a property has `pid` and `v`, unlike {each!r:.60}")
        values = each.get("v")
        for value in values if isinstance(values, list) else [values]:
            plain = value.get("name", value.get("id")) if isinstance(value, dict) else value
            if plain is not None and str(plain).strip():
                yield str(each["pid"]), str(plain).strip()


def _kinds(query: Mapping[str, Any]) -> list[Kind]:
    asked = query.get("type") or []
    names = {str(each) for each in (asked if isinstance(asked, list) else [asked])}
    return [kind for kind in _KINDS if kind in names]


def _as_record(text: str, kinds: list[Kind], properties: Iterable[tuple[str, str]]) -> GameRecord:
    """The row of a table as a record like any other; what cannot be read as its property says is left out."""
    known: dict[str, list[str]] = {}
    for name, value in properties:
        known.setdefault(name, []).append(value)
    dates = [found[0] for value in known.get("year", []) if (found := _DATE.match(value))]
    head = {
        "source": "openrefine",
        "identity": "query",
        "url": "https://query.invalid/",
        "kind": kinds[0] if kinds else "game",
        "title": text,
        "attribution": {"site": "a table", "licence": "unknown"},
        "parser_version": 1,
    }
    parts: list[tuple[str, list[Json]]] = [
        ("credits", [{"name": value, "role": role} for role in _PEOPLE for value in known.get(role, [])]),
        ("external_ids", [{"scheme": name, "value": value} for name in SCHEMES for value in known.get(name, [])]),
        ("urls", [{"url": value, "kind": "game_page"} for value in known.get("url", [])]),
    ]
    try:
        record = GameRecord.from_json(head)
    except (ValueError, ValidationError):
        raise ReconciliationError(f"{text!r:.60} cannot be a title") from None
    if dates:
        record = _with(record, "release_date", dates[0])
    for name, told in parts:
        record = _with(record, name, told)
    return record


def _with(record: GameRecord, name: str, value: Any) -> GameRecord:
    try:
        return GameRecord.from_json(record.to_dict() | {name: value})
    except (ValueError, ValidationError):
        return record


def _begins(prefix: str, *names: str) -> bool:
    typed = prefix.strip().casefold()
    return any(word.startswith(typed) for name in names for word in (name.casefold(), *name.casefold().split()))


def _cells(state: Mapping[str, Any], name: str) -> list[Json]:
    match name:
        case "year":
            return [{"str": state["release_date"][:4]}] if state["release_date"] else []
        case "author" | "developer" | "publisher":
            return [{"str": each["name"]} for each in state["credits"] if each["role"] == name]
        case "platform" | "language":
            return [{"str": each["value"]} for each in state["tags"] if each["kind"] == name]
        case "url":
            return [{"str": each["url"]} for each in state["urls"] if each["kind"] == "game_page"]
        case _:
            return [{"str": each["value"]} for each in state["external_ids"] if each["scheme"] == name]
