"""What the state machine sees: the games in short, how two looks differ, and what the tables must never say."""

from __future__ import annotations

from typing import Any

from game_pipeline.catalog.fields import as_edited, changed_fields, value_of

__all__ = ["DISAGREEMENTS", "GAMES", "Game", "differences"]

Game = dict[str, Any]


def differences(before: dict[int, Game], after: dict[int, Game]) -> dict[tuple[int, str], Any]:
    """In what games say otherwise than before, whatever revision that is.

    A withdrawn game is not in the catalogue: what it said last is no matter.
    """
    found: dict[tuple[int, str], Any] = {}
    for game_id in before.keys() | after.keys():
        old, new = before.get(game_id, {}), after.get(game_id, {})
        for name in ("status", "merged_into", "edits", "heard", "pins"):
            if old.get(name) != new.get(name):
                found[game_id, name] = (old.get(name), new.get(name))
        if old.get("status") == new.get("status") == "withdrawn":
            continue
        for field in changed_fields(old.get("state"), new.get("state", {})):
            found[game_id, field] = tuple(
                as_edited(value_of(state, field)) if state else None for state in (old.get("state"), new.get("state"))
            )
    return found


GAMES = b"""
SELECT game_id, revision, status, merged_into, state,
       (SELECT coalesce(jsonb_object_agg(field, value), '{}') FROM public.human_edit AS edit
        WHERE edit.game_id = game.game_id AND released_at IS NULL) AS edits,
       (SELECT coalesce(jsonb_object_agg(record_id, coalesce(heard, 'null')), '{}') FROM public.game_member AS member
        WHERE member.game_id = game.game_id) AS heard,
       (SELECT coalesce(jsonb_object_agg(field, value), '{}') FROM public.game_pin AS pin
        WHERE pin.game_id = game.game_id AND ended_at IS NULL) AS pins
FROM public.game ORDER BY game_id
"""

DISAGREEMENTS = b"""
SELECT 'revisions are not consecutive' AS what, game_id::text AS which
FROM public.game_revision GROUP BY game_id HAVING count(*) <> max(revision) OR min(revision) <> 1
UNION ALL
SELECT 'the newest revision is not the game', game_id::text FROM public.game JOIN public.game_revision
    USING (game_id, revision) WHERE game.state <> game_revision.state OR game.status <> game_revision.status
UNION ALL
SELECT 'more than one open item', question FROM public.review_item WHERE state = 'open'
    GROUP BY question HAVING count(*) > 1
UNION ALL
SELECT 'asked, and nothing is held', question FROM public.review_item AS item
    WHERE kind = 'held' AND state = 'open' AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(proposal->'records') AS asked
    JOIN public.record_hold AS hold ON hold.record_id = (asked->>'record_id')::bigint
    WHERE hold.kind = 'limit' AND ended_at IS NULL
      AND hold.parts ?| ARRAY(SELECT jsonb_array_elements_text(asked->'parts')))
    -- What a record leaves behind with its game is for the next import to close.
    AND EXISTS (SELECT FROM jsonb_array_elements(proposal->'records') AS asked JOIN public.game_member AS member
                ON member.record_id = (asked->>'record_id')::bigint AND member.game_id = item.game_id)
UNION ALL
SELECT 'more than one decision', record_id::text FROM public.match_decision WHERE ended_at IS NULL
    GROUP BY record_id HAVING count(*) > 1
UNION ALL
SELECT 'a record of a game that was merged', record_id::text FROM public.match_decision AS decision
    JOIN public.game USING (game_id) WHERE ended_at IS NULL AND status = 'merged'
UNION ALL
SELECT 'a member without its decision', record_id::text FROM public.game_member AS member WHERE NOT EXISTS (
    SELECT FROM public.match_decision AS decision WHERE decision.record_id = member.record_id
    AND decision.game_id = member.game_id AND ended_at IS NULL)
UNION ALL
SELECT 'a decision without its member', record_id::text FROM public.match_decision AS decision
    WHERE ended_at IS NULL AND game_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM public.game_member AS member WHERE decision.record_id = member.record_id
    AND decision.game_id = member.game_id)
UNION ALL
SELECT 'one game, though a person said that they are two', edge_id::text FROM public.match_edge
    JOIN public.match_decision AS ours ON ours.record_id = a AND ours.ended_at IS NULL
    JOIN public.match_decision AS theirs ON theirs.record_id = b AND theirs.ended_at IS NULL
    WHERE match_edge.ended_at IS NULL AND judgement = 'different' AND judge = 'person' AND ours.game_id = theirs.game_id
UNION ALL
SELECT 'a member that nothing joins to its game', own.record_id::text FROM public.match_decision AS own
    WHERE ended_at IS NULL AND EXISTS (SELECT FROM public.match_decision AS other WHERE other.game_id = own.game_id
        AND other.record_id <> own.record_id AND other.ended_at IS NULL)
    AND NOT EXISTS (SELECT FROM public.match_edge AS edge JOIN public.match_decision AS other
        ON other.record_id = CASE WHEN a = own.record_id THEN b ELSE a END AND other.ended_at IS NULL
        WHERE (a = own.record_id OR b = own.record_id) AND edge.ended_at IS NULL AND judgement = 'same'
        AND other.game_id = own.game_id)
UNION ALL
SELECT 'heard otherwise than it is held', record_id::text FROM public.game_member AS member
    JOIN public.source_record AS record USING (record_id)
    WHERE record.version = record.reconciled_version AND (member.heard IS NOT NULL) <> EXISTS (
        SELECT FROM public.record_hold AS hold WHERE hold.record_id = member.record_id AND ended_at IS NULL)
UNION ALL
SELECT 'held, and nobody was asked', concat(hold.record_id, ' ', part) FROM public.record_hold AS hold
    CROSS JOIN LATERAL jsonb_object_keys(CASE WHEN parts ? '*' THEN '{"*": 0}' ELSE parts END) AS part
    WHERE kind = 'limit' AND ended_at IS NULL AND (parts->>part)::int < upto AND NOT EXISTS (
    SELECT FROM public.review_item AS item WHERE item.state IN ('open', 'rejected') AND (
        (item.kind = 'mass' AND part = '*' AND proposal->'records' @> to_jsonb(hold.record_id)) OR
        (item.kind = 'held' AND part <> '*' AND EXISTS (
            SELECT FROM jsonb_array_elements(proposal->'records') AS asked
            WHERE (asked->>'record_id')::bigint = hold.record_id AND asked->'parts' ? part))))
    -- One that its page has ended already is only waiting for the next import.
    AND NOT EXISTS (SELECT FROM public.record_version AS later
                    WHERE later.record_id = hold.record_id AND later.version > hold.upto)
"""
