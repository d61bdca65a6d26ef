DROP TABLE monitoring_targets;
