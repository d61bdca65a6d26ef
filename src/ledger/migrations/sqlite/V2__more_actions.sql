-- What may be done to a migration is said by the code that writes it: a closed list would need a rebuild like this
-- one for every new word. New since: repaired, adopted.
CREATE TABLE main.manage_migration_log_new (
    id             INTEGER PRIMARY KEY,
    history        TEXT NOT NULL,
    version        TEXT NOT NULL,
    name           TEXT NOT NULL,
    action         TEXT NOT NULL,
    logged_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    micros         INTEGER NOT NULL,
    statements     INTEGER NOT NULL,
    byte_checksum  TEXT NOT NULL,
    token_checksum TEXT NOT NULL,
    up_text        TEXT,
    down_text      TEXT,
    os_user        TEXT NOT NULL,
    host           TEXT NOT NULL,
    tool_version   TEXT NOT NULL,
    message        TEXT
) STRICT;
INSERT INTO main.manage_migration_log_new
    (id, history, version, name, action, logged_at, micros, statements, byte_checksum, token_checksum, up_text, down_text, os_user, host, tool_version, message)
SELECT id, history, version, name, action, logged_at, micros, statements, byte_checksum, token_checksum, up_text, down_text, os_user, host, tool_version, message
FROM main.manage_migration_log;
DROP TABLE main.manage_migration_log;
ALTER TABLE main.manage_migration_log_new RENAME TO manage_migration_log;
