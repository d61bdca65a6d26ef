use manage::domain::engine::Engine;
use manage::domain::sql::{significant_tokens, split};
use proptest::prelude::*;
use rusqlite::types::Value;
use rusqlite::{Connection, Result};

const TRAPS: &str = include_str!("traps.sql");

const STATEMENTS: [&str; 14] = [
    "CREATE TABLE IF NOT EXISTS a (x)",
    "INSERT INTO a VALUES (';')",
    "INSERT INTO a VALUES ('it''s')",
    "INSERT INTO a VALUES (x'3b')",
    "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = x || 'END;'; SELECT 1; END",
    "CREATE TEMP TRIGGER u AFTER INSERT ON a BEGIN DELETE FROM a WHERE CASE x WHEN 1 THEN 2 END; END",
    "EXPLAIN QUERY PLAN CREATE TEMPORARY TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END",
    "UPDATE a SET x = CASE WHEN 1 THEN ';' ELSE x END",
    "BEGIN",
    "END",
    "SELECT [a;], `b;`, \"c;\" FROM (SELECT 1 [a;], 2 `b;`, 3 \"c;\")",
    "SELECT :a, @b, $c::d(e;f), ?1",
    "PRAGMA user_version = 3",
    "SELECT 'a' -- ;\n",
];

/// What may stand between and within statements and decides where they end.
const SCRAPS: [&str; 31] = [
    "CREATE ",
    "TEMPORARY ",
    "TEMP ",
    "TRIGGER ",
    "EXPLAIN ",
    "BEGIN ",
    "END",
    "CASE ",
    "SELECT 1 ",
    "/* ; */",
    "/* ' */",
    "-- ';\n",
    "/*",
    "*/",
    "--",
    "'",
    "\"",
    "`",
    "[",
    "]",
    "(",
    ")",
    ";",
    ";",
    ";",
    "; ",
    ";\n",
    "\n",
    "\r\n",
    "\u{feff}",
    "$",
];

/// Mostly statements, each with its `;`, and some scraps.
fn file() -> impl Strategy<Value = String> {
    let statement = prop::sample::select(STATEMENTS.to_vec()).prop_map(|sql| format!("{sql};"));
    let scrap = prop::sample::select(SCRAPS.to_vec()).prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![2 => statement, 1 => scrap], 0..20).prop_map(|parts| parts.concat())
}

#[test]
fn the_pieces_of_a_file_do_what_the_file_does() -> Result<()> {
    let (whole, pieces) = (Connection::open_in_memory()?, Connection::open_in_memory()?);

    whole.execute_batch(TRAPS)?;
    run_pieces(&pieces, TRAPS)?;

    assert_eq!(contents(&pieces)?, contents(&whole)?);
    assert!(contents(&whole)?.len() > 10, "the file should leave something to compare");
    Ok(())
}

#[test]
fn every_piece_with_its_semicolon_is_stored_byte_for_byte_as_from_the_file() -> Result<()> {
    let (whole, pieces) = (Connection::open_in_memory()?, Connection::open_in_memory()?);

    whole.execute_batch(TRAPS)?;
    for piece in split(TRAPS, Engine::Sqlite).expect("the file can be split") {
        pieces.execute_batch(&TRAPS[piece.start..piece.until])?;
    }

    let stored = |connection: &Connection| rows(connection, "SELECT sql FROM sqlite_schema WHERE name <> 'last' ORDER BY name");
    assert_eq!(stored(&pieces)?, stored(&whole)?);
    Ok(())
}

proptest! {
    #[test]
    fn any_pieces_stop_where_the_file_stops(text in file()) {
        let (whole, pieces) = (Connection::open_in_memory()?, Connection::open_in_memory()?);

        let expected = whole.execute_batch(&text);
        let found = run_pieces(&pieces, &text);

        prop_assert_eq!(found.is_ok(), expected.is_ok(), "{:?} against {:?}", found, expected);
        if split(&text, Engine::Sqlite).is_ok() {
            prop_assert_eq!(contents(&pieces)?, contents(&whole)?);
        }
    }
}

/// Runs the pieces one by one, each of which must be exactly one statement, up to the first that fails.
fn run_pieces(connection: &Connection, text: &str) -> Result<()> {
    let pieces = split(text, Engine::Sqlite).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    for piece in pieces {
        let mut statement = connection.prepare(piece.sql(text))?;
        statement.raw_query().next()?;
    }
    Ok(())
}

/// The schema, less blanks and comments, with every row and the settings that statements can leave behind.
fn contents(connection: &Connection) -> Result<Vec<Vec<Value>>> {
    let schema = "FROM (SELECT * FROM sqlite_schema UNION ALL SELECT * FROM sqlite_temp_schema) ORDER BY name";
    let mut found = rows(connection, &format!("SELECT type, name, tbl_name, sql {schema}"))?;
    for sql in found.iter_mut().filter_map(|row| row.last_mut()) {
        if let Value::Text(text) = sql {
            *text = significant_tokens(text, Engine::Sqlite).collect::<Vec<_>>().join(" ");
        }
    }
    for table in rows(connection, &format!("SELECT format('SELECT * FROM \"%w\"', name) {schema}"))? {
        if let [Value::Text(select)] = table.as_slice()
            && let Ok(rows) = rows(connection, select)
        {
            found.extend(rows);
        }
    }
    found.extend(rows(connection, "SELECT * FROM pragma_user_version, pragma_application_id, pragma_foreign_keys")?);
    found.push(vec![Value::from(i64::from(connection.is_autocommit()))]);
    Ok(found)
}

fn rows(connection: &Connection, select: &str) -> Result<Vec<Vec<Value>>> {
    let mut statement = connection.prepare(select)?;
    let width = statement.column_count();
    let rows = statement.query_map([], |row| (0..width).map(|column| row.get(column)).collect())?;
    rows.collect()
}
