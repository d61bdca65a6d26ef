/* manage
description = "Status of an idea follows its tasks, and its cluster follows the ideas"
verify = ["status-fixes", "cluster-counts"]
leaves = ["status-fixes", "cluster-counts"]     # other tables, and ideas that are done
expect_max = 5000
volatile = ["updated_at"]

[params.force]
type = "boolean"
default = false
help = "also take back what is called completed or published"
*/
-- patch: content_ideas(id)
SELECT
    s.id,
    CASE
        WHEN s.status IN ('completed', 'published') AND NOT :force THEN 'completed'
        ELSE s.truth
    END AS status,
    :now AS updated_at
FROM (
    SELECT
        i.id, i.status,
        CASE
            WHEN NOT EXISTS (
                SELECT 1 FROM tasks t
                WHERE t.idea_id = i.id AND t.account_id = :account AND t.site_id = i.site_id
            ) THEN 'new'
            WHEN EXISTS (
                SELECT 1 FROM tasks t
                WHERE t.idea_id = i.id AND t.account_id = :account AND t.site_id = i.site_id
                    AND (t.status = 'completed' OR EXISTS (
                        SELECT 1 FROM content w
                        WHERE w.task_id = t.id AND w.account_id = :account AND w.site_id = t.site_id
                    ))
            ) THEN 'completed'
            ELSE 'queued'
        END AS truth
    FROM content_ideas i
    WHERE i.account_id = :account AND (:site IS NULL OR i.site_id = :site)
) s

-- patch: clusters(id)
SELECT
    c.id, 'mapped' AS status,
    COALESCE(k.rows_of, 0) AS keywords_count,
    COALESCE(k.volume, 0) AS total_volume,
    i.rows_of AS ideas_count,
    COALESCE(w.rows_of, 0) AS content_count,
    :now AS updated_at
FROM clusters c
JOIN (
    SELECT cluster_id, site_id, count(*) AS rows_of
    FROM content_ideas
    WHERE account_id = :account AND cluster_id IS NOT NULL
    GROUP BY cluster_id, site_id
) i ON i.cluster_id = c.id AND i.site_id = c.site_id
LEFT JOIN (
    SELECT cluster_id, site_id, count(*) AS rows_of, sum(volume) AS volume
    FROM keywords
    WHERE account_id = :account AND cluster_id IS NOT NULL
    GROUP BY cluster_id, site_id
) k ON k.cluster_id = c.id AND k.site_id = c.site_id
LEFT JOIN (
    SELECT cluster_id, site_id, count(*) AS rows_of
    FROM content
    WHERE account_id = :account AND cluster_id IS NOT NULL
    GROUP BY cluster_id, site_id
) w ON w.cluster_id = c.id AND w.site_id = c.site_id
WHERE c.account_id = :account AND (:site IS NULL OR c.site_id = :site) AND NOT c.disabled
