-- How much each user writes.
-- version: 5

-- up
CREATE TABLE IF NOT EXISTS chat_user_stats (
    chat_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (chat_id, user_id)
);

-- down
DROP TABLE IF EXISTS chat_user_stats;
