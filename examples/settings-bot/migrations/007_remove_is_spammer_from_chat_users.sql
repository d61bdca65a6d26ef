-- Spam is found in the messages by now. The way back adds the column again, with nobody in it.
-- version: 7
-- manage: allow destructive the last release has stopped writing the column

-- up
-- manage: if column chat_users.is_spammer
ALTER TABLE chat_users DROP COLUMN is_spammer;

-- down
-- manage: unless column chat_users.is_spammer
ALTER TABLE chat_users ADD COLUMN is_spammer BOOLEAN NOT NULL DEFAULT FALSE;
