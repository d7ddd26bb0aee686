-- The raw store grows no further than its settings say: what refers to a snapshot or a body is found by an index.

CREATE INDEX record_version_snapshot ON record_version (snapshot_id);
CREATE INDEX page_snapshot_body ON page_snapshot (body_hash);
CREATE INDEX source_url_state_body ON source_url_state (content_hash);
