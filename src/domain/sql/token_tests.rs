use super::*;
use Engine::{Postgres as PG, Sqlite as LITE};
use TokenKind::*;

/// The tokens of `text` without its white space.
fn read(text: &str, engine: Engine) -> Vec<(TokenKind, &str)> {
    tokens(text, engine).filter(|token| token.kind != Space).map(|token| (token.kind, token.text(text))).collect()
}

/// Checks that `text` is one token of `kind`.
#[track_caller]
fn one(engine: Engine, kind: TokenKind, text: &str) {
    assert_eq!(read(text, engine), [(kind, text)]);
}

#[test]
fn strings_of_postgres_are_one_token_each() {
    for text in [
        "''",
        "'it''s; -- /* '",
        r"'a\'",
        r"E'a\'; b'",
        r"e'\\'",
        "E'''x'",
        "B'01'",
        "x'1F'",
        "N'é'",
        r"U&'d\0061t'",
        "$$;'\n$$",
        "$a$ $$ $b$ $a $a$",
        "$_é1$x$_é1$",
        "$a$$a$",
    ] {
        one(PG, String, text);
    }
    for text in ["'open", r"E'a\'", "$a$ $b$", "$a$ $A$", "'''"] {
        one(PG, Unclosed, text);
    }
}

#[test]
fn an_escape_string_goes_on_with_its_backslashes_on_a_later_line() {
    let text = "E'a' -- it's\n  'b\\'c' 'd\\'";

    assert_eq!(
        read(text, PG),
        [(String, "E'a'"), (LineComment, "-- it's"), (String, r"'b\'c'"), (String, r"'d\'")],
        "the third string stands on the same line and therefore alone"
    );
    assert_eq!(read("E'a' 'b\\'", PG), [(String, "E'a'"), (String, r"'b\'")]);
    assert_eq!(read("E'a'\n/**/'b\\'", PG)[2], (String, r"'b\'"));
    assert_eq!(read("E'a'\n'b'\n'\\''", PG), [(String, "E'a'"), (String, "'b'"), (String, r"'\''")]);
}

#[test]
fn a_dollar_is_a_quote_only_before_a_tag() {
    assert_eq!(read("a$b$c$b$", PG), [(Word, "a$b$c$b$")]);
    assert_eq!(read("$1$$x$$", PG), [(Parameter, "$1"), (String, "$$x$$")]);
    assert_eq!(read("$1a$ $", PG), [(Parameter, "$1"), (Word, "a$"), (Punctuation, "$")]);
    assert_eq!(read("$a b", PG), [(Punctuation, "$"), (Word, "a"), (Word, "b")]);
}

#[test]
fn comments_of_postgres_nest() {
    one(PG, BlockComment, "/* a /* b */ ; */");
    one(PG, BlockComment, "/*/**/*/");
    one(PG, BlockComment, "/***/");
    one(PG, Unclosed, "/* a /* b */");
    one(PG, Unclosed, "/*/");
    assert_eq!(read("-- a\rb", PG), [(LineComment, "-- a"), (Word, "b")]);
}

#[test]
fn names_of_postgres() {
    one(PG, QuotedName, "\"a \"\"b\"\" ; '\"");
    one(PG, QuotedName, "U&\"d\\0061ta\"");
    one(PG, Unclosed, "\"a");
    one(PG, Word, "größe_1$");
    assert_eq!(read("U & \"a\" `x [", PG)[1..4], [(Punctuation, "&"), (QuotedName, "\"a\""), (Punctuation, "`")]);
}

#[test]
fn a_colon_is_a_cast_a_parameter_or_a_slice() {
    assert_eq!(read("a::int", PG), [(Word, "a"), (Punctuation, "::"), (Word, "int")]);
    assert_eq!(read("x = :now::date", PG)[2..4], [(Parameter, ":now"), (Punctuation, "::")]);
    assert_eq!(read("a[1:2]", PG)[2..5], [(Number, "1"), (Punctuation, ":"), (Number, "2")]);
    assert_eq!(read("a[lo:hi]", PG)[3..5], [(Punctuation, ":"), (Word, "hi")]);
    assert_eq!(read("(:a,:b)", PG), [(Open, "("), (Parameter, ":a"), (Punctuation, ","), (Parameter, ":b"), (Close, ")")]);
    assert_eq!(read("f(a := 1)", PG)[3], (Punctuation, ":="));
}

#[test]
fn operators_stay_together_but_end_before_a_comment() {
    assert_eq!(read("a->>'b'", PG)[1], (Punctuation, "->>"));
    assert_eq!(read("1*-2", PG)[1..3], [(Punctuation, "*"), (Punctuation, "-")]);
    assert_eq!(read("1 @-2", PG)[1], (Punctuation, "@-"));
    assert_eq!(read("1+/* c */2", PG)[1..3], [(Punctuation, "+"), (BlockComment, "/* c */")]);
    assert_eq!(read("1+--c", PG)[1..3], [(Punctuation, "+"), (LineComment, "--c")]);
    assert_eq!(read("a->>'b'||1<>2>=-3", LITE).iter().filter(|(kind, _)| *kind == Punctuation).count(), 5);
}

#[test]
fn numbers() {
    for text in ["1", "1.5", ".5", "1e10", "1E-3", "0x1F", "1_000", "12abc"] {
        one(PG, Number, text);
        one(LITE, Number, text);
    }
    assert_eq!(read("1..2", PG), [(Number, "1"), (Punctuation, ".."), (Number, "2")]);
    assert_eq!(read("1..2", LITE), [(Number, "1."), (Number, ".2")]);
    assert_eq!(read("1-2", PG), [(Number, "1"), (Punctuation, "-"), (Number, "2")]);
}

#[test]
fn a_backslash_speaks_to_psql_up_to_the_end_of_the_line() {
    assert_eq!(read("\\connect db ; '\r\nSELECT", PG), [(PsqlCommand, "\\connect db ; '"), (Word, "SELECT")]);
    assert_eq!(read("SELECT 1 \\gset", PG)[2], (PsqlCommand, "\\gset"));
    assert_eq!(read(r"\a", LITE), [(Punctuation, "\\"), (Word, "a")]);
}

#[test]
fn the_lines_after_copy_from_stdin_are_data() {
    let text = "COPY t (a) FROM stdin; -- c\n1\t'x -- no\n\\.\nSELECT 2;";

    let found = read(text, PG);

    assert_eq!(found[found.len() - 4], (CopyData, "1\t'x -- no\n\\.\n"));
    assert_eq!(read(text, LITE).last(), Some(&(Unclosed, "'x -- no\n\\.\nSELECT 2;")));
    assert_eq!(read("\\copy t from stdin csv\r\na'b\r\n\\.\r\nX", PG)[1..], [(CopyData, "a'b\r\n\\.\r\n"), (Word, "X")]);
    assert_eq!(read("COPY t FROM STDIN;\n1\n2", PG).last(), Some(&(CopyData, "1\n2")));
}

#[test]
fn other_copies_have_no_data() {
    for start in [
        "COPY t TO stdout",
        "COPY t FROM 'stdin'",
        "COPY t FROM \"stdin\"",
        "COPY (SELECT 1 FROM stdin) TO 'x'",
        "COPY stdin FROM PROGRAM 'x'",
        "SELECT 1; SELECT copy FROM stdin",
        "\\copy (select 1 from stdin) to x\n",
    ] {
        let text = format!("{start};\nSELECT 1;\n\\.\n");

        assert!(read(&text, PG).iter().all(|(kind, _)| *kind != CopyData), "{text}");
    }
}

#[test]
fn strings_and_names_of_sqlite() {
    for text in ["''", "'it''s;'", r"'a\'", "x'00ff'", "X'--'"] {
        one(LITE, String, text);
    }
    for text in ["\"a\"\"b;\"", "`a``b;`", "[a;'b]"] {
        one(LITE, QuotedName, text);
    }
    for text in ["'a", "\"a", "`a", "[a", "x'00"] {
        one(LITE, Unclosed, text);
    }
    assert_eq!(read(r"E'a\'", LITE), [(Word, "E"), (String, r"'a\'")]);
    assert_eq!(read("$$;$$", LITE).iter().filter(|(kind, _)| *kind == Semicolon).count(), 1);
}

#[test]
fn parameters_of_sqlite() {
    for text in ["?", "?12", ":name", "@name", "$name", "$a::b(c;d)", "$1"] {
        one(LITE, Parameter, text);
    }
    assert_eq!(read("a=:b,:c", LITE)[2..5], [(Parameter, ":b"), (Punctuation, ","), (Parameter, ":c")]);
    assert_eq!(read(": x", LITE), [(Punctuation, ":"), (Word, "x")]);
}

#[test]
fn comments_of_sqlite_do_not_nest_and_may_stay_open() {
    assert_eq!(read("/* a /* b */ c", LITE), [(BlockComment, "/* a /* b */"), (Word, "c")]);
    one(LITE, BlockComment, "/* a ; '");
    one(LITE, BlockComment, "/**/");
    one(LITE, BlockComment, "/*/ */");
    assert_eq!(read("/*", LITE), [(Punctuation, "/"), (Punctuation, "*")]);
    one(LITE, LineComment, "-- a\rb");
}

#[test]
fn a_byte_order_mark_is_white_space() {
    assert_eq!(read("\u{feff}SELECT", PG), [(Word, "SELECT")]);
    assert_eq!(read("\u{feff}SELECT;\u{feff}x", LITE), [(Word, "SELECT"), (Semicolon, ";"), (Word, "x")]);
    assert_eq!(read("a;\u{feff}x", PG)[2], (Word, "\u{feff}x"), "psql skips it at the start of the file only");
}

#[test]
fn an_empty_text_has_no_tokens() {
    assert_eq!(tokens("", PG).count() + tokens("", LITE).count(), 0);
}
