-- Words of the first year become those of today. `updated_at` stays: nobody worked on these rows.
-- Rows with other unknown words are left to the `verify` and `fix` scripts.
UPDATE keywords SET disabled = TRUE WHERE status = 'archived';

UPDATE keywords
SET status = CASE WHEN cluster_id IS NULL THEN 'new' ELSE 'mapped' END
WHERE status IN ('pending', 'active', 'archived');

UPDATE clusters SET disabled = TRUE WHERE status = 'archived';

UPDATE clusters
SET status = CASE
    WHEN EXISTS (SELECT 1 FROM keywords k WHERE k.cluster_id = clusters.id AND k.site_id = clusters.site_id) THEN 'mapped'
    WHEN EXISTS (SELECT 1 FROM content_ideas i WHERE i.cluster_id = clusters.id AND i.site_id = clusters.site_id) THEN 'mapped'
    ELSE 'new'
END
WHERE status IN ('active', 'completed', 'archived');

UPDATE content_ideas SET status = 'queued' WHERE status = 'scheduled';
UPDATE content_ideas SET status = 'completed' WHERE status = 'published';
