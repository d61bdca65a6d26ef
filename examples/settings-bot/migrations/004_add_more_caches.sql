-- More kinds of cache; the loop once more.
-- version: 4

-- up
CREATE TABLE IF NOT EXISTS cache_currency (
    key TEXT PRIMARY KEY NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS cache_web_search (
    key TEXT PRIMARY KEY NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- down
DROP TABLE IF EXISTS cache_web_search;
DROP TABLE IF EXISTS cache_currency;
