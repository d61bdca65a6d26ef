-- `archived` was a status and a switch in one. The switch becomes a column of its own, new rows start with the
-- new words, and a cluster's volume may pass two billion.
-- manage: allow changing-column-type clusters are some ten thousand rows, written anew within a second

ALTER TABLE clusters
    ADD COLUMN disabled BOOLEAN NOT NULL DEFAULT FALSE,
    ALTER COLUMN status SET DEFAULT 'new',
    ALTER COLUMN total_volume TYPE BIGINT;

ALTER TABLE keywords
    ADD COLUMN disabled BOOLEAN NOT NULL DEFAULT FALSE,
    ALTER COLUMN status SET DEFAULT 'new';

ALTER TABLE content_ideas ADD COLUMN disabled BOOLEAN NOT NULL DEFAULT FALSE;
