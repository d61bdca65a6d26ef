/* manage
description = "Status and counts of a cluster follow its keywords, ideas and content"
table = "clusters"
verify = ["status-fixes", "cluster-counts"]
leaves = ["status-fixes"]               # it looks at other tables, too
expect_max = 5000
volatile = ["updated_at"]
*/
-- Only rows of the cluster's own site count. Words of former years become one of today's two. A cluster that is
-- switched off is left as it is.
SELECT
    c.id,
    CASE WHEN COALESCE(k.rows_of, 0) + COALESCE(i.rows_of, 0) > 0 THEN 'mapped' ELSE 'new' END AS status,
    COALESCE(k.rows_of, 0) AS keywords_count,
    COALESCE(k.volume, 0) AS total_volume,
    COALESCE(i.rows_of, 0) AS ideas_count,
    COALESCE(w.rows_of, 0) AS content_count,
    :now AS updated_at
FROM clusters c
LEFT JOIN (
    SELECT cluster_id, site_id, count(*) AS rows_of, sum(volume) AS volume
    FROM keywords
    WHERE account_id = :account AND cluster_id IS NOT NULL
    GROUP BY cluster_id, site_id
) k ON k.cluster_id = c.id AND k.site_id = c.site_id
LEFT JOIN (
    SELECT cluster_id, site_id, count(*) AS rows_of
    FROM content_ideas
    WHERE account_id = :account AND cluster_id IS NOT NULL
    GROUP BY cluster_id, site_id
) i ON i.cluster_id = c.id AND i.site_id = c.site_id
LEFT JOIN (
    SELECT cluster_id, site_id, count(*) AS rows_of
    FROM content
    WHERE account_id = :account AND cluster_id IS NOT NULL
    GROUP BY cluster_id, site_id
) w ON w.cluster_id = c.id AND w.site_id = c.site_id
WHERE c.account_id = :account AND (:site IS NULL OR c.site_id = :site) AND NOT c.disabled
