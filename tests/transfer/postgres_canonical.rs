//! Random rows of every type: what Rust makes of the old side is what the server makes of the new one.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::postgres_pair::*;
use super::*;

/// So many rows of each kind in one transfer.
const ROWS: usize = 400;

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Numbers of values from a strategy. The seed differs between runs; what fails is shown by key and value.
fn some<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::default();
    (0..ROWS).map(|_| strategy.new_tree(&mut runner).expect("nothing is filtered").current()).collect()
}

fn float() -> impl Strategy<Value = String> {
    let bits = any::<u64>().prop_map(f64::from_bits).prop_map(|value| if value.is_finite() { value } else { 0.5 });
    prop_oneof![bits, -1e6..1e6_f64, Just(0.0), Just(-0.0), Just(f64::MIN_POSITIVE), Just(f64::MAX)]
        .prop_map(|value| format!("{value:e}"))
}

fn single() -> impl Strategy<Value = String> {
    any::<u32>().prop_map(f32::from_bits).prop_map(|value| format!("'{:e}'", if value.is_finite() { value } else { 0.1 }))
}

fn number() -> impl Strategy<Value = String> {
    ("-?", "[0-9]{1,45}", prop_oneof![Just(String::new()), "\\.[0-9]{1,45}"])
        .prop_map(|(sign, whole, fraction)| format!("{sign}{whole}{fraction}"))
}

fn text() -> impl Strategy<Value = String> {
    // Everything but NUL, which the server does not keep.
    vec(any::<char>().prop_filter("no NUL", |char| *char != '\0'), 0..20).prop_map(|chars| chars.into_iter().collect::<String>())
}

fn json() -> impl Strategy<Value = String> {
    let name = || text().prop_map(|text| escaped(&text));
    let number = (number(), prop_oneof![Just(String::new()), "[eE][-+]?[0-9]{1,2}"]).prop_map(|(number, exponent)| {
        let (sign, digits) = number.strip_prefix('-').map_or(("", number.as_str()), |digits| ("-", digits));
        let (whole, fraction) =
            digits.split_once('.').map_or((digits, String::new()), |(whole, fraction)| (whole, format!(".{fraction}")));
        let whole = whole.trim_start_matches('0');
        format!("{sign}{}{fraction}{exponent}", if whole.is_empty() { "0" } else { whole })
    });
    let leaf = prop_oneof![Just("null".to_owned()), Just("true".to_owned()), number, name()];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(" , "))),
            vec((name(), inner), 0..6).prop_map(|pairs| {
                let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

/// A text as JSON: some characters by their number, as some libraries write them.
fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            char if char < ' ' || u32::from(char) % 7 == 0 => {
                char.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
            }
            char => out.push(char),
        }
    }
    out + "\""
}

/// A moment between the years 1 and 9999 to the microsecond, as both databases read it.
fn moment() -> impl Strategy<Value = String> {
    (1..=9999_u32, 1..=12_u32, 1..=28_u32, 0..24_u32, 0..60_u32, 0..60_u32, 0..1_000_000_u32).prop_map(
        |(year, month, day, hour, minute, second, micros)| {
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}")
        },
    )
}

/// One column of each: how the old one is declared, how the new one, and its values as they stand in SQL.
#[track_caller]
fn same_sums(old: Old, columns: &[(&str, &str, Vec<String>)]) {
    let declared = |which: fn(&(&str, &str, Vec<String>)) -> String| {
        columns.iter().enumerate().map(|(at, column)| format!(", c{at} {}", which(column))).collect::<String>()
    };
    let rows: Vec<_> = (0..ROWS)
        .map(|row| columns.iter().fold(format!("({row}"), |line, (.., values)| format!("{line}, {}", values[row])) + ")")
        .collect();
    let pair = Pair::new(
        old,
        &format!(
            "CREATE TABLE a (id INTEGER PRIMARY KEY{}); INSERT INTO a VALUES {}",
            declared(|(old, ..)| (*old).to_owned()),
            rows.join(", ")
        ),
        &format!("CREATE TABLE b (id INTEGER PRIMARY KEY{})", declared(|(_, new, _)| (*new).to_owned())),
        "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
    );

    let facts = pair.transferred();

    let told = table(&facts, "b");
    assert_eq!((told["written"].as_u64(), &told["checksum"]), (Some(ROWS as u64), &told["expected_checksum"]), "{told}");
    let facts = pair.run("transfer validate --json").ok().json();
    assert_eq!(facts["valid"], true, "{facts}");
    // Another digit anywhere is seen.
    pair.execute("UPDATE b SET id = -1 WHERE id = 7");
    pair.run("transfer validate").exits_with(1).says("b id 7 is missing");
}

/// A value now and then is NULL.
fn with_nulls(values: Vec<String>) -> Vec<String> {
    values.into_iter().enumerate().map(|(at, value)| if at % 13 == 5 { "NULL".to_owned() } else { value }).collect()
}

fn quoted_all(values: Vec<String>) -> Vec<String> {
    with_nulls(values.iter().map(|value| quoted(value)).collect())
}

fn whole() -> Vec<String> {
    with_nulls(
        some(&prop_oneof![any::<i64>(), -100..100_i64, Just(i64::MAX), Just(-(1 << 53) - 1)])
            .iter()
            .map(ToString::to_string)
            .collect(),
    )
}

fn bytes(before: &str) -> Vec<String> {
    let hexadecimal = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    with_nulls(some(&vec(any::<u8>(), 0..30)).iter().map(|bytes| format!("{before}{}'", hexadecimal(bytes))).collect())
}

fn truth() -> Vec<String> {
    with_nulls(some(&any::<bool>()).iter().map(ToString::to_string).collect())
}

#[test]
fn from_a_server() {
    let days: Vec<_> = some(&moment()).iter().map(|moment| moment[..10].to_owned()).collect();
    let uuids = some(&any::<u128>()).iter().map(|bits| format!("{bits:032x}")).collect();
    same_sums(
        Old::Postgres,
        &[
            ("BIGINT", "BIGINT", whole()),
            ("DOUBLE PRECISION", "DOUBLE PRECISION", with_nulls(some(&float().prop_map(|text| quoted(&text))))),
            ("REAL", "REAL", with_nulls(some(&single()))),
            ("REAL", "DOUBLE PRECISION", with_nulls(some(&single()))),
            ("NUMERIC", "NUMERIC", with_nulls(some(&number()))),
            ("NUMERIC", "NUMERIC(100, 50)", with_nulls(some(&number()))),
            ("TEXT", "TEXT", quoted_all(some(&text()))),
            ("TEXT", "JSONB", quoted_all(some(&json()))),
            ("JSON", "JSON", quoted_all(some(&json()))),
            ("JSONB", "JSON", quoted_all(some(&json()))),
            ("TIMESTAMP", "TIMESTAMP", quoted_all(some(&moment()))),
            ("TIMESTAMPTZ", "TIMESTAMPTZ", quoted_all(some(&moment()))),
            ("TEXT", "TIMESTAMP", quoted_all(some(&moment()))),
            ("DATE", "DATE", quoted_all(days)),
            ("UUID", "UUID", quoted_all(uuids)),
            ("BYTEA", "BYTEA", bytes("'\\x")),
            ("BOOLEAN", "BOOLEAN", truth()),
        ],
    );
}

#[test]
fn from_a_file() {
    let decimals = some(&"-?[0-9]{1,9}(\\.[0-9]{1,5})?");
    same_sums(
        Old::Sqlite,
        &[
            ("INTEGER", "BIGINT", whole()),
            ("REAL", "DOUBLE PRECISION", with_nulls(some(&float()))),
            ("REAL", "NUMERIC", with_nulls(decimals)),
            ("TEXT", "NUMERIC", quoted_all(some(&number()))),
            ("TEXT", "TEXT", quoted_all(some(&text()))),
            ("TEXT", "JSONB", quoted_all(some(&json()))),
            ("TEXT", "JSON", quoted_all(some(&json()))),
            ("DATETIME", "TIMESTAMP", quoted_all(some(&moment()))),
            ("DATETIME", "TIMESTAMPTZ", quoted_all(some(&moment()))),
            ("BLOB", "BYTEA", bytes("x'")),
            ("BOOLEAN", "BOOLEAN", truth()),
        ],
    );
}
