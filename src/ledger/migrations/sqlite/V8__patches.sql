-- Plans that were shown: what was reviewed is what is applied.
CREATE TABLE main.manage_plans (
    digest       TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    account_key  TEXT,
    account_name TEXT,
    site_key     TEXT,
    script_hash  TEXT NOT NULL,
    -- JSON
    parameters   TEXT NOT NULL,
    clock        TEXT NOT NULL,
    row_count    INTEGER NOT NULL,
    -- JSON: tables with counts. No rows.
    summary      TEXT NOT NULL,
    person       TEXT,
    os_user      TEXT NOT NULL,
    host         TEXT NOT NULL,
    made_at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    undo_of      INTEGER
) STRICT;

-- Somebody has looked at a plan and agrees.
CREATE TABLE main.manage_approvals (
    id          INTEGER PRIMARY KEY,
    digest      TEXT NOT NULL,
    reason      TEXT,
    person      TEXT,
    os_user     TEXT NOT NULL,
    host        TEXT NOT NULL,
    approved_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

-- What each part of a run wrote, and the table that holds the rows before and after.
CREATE TABLE main.manage_images (
    run        INTEGER NOT NULL,
    part       INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    op         TEXT NOT NULL,
    image      TEXT NOT NULL,
    -- JSON: the columns and what stands in which of the image's.
    definition TEXT NOT NULL,
    row_count  INTEGER NOT NULL,
    pruned_at  TEXT,
    PRIMARY KEY (run, part)
) STRICT;

-- The batches of a run that was too large for one transaction: each committed with its rows.
CREATE TABLE main.manage_batches (
    run        INTEGER NOT NULL,
    part       INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    row_count  INTEGER NOT NULL,
    written_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (run, part, number)
) STRICT;
