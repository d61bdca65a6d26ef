-- What an account may spend and what it has spent. Invoices rest on these rows: no patch writes them.
CREATE TABLE credit_balances (
    account_id BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    credits BIGINT NOT NULL DEFAULT 0 CHECK (credits >= 0),
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE credit_usage_log (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    site_id BIGINT REFERENCES sites (id),
    operation VARCHAR(50) NOT NULL,
    credits INTEGER NOT NULL CHECK (credits >= 0),
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
