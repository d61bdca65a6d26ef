DROP TABLE sites;
DROP TABLE accounts;
DROP TABLE countries;
