-- Looks that were scans of whole tables, once a question, a merge or a delivery.

-- What was answered about a question before.
CREATE INDEX review_item_question ON review_item (question);
-- Which questions about duplicates name a game.
CREATE INDEX review_item_duplicates ON review_item USING gin ((proposal->'games'))
    WHERE state = 'open' AND kind = 'duplicate';
-- What has become a game.
CREATE INDEX game_merged_into ON game (merged_into) WHERE merged_into IS NOT NULL;
-- Whether anything was ever said of two records.
CREATE INDEX game_relation_record ON game_relation (record_id);

-- What holds up a lane: of the deliveries that wait, those that are not due.
DROP INDEX webhook_delivery_lane;
CREATE INDEX webhook_delivery_lane ON webhook_delivery (webhook, lane, next_attempt_at, position) WHERE state = 'pending';
