-- What a transfer keeps: what became of each table and of each row that stayed behind, and what its way back needs.
CREATE TABLE manage.manage_transfer_table (
    run             BIGINT NOT NULL,
    -- Its place in the order of the run, from 0.
    place           BIGINT NOT NULL,
    source_table    TEXT NOT NULL,
    target_table    TEXT NOT NULL,
    -- moved, skipped
    state           TEXT NOT NULL,
    rows_read       BIGINT NOT NULL,
    rows_inserted   BIGINT NOT NULL,
    rows_updated    BIGINT NOT NULL,
    rows_unchanged  BIGINT NOT NULL,
    rows_rejected   BIGINT NOT NULL,
    rows_skipped    BIGINT NOT NULL,
    rows_recomputed BIGINT NOT NULL,
    -- Of the target, before the run.
    rows_before     BIGINT NOT NULL,
    highest_before  BIGINT,
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
);

CREATE TABLE manage.manage_transfer_left (
    run          BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    place        BIGINT NOT NULL,
    -- rejected, skipped, warned
    fate         TEXT NOT NULL,
    -- Packed: how the source told the row from others.
    source_row   TEXT NOT NULL,
    row_key      TEXT NOT NULL,
    column_name  TEXT NOT NULL,
    rule         TEXT NOT NULL,
    message      TEXT NOT NULL,
    PRIMARY KEY (run, number)
);

CREATE TABLE manage.manage_transfer_key (
    run      BIGINT NOT NULL,
    place    BIGINT NOT NULL,
    old_key  TEXT NOT NULL,
    new_key  TEXT NOT NULL,
    PRIMARY KEY (run, place, old_key)
);

-- The rows that a run inserted: packed keys, and eight bytes of checksum a row.
CREATE TABLE manage.manage_transfer_inserted (
    run      BIGINT NOT NULL,
    place    BIGINT NOT NULL,
    chunk    BIGINT NOT NULL,
    row_keys TEXT NOT NULL,
    hashes   BYTEA NOT NULL,
    PRIMARY KEY (run, place, chunk)
);

-- The rows that a run updated, as they were and as it left them, packed.
CREATE TABLE manage.manage_transfer_image (
    run          BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    place        BIGINT NOT NULL,
    row_key      TEXT NOT NULL,
    column_names TEXT NOT NULL,
    before       TEXT NOT NULL,
    after        TEXT NOT NULL,
    PRIMARY KEY (run, number)
);
