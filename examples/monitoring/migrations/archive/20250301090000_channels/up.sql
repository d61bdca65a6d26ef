-- A channel that the bot watches for.
CREATE TABLE channel_configs (
    channel_id         BIGINT NOT NULL PRIMARY KEY,
    guild_id           BIGINT NOT NULL,
    poll_rate_minutes  INTEGER DEFAULT 60,
    notification_types VARCHAR(50) DEFAULT 'machines',
    is_active          BOOLEAN DEFAULT TRUE
);
