-- Rows of a database in use, for trying the fresh start out: two channels, their targets, what was told already.
INSERT INTO channel_configs (channel_id, guild_id) VALUES (1170000000000000001, 42), (1170000000000000002, 42);
INSERT INTO monitoring_targets (id, channel_id, target_type, target_name) VALUES
    (1, 1170000000000000001, 'location', 'Ground Kontrol Classic Arcade'),
    (2, 1170000000000000001, 'geographic', '40.7128,-74.0060,25'),
    (3, 1170000000000000002, 'location', 'Joe''s "Bar"'),
    (4, 1170000000000000002, 'geographic', '200,300,5');
INSERT INTO seen_submissions (id, channel_id, submission_id) VALUES (1, 1170000000000000001, 900), (2, 1170000000000000001, 900);
