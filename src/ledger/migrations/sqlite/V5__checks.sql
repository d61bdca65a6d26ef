-- What came of checks, where somebody asked to keep it. Append-only.
CREATE TABLE main.manage_check (
    id            INTEGER PRIMARY KEY,
    -- RFC 3339, UTC: the instant of the snapshot, the same for all checks of a call.
    checked_at    TEXT NOT NULL,
    name          TEXT NOT NULL,
    script_sha256 TEXT NOT NULL,
    -- Keys as text; NULL for what is not about one account or site.
    account       TEXT,
    site          TEXT,
    -- What was given, as JSON; NULL where nothing was.
    parameters    TEXT,
    status        TEXT NOT NULL,
    findings      INTEGER NOT NULL,
    total         INTEGER,
    took_ms       REAL NOT NULL,
    os_user       TEXT NOT NULL,
    host          TEXT NOT NULL,
    tool_version  TEXT NOT NULL
);

CREATE INDEX main.manage_check_of_account ON manage_check (account, name, site, id);
