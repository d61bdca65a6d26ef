-- `archived` was a status and a switch in one. The switch becomes a column of its own, new rows start with the
-- new words, and a cluster's volume may pass two billion. SQLite cannot alter a default or a type: the tables
-- are built anew beside the old ones.
PRAGMA foreign_keys = OFF;

-- Inside a transaction the line above does nothing, and dropping `clusters` would then empty every link to it:
-- stop before that. With `manage` the line is honoured and the links are checked before the commit.
CREATE TEMPORARY TABLE rebuild_guard (
    foreign_keys_on INTEGER,
    CONSTRAINT rebuild_needs_foreign_keys_off CHECK (foreign_keys_on = 0)
);
INSERT INTO rebuild_guard (foreign_keys_on)
SELECT foreign_keys FROM pragma_foreign_keys
WHERE EXISTS (SELECT 1 FROM keywords WHERE cluster_id IS NOT NULL)
    OR EXISTS (SELECT 1 FROM content_ideas WHERE cluster_id IS NOT NULL)
    OR EXISTS (SELECT 1 FROM tasks WHERE cluster_id IS NOT NULL)
    OR EXISTS (SELECT 1 FROM content WHERE cluster_id IS NOT NULL);
DROP TABLE temp.rebuild_guard;

CREATE TABLE clusters_rebuilt (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT NOT NULL REFERENCES sites (id),
    sector_id BIGINT NOT NULL REFERENCES sectors (id),
    name VARCHAR(255) NOT NULL,
    status VARCHAR(30) NOT NULL DEFAULT 'new',
    keywords_count INTEGER NOT NULL DEFAULT 0,
    total_volume BIGINT NOT NULL DEFAULT 0,
    ideas_count INTEGER NOT NULL DEFAULT 0,
    content_count INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    disabled BOOLEAN NOT NULL DEFAULT FALSE
);
INSERT INTO clusters_rebuilt (
    id, account_id, site_id, sector_id, name, status, keywords_count, total_volume, ideas_count,
    content_count, created_at, updated_at
)
SELECT
    id, account_id, site_id, sector_id, name, status, keywords_count, total_volume, ideas_count,
    content_count, created_at, updated_at
FROM clusters;
DROP TABLE clusters;
ALTER TABLE clusters_rebuilt RENAME TO clusters;
CREATE INDEX idx_clusters_tenant ON clusters (account_id, site_id);

CREATE TABLE keywords_rebuilt (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT NOT NULL REFERENCES sites (id),
    sector_id BIGINT REFERENCES sectors (id),
    cluster_id BIGINT REFERENCES clusters (id) ON DELETE SET NULL,
    keyword VARCHAR(255) NOT NULL,
    volume INTEGER NOT NULL DEFAULT 0 CHECK (volume >= 0),
    difficulty INTEGER NOT NULL DEFAULT 0 CHECK (difficulty BETWEEN 0 AND 100),
    intent VARCHAR(30) NOT NULL DEFAULT 'informational',
    status VARCHAR(30) NOT NULL DEFAULT 'new',
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    disabled BOOLEAN NOT NULL DEFAULT FALSE
);
INSERT INTO keywords_rebuilt (
    id, account_id, site_id, sector_id, cluster_id, keyword, volume, difficulty, intent, status, created_at,
    updated_at
)
SELECT
    id, account_id, site_id, sector_id, cluster_id, keyword, volume, difficulty, intent, status, created_at,
    updated_at
FROM keywords;
DROP TABLE keywords;
ALTER TABLE keywords_rebuilt RENAME TO keywords;
CREATE INDEX idx_keywords_tenant ON keywords (account_id, site_id);
CREATE INDEX idx_keywords_cluster ON keywords (cluster_id);

ALTER TABLE content_ideas ADD COLUMN disabled BOOLEAN NOT NULL DEFAULT FALSE;

PRAGMA foreign_keys = ON;
