/* manage
description = "What is synced says so, what failed is tried again, what is stuck has failed"
verify = ["sync", "status-fixes"]
leaves = ["sync", "status-fixes"]       # two rows of one external_id are for a person to tell apart
expect_max = 5000
volatile = ["updated_at"]

[params.stuck_minutes]
type = "integer"
default = 30
help = "an integration may be syncing for so many minutes"

[params.retry_hours]
type = "integer"
default = 24
help = "content that failed to sync is tried again after so many hours"
*/
-- What has an external_id is there, so it is synced; what has none is still to come. A younger row with the external_id
-- of an older one of its site is left alone.
-- patch: content(id)
SELECT
    w.id,
    CASE WHEN w.external_id <> '' THEN 'synced' ELSE 'pending' END AS sync_status,
    CASE WHEN w.external_id <> '' THEN COALESCE(w.last_synced_at, :now) ELSE w.last_synced_at END AS last_synced_at,
    :now AS updated_at
FROM content w
WHERE w.account_id = :account AND (:site IS NULL OR w.site_id = :site)
    -- A failure of today is left as it is: it is not yet time to try again.
    AND (w.sync_status <> 'failed' OR w.updated_at < datetime(:now, '-' || :retry_hours || ' hours'))
    AND NOT EXISTS (
        SELECT 1 FROM content o
        WHERE o.account_id = :account AND o.site_id = w.site_id
            AND o.external_id = w.external_id AND o.external_id <> '' AND o.id < w.id
    )

-- patch: site_integrations(id)
SELECT
    n.id,
    CASE n.sync_status WHEN 'success' THEN 'pending' ELSE 'failed' END AS sync_status,
    CASE n.sync_status
        WHEN 'success' THEN n.sync_error
        ELSE 'it was syncing for more than ' || :stuck_minutes || ' minutes'
    END AS sync_error,
    :now AS updated_at
FROM site_integrations n
WHERE n.account_id = :account AND (:site IS NULL OR n.site_id = :site)
    AND (
        (n.sync_status = 'success' AND n.last_sync_at IS NULL)
        OR (n.sync_status = 'syncing' AND n.sync_started_at IS NULL)
        OR (n.sync_status = 'syncing' AND n.sync_started_at < datetime(:now, '-' || :stuck_minutes || ' minutes'))
    )
