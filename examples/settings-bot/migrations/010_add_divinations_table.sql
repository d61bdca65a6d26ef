-- What the bot has foretold, and an index for the latest of a chat.
-- version: 10

-- up
CREATE TABLE IF NOT EXISTS divinations (
    chat_id TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    layout TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (chat_id, message_id)
);

CREATE INDEX IF NOT EXISTS idx_divinations_created_at ON divinations (chat_id, created_at);

-- down
DROP INDEX IF EXISTS idx_divinations_created_at;
DROP TABLE IF EXISTS divinations;
