/* manage
description = "Every row has the site of the rows that it leads to"
*/
-- Within the account: rows that lead into another one belong to nobody, and are seen by `unowned-rows` alone.
-- Links and parents of terms are looked at by `taxonomy`.
SELECT
    'clusters' AS table_name, c.id, c.account_id, c.site_id,
    'sector ' || c.sector_id || ' is of another site' AS what,
    'one of its own site' AS expected
FROM clusters c
LEFT JOIN sectors ps ON ps.id = c.sector_id AND ps.account_id = :account AND ps.site_id = c.site_id
WHERE c.account_id = :account AND (:site IS NULL OR c.site_id = :site) AND ps.id IS NULL

UNION ALL
SELECT
    'keywords', k.id, k.account_id, k.site_id,
    CASE
        WHEN k.sector_id IS NOT NULL AND ps.id IS NULL THEN 'sector ' || k.sector_id || ' is of another site'
        ELSE 'cluster ' || k.cluster_id || ' is of another site'
    END,
    'one of its own site'
FROM keywords k
LEFT JOIN sectors ps ON ps.id = k.sector_id AND ps.account_id = :account AND ps.site_id = k.site_id
LEFT JOIN clusters pc ON pc.id = k.cluster_id AND pc.account_id = :account AND pc.site_id = k.site_id
WHERE k.account_id = :account AND (:site IS NULL OR k.site_id = :site)
    AND ((k.sector_id IS NOT NULL AND ps.id IS NULL) OR (k.cluster_id IS NOT NULL AND pc.id IS NULL))

UNION ALL
SELECT
    'content_ideas', i.id, i.account_id, i.site_id,
    CASE
        WHEN ps.id IS NULL THEN 'sector ' || i.sector_id || ' is of another site'
        ELSE 'cluster ' || i.cluster_id || ' is of another site'
    END,
    'one of its own site'
FROM content_ideas i
LEFT JOIN sectors ps ON ps.id = i.sector_id AND ps.account_id = :account AND ps.site_id = i.site_id
LEFT JOIN clusters pc ON pc.id = i.cluster_id AND pc.account_id = :account AND pc.site_id = i.site_id
WHERE i.account_id = :account AND (:site IS NULL OR i.site_id = :site)
    AND (ps.id IS NULL OR (i.cluster_id IS NOT NULL AND pc.id IS NULL))

UNION ALL
SELECT
    'tasks', t.id, t.account_id, t.site_id,
    CASE
        WHEN ps.id IS NULL THEN 'sector ' || t.sector_id || ' is of another site'
        WHEN t.cluster_id IS NOT NULL AND pc.id IS NULL THEN 'cluster ' || t.cluster_id || ' is of another site'
        ELSE 'idea ' || t.idea_id || ' is of another site'
    END,
    'one of its own site'
FROM tasks t
LEFT JOIN sectors ps ON ps.id = t.sector_id AND ps.account_id = :account AND ps.site_id = t.site_id
LEFT JOIN clusters pc ON pc.id = t.cluster_id AND pc.account_id = :account AND pc.site_id = t.site_id
LEFT JOIN content_ideas pi ON pi.id = t.idea_id AND pi.account_id = :account AND pi.site_id = t.site_id
WHERE t.account_id = :account AND (:site IS NULL OR t.site_id = :site)
    AND (ps.id IS NULL OR (t.cluster_id IS NOT NULL AND pc.id IS NULL) OR (t.idea_id IS NOT NULL AND pi.id IS NULL))

UNION ALL
SELECT
    'content', w.id, w.account_id, w.site_id,
    CASE
        WHEN ps.id IS NULL THEN 'sector ' || w.sector_id || ' is of another site'
        WHEN w.cluster_id IS NOT NULL AND pc.id IS NULL THEN 'cluster ' || w.cluster_id || ' is of another site'
        ELSE 'task ' || w.task_id || ' is of another site'
    END,
    'one of its own site'
FROM content w
LEFT JOIN sectors ps ON ps.id = w.sector_id AND ps.account_id = :account AND ps.site_id = w.site_id
LEFT JOIN clusters pc ON pc.id = w.cluster_id AND pc.account_id = :account AND pc.site_id = w.site_id
LEFT JOIN tasks pt ON pt.id = w.task_id AND pt.account_id = :account AND pt.site_id = w.site_id
WHERE w.account_id = :account AND (:site IS NULL OR w.site_id = :site)
    AND (ps.id IS NULL OR (w.cluster_id IS NOT NULL AND pc.id IS NULL) OR (w.task_id IS NOT NULL AND pt.id IS NULL))

UNION ALL
SELECT
    'taxonomy_terms', m.id, m.account_id, m.site_id,
    'sector ' || m.sector_id || ' is of another site',
    'one of its own site'
FROM taxonomy_terms m
LEFT JOIN sectors ps ON ps.id = m.sector_id AND ps.account_id = :account AND ps.site_id = m.site_id
WHERE m.account_id = :account AND (:site IS NULL OR m.site_id = :site) AND m.sector_id IS NOT NULL AND ps.id IS NULL
