-- A column with a default: nobody who is there is a spammer.
-- version: 2

-- up
-- manage: unless column chat_users.is_spammer
ALTER TABLE chat_users ADD COLUMN is_spammer BOOLEAN NOT NULL DEFAULT FALSE;

-- down
-- manage: if column chat_users.is_spammer
ALTER TABLE chat_users DROP COLUMN is_spammer;
