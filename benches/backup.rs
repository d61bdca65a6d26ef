//! How long a backup, its proof and a restore take.
fn main() {}
