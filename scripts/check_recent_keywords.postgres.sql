/* manage
description = "The keywords of the last hours, and what is odd about them"

[params.hours]
type = "integer"
default = 24
help = "how far back"
*/
-- table: Keywords
SELECT
    k.id, k.keyword, COALESCE(c.name, '-') AS cluster, k.status, COALESCE(e.name, '-') AS sector, s.slug AS site, k.created_at
FROM keywords k
LEFT JOIN clusters c ON c.id = k.cluster_id AND c.account_id = :account AND c.site_id = k.site_id
LEFT JOIN sectors e ON e.id = k.sector_id AND e.account_id = :account AND e.site_id = k.site_id
LEFT JOIN sites s ON s.id = k.site_id AND s.account_id = :account
WHERE k.account_id = :account AND (:site IS NULL OR k.site_id = :site)
    AND k.created_at >= (:now AT TIME ZONE 'UTC') - :hours * INTERVAL '1 hour'
ORDER BY k.created_at DESC, k.id DESC;

-- table: By status
SELECT k.status, count(*) AS keywords
FROM keywords k
WHERE k.account_id = :account AND (:site IS NULL OR k.site_id = :site)
    AND k.created_at >= (:now AT TIME ZONE 'UTC') - :hours * INTERVAL '1 hour'
GROUP BY k.status
ORDER BY count(*) DESC, k.status;

-- warn: Twice in a sector, but for capitals
SELECT min(k.keyword) AS keyword, COALESCE(min(e.name), '-') AS sector, count(*) AS times, min(k.id) AS first_id
FROM keywords k
LEFT JOIN sectors e ON e.id = k.sector_id AND e.account_id = :account AND e.site_id = k.site_id
WHERE k.account_id = :account AND (:site IS NULL OR k.site_id = :site)
GROUP BY k.site_id, k.sector_id, lower(k.keyword)
HAVING count(*) > 1 AND max(k.created_at) >= (:now AT TIME ZONE 'UTC') - :hours * INTERVAL '1 hour'
ORDER BY count(*) DESC, min(k.id);

-- warn: Without a sector
SELECT k.id, k.keyword, k.created_at
FROM keywords k
WHERE k.account_id = :account AND (:site IS NULL OR k.site_id = :site)
    AND k.sector_id IS NULL
    AND k.created_at >= (:now AT TIME ZONE 'UTC') - :hours * INTERVAL '1 hour'
ORDER BY k.created_at DESC, k.id DESC;

-- warn: New, though in a cluster
SELECT k.id, k.keyword, c.name AS cluster
FROM keywords k
JOIN clusters c ON c.id = k.cluster_id AND c.account_id = :account AND c.site_id = k.site_id
WHERE k.account_id = :account AND (:site IS NULL OR k.site_id = :site)
    AND k.status = 'new'
    AND k.created_at >= (:now AT TIME ZONE 'UTC') - :hours * INTERVAL '1 hour'
ORDER BY k.created_at DESC, k.id DESC;
