-- What is disabled is forgotten here; the fold of the old words, which is undone first, has kept it as `archived`.
-- Stops at a cluster whose volume does not fit the old type.
ALTER TABLE content_ideas DROP COLUMN disabled;

ALTER TABLE keywords
    ALTER COLUMN status SET DEFAULT 'pending',
    DROP COLUMN disabled;

ALTER TABLE clusters
    ALTER COLUMN total_volume TYPE INTEGER,
    ALTER COLUMN status SET DEFAULT 'active',
    DROP COLUMN disabled;
