-- Keywords are bought for a site and grouped into clusters. The counts of a cluster are copies, kept by the
-- application. Foreign keys are single: that a child has its parent's account and site is not enforced here.
CREATE TABLE clusters (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT NOT NULL REFERENCES sites (id),
    sector_id BIGINT NOT NULL REFERENCES sectors (id),
    name VARCHAR(255) NOT NULL,
    status VARCHAR(30) NOT NULL DEFAULT 'active',
    keywords_count INTEGER NOT NULL DEFAULT 0,
    total_volume INTEGER NOT NULL DEFAULT 0,
    ideas_count INTEGER NOT NULL DEFAULT 0,
    content_count INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE keywords (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT NOT NULL REFERENCES sites (id),
    sector_id BIGINT REFERENCES sectors (id),
    cluster_id BIGINT REFERENCES clusters (id) ON DELETE SET NULL,
    keyword VARCHAR(255) NOT NULL,
    volume INTEGER NOT NULL DEFAULT 0 CHECK (volume >= 0),
    difficulty INTEGER NOT NULL DEFAULT 0 CHECK (difficulty BETWEEN 0 AND 100),
    intent VARCHAR(30) NOT NULL DEFAULT 'informational',
    status VARCHAR(30) NOT NULL DEFAULT 'pending',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
