DROP TABLE site_integrations;
