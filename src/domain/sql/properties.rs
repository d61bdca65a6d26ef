//! What holds for every text.

use proptest::prelude::*;

use super::{Piece, changes, classify, concurrent_index, directives, split, tokens};
use crate::domain::engine::Engine;

/// Scraps of SQL whose neighbourhood is what lexers get wrong.
const SCRAPS: [&str; 60] = [
    "'",
    "''",
    "\"",
    "`",
    "[",
    "]",
    "(",
    ")",
    ";",
    ";",
    "\n",
    "\r\n",
    " ",
    "$",
    "$$",
    "$a$",
    "$1",
    "E'",
    "\\",
    "\\'",
    "\\.\n",
    "--",
    "/*",
    "*/",
    "/",
    "*",
    "-",
    "+",
    ":",
    "::",
    ":a",
    "?",
    "@",
    ".",
    "1",
    "1e",
    "é",
    "\u{feff}",
    "a",
    "x'",
    "U&'",
    "U&\"",
    "CREATE ",
    "FUNCTION ",
    "TRIGGER ",
    "TEMP ",
    "BEGIN ",
    "CASE ",
    "END",
    ";END;",
    "COPY ",
    "FROM ",
    "STDIN",
    "STDIN;\n",
    "DROP ",
    "TABLE ",
    "INDEX ",
    "CONCURRENTLY ",
    "ROLLBACK ",
    "REINDEX (",
];

const FILES: [(Engine, &str); 3] = [
    (
        Engine::Postgres,
        "\u{feff}-- manage: unedited\n\\restrict k\nSET a = 'it''s';\nCREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN \
         a[1:2] = E'\\'' THEN 1 END; END;\nCREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b);\nDO $x$ BEGIN; \
         'é' $$ END $x$; /* a /* b; */ */\n",
    ),
    (
        Engine::Postgres,
        "COPY t (a, b) FROM stdin;\n1\tit's -- no\n\\.\nCREATE INDEX CONCURRENTLY \"i\"\"j\" ON s.t (x);;\nALTER TABLE a DETACH \
         PARTITION b CONCURRENTLY;REINDEX (CONCURRENTLY off) TABLE x;\nSELECT :a::int, $1, U&\"d\\0061\" ->> 'k'",
    ),
    (
        Engine::Sqlite,
        "PRAGMA main.foreign_keys = OFF;\nCREATE TEMP TRIGGER t AFTER UPDATE ON [a;b] BEGIN UPDATE a SET b = CASE WHEN `c;` THEN \
         x'00' ELSE ';' END; DELETE FROM \"d\"; END; -- ;\nINSERT INTO a VALUES (?1, :b, @c, $d::e(f)); DROP TABLE a;\nALTER TABLE \
         n RENAME TO a /* ; */ ; /* open",
    ),
];

fn engine() -> impl Strategy<Value = Engine> {
    prop_oneof![Just(Engine::Postgres), Just(Engine::Sqlite)]
}

/// Any characters, or scraps of SQL in any order.
fn text() -> impl Strategy<Value = String> {
    let scraps = prop::collection::vec(prop::sample::select(SCRAPS.to_vec()), 0..40).prop_map(|scraps| scraps.concat());
    prop_oneof![1 => any::<String>(), 3 => scraps]
}

/// A real file with scraps put over some of its characters.
fn mutated() -> impl Strategy<Value = (Engine, String)> {
    let edit = (any::<prop::sample::Index>(), 0..12_usize, prop::sample::select(SCRAPS.to_vec()));
    (prop::sample::select(FILES.to_vec()), prop::collection::vec(edit, 0..4)).prop_map(|((engine, file), edits)| {
        let mut characters: Vec<char> = file.chars().collect();
        for (place, length, scrap) in edits {
            let start = place.index(characters.len());
            let end = (start + length).min(characters.len());
            characters.splice(start..end, scrap.chars());
            characters.push('\n');
        }
        (engine, characters.into_iter().collect())
    })
}

fn check_tokens(text: &str, engine: Engine) {
    let mut at = 0;
    for token in tokens(text, engine) {
        assert_eq!(token.start, at);
        assert!(token.end > at && text.is_char_boundary(token.end));
        at = token.end;
    }
    assert_eq!(at, text.len());
}

fn check_pieces(text: &str, pieces: &[Piece]) {
    let mut until = 0;
    for piece in pieces {
        let Piece { start, end, line, .. } = *piece;
        assert!(until <= start && start < end && end <= piece.until && piece.until <= text.len());
        assert_eq!(line, text[..start].matches('\n').count() + 1);
        if let Some(data) = &piece.data {
            assert!(end <= data.start && data.start <= data.end && data.end <= piece.until);
        }
        until = piece.until;
    }
    let spans: Vec<usize> = [0].into_iter().chain(pieces.iter().map(|piece| piece.until)).chain([text.len()]).collect();
    let joined: String = spans.windows(2).map(|span| &text[span[0]..span[1]]).collect();
    assert_eq!(joined, text);
}

fn check(text: &str, engine: Engine) {
    check_tokens(text, engine);
    assert!(directives(text, engine).all(|directive| text[directive.at..].starts_with("--")));
    if let Ok(pieces) = split(text, engine) {
        check_pieces(text, &pieces);
        for piece in &pieces {
            classify(piece.sql(text), engine);
            let changed = changes(piece.sql(text), engine);
            assert!(changed.iter().all(|change| change.at <= piece.sql(text).len()));
            concurrent_index(piece.sql(text));
        }
    }
    classify(text, engine);
    changes(text, engine);
    concurrent_index(text);
}

proptest! {
    #[test]
    fn tokens_tile_and_pieces_join_to_any_text(text in text(), engine in engine()) {
        check(&text, engine);
    }

    #[test]
    fn mutated_files_are_read_without_panic((engine, text) in mutated()) {
        check(&text, engine);
    }

    #[test]
    fn blanks_and_comments_at_the_end_add_no_piece(text in text(), engine in engine()) {
        // SQLite reads these two characters at the very end as operators.
        prop_assume!(!text.ends_with("/*"));
        let Ok(pieces) = split(&text, engine) else { return Ok(()) };

        let longer = format!("{text}\n-- it's;\n/* \"; */\n");

        prop_assert_eq!(split(&longer, engine).map(|pieces| pieces.len()), Ok(pieces.len()));
    }

    #[test]
    fn a_piece_split_again_is_itself((engine, text) in mutated()) {
        for piece in split(&text, engine).unwrap_or_default() {
            let sql = piece.sql(&text);
            // At the start of a text this mark is white space; elsewhere PostgreSQL takes it for a letter.
            prop_assume!(!sql.starts_with('\u{feff}'));
            let again = split(sql, engine).unwrap_or_default();

            prop_assert_eq!(again.len(), 1, "{}", sql);
            prop_assert_eq!(again[0].sql(sql), sql);
        }
    }
}

#[test]
fn long_rows_of_openings_are_read_in_linear_time() {
    for row in ["$", "$a", "/*", "/**/", "'", "+-", "-/**/", ":", "(", "E'", "\\", "\u{feff}", "COPY t FROM STDIN;\n", "\\copy "]
    {
        let text = row.repeat(300_000 / row.len());

        check_tokens(&text, Engine::Postgres);
        check_tokens(&text, Engine::Sqlite);
        let _ = (split(&text, Engine::Postgres), split(&text, Engine::Sqlite));
    }
}
