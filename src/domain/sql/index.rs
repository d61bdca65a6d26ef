//! Which index a `CONCURRENTLY` means: what to look for in the catalogue after it was interrupted.

use crate::domain::engine::Engine;

use super::words::Words;

/// The index that a statement makes or drops concurrently. Names are as PostgreSQL's catalogue has them:
/// unquoted, folded to lower case unless quoted, and cut to 63 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConcurrentIndex {
    /// The index; none if PostgreSQL is left to choose a name.
    pub name: Option<String>,
    /// The schema, if one is written: of the table, in which the index will be, or of the dropped index.
    pub schema: Option<String>,
    /// The table whose index is made; none when an index is dropped.
    pub table: Option<String>,
    /// Whether the index is dropped.
    pub drop: bool,
    /// Whether the statement is content to find the work done: `IF NOT EXISTS`, `IF EXISTS`.
    pub lenient: bool,
}

/// What a PostgreSQL `CREATE [UNIQUE] INDEX CONCURRENTLY` or `DROP INDEX CONCURRENTLY` means; none for any other
/// statement.
pub fn concurrent_index(sql: &str) -> Option<ConcurrentIndex> {
    let mut words = Words::new(sql, Engine::Postgres);
    if words.eat(&["DROP", "INDEX", "CONCURRENTLY"]) {
        let lenient = words.eat(&["IF", "EXISTS"]);
        let index = words.name()?;
        return Some(ConcurrentIndex { name: Some(index.name), schema: index.schema, table: None, drop: true, lenient });
    }
    if !(words.eat(&["CREATE", "INDEX", "CONCURRENTLY"]) || words.eat(&["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY"])) {
        return None;
    }
    let lenient = words.eat(&["IF", "NOT", "EXISTS"]);
    let name = if words.is(&["ON"]) { None } else { Some(words.name()?.name) };
    if !words.eat(&["ON"]) {
        return None;
    }
    words.eat(&["ONLY"]);
    let table = words.name()?;
    Some(ConcurrentIndex { name, schema: table.schema, table: Some(table.name), drop: false, lenient })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(name: Option<&str>, schema: Option<&str>, table: &str, lenient: bool) -> Option<ConcurrentIndex> {
        let own = |text: &str| text.to_owned();
        Some(ConcurrentIndex { name: name.map(own), schema: schema.map(own), table: Some(own(table)), drop: false, lenient })
    }

    #[test]
    fn an_index_made_concurrently_is_found_with_its_table() {
        let index = concurrent_index;

        assert_eq!(index("CREATE INDEX CONCURRENTLY a_b ON a (b)"), made(Some("a_b"), None, "a", false));
        assert_eq!(index("create unique index concurrently A on Public.T(x)"), made(Some("a"), Some("public"), "t", false));
        assert_eq!(index("CREATE INDEX CONCURRENTLY ON ONLY \"T\" (x)"), made(None, None, "T", false));
        assert_eq!(
            index("CREATE INDEX /* slow */ CONCURRENTLY IF NOT EXISTS \"on \"\"x\" ON t USING gin (d)"),
            made(Some("on \"x"), None, "t", true)
        );
        assert_eq!(index("CREATE INDEX CONCURRENTLY if ON t (a)"), made(Some("if"), None, "t", false));
    }

    #[test]
    fn a_name_too_long_is_cut_as_the_server_cuts_it() {
        let sql = format!("CREATE INDEX CONCURRENTLY \"{}é\" ON t (a)", "x".repeat(62));

        let name = concurrent_index(&sql).and_then(|index| index.name);

        assert_eq!(name, Some("x".repeat(62)));
    }

    #[test]
    fn a_dropped_index_is_found_with_its_schema() {
        let dropped = concurrent_index("DROP INDEX CONCURRENTLY IF EXISTS app.a_b CASCADE");

        let expected =
            ConcurrentIndex { name: Some("a_b".into()), schema: Some("app".into()), table: None, drop: true, lenient: true };
        assert_eq!(dropped, Some(expected));
    }

    #[test]
    fn other_statements_mean_no_concurrent_index() {
        for sql in ["", "CREATE INDEX a ON b (c)", "DROP INDEX a", "CREATE INDEX CONCURRENTLY", "REINDEX INDEX CONCURRENTLY a"] {
            assert_eq!(concurrent_index(sql), None, "{sql}");
        }
    }
}
