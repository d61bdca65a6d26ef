DROP TABLE credit_usage_log;
DROP TABLE credit_balances;
