//! sql_errors
