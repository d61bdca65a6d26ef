-- How a site is reached from outside. `config` is JSON as the platform's partner gave it.
CREATE TABLE site_integrations (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT NOT NULL REFERENCES sites (id),
    platform VARCHAR(50) NOT NULL DEFAULT 'wordpress',
    config TEXT NOT NULL DEFAULT '{}',
    site_url VARCHAR(500),
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    sync_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    sync_status VARCHAR(30) NOT NULL DEFAULT 'pending',
    sync_error TEXT,
    sync_started_at TIMESTAMP,
    last_sync_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (site_id, platform)
);
