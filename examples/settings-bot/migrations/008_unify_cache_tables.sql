-- One cache for everything. What was cached is lost on purpose: it is looked up again.
-- version: 8
-- manage: allow destructive what was cached is looked up again

-- up
CREATE TABLE IF NOT EXISTS cache (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (namespace, key)
);

DROP TABLE IF EXISTS cache_weather;
DROP TABLE IF EXISTS cache_geocoding;
DROP TABLE IF EXISTS cache_currency;
DROP TABLE IF EXISTS cache_web_search;

-- down
CREATE TABLE IF NOT EXISTS cache_web_search (
    key TEXT PRIMARY KEY NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS cache_currency (
    key TEXT PRIMARY KEY NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS cache_geocoding (
    key TEXT PRIMARY KEY NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE IF NOT EXISTS cache_weather (
    key TEXT PRIMARY KEY NOT NULL,
    data TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

DROP TABLE IF EXISTS cache;
