-- A database of the bot from before it counted versions: tables and rows, and no version.

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

INSERT INTO settings (key, value) VALUES ('bot_name', 'Gromozeka');

CREATE TABLE chat_messages (
    chat_id TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    date TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (chat_id, message_id)
);

INSERT INTO chat_messages (chat_id, message_id, user_id, date, text) VALUES
    ('dev', 1, 'ann', '2025-10-20', 'is anybody there?'),
    ('dev', 2, 'bob', '2025-10-20', 'yes'),
    ('dev', 3, 'ann', '2025-10-21', 'good');

CREATE TABLE chat_settings (
    chat_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (chat_id, key)
);

INSERT INTO chat_settings (chat_id, key, value) VALUES ('dev', 'greeting', 'ahoy');

-- Somebody has added the last column by hand.
CREATE TABLE chat_users (
    chat_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata TEXT,
    PRIMARY KEY (chat_id, user_id)
);

INSERT INTO chat_users (chat_id, user_id) VALUES ('dev', 'ann'), ('dev', 'bob');
