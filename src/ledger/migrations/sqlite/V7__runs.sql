-- Runs: one execution of anything that writes. What it is about and how it ended; its rows are kept by each kind's own tables.
CREATE TABLE main.manage_runs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    -- fix, sync, undo, transfer
    kind         TEXT NOT NULL,
    -- Of the script, or of the mapping.
    name         TEXT NOT NULL,
    -- running, paused, applied, applied-unverified, refused, failed, cancelled, undone
    state        TEXT NOT NULL,
    account_key  TEXT,
    account_name TEXT,
    site_key     TEXT,
    -- Which database it was, so that a copy is not taken for it.
    fingerprint  TEXT NOT NULL,
    script_hash  TEXT,
    script_text  TEXT,
    -- JSON
    parameters   TEXT,
    -- The one instant that the run knows as now.
    clock        TEXT,
    digest       TEXT,
    -- JSON: how far it has come, as its kind needs it.
    checkpoint   TEXT,
    -- JSON
    counts       TEXT,
    reason       TEXT,
    person       TEXT,
    os_user      TEXT NOT NULL,
    host         TEXT NOT NULL,
    tool_version TEXT NOT NULL,
    -- RFC 3339, UTC.
    started_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    heartbeat_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    finished_at  TEXT,
    undo_of      INTEGER,
    undone_by    INTEGER
) STRICT;
CREATE INDEX main.manage_runs_unfinished ON manage_runs (kind, name) WHERE finished_at IS NULL;
