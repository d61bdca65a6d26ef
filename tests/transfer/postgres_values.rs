//! Values arrive as they were: read by a connection of the test's own, never by what wrote them.

use super::postgres_pair::*;
use super::*;

const SAME: &str = "[[table]]\nfrom = \"a\"\nto = \"b\"\n";

/// What each column holds, as the server's own text; `md5` finds what a text would hide.
fn held(project: &Project, table: &str, columns: usize) -> Vec<Vec<String>> {
    let columns: String = (0..columns).map(|at| format!(", v{at}::text, md5(v{at}::text)")).collect();
    project.query(&format!("SELECT id{columns} FROM {table} ORDER BY id"))
}

/// A table with a column of each type on both servers, with these values as they stand in SQL: straight, then beside
/// rows that are there, then the way back.
#[track_caller]
fn same_on_both(types: &[(&str, &[&str])]) {
    let columns: String = types.iter().enumerate().map(|(at, (kind, _))| format!(", v{at} {kind}")).collect();
    let table_of = |name: &str| format!("CREATE TABLE {name} (id INTEGER PRIMARY KEY{columns});");
    let count = types.iter().map(|(_, values)| values.len()).max().expect("there are types");
    let value = |values: &[&str], at: usize| values.get(at).map_or("NULL".to_owned(), |value| (*value).to_owned());
    let row = |at: usize| types.iter().fold(at.to_string(), |row, (_, values)| row + ", " + &value(values, at));
    let rows: Vec<_> = (0..count).map(|at| format!("({})", row(at))).collect();
    let old = format!("{} INSERT INTO a VALUES {}", table_of("a"), rows.join(", "));
    let pair = Pair::new(Old::Postgres, &old, &table_of("b"), SAME);
    let before = held(pair.old(), "a", types.len());

    let facts = pair.transferred();

    assert_eq!(table(&facts, "b")["written"], count, "{facts}");
    assert_eq!(before, held(&pair, "b", types.len()));
    // Rows that are there make the others go by the stage, and one that differs is brought up to date.
    let nothing: Vec<_> = (0..types.len()).map(|at| format!("v{at} = NULL")).collect();
    pair.execute(&format!("DELETE FROM b WHERE id = 0; UPDATE b SET {} WHERE id = 1", nothing.join(", ")));
    let facts = pair.transferred();
    assert_eq!(facts["rows"], 2, "{facts}");
    assert_eq!(before, held(&pair, "b", types.len()), "beside rows that are there");
    pair.is_settled();
    pair.run("transfer rollback --yes").ok();
    pair.run("transfer rollback --yes --skip-conflicts").ok();
    assert_eq!(pair.value("SELECT string_agg(id::text, ' ') FROM b"), "1", "what somebody else emptied is not ours");
}

#[test]
fn times_to_the_microsecond_and_to_both_ends() {
    let ends = ["'0001-01-01'", "'9999-12-31'", "'infinity'", "'-infinity'", "'1970-01-01'", "NULL", "'2024-02-29'"];
    let times = ["'2025-01-01 10:00:00.123456'", "'9999-12-31 23:59:59.999999'", "'2025-01-01 10:00:00.123'"];
    let zoned = ["'2025-03-30 02:30:00+02'", "'2025-01-01 10:00:00.5 Asia/Kathmandu'", "'2025-01-01 00:00:00-12'"];
    same_on_both(&[
        ("timestamp", &[&ends[..], &times].concat()),
        ("timestamptz", &[&ends[..], &times, &zoned].concat()),
        ("timestamp(3)", &["'2025-01-01 10:00:00.123'", "'infinity'"]),
        ("date", &ends),
        ("time", &["'10:00:00.5'", "'24:00:00'"]),
        ("timetz", &["'10:00:00.5+02'"]),
        ("interval", &["'1 year 2 mons 3 days 04:05:06.789'", "'-1 day'", "'0'"]),
    ]);
}

#[test]
fn numbers_with_all_their_digits() {
    let long = "1234567890123456789012345678901234567890";
    let (small, both) = (format!("0.{long}"), format!("-{long}.{long}"));
    let floats = ["0.1", "1.7976931348623157e308", "5e-324", "-2.2250738585072014e-308", "0.30000000000000004", "1e22", "'-0'"];
    same_on_both(&[
        ("bigint", &["9007199254740993", "9223372036854775807", "-9223372036854775808", "0", "NULL"]),
        ("smallint", &["32767", "-32768"]),
        ("double precision", &floats),
        ("real", &["0.1", "3.4028235e38", "1e-45", "16777217", "1.1754944e-38"]),
        ("numeric(12,4)", &["99999999.9999", "-0.0001", "0", "1.50", "100", "NULL"]),
        ("numeric", &[long, &small, &both, "0.00", "1e-30", "1e30", "10000", "0.00001"]),
        ("oid", &["4294967295"]),
    ]);
}

#[test]
fn texts_with_whatever_is_in_them() {
    let texts = [
        "''",
        "'a'",
        "'😀 日本 é'",
        "E'a\\tb\\nc\\rd\\\\e'",
        "E'\\\\N'",
        "'''\"`$1 {x} %s'",
        "E'\\x01\\x1e\\x1f\\x7f'",
        "' blanks  '",
        "'\\.'",
        "repeat('ä', 70000)",
        "'NULL'",
    ];
    let short = ["'123456'", "'ääääää'", "''", "'😀😀'"];
    same_on_both(&[("text", &texts), ("varchar", &texts), ("varchar(6)", &short), ("name", &["'ab'", "''"])]);
}

#[test]
fn keys_truths_and_bytes() {
    same_on_both(&[
        ("uuid", &["'00112233-4455-6677-8899-aabbccddeeff'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"]),
        ("boolean", &["true", "false", "NULL"]),
        ("bytea", &["'\\x'", "'\\x00ff5c0a0d'", "NULL", "decode(repeat('00ff', 5000), 'hex')"]),
    ]);
}

#[test]
fn json_keeps_its_numbers_and_its_text() {
    let values = [
        r#"'{"b":9007199254740993,"a":[1.50,1e2,null,true,"x\n😀\"\\"]}'"#,
        "'[]'",
        "'{}'",
        r#"'"text"'"#,
        "'null'",
        "'12345678901234567890.12345678901234567890'",
        r#"'{"": {"deep": [[[]]]}}'"#,
    ];
    // As it was written: blanks, and a key that comes twice.
    same_on_both(&[("jsonb", &values), ("json", &[&values[..], &[r#"'{ "a" : 1,  "a" : 2 }'"#]].concat())]);
}

#[test]
fn types_that_only_the_server_knows() {
    same_on_both(&[
        ("inet", &["'10.0.0.1'", "'10.0.0.0/8'", "'::1'"]),
        ("point", &["'(1,2.5)'"]),
        ("tsvector", &["'a fat cat'"]),
        ("int4range", &["'[1,5)'", "'empty'"]),
        ("xml", &["'<a b=\"c\">d</a>'"]),
        ("bigint[]", &["'{1,9007199254740993,NULL}'", "'{}'", "NULL", "'{{1,2},{3,4}}'"]),
        ("text[]", &["ARRAY['a,b', 'c\"d', '', 'NULL', NULL, E'\\\\ \\n']", "'[2:3]={x,y}'"]),
        ("numeric(9,2)[]", &["'{1.50,2}'"]),
    ]);
}

#[test]
fn bits_have_their_length() {
    same_on_both(&[("bit(3)", &["'101'", "'000'"]), ("bit varying(5)", &["'101'", "''"])]);
}

#[test]
fn characters_of_a_fixed_length() {
    same_on_both(&[("char(5)", &["'abc'", "'abcde'", "''", "'ä'", "NULL", "'a b'"])]);
}

#[test]
fn arrays_become_the_json_that_the_server_makes_of_them() {
    let columns = ["b boolean", "s smallint", "i integer", "l bigint", "t text", "v varchar(9)", "d numeric", "r real", "u uuid"];
    let (old, new): (Vec<_>, Vec<_>) = columns
        .iter()
        .map(|column| {
            (format!("{column}[]"), format!("{} {}", &column[..1], if column.len() % 2 == 0 { "JSON" } else { "JSONB" }))
        })
        .unzip();
    let values = [
        "ARRAY[true, NULL, false], ARRAY[-32768, 0, 32767], ARRAY[[1, 2], [3, NULL]], ARRAY[9223372036854775807, -9007199254740993], ARRAY['', 'NULL', NULL, E'a\"\\\\\\n\\t\\x01', 'é😀', ' {1,2} '], ARRAY['a,b', '}'], ARRAY[1.50, 1e30], ARRAY[1.5, 0.1], ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid]",
        "'{}', '[5:6]={1,2}', '{{{1},{2}}}', '{}', '{}', '{}', '{}', '{}', '{}'",
        "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
    ];
    let rows: Vec<_> = values.iter().enumerate().map(|(id, row)| format!("({id}, {row})")).collect();
    let mapping: Vec<_> = columns.iter().map(|column| format!("{} = {{ to_json = true }}\n", &column[..1])).collect();
    let pair = Pair::new(
        Old::Postgres,
        &format!("CREATE TABLE a (id INTEGER PRIMARY KEY, {}); INSERT INTO a VALUES {}", old.join(", "), rows.join(", ")),
        &format!("CREATE TABLE b (id INTEGER PRIMARY KEY, {})", new.join(", ")),
        &format!("[[table]]\nfrom = \"a\"\nto = \"b\"\n[table.column]\n{}", mapping.concat()),
    );

    pair.transferred();

    let seen = |project: &Project, table: &str, form: &str| {
        let columns: Vec<_> = columns.iter().map(|column| format!("{form}({})::jsonb::text", &column[..1])).collect();
        project.query(&format!("SELECT {} FROM {table} ORDER BY id", columns.join(", ")))
    };
    assert_eq!(seen(&pair, "b", ""), seen(pair.old(), "a", "to_jsonb"));
    pair.is_settled();
}
