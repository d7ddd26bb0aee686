-- A circuit breaker for each source: its state is in importer_health, what it judges by in source_call_count.

ALTER TABLE importer_health DROP CONSTRAINT importer_health_state_check;
ALTER TABLE importer_health
    ADD CONSTRAINT importer_health_state_check CHECK (state IN ('closed', 'open', 'half_open', 'ramping', 'paused')),
    ADD COLUMN rest_until        timestamptz,               -- the monitor rests after failed runs, whoever's fault
    ADD COLUMN turn              bigint NOT NULL DEFAULT 0, -- counts changes: who changes it names the turn he saw
    ADD COLUMN rest              double precision NOT NULL DEFAULT 0, -- seconds of its last rest since it was closed
    ADD COLUMN ramp_step         integer NOT NULL DEFAULT 0,
    ADD COLUMN good_trials       integer NOT NULL DEFAULT 0,
    ADD COLUMN trial_until       timestamptz,               -- somebody has the trial, until then at most
    ADD COLUMN failing_since     timestamptz,               -- when it left `closed`
    ADD COLUMN openings          timestamptz[] NOT NULL DEFAULT '{}', -- of a day, those that were no failed trial
    ADD COLUMN attention_since   timestamptz,               -- since when a person is needed
    ADD COLUMN failures_in_a_row integer NOT NULL DEFAULT 0,-- calls
    ADD COLUMN refusals_in_a_row integer NOT NULL DEFAULT 0,
    ADD COLUMN failed_address    text,                      -- of the last call that failed
    ADD COLUMN failed_at         timestamptz,
    ADD COLUMN failed_addresses  integer NOT NULL DEFAULT 0;-- that failed one after the other
COMMENT ON COLUMN importer_health.next_trial_at IS 'The breaker is open until then.';
COMMENT ON COLUMN importer_health.consecutive_failures IS 'Runs.';

UPDATE importer_health SET rest_until = next_trial_at, next_trial_at = NULL;

CREATE TABLE source_call_count (
    source   text NOT NULL,
    bucket   timestamptz NOT NULL,                      -- when its tenth of the window began
    calls    integer NOT NULL,
    failures integer NOT NULL,
    PRIMARY KEY (source, bucket)
);
COMMENT ON TABLE source_call_count IS 'Calls that say something about a site, since its breaker last changed.';
