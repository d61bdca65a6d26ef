-- A column that may be empty. Some databases have it already, added by hand.
-- version: 3

-- up
-- manage: unless column chat_users.metadata
ALTER TABLE chat_users ADD COLUMN metadata TEXT;

-- down
-- manage: if column chat_users.metadata
ALTER TABLE chat_users DROP COLUMN metadata;
