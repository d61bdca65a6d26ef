-- From a cluster comes an idea, from an idea a task, from a task the content.
CREATE TABLE content_ideas (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT NOT NULL REFERENCES sites (id),
    sector_id BIGINT NOT NULL REFERENCES sectors (id),
    cluster_id BIGINT REFERENCES clusters (id) ON DELETE SET NULL,
    title VARCHAR(255) NOT NULL,
    description TEXT,
    status VARCHAR(30) NOT NULL DEFAULT 'new',
    site_entity_type VARCHAR(50) NOT NULL DEFAULT 'post',
    cluster_role VARCHAR(50) NOT NULL DEFAULT 'hub',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE tasks (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT NOT NULL REFERENCES sites (id),
    sector_id BIGINT NOT NULL REFERENCES sectors (id),
    cluster_id BIGINT REFERENCES clusters (id) ON DELETE SET NULL,
    idea_id BIGINT REFERENCES content_ideas (id) ON DELETE SET NULL,
    title VARCHAR(255) NOT NULL,
    description TEXT,
    status VARCHAR(30) NOT NULL DEFAULT 'queued',
    entity_type VARCHAR(50) NOT NULL DEFAULT 'post',
    cluster_role VARCHAR(50) NOT NULL DEFAULT 'hub',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE content (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT NOT NULL REFERENCES sites (id),
    sector_id BIGINT NOT NULL REFERENCES sectors (id),
    cluster_id BIGINT REFERENCES clusters (id) ON DELETE SET NULL,
    task_id BIGINT REFERENCES tasks (id) ON DELETE SET NULL,
    title VARCHAR(255) NOT NULL,
    html_content TEXT,
    word_count INTEGER NOT NULL DEFAULT 0 CHECK (word_count >= 0),
    entity_type VARCHAR(50) NOT NULL DEFAULT 'post',
    cluster_role VARCHAR(50) NOT NULL DEFAULT 'hub',
    status VARCHAR(30) NOT NULL DEFAULT 'draft',
    source VARCHAR(30) NOT NULL DEFAULT 'native',
    sync_status VARCHAR(30) NOT NULL DEFAULT 'pending',
    external_id VARCHAR(100),
    external_url VARCHAR(500),
    last_synced_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_content_ideas_site_entity_type ON content_ideas (site_id, site_entity_type);
CREATE INDEX idx_tasks_entity_type ON tasks (site_id, entity_type);
CREATE INDEX idx_content_entity_type ON content (site_id, entity_type, cluster_role);
