-- The event store: append-only, the truth from which the catalogue's tables are projected.

CREATE TABLE import_event (
    position       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id       uuid NOT NULL UNIQUE,                -- version 7
    stream         text NOT NULL,                       -- game:42, source:ifdb
    stream_version integer NOT NULL,
    event_type     text NOT NULL,
    schema_version smallint NOT NULL,
    game_id        bigint,
    source         text,
    source_url     text,
    payload        jsonb NOT NULL,
    correlation_id text NOT NULL,                       -- the run or command that caused it
    causation_id   uuid,
    actor          text NOT NULL,                       -- pipeline, or a person
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid            xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (stream, stream_version)
);
CREATE INDEX import_event_game ON import_event (game_id, position) WHERE game_id IS NOT NULL;
CREATE INDEX import_event_correlation ON import_event (correlation_id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING HINT = 'Record a new event that takes the old one back.';
END
$$;
CREATE TRIGGER import_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON import_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
