-- What was told already, for all channels together.
CREATE TABLE seen_submissions (
    id            INTEGER NOT NULL PRIMARY KEY,
    channel_id    BIGINT NOT NULL REFERENCES channel_configs (channel_id),
    submission_id BIGINT NOT NULL,
    seen_at       TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
