"""IFDB's members as its dump has them: whom the games' author lines link to, under which names.

Format: the site's own code. The author line of a game (`games.authorExt`, editgame-util.php) is its text with the ids
of profiles behind the names, `Ann Poe {a10x00139ke9041j}, Bo and Cy {b20x00139ke9041j}`; the site keeps the ids in
`gameprofilelinks`, too. Of `users`, the dump has the name, the profile's text, an address in place of the picture, and
what is not read; no account that is not active (ifdb-to-ifarchive-scrubber.sql).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from game_pipeline.model import PersonRecord

from .base import ParseError, Source
from .ifiction import story_description
from .jsondoc import listed, mapping, parse_json, string
from .mysqldump import Values
from .person_draft import PersonDraft
from .text import split_names

__all__ = ["TUID", "is_profile", "profile_address", "profile_documents", "profile_record"]

TUID = re.compile(r"[0-9a-z]{15,16}")
# The JSON of a profile is a form of our own; no document of the site begins like that.
_PROFILE = "ifdb_profile"
_FACTS = ("id", "name", "profile", "picture", "credited_as", "games")

# As the site reads it; begun nowhere else within the spaces, which would take the square of their number.
_LINK = re.compile(r"(?<!\s)\s*+\{([a-z0-9]+)\}", re.IGNORECASE)


def profile_documents(
    games: Iterable[Values], links: Iterable[Values], users: Iterable[Values]
) -> Iterator[tuple[str, bytes]]:
    """Id and body of everybody whom the author line of one of these games links to, in the order of `users`."""
    names: defaultdict[str, dict[str, None]] = defaultdict(dict)
    works: defaultdict[str, dict[str, None]] = defaultdict(dict)
    listed: set[str] = set()
    for game in games:
        tuid = game.get("id") or ""
        listed.add(tuid)
        for user, name in linked_names(game.get("authorExt") or ""):
            works[user].setdefault(tuid)
            if name:
                names[user].setdefault(name)
    for link in links:
        if (tuid := link.get("gameid") or "") in listed:
            works[(link.get("userid") or "").lower()].setdefault(tuid)
    for row in users:
        user = (row.get("id") or "").lower()
        if user not in works:
            continue
        facts = {
            "id": user,
            "name": row.get("name") or "",
            "profile": row.get("profile") or "",
            "picture": row.get("picture") or "",
            "credited_as": list(names[user]),
            "games": sorted(works[user]),
        }
        yield user, json.dumps({_PROFILE: facts}, ensure_ascii=False, sort_keys=True).encode()


def linked_names(line: str) -> Iterator[tuple[str, str]]:
    """The links of an author line in its order: the profile's id, and the name that it stands behind, spelled as the
    line without its links spells it (`split_names`). The name is empty where the link stands behind none."""
    links: list[tuple[int, str]] = []
    plain, end = "", 0
    for match in _LINK.finditer(line):
        plain += line[end : match.start()]
        links.append((len(plain), match[1].lower()))
        end = match.end()
    plain += line[end:]
    starts: list[int] = []
    names: list[str] = []
    for name in split_names(plain):
        if (start := plain.find(name, starts[-1] + len(names[-1]) if starts else 0)) >= 0:
            starts.append(start)
            names.append(name)
    for place, user in links:
        before = bisect_left(starts, place)
        yield user, names[before - 1] if before else ""


def profile_address(user: str) -> str:
    return f"https://ifdb.org/showuser?id={user}"


def is_profile(body: bytes) -> bool:
    return body.startswith(f'{{"{_PROFILE}"'.encode())


def profile_record(source: Source, body: bytes) -> PersonRecord:
    """The record of a profile that `profile_documents` wrote."""
    facts = mapping(parse_json(body, what=_PROFILE).get(_PROFILE))
    user = string(facts.get("id"))
    if not TUID.fullmatch(user):
        raise ParseError(f"{_PROFILE} id", f"no id of a profile: {user[:40]!r}")
    draft = PersonDraft(source, _PROFILE)
    draft.set_name(string(facts.get("name")))
    for name in listed(facts.get("credited_as")):
        draft.alias(string(name))
    draft.describe(story_description(string(facts.get("profile"))))
    draft.link(string(facts.get("picture")), "portrait")
    for tuid in listed(facts.get("games")):
        draft.work(string(tuid))
    draft.unread(_PROFILE, (name for name in facts if name not in _FACTS))
    return draft.build(identity=user, url=profile_address(user))
