-- Categories, tags and product attributes, and which content carries them. An import from WordPress writes
-- the links before it has all terms, so the links have no foreign keys to content and terms.
CREATE TABLE taxonomy_terms (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT NOT NULL REFERENCES sites (id),
    sector_id BIGINT REFERENCES sectors (id),
    parent_id BIGINT REFERENCES taxonomy_terms (id) ON DELETE SET NULL,
    name VARCHAR(255) NOT NULL,
    slug VARCHAR(255) NOT NULL,
    taxonomy_type VARCHAR(50) NOT NULL,
    external_taxonomy VARCHAR(100),
    external_id VARCHAR(100),
    content_count INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE content_taxonomy (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT NOT NULL REFERENCES sites (id),
    content_id BIGINT NOT NULL,
    taxonomy_term_id BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
