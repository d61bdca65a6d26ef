-- The bot says when something happened; a default only hides that it was forgotten. SQLite cannot change a column, so each
-- table is made anew, filled and renamed. One of them is the settings table, which holds the version itself.
-- version: 9
-- manage: allow no-way-back old programs work without the defaults
-- manage: allow rebuild nothing points to these tables

-- up
CREATE TABLE IF NOT EXISTS chat_messages_new (
    chat_id TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    date TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (chat_id, message_id)
);
INSERT INTO chat_messages_new (chat_id, message_id, user_id, date, text, created_at)
SELECT chat_id, message_id, user_id, date, text, created_at FROM chat_messages;
DROP TABLE IF EXISTS chat_messages;
ALTER TABLE chat_messages_new RENAME TO chat_messages;
CREATE INDEX IF NOT EXISTS idx_chat_messages_user ON chat_messages (chat_id, user_id);

CREATE TABLE IF NOT EXISTS chat_settings_new (
    chat_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (chat_id, key)
);
INSERT INTO chat_settings_new (chat_id, key, value, created_at, updated_at)
SELECT chat_id, key, value, created_at, updated_at FROM chat_settings;
DROP TABLE IF EXISTS chat_settings;
ALTER TABLE chat_settings_new RENAME TO chat_settings;

CREATE TABLE IF NOT EXISTS chat_users_new (
    chat_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    metadata TEXT,
    PRIMARY KEY (chat_id, user_id)
);
INSERT INTO chat_users_new (chat_id, user_id, created_at, updated_at, metadata)
SELECT chat_id, user_id, created_at, updated_at, metadata FROM chat_users;
DROP TABLE IF EXISTS chat_users;
ALTER TABLE chat_users_new RENAME TO chat_users;

CREATE TABLE IF NOT EXISTS settings_new (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
INSERT INTO settings_new (key, value, created_at, updated_at) SELECT key, value, created_at, updated_at FROM settings;
DROP TABLE IF EXISTS settings;
ALTER TABLE settings_new RENAME TO settings;

-- down
-- irreversible: nobody needs the defaults, and old programs work without them
