-- No listing names the pages about people: the credits of the source's live games do.

ALTER TABLE source_url_state ADD COLUMN credited boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN source_url_state.credited IS 'A live record gives it as the address of somebody.';

ALTER TABLE source_record ADD COLUMN noted_version integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN source_record.noted_version IS 'The last version whose addresses of people are known as pages.';
