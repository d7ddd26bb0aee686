-- The event store proper: the log in monthly partitions, ids that are unique for ever, a counted version for each stream.

-- The names are wanted by what follows.
ALTER TABLE import_event RENAME TO import_event_whole;
ALTER SEQUENCE import_event_position_seq RENAME TO import_event_whole_position_seq;
ALTER INDEX import_event_pkey RENAME TO import_event_whole_pkey;
DROP INDEX import_event_game, import_event_correlation;

CREATE SEQUENCE import_event_position_seq;

CREATE TABLE import_event (
    -- No identity column: a partitioned table may have one from PostgreSQL 17 on only.
    position       bigint NOT NULL DEFAULT nextval('import_event_position_seq'),
    event_id       uuid NOT NULL,                       -- version 7; unique by event_identity
    stream         text NOT NULL,                       -- game:42, source:ifdb
    stream_version integer NOT NULL,                    -- without a gap within a stream, by event_stream
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
    PRIMARY KEY (position, recorded_at)                 -- a key of a partitioned table must hold what parts it
) PARTITION BY RANGE (recorded_at);
ALTER SEQUENCE import_event_position_seq OWNED BY import_event.position;
CREATE INDEX import_event_game ON import_event (game_id, position) WHERE game_id IS NOT NULL;
CREATE INDEX import_event_correlation ON import_event (correlation_id);

-- The safety net: an event whose month has no partition is kept here rather than lost.
CREATE TABLE import_event_default PARTITION OF import_event DEFAULT;

-- Every event that ever was, archived ones included.
CREATE TABLE event_identity (
    event_id uuid PRIMARY KEY,
    position bigint NOT NULL
);

-- A writer holds the row of its stream until it commits; nobody else counts on meanwhile.
CREATE TABLE event_stream (
    stream  text PRIMARY KEY,
    version integer NOT NULL                            -- 0: locked once, never written
) WITH (fillfactor = 80);

-- Months that were taken out of the log into files.
CREATE TABLE event_archive (
    partition      text PRIMARY KEY,
    month          date NOT NULL UNIQUE,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL,
    events         bigint NOT NULL CHECK (events > 0),
    sha256         text NOT NULL,                       -- of the file as it lies on the disk
    file           text NOT NULL,                       -- its name in the archive's directory
    archived_at    timestamptz NOT NULL DEFAULT now()
);

-- A trigger on the partitioned table does not fire for a statement on a partition: each has its own.
CREATE TRIGGER import_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON import_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER import_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON import_event_default
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_identity_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_identity
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Makes the partition of a month (UTC) unless it is there; whether it did. A month of which events already lie in the
-- default partition stays there.
CREATE FUNCTION make_event_partition(month date) RETURNS boolean LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := to_char(month, '"import_event_"YYYY_MM');
    begins timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    ends timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass('public.' || name) IS NOT NULL
        OR EXISTS (SELECT FROM public.import_event_default WHERE recorded_at >= begins AND recorded_at < ends) THEN
        RETURN false;
    END IF;
    -- Attached, not made in its place: that would lock out every writer while it waits for the readers.
    EXECUTE format('CREATE TABLE public.%I (LIKE public.import_event INCLUDING DEFAULTS)', name);
    EXECUTE format(
        'CREATE TRIGGER import_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.%I '
        'FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()', name);
    EXECUTE format(
        'ALTER TABLE public.import_event ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', name, begins, ends);
    RETURN true;
END
$$;

-- Sees to the partitions of this month and the three to come; how many were made. The application may call this one,
-- with the owner's rights and nothing to choose. Call it in a transaction of its own: it takes locks. Where those are
-- not to be had soon, the next call does it, and until then there is the default partition.
CREATE FUNCTION prepare_event_partitions() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s' AS $$
DECLARE
    this_month timestamp := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC');
    wanted date;
    made integer := 0;
BEGIN
    FOR wanted IN SELECT this_month + n * interval '1 month' FROM generate_series(0, 3) AS n LOOP
        CONTINUE WHEN to_regclass('public.' || to_char(wanted, '"import_event_"YYYY_MM')) IS NOT NULL;
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended('prepare_event_partitions', 0));
            IF public.make_event_partition(wanted) THEN
                made := made + 1;
            END IF;
        EXCEPTION
            -- check_violation: an event of that month went to the default partition this very moment.
            WHEN lock_not_available OR deadlock_detected OR check_violation THEN
                RAISE LOG 'partition % not made now: %', to_char(wanted, 'YYYY-MM'), SQLERRM;
        END;
    END LOOP;
    RETURN made;
END
$$;

REVOKE EXECUTE ON FUNCTION make_event_partition(date), prepare_event_partitions() FROM PUBLIC;

-- What is there moves into its months, under their positions and times.
SELECT make_event_partition(month)
FROM (SELECT DISTINCT date_trunc('month', recorded_at AT TIME ZONE 'UTC')::date AS month FROM import_event_whole) AS used
ORDER BY month;
SELECT prepare_event_partitions();

INSERT INTO import_event (position, event_id, stream, stream_version, event_type, schema_version, game_id, source,
                          source_url, payload, correlation_id, causation_id, actor, recorded_at)
SELECT position, event_id, stream, stream_version, event_type, schema_version, game_id, source,
       source_url, payload, correlation_id, causation_id, actor, recorded_at
FROM import_event_whole ORDER BY position;
INSERT INTO event_identity (event_id, position) SELECT event_id, position FROM import_event_whole ORDER BY event_id;
INSERT INTO event_stream (stream, version) SELECT stream, max(stream_version) FROM import_event_whole GROUP BY stream;
-- The sequence's own word, not the highest position: the next one is one that nobody has seen.
SELECT setval('import_event_position_seq', last_value, is_called) FROM import_event_whole_position_seq;

DROP TABLE import_event_whole;

-- Positions are handed out before they are committed, and neither they nor transaction ids are committed in order: a
-- reader that remembers the highest position it saw would miss a lower one committed later. So whoever inserts events
-- first shows, by a shared lock that ends with the transaction, after which position its own will come.
CREATE FUNCTION announce_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('game_pipeline.events_announced', true), '') = '' THEN
        PERFORM pg_advisory_xact_lock_shared(
            x'6c6f6731'::int, ((last_value - (NOT is_called)::int) & 2147483647)::int
        ) FROM import_event_position_seq;
        -- One lock a transaction; like the lock, this goes with the transaction, or with the savepoint rolled back.
        PERFORM set_config('game_pipeline.events_announced', 'yes', true);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER import_event_announced BEFORE INSERT ON import_event
    FOR EACH STATEMENT EXECUTE FUNCTION announce_events();

CREATE FUNCTION settled_position() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    newest bigint;
BEGIN
    -- The order matters: who got a position up to this one was announced before, and is seen below or has ended.
    SELECT last_value - (NOT is_called)::int INTO newest FROM import_event_position_seq;
    RETURN coalesce(
        (SELECT min(newest - ((newest - objid::bigint) & 2147483647)) FROM pg_locks
         WHERE locktype = 'advisory' AND classid = x'6c6f6731'::int::oid AND objsubid = 2
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
        newest
    );
END
$$;
COMMENT ON FUNCTION settled_position IS
    'Up to here every event is committed or never will be. Ask for it in a statement before the one that reads.';
