-- In reverse order of dependencies.
DROP TABLE seen_submissions;
DROP TABLE monitoring_targets;
DROP TABLE channel_configs;
