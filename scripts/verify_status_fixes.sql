/* manage
description = "Every status is a word of today, and true"
fix = ["cluster-status", "idea-status", "sync"]

[effects]
writer = "SELECT count(*) FROM tasks WHERE account_id = :account AND status IN ('queued', 'in_progress')"
integration = "SELECT count(*) FROM content WHERE account_id = :account AND status = 'published'"
*/
-- One row has one finding at most. What stands in `expected` begins with the right word.
SELECT
    'keywords' AS table_name, k.id, k.account_id, k.site_id,
    'status is "' || k.status || '"' AS what,
    CASE WHEN k.cluster_id IS NULL THEN 'new: it is in no cluster' ELSE 'mapped: it is in a cluster' END AS expected
FROM keywords k
WHERE k.account_id = :account AND (:site IS NULL OR k.site_id = :site)
    AND k.status <> CASE WHEN k.cluster_id IS NULL THEN 'new' ELSE 'mapped' END

UNION ALL
SELECT
    'clusters', c.id, c.account_id, c.site_id,
    'status is "' || c.status || '"',
    CASE
        WHEN c.disabled THEN 'new or mapped'
        WHEN c.truth = 'new' THEN 'new: it has no keywords and no ideas'
        ELSE 'mapped: it has keywords or ideas'
    END
FROM (
    SELECT
        d.id, d.account_id, d.site_id, d.status, d.disabled,
        CASE
            WHEN EXISTS (
                SELECT 1 FROM keywords k
                WHERE k.cluster_id = d.id AND k.account_id = :account AND k.site_id = d.site_id
            ) OR EXISTS (
                SELECT 1 FROM content_ideas i
                WHERE i.cluster_id = d.id AND i.account_id = :account AND i.site_id = d.site_id
            ) THEN 'mapped'
            ELSE 'new'
        END AS truth
    FROM clusters d
    WHERE d.account_id = :account AND (:site IS NULL OR d.site_id = :site)
) c
-- A cluster that is switched off is left as it is, as long as its word is one.
WHERE c.status NOT IN ('new', 'mapped') OR (c.status <> c.truth AND NOT c.disabled)

UNION ALL
SELECT
    'content_ideas', i.id, i.account_id, i.site_id,
    'status is "' || i.status || '"',
    CASE i.truth
        WHEN 'new' THEN 'new: it has no task'
        WHEN 'queued' THEN 'queued: it has a task, and none is done'
        ELSE 'completed: a task of it is done or has content'
    END
FROM (
    SELECT
        d.id, d.account_id, d.site_id, d.status,
        CASE
            WHEN NOT EXISTS (
                SELECT 1 FROM tasks t
                WHERE t.idea_id = d.id AND t.account_id = :account AND t.site_id = d.site_id
            ) THEN 'new'
            WHEN EXISTS (
                SELECT 1 FROM tasks t
                WHERE t.idea_id = d.id AND t.account_id = :account AND t.site_id = d.site_id
                    AND (t.status = 'completed' OR EXISTS (
                        SELECT 1 FROM content w
                        WHERE w.task_id = t.id AND w.account_id = :account AND w.site_id = t.site_id
                    ))
            ) THEN 'completed'
            ELSE 'queued'
        END AS truth
    FROM content_ideas d
    WHERE d.account_id = :account AND (:site IS NULL OR d.site_id = :site)
) i
WHERE i.status <> i.truth

UNION ALL
SELECT
    'tasks', t.id, t.account_id, t.site_id,
    'status is "' || t.status || '"',
    'queued, in_progress, completed or failed'
FROM tasks t
WHERE t.account_id = :account AND (:site IS NULL OR t.site_id = :site)
    AND t.status NOT IN ('queued', 'in_progress', 'completed', 'failed')

UNION ALL
SELECT
    'content', w.id, w.account_id, w.site_id,
    CASE
        WHEN w.status NOT IN ('draft', 'review', 'published') THEN 'status is "' || w.status || '"'
        WHEN w.sync_status NOT IN ('pending', 'synced', 'failed') THEN 'sync_status is "' || w.sync_status || '"'
        ELSE 'it is published and has no external_id'
    END,
    CASE
        WHEN w.status NOT IN ('draft', 'review', 'published') THEN 'draft, review or published'
        WHEN w.sync_status NOT IN ('pending', 'synced', 'failed') THEN 'pending, synced or failed'
        ELSE 'what WordPress calls it, or another status'
    END
FROM content w
WHERE w.account_id = :account AND (:site IS NULL OR w.site_id = :site)
    AND (
        w.status NOT IN ('draft', 'review', 'published')
        OR w.sync_status NOT IN ('pending', 'synced', 'failed')
        OR (
            w.status = 'published' AND COALESCE(w.external_id, '') = ''
            AND (
                w.source = 'wordpress'
                OR EXISTS (
                    SELECT 1 FROM site_integrations n
                    WHERE n.site_id = w.site_id AND n.account_id = :account AND n.platform = 'wordpress' AND n.is_active
                )
                OR EXISTS (SELECT 1 FROM sites s WHERE s.id = w.site_id AND s.account_id = :account AND s.wp_url <> '')
            )
        )
    )

UNION ALL
SELECT
    'site_integrations', n.id, n.account_id, n.site_id,
    'sync_status is "' || n.sync_status || '"',
    'pending, syncing, success or failed'
FROM site_integrations n
WHERE n.account_id = :account AND (:site IS NULL OR n.site_id = :site)
    AND n.sync_status NOT IN ('pending', 'syncing', 'success', 'failed')
