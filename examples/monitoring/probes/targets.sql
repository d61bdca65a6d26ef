-- What the new schema takes, and what it refuses. Each probe runs after this channel is there, and is rolled back.
INSERT INTO channel_configs (channel_id, guild_id) VALUES (1, 0);

-- probe: 40.7128/-74.0060, radius 25 passes
INSERT INTO monitoring_targets (channel_id, target_type, display_name, latitude, longitude, radius_miles)
VALUES (1, 'geographic', 'New York', 40.7128, -74.0060, 25);

-- probe: a location passes
INSERT INTO monitoring_targets (channel_id, target_type, display_name, location_id)
VALUES (1, 'location', 'Test Location', 1309);

-- probe: a location with a radius passes
INSERT INTO monitoring_targets (channel_id, target_type, display_name, location_id, radius_miles)
VALUES (1, 'location', 'Test Location', 1309, 25);

-- probe: the poles and the date line pass
INSERT INTO monitoring_targets (channel_id, target_type, display_name, latitude, longitude, radius_miles)
VALUES (1, 'geographic', 'South', -90, -180, 1), (1, 'geographic', 'North', 90, 180, 100);

-- probe: the same submission in two channels passes
INSERT INTO channel_configs (channel_id, guild_id) VALUES (2, 0);
INSERT INTO seen_submissions (channel_id, submission_id) VALUES (1, 900), (2, 900);

-- probe: 200/300, radius 5 fails on valid_latitude
INSERT INTO monitoring_targets (channel_id, target_type, display_name, latitude, longitude, radius_miles)
VALUES (1, 'geographic', 'Nowhere', 200, 300, 5);

-- probe: longitude 300 fails on valid_longitude
INSERT INTO monitoring_targets (channel_id, target_type, display_name, latitude, longitude, radius_miles)
VALUES (1, 'geographic', 'Nowhere', 0, 300, 5);

-- probe: a radius of 101 miles fails on valid_radius
INSERT INTO monitoring_targets (channel_id, target_type, display_name, latitude, longitude, radius_miles)
VALUES (1, 'geographic', 'Wide', 0, 0, 101);

-- probe: another type fails on valid_target_type or target_data_check
INSERT INTO monitoring_targets (channel_id, target_type, display_name, location_id)
VALUES (1, 'city', 'Portland', 1);

-- probe: a location without its number fails on target_data_check
INSERT INTO monitoring_targets (channel_id, target_type, display_name) VALUES (1, 'location', 'Nameless');

-- probe: a location with coordinates fails on target_data_check
INSERT INTO monitoring_targets (channel_id, target_type, display_name, location_id, latitude, longitude)
VALUES (1, 'location', 'Both', 1, 1, 1);

-- probe: an area without coordinates fails on target_data_check
INSERT INTO monitoring_targets (channel_id, target_type, display_name, radius_miles)
VALUES (1, 'geographic', 'Nowhere', 5);

-- probe: the same location twice fails on unique_location
INSERT INTO monitoring_targets (channel_id, target_type, display_name, location_id) VALUES (1, 'location', 'A', 7);
INSERT INTO monitoring_targets (channel_id, target_type, display_name, location_id) VALUES (1, 'location', 'B', 7);

-- probe: the same area with another radius fails on unique_geographic
INSERT INTO monitoring_targets (channel_id, target_type, display_name, latitude, longitude, radius_miles)
VALUES (1, 'geographic', 'A', 1, 1, 5);
INSERT INTO monitoring_targets (channel_id, target_type, display_name, latitude, longitude, radius_miles)
VALUES (1, 'geographic', 'B', 1, 1, 6);

-- probe: the same submission twice in a channel fails on unique_channel_submission
INSERT INTO seen_submissions (channel_id, submission_id) VALUES (1, 900);
INSERT INTO seen_submissions (channel_id, submission_id) VALUES (1, 900);

-- probe: a target of no channel fails on target_channel
INSERT INTO monitoring_targets (channel_id, target_type, display_name, location_id) VALUES (99, 'location', 'A', 7);

-- probe: a target without a name fails on monitoring_targets.display_name
INSERT INTO monitoring_targets (channel_id, target_type, display_name, location_id) VALUES (1, 'location', NULL, 7);
