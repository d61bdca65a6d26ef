-- What writing content needs: a key for the provider and a prompt. An account without its own uses those of
-- the system accounts `aws-admin`, `default-account` and `default`, in this order.
CREATE TABLE ai_keys (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    provider VARCHAR(30) NOT NULL DEFAULT 'openai',
    api_key TEXT NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (account_id, provider)
);

CREATE TABLE ai_prompts (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    purpose VARCHAR(50) NOT NULL,
    body TEXT NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (account_id, purpose)
);

-- What the system accounts lend to all others, without the keys themselves: everybody may read it.
CREATE VIEW system_fallbacks AS
SELECT 'key' AS kind, k.provider AS name, a.slug
FROM ai_keys k JOIN accounts a ON a.id = k.account_id
WHERE k.is_active AND k.api_key <> '' AND a.slug IN ('aws-admin', 'default-account', 'default')
UNION ALL
SELECT 'prompt', p.purpose, a.slug
FROM ai_prompts p JOIN accounts a ON a.id = p.account_id
WHERE p.is_active AND p.body <> '' AND a.slug IN ('aws-admin', 'default-account', 'default');
