-- The outbox that delivers the log to webhooks.

CREATE TABLE webhook (
    name       text PRIMARY KEY,                        -- as in the settings
    position   bigint NOT NULL,                         -- the log is taken over up to here
    state      text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'stopped')),
    reason     text,                                    -- why it is stopped
    not_before timestamptz,                             -- the receiver asked for a pause, or does not answer
    began_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE webhook_delivery (
    webhook         text NOT NULL REFERENCES webhook,
    position        bigint NOT NULL,
    event_id        uuid NOT NULL,
    event_type      text NOT NULL,
    lane            text NOT NULL,                      -- events of one lane (a game, else a stream) keep their order
    recorded_at     timestamptz NOT NULL,
    state           text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    last_status     integer,
    last_error      text,
    ended_at        timestamptz,                        -- when it was delivered, or given up
    PRIMARY KEY (webhook, position)
);
CREATE UNIQUE INDEX webhook_delivery_event ON webhook_delivery (webhook, event_id);
CREATE INDEX webhook_delivery_pending ON webhook_delivery (webhook, position) WHERE state = 'pending';
CREATE INDEX webhook_delivery_lane ON webhook_delivery (webhook, lane, position) WHERE state = 'pending';
CREATE INDEX webhook_delivery_dead ON webhook_delivery (webhook, position) WHERE state = 'dead';
CREATE INDEX webhook_delivery_prune ON webhook_delivery (webhook, ended_at) WHERE state = 'delivered';
