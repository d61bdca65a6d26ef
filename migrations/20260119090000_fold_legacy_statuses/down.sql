-- Back to the old words, so that last year's program can read every row. Exact for ideas and for what was archived.
-- Not recovered: a cluster that was `completed` comes back as `active`, a keyword that was `pending` with a cluster
-- or `active` without one comes back as its cluster says. What was disabled since then comes back as `archived`.
UPDATE content_ideas SET status = 'published' WHERE status = 'completed';
UPDATE content_ideas SET status = 'scheduled' WHERE status = 'queued';

UPDATE clusters SET status = 'active' WHERE status IN ('new', 'mapped') AND NOT disabled;
UPDATE clusters SET status = 'archived', disabled = FALSE WHERE disabled;

UPDATE keywords SET status = 'pending' WHERE status = 'new' AND NOT disabled;
UPDATE keywords SET status = 'active' WHERE status = 'mapped' AND NOT disabled;
UPDATE keywords SET status = 'archived', disabled = FALSE WHERE disabled;
