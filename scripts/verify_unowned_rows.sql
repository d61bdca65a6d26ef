/* manage
description = "Every row belongs to one account: all that it leads to is of that account"
scope = "global"
*/
-- Such rows are seen by no other check, since nobody can say whose they are. `manage doctor` counts them.
SELECT
    'sites' AS table_name, x.id, x.account_id, x.id AS site_id,
    'its account does not exist' AS what,
    'rows of one account' AS expected
FROM sites x
LEFT JOIN accounts a ON a.id = x.account_id
WHERE a.id IS NULL

UNION ALL
SELECT
    'sectors', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
    END,
    'rows of one account'
FROM sectors x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id

UNION ALL
SELECT
    'clusters', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
        WHEN pe.account_id <> x.account_id THEN 'sector ' || x.sector_id || ' is of another account'
    END,
    'rows of one account'
FROM clusters x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
LEFT JOIN sectors pe ON pe.id = x.sector_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id
    OR pe.account_id <> x.account_id

UNION ALL
SELECT
    'keywords', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
        WHEN pe.account_id <> x.account_id THEN 'sector ' || x.sector_id || ' is of another account'
        WHEN pc.account_id <> x.account_id THEN 'cluster ' || x.cluster_id || ' is of another account'
    END,
    'rows of one account'
FROM keywords x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
LEFT JOIN sectors pe ON pe.id = x.sector_id
LEFT JOIN clusters pc ON pc.id = x.cluster_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id
    OR pe.account_id <> x.account_id
    OR pc.account_id <> x.account_id

UNION ALL
SELECT
    'content_ideas', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
        WHEN pe.account_id <> x.account_id THEN 'sector ' || x.sector_id || ' is of another account'
        WHEN pc.account_id <> x.account_id THEN 'cluster ' || x.cluster_id || ' is of another account'
    END,
    'rows of one account'
FROM content_ideas x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
LEFT JOIN sectors pe ON pe.id = x.sector_id
LEFT JOIN clusters pc ON pc.id = x.cluster_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id
    OR pe.account_id <> x.account_id
    OR pc.account_id <> x.account_id

UNION ALL
SELECT
    'tasks', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
        WHEN pe.account_id <> x.account_id THEN 'sector ' || x.sector_id || ' is of another account'
        WHEN pc.account_id <> x.account_id THEN 'cluster ' || x.cluster_id || ' is of another account'
        WHEN pi.account_id <> x.account_id THEN 'idea ' || x.idea_id || ' is of another account'
    END,
    'rows of one account'
FROM tasks x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
LEFT JOIN sectors pe ON pe.id = x.sector_id
LEFT JOIN clusters pc ON pc.id = x.cluster_id
LEFT JOIN content_ideas pi ON pi.id = x.idea_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id
    OR pe.account_id <> x.account_id
    OR pc.account_id <> x.account_id
    OR pi.account_id <> x.account_id

UNION ALL
SELECT
    'content', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
        WHEN pe.account_id <> x.account_id THEN 'sector ' || x.sector_id || ' is of another account'
        WHEN pc.account_id <> x.account_id THEN 'cluster ' || x.cluster_id || ' is of another account'
        WHEN pt.account_id <> x.account_id THEN 'task ' || x.task_id || ' is of another account'
    END,
    'rows of one account'
FROM content x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
LEFT JOIN sectors pe ON pe.id = x.sector_id
LEFT JOIN clusters pc ON pc.id = x.cluster_id
LEFT JOIN tasks pt ON pt.id = x.task_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id
    OR pe.account_id <> x.account_id
    OR pc.account_id <> x.account_id
    OR pt.account_id <> x.account_id

UNION ALL
SELECT
    'taxonomy_terms', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
        WHEN pe.account_id <> x.account_id THEN 'sector ' || x.sector_id || ' is of another account'
    END,
    'rows of one account'
FROM taxonomy_terms x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
LEFT JOIN sectors pe ON pe.id = x.sector_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id
    OR pe.account_id <> x.account_id

UNION ALL
SELECT
    'content_taxonomy', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
        WHEN pw.account_id <> x.account_id THEN 'content ' || x.content_id || ' is of another account'
        WHEN pm.account_id <> x.account_id THEN 'term ' || x.taxonomy_term_id || ' is of another account'
    END,
    'rows of one account'
FROM content_taxonomy x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
LEFT JOIN content pw ON pw.id = x.content_id
LEFT JOIN taxonomy_terms pm ON pm.id = x.taxonomy_term_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id
    OR pw.account_id <> x.account_id
    OR pm.account_id <> x.account_id

UNION ALL
SELECT
    'site_integrations', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
    END,
    'rows of one account'
FROM site_integrations x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id

UNION ALL
SELECT
    'api_request_log', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
    END,
    'rows of one account'
FROM api_request_log x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id

UNION ALL
SELECT
    'credit_usage_log', x.id, x.account_id, x.site_id,
    CASE
        WHEN a.id IS NULL THEN 'its account does not exist'
        WHEN ps.account_id <> x.account_id THEN 'site ' || x.site_id || ' is of another account'
    END,
    'rows of one account'
FROM credit_usage_log x
LEFT JOIN accounts a ON a.id = x.account_id
LEFT JOIN sites ps ON ps.id = x.site_id
WHERE a.id IS NULL
    OR ps.account_id <> x.account_id

UNION ALL
SELECT
    'ai_keys', x.id, x.account_id, NULL,
    'its account does not exist',
    'rows of one account'
FROM ai_keys x
LEFT JOIN accounts a ON a.id = x.account_id
WHERE a.id IS NULL

UNION ALL
SELECT
    'ai_prompts', x.id, x.account_id, NULL,
    'its account does not exist',
    'rows of one account'
FROM ai_prompts x
LEFT JOIN accounts a ON a.id = x.account_id
WHERE a.id IS NULL

UNION ALL
SELECT
    'credit_balances', x.account_id AS id, x.account_id, NULL,
    'its account does not exist',
    'rows of one account'
FROM credit_balances x
LEFT JOIN accounts a ON a.id = x.account_id
WHERE a.id IS NULL
