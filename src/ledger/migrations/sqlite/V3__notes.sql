-- Notes: what people and commands wrote down. Append-only; a correction is another note.
CREATE TABLE main.manage_note (
    id           INTEGER PRIMARY KEY,
    -- The same wherever the note is carried to, which the number need not be.
    uid          TEXT NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(16)))),
    -- RFC 3339, UTC.
    written_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    reason       TEXT,
    account      TEXT,
    body         TEXT,
    facts        TEXT,
    -- One item a line.
    open_items   TEXT,
    -- uid.number of an item, one a line.
    closes       TEXT,
    database     TEXT NOT NULL,
    environment  TEXT,
    person       TEXT,
    os_user      TEXT NOT NULL,
    host         TEXT NOT NULL,
    tool_version TEXT NOT NULL,
    superseded   INTEGER NOT NULL DEFAULT 0 CHECK (superseded IN (0, 1))
) STRICT;

CREATE TRIGGER main.manage_note_is_not_changed BEFORE UPDATE ON manage_note
BEGIN
    SELECT RAISE(ABORT, 'notes are append-only: add another one');
END;

CREATE TRIGGER main.manage_note_is_not_deleted BEFORE DELETE ON manage_note
BEGIN
    SELECT RAISE(ABORT, 'notes are append-only: add another one');
END;

-- INSERT OR REPLACE deletes without asking the trigger above.
CREATE TRIGGER main.manage_note_is_not_replaced BEFORE INSERT ON manage_note
WHEN EXISTS (SELECT 1 FROM manage_note WHERE id = NEW.id OR uid = NEW.uid)
BEGIN
    SELECT RAISE(ABORT, 'notes are append-only: there is one with this number');
END;

-- What tells this file from every other one, copies apart: those the marker tells by path and inode.
CREATE TABLE main.manage_database (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    uuid     TEXT NOT NULL,
    made_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
INSERT INTO main.manage_database (only_row, uuid) VALUES (1, lower(hex(randomblob(16))));
-- A marker that was bound to something is bound to this too. An empty binding holds nowhere, and stays empty.
UPDATE main.manage_marker SET binding = binding || 'uuid=' || (SELECT uuid FROM main.manage_database) || char(10) WHERE binding <> '';
