//! Floor 0: the words of the trade as types. Nothing here knows a database, a file or a terminal.

pub mod checksum;
pub mod content;
pub mod database_url;
pub mod duration;
pub mod engine;
pub mod explain;
pub mod fault;
pub mod marker;
pub mod nearest;
pub mod schema;
pub mod secret;
pub mod sql;
pub mod transfer;
pub mod value;
pub mod version;
