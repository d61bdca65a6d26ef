CREATE TABLE custom_command_creators (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    discord_id      INTEGER UNIQUE NOT NULL,
    username        TEXT(32) NOT NULL,
    display_name    TEXT(32),
    created_at      TIMESTAMP NOT NULL,
    total_commands  INTEGER DEFAULT 0,
    active_commands INTEGER DEFAULT 0
);

CREATE TABLE custom_commands (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT(32) UNIQUE NOT NULL,
    content      TEXT NOT NULL,
    creator_id   INTEGER NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    updated_at   TIMESTAMP,
    last_used    TIMESTAMP,
    use_count    INTEGER DEFAULT 0,
    warning_sent BOOLEAN DEFAULT 0,
    is_active    BOOLEAN DEFAULT 1,
    tags         TEXT,
    FOREIGN KEY (creator_id) REFERENCES custom_command_creators (id)
);

CREATE INDEX idx_custom_commands_creator ON custom_commands (creator_id);
CREATE INDEX idx_custom_commands_active ON custom_commands (is_active);
CREATE INDEX idx_custom_commands_last_used ON custom_commands (last_used);
CREATE INDEX idx_custom_commands_name_nocase ON custom_commands (name COLLATE NOCASE);
