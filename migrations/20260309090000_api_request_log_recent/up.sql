-- The latest answers of one account are asked for all day.
CREATE INDEX idx_api_request_log_recent ON api_request_log (account_id, created_at);
