//! bad_databases
