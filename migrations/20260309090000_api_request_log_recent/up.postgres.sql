-- The latest answers of one account are asked for all day. The log is written all day too: build it beside the writers.
CREATE INDEX CONCURRENTLY idx_api_request_log_recent ON api_request_log (account_id, created_at);
