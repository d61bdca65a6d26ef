-- Every answer of the API, as it was sent. Requests about the account as a whole have no site.
CREATE TABLE api_request_log (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT REFERENCES sites (id),
    method VARCHAR(10) NOT NULL DEFAULT 'GET',
    endpoint VARCHAR(255) NOT NULL,
    status_code INTEGER NOT NULL,
    success BOOLEAN,
    response_body TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
