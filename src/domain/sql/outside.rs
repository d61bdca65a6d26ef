//! Statements that a database refuses inside a transaction, as far as their words can tell.
//!
//! Not to be told from words: `REINDEX` and `CLUSTER` of a partitioned table, and procedures that commit.

use crate::domain::engine::Engine;

use super::words::Words;

/// The words, upper case, because of which a statement cannot run inside a transaction.
pub(super) fn outside_transaction(words: Words<'_>, engine: Engine) -> Option<&'static str> {
    if words.is(&["VACUUM"]) {
        return Some("VACUUM");
    }
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => whole_databases(words.clone())
            .or_else(|| concurrently(words.clone()))
            .or_else(|| reindex(words.clone()))
            .or_else(|| cluster(words.clone()))
            .or_else(|| subscription(words)),
    }
}

fn whole_databases(mut words: Words<'_>) -> Option<&'static str> {
    const STARTS: [(&[&str], &str); 6] = [
        (&["ALTER", "SYSTEM"], "ALTER SYSTEM"),
        (&["CREATE", "DATABASE"], "CREATE DATABASE"),
        (&["DROP", "DATABASE"], "DROP DATABASE"),
        (&["CREATE", "TABLESPACE"], "CREATE TABLESPACE"),
        (&["DROP", "TABLESPACE"], "DROP TABLESPACE"),
        (&["DISCARD", "ALL"], "DISCARD ALL"),
    ];
    if let Some((_, found)) = STARTS.into_iter().find(|(start, _)| words.eat(start)) {
        return Some(found);
    }
    let moves = words.eat(&["ALTER", "DATABASE"]) && words.name().is_some() && words.eat(&["SET", "TABLESPACE"]);
    moves.then_some("ALTER DATABASE SET TABLESPACE")
}

fn concurrently(mut words: Words<'_>) -> Option<&'static str> {
    if words.eat(&["CREATE", "INDEX", "CONCURRENTLY"]) || words.eat(&["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY"]) {
        return Some("CREATE INDEX CONCURRENTLY");
    }
    if words.eat(&["DROP", "INDEX", "CONCURRENTLY"]) {
        return Some("DROP INDEX CONCURRENTLY");
    }
    words.altered_table()?;
    let detaches = words.eat(&["DETACH", "PARTITION"]) && words.name().is_some() && words.eat(&["CONCURRENTLY"]);
    detaches.then_some("DETACH PARTITION CONCURRENTLY")
}

fn reindex(mut words: Words<'_>) -> Option<&'static str> {
    if !words.eat(&["REINDEX"]) {
        return None;
    }
    let option = words.parenthesised().and_then(|options| switch(options, "CONCURRENTLY"));
    for (word, found) in [("SCHEMA", "REINDEX SCHEMA"), ("DATABASE", "REINDEX DATABASE"), ("SYSTEM", "REINDEX SYSTEM")] {
        if words.is(&[word]) {
            return Some(found);
        }
    }
    words.step();
    (words.is(&["CONCURRENTLY"]) || option == Some(true)).then_some("REINDEX CONCURRENTLY")
}

fn cluster(mut words: Words<'_>) -> Option<&'static str> {
    if !words.eat(&["CLUSTER"]) {
        return None;
    }
    words.parenthesised();
    words.eat(&["VERBOSE"]);
    words.at_end().then_some("CLUSTER")
}

fn subscription(mut words: Words<'_>) -> Option<&'static str> {
    if words.eat(&["DROP", "SUBSCRIPTION"]) {
        return Some("DROP SUBSCRIPTION");
    }
    if words.eat(&["CREATE", "SUBSCRIPTION"]) {
        let options = last_options(words);
        let makes_no_slot = ["CREATE_SLOT", "CONNECT"].iter().any(|option| switch(options, option) == Some(false));
        return (!makes_no_slot).then_some("CREATE SUBSCRIPTION");
    }
    if !words.eat(&["ALTER", "SUBSCRIPTION"]) {
        return None;
    }
    words.name()?;
    if words.is(&["REFRESH"]) {
        return Some("ALTER SUBSCRIPTION REFRESH");
    }
    let changes = ["SET", "ADD", "DROP"].iter().any(|verb| words.eat(&[verb, "PUBLICATION"]));
    if changes && switch(last_options(words.clone()), "REFRESH") != Some(false) {
        return Some("ALTER SUBSCRIPTION PUBLICATION");
    }
    let sets = words.eat(&["SET"]) && words.anywhere(&["FAILOVER", "TWO_PHASE"]);
    sets.then_some("ALTER SUBSCRIPTION SET")
}

/// What stands in the parentheses after `WITH`.
fn last_options(mut words: Words<'_>) -> &str {
    while !words.at_end() {
        if words.eat(&["WITH"]) {
            return words.parenthesised().unwrap_or_default();
        }
        words.step();
    }
    ""
}

/// Whether `options` (`a, b = off, c true`) switch `option` on or off; none if they do not name it.
fn switch(options: &str, option: &str) -> Option<bool> {
    let mut words = Words::new(options, Engine::Postgres);
    while !words.at_end() {
        if words.eat(&[option]) {
            if words.peek() == "=" {
                words.step();
            }
            let value = words.peek().trim_matches(['\'', '"']).to_ascii_lowercase();
            return Some(!matches!(value.as_str(), "false" | "off" | "0" | "no"));
        }
        words.step();
    }
    None
}
