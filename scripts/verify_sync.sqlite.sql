/* manage
description = "What is synced says so, what failed is tried again, nothing is stuck"
fix = ["sync"]

[params.stuck_minutes]
type = "integer"
default = 30
help = "an integration may be syncing for so many minutes"

[params.retry_hours]
type = "integer"
default = 24
help = "content that failed to sync is tried again after so many hours"
*/
-- Words that are none are told by `status-fixes`.
WITH twins AS (
    SELECT site_id, external_id, min(id) AS oldest
    FROM content
    WHERE account_id = :account AND external_id <> ''
    GROUP BY site_id, external_id HAVING count(*) > 1
),
judged AS (
    SELECT
        w.id, w.account_id, w.site_id,
        CASE
            WHEN d.oldest <> w.id THEN 'its external_id "' || w.external_id || '" is that of content ' || d.oldest
            WHEN w.sync_status = 'pending' AND w.external_id <> '' THEN 'it has an external_id and is pending'
            WHEN w.sync_status = 'synced' AND COALESCE(w.external_id, '') = '' THEN 'it is synced and has no external_id'
            WHEN w.sync_status = 'synced' AND w.last_synced_at IS NULL THEN 'it is synced and has no last_synced_at'
            WHEN w.sync_status = 'failed' AND w.updated_at < datetime(:now, '-' || :retry_hours || ' hours')
                THEN 'it failed, and nobody tried again'
        END AS what,
        CASE
            WHEN d.oldest <> w.id THEN 'one content for an external_id of a site'
            WHEN w.sync_status = 'pending' THEN 'synced'
            WHEN w.sync_status = 'synced' AND COALESCE(w.external_id, '') <> '' THEN 'the time of the sync'
            ELSE 'pending'
        END AS expected
    FROM content w
    LEFT JOIN twins d ON d.site_id = w.site_id AND d.external_id = w.external_id
    WHERE w.account_id = :account AND (:site IS NULL OR w.site_id = :site)
)
SELECT 'content' AS table_name, j.id, j.account_id, j.site_id, j.what, j.expected
FROM judged j
WHERE j.what IS NOT NULL

UNION ALL
SELECT
    'site_integrations', n.id, n.account_id, n.site_id,
    CASE
        WHEN n.sync_status = 'success' THEN 'it says success and has no last_sync_at'
        WHEN n.sync_started_at IS NULL THEN 'it is syncing since nobody knows when'
        ELSE 'it is syncing since ' || n.sync_started_at
    END,
    CASE WHEN n.sync_status = 'success' THEN 'the time of the sync' ELSE 'failed, with a sync_error' END
FROM site_integrations n
WHERE n.account_id = :account AND (:site IS NULL OR n.site_id = :site)
    AND (
        (n.sync_status = 'success' AND n.last_sync_at IS NULL)
        OR (n.sync_status = 'syncing' AND n.sync_started_at IS NULL)
        OR (n.sync_status = 'syncing' AND n.sync_started_at < datetime(:now, '-' || :stuck_minutes || ' minutes'))
    )
