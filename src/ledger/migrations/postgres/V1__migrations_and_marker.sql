-- What was done to the schema. Append-only: reverts, fakes and failures stay.
CREATE TABLE manage.manage_migration_log (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    history        TEXT NOT NULL,
    version        TEXT NOT NULL,
    name           TEXT NOT NULL,
    action         TEXT NOT NULL CHECK (action IN ('applied', 'reverted', 'faked', 'failed')),
    logged_at      TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    micros         BIGINT NOT NULL,
    statements     BIGINT NOT NULL,
    byte_checksum  TEXT NOT NULL,
    token_checksum TEXT NOT NULL,
    up_text        TEXT,
    down_text      TEXT,
    os_user        TEXT NOT NULL,
    host           TEXT NOT NULL,
    tool_version   TEXT NOT NULL,
    message        TEXT
);

-- How far a file without a transaction has come. Empty when none is half-way.
CREATE TABLE manage.manage_migration_progress (
    history        TEXT NOT NULL,
    version        TEXT NOT NULL,
    direction      TEXT NOT NULL CHECK (direction IN ('up', 'down')),
    statement      BIGINT NOT NULL,
    token_checksum TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('started', 'done')),
    logged_at      TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (history, version, direction, statement)
);

-- The environment's name, bound to this database: a copy is not what it was copied from.
CREATE TABLE manage.manage_marker (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    name       TEXT NOT NULL,
    protected  BOOLEAN NOT NULL,
    binding    TEXT NOT NULL,
    stamped_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
