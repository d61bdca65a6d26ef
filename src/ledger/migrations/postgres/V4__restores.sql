-- What was put in the place of this database's content. A restore writes its row into the new content before that
-- is put in place, so the row is there if and only if the restore went through.
CREATE TABLE manage.manage_restore (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The restore's own name; what it leaves behind has it in its name.
    run          TEXT NOT NULL UNIQUE,
    restored_at  TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    -- The file, its SHA-256 and when it was taken.
    backup       TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    taken_at     TEXT NOT NULL,
    -- The backup of the content that was there before, where one was made.
    before       TEXT,
    reason       TEXT,
    os_user      TEXT NOT NULL,
    host         TEXT NOT NULL,
    tool_version TEXT NOT NULL
);

-- Rows that tell of what a restore took away.
ALTER TABLE manage.manage_migration_log ADD COLUMN superseded BOOLEAN NOT NULL DEFAULT FALSE;
