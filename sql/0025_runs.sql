-- What an import brought is asked for by its run: to take it back, and to see how much of a source it changes.

CREATE INDEX record_version_run ON record_version (run_id);
