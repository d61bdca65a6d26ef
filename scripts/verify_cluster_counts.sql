/* manage
description = "The counts of a cluster are those of its rows"
fix = ["cluster-status"]
table = "clusters"
*/
SELECT c.id, c.account_id, c.site_id, c.what, c.expected
FROM (
    SELECT
        d.id, d.account_id, d.site_id,
        'keywords ' || d.keywords_count || ', volume ' || d.total_volume
            || ', ideas ' || d.ideas_count || ', content ' || d.content_count AS what,
        'keywords ' || COALESCE(k.rows_of, 0) || ', volume ' || COALESCE(k.volume, 0)
            || ', ideas ' || COALESCE(i.rows_of, 0) || ', content ' || COALESCE(w.rows_of, 0) AS expected
    FROM clusters d
    LEFT JOIN (
        SELECT cluster_id, site_id, count(*) AS rows_of, sum(volume) AS volume
        FROM keywords
        WHERE account_id = :account AND cluster_id IS NOT NULL
        GROUP BY cluster_id, site_id
    ) k ON k.cluster_id = d.id AND k.site_id = d.site_id
    LEFT JOIN (
        SELECT cluster_id, site_id, count(*) AS rows_of
        FROM content_ideas
        WHERE account_id = :account AND cluster_id IS NOT NULL
        GROUP BY cluster_id, site_id
    ) i ON i.cluster_id = d.id AND i.site_id = d.site_id
    LEFT JOIN (
        SELECT cluster_id, site_id, count(*) AS rows_of
        FROM content
        WHERE account_id = :account AND cluster_id IS NOT NULL
        GROUP BY cluster_id, site_id
    ) w ON w.cluster_id = d.id AND w.site_id = d.site_id
    WHERE d.account_id = :account AND (:site IS NULL OR d.site_id = :site) AND NOT d.disabled
) c
WHERE c.what <> c.expected
