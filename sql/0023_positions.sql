-- What came first in the ledger is told by the log's order: clocks are set back.

ALTER TABLE match_decision ADD COLUMN position bigint;
COMMENT ON COLUMN match_decision.position IS
    'Of its event in the log. It ends where the next of its record is. NULL: its month was archived before this was noted.';
UPDATE match_decision SET position = event.position
FROM import_event AS event
WHERE event_type = 'record.matched' AND decision_id = (payload->>'decision_id')::bigint;
CREATE INDEX match_decision_record ON match_decision (record_id, position);

ALTER TABLE game_pin ADD COLUMN position bigint, ADD COLUMN ended_position bigint;
COMMENT ON COLUMN game_pin.position IS 'Of the event in the log that set it.';
COMMENT ON COLUMN game_pin.ended_position IS 'Of the event in the log that ended it.';
UPDATE game_pin SET position = event.position
FROM import_event AS event
WHERE event_type = 'game.pinned' AND pin_id = (payload->>'pin_id')::bigint;
-- The next pin of the field ends it, or the first word that it is unpinned.
UPDATE game_pin SET ended_position = (
    SELECT min(event.position) FROM import_event AS event
    WHERE event.game_id = game_pin.game_id AND event.position > game_pin.position
        AND ((event_type = 'game.unpinned' AND (payload->>'pin_id')::bigint = game_pin.pin_id)
             OR (event_type = 'game.pinned' AND payload->>'field' = game_pin.field)))
WHERE ended_at IS NOT NULL;
