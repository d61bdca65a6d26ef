DROP TABLE channel_configs;
