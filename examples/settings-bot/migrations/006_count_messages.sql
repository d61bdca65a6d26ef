-- Counts what was written before there were counts. Rows only: the table came with the migration before.
-- version: 6
-- manage: data

-- up
INSERT INTO chat_user_stats (chat_id, user_id, messages)
SELECT chat_id, user_id, count(*) FROM chat_messages WHERE true GROUP BY chat_id, user_id
ON CONFLICT (chat_id, user_id) DO UPDATE SET messages = excluded.messages;

-- down
-- The counts are as right as before: a way back that does nothing.
