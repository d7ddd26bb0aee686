-- Pages that are asked for by more than their address.

ALTER TABLE source_url_state ADD COLUMN request_more jsonb;
COMMENT ON COLUMN source_url_state.request_more IS
    'Method, body and headers of the request, with placeholders for secrets; NULL: a plain GET of request_url.';
