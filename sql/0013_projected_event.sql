-- What projections read of an event. A replay puts a view of its own in this one's place, in which events of archived
-- months and of older versions stand as the newest version of the program would have written them.
CREATE VIEW projected_event WITH (security_invoker = true) AS
SELECT position, event_id, event_type, game_id, actor, recorded_at, payload FROM import_event;
