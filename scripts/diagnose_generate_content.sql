/* manage
description = "What stands in the way of writing content: for one task, or for the first that is queued"

[params.task]
type = "integer"
help = "the task; without it the queued task of the lowest number"
*/
-- step: account
SELECT
    CASE WHEN a.status IN ('active', 'trial') THEN 1 ELSE 0 END AS ok,
    a.slug || ' is ' || a.status AS detail
FROM accounts a
WHERE a.id = :account;

-- step: task
SELECT
    CASE WHEN t.status = 'queued' AND trim(t.title) <> '' THEN 1 ELSE 0 END AS ok,
    CASE
        WHEN t.id IS NULL AND :task IS NOT NULL THEN 'task ' || :task || ' is not there'
        WHEN t.id IS NULL THEN 'no task is queued'
        WHEN trim(t.title) = '' THEN 'task ' || t.id || ' has no title'
        ELSE 'task ' || t.id || ' is ' || t.status || ': ' || t.title
    END AS detail
FROM accounts a
LEFT JOIN tasks t ON t.account_id = a.id AND t.id = COALESCE(:task, (
        SELECT min(x.id) FROM tasks x
        WHERE x.account_id = :account AND (:site IS NULL OR x.site_id = :site) AND x.status = 'queued'
    ))
WHERE a.id = :account;

-- step: site
SELECT
    CASE WHEN s.is_active THEN 1 ELSE 0 END AS ok,
    CASE
        WHEN t.id IS NULL THEN 'no task, no site'
        WHEN s.is_active THEN s.slug
        ELSE s.slug || ' is switched off'
    END AS detail
FROM accounts a
LEFT JOIN tasks t ON t.account_id = a.id AND t.id = COALESCE(:task, (
        SELECT min(x.id) FROM tasks x
        WHERE x.account_id = :account AND (:site IS NULL OR x.site_id = :site) AND x.status = 'queued'
    ))
LEFT JOIN sites s ON s.id = t.site_id AND s.account_id = :account
WHERE a.id = :account;

-- step: sector
SELECT
    CASE WHEN e.is_active THEN 1 ELSE 0 END AS ok,
    CASE
        WHEN t.id IS NULL THEN 'no task, no sector'
        WHEN e.id IS NULL THEN 'sector ' || t.sector_id || ' is of another site'
        WHEN e.is_active THEN e.name
        ELSE e.name || ' is switched off'
    END AS detail
FROM accounts a
LEFT JOIN tasks t ON t.account_id = a.id AND t.id = COALESCE(:task, (
        SELECT min(x.id) FROM tasks x
        WHERE x.account_id = :account AND (:site IS NULL OR x.site_id = :site) AND x.status = 'queued'
    ))
LEFT JOIN sectors e ON e.id = t.sector_id AND e.account_id = :account AND e.site_id = t.site_id
WHERE a.id = :account;

-- step: cluster
SELECT
    CASE WHEN c.id IS NOT NULL THEN 1 ELSE 0 END AS ok,
    CASE
        WHEN t.id IS NULL THEN 'no task, no cluster'
        WHEN t.cluster_id IS NULL THEN 'the task has no cluster'
        WHEN c.id IS NULL THEN 'cluster ' || t.cluster_id || ' is of another site'
        ELSE c.name
    END AS detail
FROM accounts a
LEFT JOIN tasks t ON t.account_id = a.id AND t.id = COALESCE(:task, (
        SELECT min(x.id) FROM tasks x
        WHERE x.account_id = :account AND (:site IS NULL OR x.site_id = :site) AND x.status = 'queued'
    ))
LEFT JOIN clusters c ON c.id = t.cluster_id AND c.account_id = :account AND c.site_id = t.site_id
WHERE a.id = :account;

-- step: idea
SELECT
    CASE WHEN i.id IS NOT NULL THEN 1 ELSE 0 END AS ok,
    CASE
        WHEN t.id IS NULL THEN 'no task, no idea'
        WHEN t.idea_id IS NULL THEN 'the task has no idea'
        WHEN i.id IS NULL THEN 'idea ' || t.idea_id || ' is of another site'
        ELSE i.title
    END AS detail
FROM accounts a
LEFT JOIN tasks t ON t.account_id = a.id AND t.id = COALESCE(:task, (
        SELECT min(x.id) FROM tasks x
        WHERE x.account_id = :account AND (:site IS NULL OR x.site_id = :site) AND x.status = 'queued'
    ))
LEFT JOIN content_ideas i ON i.id = t.idea_id AND i.account_id = :account AND i.site_id = t.site_id
WHERE a.id = :account;

-- step: key of the AI
SELECT
    CASE WHEN o.own > 0 OR f.lent > 0 THEN 1 ELSE 0 END AS ok,
    CASE
        WHEN o.own > 0 THEN 'the account''s own'
        WHEN f.lent > 0 THEN 'that of a system account'
        ELSE 'neither the account nor a system account has one that is active'
    END AS detail
FROM (SELECT count(*) AS own FROM ai_keys WHERE account_id = :account AND is_active AND api_key <> '') o
CROSS JOIN (SELECT count(*) AS lent FROM system_fallbacks WHERE kind = 'key') f;

-- step: prompt
SELECT
    CASE WHEN o.own > 0 OR f.lent > 0 THEN 1 ELSE 0 END AS ok,
    CASE
        WHEN o.own > 0 THEN 'the account''s own'
        WHEN f.lent > 0 THEN 'that of a system account'
        ELSE 'neither the account nor a system account has one that is active'
    END AS detail
FROM (SELECT count(*) AS own FROM ai_prompts WHERE account_id = :account AND is_active AND purpose = 'content' AND body <> '') o
CROSS JOIN (SELECT count(*) AS lent FROM system_fallbacks WHERE kind = 'prompt' AND name = 'content') f;

-- step: credits
SELECT
    CASE WHEN b.credits > 0 THEN 1 ELSE 0 END AS ok,
    CASE WHEN b.account_id IS NULL THEN 'the account has no balance' ELSE b.credits || ' left' END AS detail
FROM accounts a
LEFT JOIN credit_balances b ON b.account_id = a.id
WHERE a.id = :account;

-- step: content
SELECT
    CASE WHEN count(t.id) > 0 AND count(w.id) = 0 THEN 1 ELSE 0 END AS ok,
    CASE
        WHEN count(t.id) = 0 THEN 'no task, no content'
        WHEN count(w.id) = 0 THEN 'none yet, or a draft'
        ELSE 'content ' || min(w.id) || ' is ' || min(w.status)
    END AS detail
FROM accounts a
LEFT JOIN tasks t ON t.account_id = a.id AND t.id = COALESCE(:task, (
        SELECT min(x.id) FROM tasks x
        WHERE x.account_id = :account AND (:site IS NULL OR x.site_id = :site) AND x.status = 'queued'
    ))
LEFT JOIN content w ON w.task_id = t.id AND w.account_id = :account AND w.site_id = t.site_id AND w.status <> 'draft'
WHERE a.id = :account;
