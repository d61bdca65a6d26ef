-- What is watched: `target_name` holds a location's name, or "latitude,longitude,radius".
CREATE TABLE monitoring_targets (
    id          INTEGER NOT NULL PRIMARY KEY,
    channel_id  BIGINT NOT NULL REFERENCES channel_configs (channel_id),
    target_type VARCHAR(20) NOT NULL,
    target_name VARCHAR(255) NOT NULL,
    target_data VARCHAR(255)
);
