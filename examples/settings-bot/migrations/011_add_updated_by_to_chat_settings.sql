-- Who has changed a setting; empty for those from before.
-- version: 11

-- up
-- manage: unless column chat_settings.updated_by
ALTER TABLE chat_settings ADD COLUMN updated_by TEXT;

-- down
-- manage: if column chat_settings.updated_by
ALTER TABLE chat_settings DROP COLUMN updated_by;
