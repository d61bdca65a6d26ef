-- What a transfer keeps: what became of each table and of each row that stayed behind, and what its way back needs.
CREATE TABLE main.manage_transfer_table (
    run             INTEGER NOT NULL,
    -- Its place in the order of the run, from 0.
    place           INTEGER NOT NULL,
    source_table    TEXT NOT NULL,
    target_table    TEXT NOT NULL,
    -- moved, skipped
    state           TEXT NOT NULL,
    rows_read       INTEGER NOT NULL,
    rows_inserted   INTEGER NOT NULL,
    rows_updated    INTEGER NOT NULL,
    rows_unchanged  INTEGER NOT NULL,
    rows_rejected   INTEGER NOT NULL,
    rows_skipped    INTEGER NOT NULL,
    rows_recomputed INTEGER NOT NULL,
    -- Of the target, before the run.
    rows_before     INTEGER NOT NULL,
    highest_before  INTEGER,
    -- 16 hexadecimal digits each.
    expected_sum    TEXT,
    actual_sum      TEXT,
    -- Packed: key columns; written columns, each with its kind; recomputed columns.
    key_columns     TEXT NOT NULL,
    written_columns TEXT NOT NULL,
    counts          TEXT,
    -- When the rows that the run kept were dropped: it cannot be taken back any more.
    pruned_at       TEXT,
    PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE main.manage_transfer_left (
    run          INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    place        INTEGER NOT NULL,
    -- rejected, skipped, warned
    fate         TEXT NOT NULL,
    -- Packed: how the source told the row from others.
    source_row   TEXT NOT NULL,
    row_key      TEXT NOT NULL,
    column_name  TEXT NOT NULL,
    rule         TEXT NOT NULL,
    message      TEXT NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE main.manage_transfer_key (
    run      INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    old_key  TEXT NOT NULL,
    new_key  TEXT NOT NULL,
    PRIMARY KEY (run, place, old_key)
) STRICT, WITHOUT ROWID;

-- The rows that a run inserted: packed keys, and eight bytes of checksum a row.
CREATE TABLE main.manage_transfer_inserted (
    run      INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    chunk    INTEGER NOT NULL,
    row_keys TEXT NOT NULL,
    hashes   BLOB NOT NULL,
    PRIMARY KEY (run, place, chunk)
) STRICT;

-- The rows that a run updated, as they were and as it left them, packed.
CREATE TABLE main.manage_transfer_image (
    run          INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    place        INTEGER NOT NULL,
    row_key      TEXT NOT NULL,
    column_names TEXT NOT NULL,
    before       TEXT NOT NULL,
    after        TEXT NOT NULL,
    PRIMARY KEY (run, number)
) STRICT;
