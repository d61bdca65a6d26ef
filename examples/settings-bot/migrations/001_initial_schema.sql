-- Messages, users and settings of the chats, and a cache for each thing that the bot looks up.
-- version: 1

-- up
CREATE TABLE IF NOT EXISTS chat_messages (
    chat_id TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    date TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (chat_id, message_id)
);

CREATE INDEX IF NOT EXISTS idx_chat_messages_user ON chat_messages (chat_id, user_id);

CREATE TABLE IF NOT EXISTS chat_settings (
    chat_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (chat_id, key)
);

CREATE TABLE IF NOT EXISTS chat_users (
    chat_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (chat_id, user_id)
);

-- A program makes such tables in a loop over its kinds of cache. SQL has no loop, so each one is written out, and anybody
-- can read what there is.
CREATE TABLE IF NOT EXISTS cache_weather (
    key TEXT PRIMARY KEY NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS cache_geocoding (
    key TEXT PRIMARY KEY NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- down
DROP TABLE IF EXISTS cache_geocoding;
DROP TABLE IF EXISTS cache_weather;
DROP TABLE IF EXISTS chat_users;
DROP TABLE IF EXISTS chat_settings;
DROP INDEX IF EXISTS idx_chat_messages_user;
DROP TABLE IF EXISTS chat_messages;
