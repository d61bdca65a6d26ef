-- The fresh start: one migration makes the whole schema. No row of the old one is taken over; users add theirs again.
-- manage: replaces 20250301090000 channels
-- manage: replaces 20250412180000 targets
-- manage: replaces 20250520110000 seen

CREATE TABLE channel_configs (
    channel_id         BIGINT NOT NULL PRIMARY KEY,      -- Discord's number, not ours
    guild_id           BIGINT NOT NULL,
    poll_rate_minutes  INTEGER,
    notification_types VARCHAR,
    is_active          BOOLEAN,
    last_poll_at       DATETIME,
    created_at         DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at         DATETIME DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE monitoring_targets (
    id                 INTEGER NOT NULL PRIMARY KEY,
    channel_id         BIGINT NOT NULL,
    target_type        VARCHAR NOT NULL,
    display_name       VARCHAR NOT NULL,                 -- always human readable
    location_id        INTEGER,
    latitude           FLOAT,
    longitude          FLOAT,
    radius_miles       INTEGER,                          -- a location may have one, too
    poll_rate_minutes  INTEGER,
    notification_types VARCHAR,
    last_checked_at    DATETIME,
    created_at         DATETIME DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT target_channel FOREIGN KEY (channel_id) REFERENCES channel_configs (channel_id),
    CONSTRAINT valid_target_type CHECK (target_type IN ('location', 'geographic')),
    CONSTRAINT target_data_check CHECK (
        (target_type = 'location' AND location_id IS NOT NULL AND latitude IS NULL AND longitude IS NULL)
        OR (target_type = 'geographic' AND location_id IS NULL
            AND latitude IS NOT NULL AND longitude IS NOT NULL AND radius_miles IS NOT NULL)),
    CONSTRAINT valid_latitude CHECK (latitude IS NULL OR (latitude >= -90 AND latitude <= 90)),
    CONSTRAINT valid_longitude CHECK (longitude IS NULL OR (longitude >= -180 AND longitude <= 180)),
    CONSTRAINT valid_radius CHECK (radius_miles IS NULL OR (radius_miles >= 1 AND radius_miles <= 100)),
    CONSTRAINT unique_location UNIQUE (channel_id, location_id),
    CONSTRAINT unique_geographic UNIQUE (channel_id, latitude, longitude)
);

CREATE TABLE seen_submissions (
    id            INTEGER NOT NULL PRIMARY KEY,
    channel_id    BIGINT NOT NULL,
    submission_id BIGINT NOT NULL,
    seen_at       DATETIME DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT submission_channel FOREIGN KEY (channel_id) REFERENCES channel_configs (channel_id),
    CONSTRAINT unique_channel_submission UNIQUE (channel_id, submission_id)
);
