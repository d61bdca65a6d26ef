//! The splitter against a database: the pieces of a file do what the file does.

mod sqlite;
