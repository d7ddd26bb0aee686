-- Who is alive and who works on which source: leases that their holders renew, and fences against who has lost one.

CREATE TABLE lease (
    name        text PRIMARY KEY,                       -- `source NAME`, `run ID`
    holder      text NOT NULL,                          -- the run that has it, or had it last
    fence       bigint NOT NULL DEFAULT 1,              -- counts its holders: an old one cannot renew it
    held_until  timestamptz NOT NULL                    -- in the past: anybody may take it
);
COMMENT ON TABLE lease IS 'Renewed every few seconds while the holder works.';

ALTER TABLE import_task ADD COLUMN fence bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN import_task.fence IS 'Counts its claims: who claimed it before cannot end it.';
-- A task is held for as long as its source is.
ALTER TABLE import_task DROP COLUMN lease_until;
