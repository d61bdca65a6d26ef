//! Any text: what psql sends to the server is what the pieces are, right or wrong.

use manage::domain::engine::Engine;
use manage::domain::sql::{TokenKind, significant_tokens, split, tokens};
use proptest::prelude::*;

use super::clients::{psql, sent_by_psql};
use super::random::tries;
use crate::support::*;

const STATEMENTS: [&str; 16] = [
    "SELECT 'a;b' /* ; */, \"c;d\" FROM (SELECT 1 \"c;d\") s",
    "SELECT E'it\\'s; -- ', U&'d\\0061;t', B'01', X'3b', N'n;'",
    "SELECT $$ ; ' $$, $a$ $b$ ; $$ $a$, $größe$ ; $größe$",
    "DO $x$ BEGIN PERFORM 1; IF true THEN NULL; END IF; END $x$",
    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN 1 = 1 THEN 2 END; SELECT 3; END",
    "CREATE FUNCTION g(begin_ int) RETURNS int LANGUAGE plpgsql AS 'begin return 1; end'",
    "CREATE PROCEDURE p() BEGIN ATOMIC END",
    "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM t; DELETE FROM t)",
    "SELECT a[1:2], 1::int, :x, :'x', :\"x\", 1 :b FROM t -- ;\n",
    "SELECT 1 /* a /* ; b */ ; */",
    "SELECT 'a'\n  'b;' -- c;\n 'd'",
    "SELECT 1 @-- ;\n 2",
    "SELECT 1 <>/* ; */ 2",
    "SELECT u&\"d\\0061;ta\" UESCAPE '!'",
    "CREATE TABLE function (begin int, \"end\" int)",
    "BEGIN",
];

/// No letter behind a parameter or number: how much of such junk is a word depends on the version, and every server
/// refuses it.
const SCRAPS: [&str; 61] = [
    "CREATE ",
    "OR ",
    "REPLACE ",
    "FUNCTION ",
    "PROCEDURE ",
    "BEGIN ",
    "ATOMIC ",
    "CASE ",
    "END",
    "END;",
    "(",
    ")",
    "[",
    "]",
    ";",
    ";",
    "; ",
    ";\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "\u{b}",
    "\u{c}",
    "\u{a0}",
    "\u{feff}",
    "'",
    "''",
    "\"",
    "E'",
    "e'",
    "U&'",
    "U&\"",
    "x'",
    "b'",
    "n'",
    "$",
    "$$",
    "$a$",
    "$a",
    "a$",
    "$1 ",
    "$é$",
    "1$a$",
    "--",
    "-",
    "/*",
    "*/",
    "/",
    "*",
    "+",
    "@",
    ":",
    "::",
    ".",
    "..",
    "1e ",
    "0x ",
    "é",
    "a",
];

fn file() -> impl Strategy<Value = String> {
    let statement = prop::sample::select(STATEMENTS.to_vec()).prop_map(|sql| format!("{sql};"));
    let scrap = prop::sample::select(SCRAPS.to_vec()).prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![1 => statement, 4 => scrap], 0..30).prop_map(|parts| parts.concat())
}

/// The words of each statement that has any, without its `;`.
fn words<'a>(statements: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let words = statements.into_iter().map(|sql| {
        // A byte-order mark that is not at the start of the file is a letter.
        let sql = format!(" {sql}");
        let mut words: Vec<_> = significant_tokens(&sql, Engine::Postgres).collect();
        words.pop_if(|last| *last == ";");
        words.join("\u{1f}")
    });
    words.filter(|words| !words.is_empty()).collect()
}

/// Whether psql forgets on a new line that a string is an `E'…'`, which the server does not: there the pieces
/// follow the server.
fn goes_on_with_escapes(text: &str) -> bool {
    let mut after_string = false;
    tokens(text, Engine::Postgres).any(|token| {
        let continues = after_string && token.kind == TokenKind::String && token.text(text).starts_with('\'');
        if !token.kind.is_trivia() {
            after_string = token.kind == TokenKind::String && token.text(text).starts_with(['e', 'E', '\'']);
        }
        continues && text.contains('\\')
    })
}

/// Whether a letter stands behind a parameter, as in `$1e`: which words follow depends on the version, and every server
/// refuses it.
fn has_junk_behind_a_parameter(text: &str) -> bool {
    text.split('$').skip(1).any(|rest| {
        let behind = rest.trim_start_matches(|char: char| char.is_ascii_digit());
        behind.len() < rest.len() && behind.starts_with(|char: char| char.is_alphabetic() || char == '_' || !char.is_ascii())
    })
}

/// Lines of data, and what stands around them on a line.
fn copied() -> impl Strategy<Value = String> {
    let lines = ["1\n", "it's; --\n", "$$ /*\n", "\\N\n", "\\.x\n", " \\.\n", "\\\\.\n", "END;\n", "\n", "a\tb\n", "é\"\n"];
    let heads =
        ["COPY copied FROM STDIN;", "copy /* ; */ copied (a) from\nstdin (format text) ;", "COPY copied FROM STDIN CSV; "];
    let lines = prop::collection::vec(prop::sample::select(lines.to_vec()), 0..5).prop_map(|lines| lines.concat());
    (prop::sample::select(heads.to_vec()), prop::sample::select(vec!["\n", " -- ;\n", "\r\n"]), lines)
        .prop_map(|(head, end, lines)| format!("{head}{end}{lines}\\.\n"))
}

/// Statements and data that a server takes, for data that it does not take is read as SQL by psql.
fn file_with_data() -> impl Strategy<Value = String> {
    let statements = [
        "SELECT ';';",
        "SELECT 1 -- COPY copied FROM STDIN;\n;",
        "\n/* ; */\n",
        "SELECT $$COPY copied FROM STDIN;$$;\n",
        "-- ;\n",
    ];
    let part = prop_oneof![prop::sample::select(statements.to_vec()).prop_map(str::to_owned), copied()];
    prop::collection::vec(part, 1..8).prop_map(|parts| parts.concat())
}

#[test]
fn psql_takes_the_same_lines_for_data() {
    let database = server().fresh_database();
    let mut config = ProptestConfig::with_cases(u32::try_from(tries(60)).expect("a small number"));
    config.failure_persistence = None;
    psql(&database.url, &["-c", "CREATE TABLE copied (a text)"], &[]);

    proptest!(config, |(text in file_with_data())| {
        let sent = sent_by_psql(&database.url, &text);

        let pieces = split(&text, Engine::Postgres).expect("everything is closed");
        prop_assert_eq!(words(pieces.iter().map(|piece| piece.sql(&text))), words(sent.iter().map(String::as_str)));
    });
}

#[test]
fn psql_sends_what_the_pieces_are() {
    let database = server().fresh_database();
    let mut config = ProptestConfig::with_cases(u32::try_from(tries(150)).expect("a small number"));
    config.failure_persistence = None;

    proptest!(config, |(text in file())| {
        prop_assume!(!goes_on_with_escapes(&text) && !has_junk_behind_a_parameter(&text));
        prop_assume!(tokens(&text, Engine::Postgres).all(|token| token.kind != TokenKind::PsqlCommand));

        let sent = sent_by_psql(&database.url, &text);

        let sent = words(sent.iter().map(String::as_str));
        match split(&text, Engine::Postgres) {
            Ok(pieces) => prop_assert_eq!(words(pieces.iter().map(|piece| piece.sql(&text))), sent),
            // What is not closed belongs to the last statement; those before it are as they are.
            Err(error) => {
                let closed = &text[..error.at()];
                let mut before = words(split(closed, Engine::Postgres).unwrap_or_default().iter().map(|piece| piece.sql(closed)));
                before.pop();
                prop_assert!(sent.starts_with(&before), "{:?} against {:?}", sent, before);
            }
        }
    });
}
