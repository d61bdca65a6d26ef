-- Plans of a reset that were shown. The token itself is nowhere: who can read this table cannot reset by it.
CREATE TABLE manage.manage_reset_plan (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The SHA-256 of the token.
    token      TEXT NOT NULL UNIQUE,
    -- What the plan would do; another plan is not what was reviewed.
    digest     TEXT NOT NULL,
    -- The database that it was made for.
    binding    TEXT NOT NULL,
    -- Seconds since 1970, by the clock of who made it.
    planned_at BIGINT NOT NULL,
    used_at    BIGINT
);

-- A row for every reset, written together with the new content: there if and only if it went through.
CREATE TABLE manage.manage_reset (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run          TEXT NOT NULL UNIQUE,
    reset_at     TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    -- The migrations that made the new content, one a line.
    migrations   TEXT NOT NULL,
    -- The backup of the content that was there before, where one was made.
    before       TEXT,
    reason       TEXT,
    os_user      TEXT NOT NULL,
    host         TEXT NOT NULL,
    tool_version TEXT NOT NULL
);
