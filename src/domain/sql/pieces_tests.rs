use super::*;
use Engine::{Postgres as PG, Sqlite as LITE};

#[track_caller]
fn statements(text: &str, engine: Engine) -> Vec<&str> {
    split(text, engine).expect("the text can be split").iter().map(|piece| piece.sql(text)).collect()
}

#[test]
fn a_semicolon_ends_a_statement_in_both_dialects() {
    for engine in [PG, LITE] {
        assert_eq!(statements("a; b ;c", engine), ["a", "b", "c"]);
        assert_eq!(statements("", engine), [""; 0]);
        assert_eq!(statements(" ;; -- x;\n/* ; */;", engine), [""; 0]);
        assert_eq!(statements("a 'b;''c' \"d;\" -- e;\n f /* ; */ ; g", engine), ["a 'b;''c' \"d;\" -- e;\n f", "g"]);
        assert_eq!(statements("\u{feff}-- x\na", engine), ["a"]);
    }
}

#[test]
fn a_piece_knows_its_place() {
    let text = "-- one\nSELECT 1 /* c */ ; -- two\n\nSELECT\n2";

    let pieces = split(text, PG).expect("the text can be split");

    let place = |piece: &Piece| (piece.line, &text[piece.start..piece.end], &text[piece.end..piece.until]);
    assert_eq!(place(&pieces[0]), (2, "SELECT 1", " /* c */ ;"));
    assert_eq!(place(&pieces[1]), (4, "SELECT\n2", ""));
}

#[test]
fn psql_ends_no_statement_within_parentheses() {
    let rule = "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)";

    assert_eq!(statements(&format!("{rule}; x"), PG), [rule, "x"]);
    assert_eq!(statements("a ); b [; c", PG), ["a )", "b [", "c"]);
    assert_eq!(statements("a (; b", PG), ["a (; b"]);
}

#[test]
fn psql_ends_no_statement_within_begin_atomic() {
    for body in [
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "create or replace procedure p() begin atomic select case when a then 1 end; select 2; end",
        "CREATE FUNCTION f(begin int) RETURNS int BEGIN ATOMIC; SELECT (CASE 1 WHEN 1 THEN 2 END); END",
        "CREATE FUNCTION f() AS $x$ BEGIN; END; $x$ LANGUAGE plpgsql",
        "CREATE FUNCTION f() RETURNS int RETURN CASE WHEN true THEN 1 END",
        "CREATE FUNCTION f() AS 'begin; end'",
    ] {
        assert_eq!(statements(&format!("{body}; x"), PG), [body, "x"]);
    }
    assert_eq!(statements("BEGIN; CREATE TABLE function (a int); END;", PG), ["BEGIN", "CREATE TABLE function (a int)", "END"]);
}

#[test]
fn sqlite_ends_a_trigger_with_its_end() {
    for trigger in [
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END",
        "create temp trigger t update on a begin update a set b = case when c then d else e end; end",
        "CREATE /* x */ TEMPORARY TRIGGER t BEGIN SELECT ';END;'; -- ; END;\n END",
        "EXPLAIN QUERY PLAN CREATE TRIGGER t BEGIN DELETE FROM a; ; END",
    ] {
        assert_eq!(statements(&format!("{trigger} /* c */ ; x"), LITE), [trigger, "x"]);
    }
    assert_eq!(statements("CREATE TABLE trigger_; x", LITE), ["CREATE TABLE trigger_", "x"]);
    assert_eq!(statements("DROP TRIGGER t; BEGIN; x; END; y", LITE), ["DROP TRIGGER t", "BEGIN", "x", "END", "y"]);
    assert_eq!(statements("CREATE TRIGGER t BEGIN SELECT 1; END", LITE), ["CREATE TRIGGER t BEGIN SELECT 1; END"]);
}

#[test]
fn a_command_of_psql_is_a_piece_of_its_own() {
    let text = "\\restrict a'b;\nSELECT 1;\n\\connect db\nSELECT 2 \\gset x;\n\\unrestrict a";

    assert_eq!(statements(text, PG), ["\\restrict a'b;", "SELECT 1", "\\connect db", "SELECT 2", "\\gset x;", "\\unrestrict a"]);
}

#[test]
fn data_lines_belong_to_their_copy() {
    let text = "COPY t FROM STDIN; -- c\n1;\t'a\n\\.\nSELECT 1;\nCOPY u FROM stdin;\n\\.\n\\copy v from stdin\nx\n\\.";

    let pieces = split(text, PG).expect("the text can be split");

    let data: Vec<_> = pieces.iter().map(|piece| piece.data.clone().map(|data| &text[data])).collect();
    assert_eq!(data, [Some("1;\t'a\n"), None, Some(""), Some("x\n")]);
    let ends: Vec<_> = pieces.iter().map(|piece| text[..piece.until].lines().last().unwrap_or_default()).collect();
    assert_eq!(ends, [r"\.", "SELECT 1;", r"\.", r"\."]);
    assert_eq!(pieces[0].sql(text), "COPY t FROM STDIN");
}

#[test]
fn nothing_may_stand_behind_a_copy_on_its_line() {
    let text = "COPY t FROM STDIN; SELECT 1;\n1\n\\.\n";

    assert_eq!(split(text, PG), Err(SplitError::BehindCopy { at: 19 }));
    assert_eq!(split(text, LITE).map(|pieces| pieces.len()), Ok(3));
}

#[test]
fn what_is_not_closed_is_named_with_its_place() {
    for (engine, text, what, at) in [
        (PG, "SELECT 'a", "the string", 7),
        (PG, "SELECT E'a\\'", "the string", 7),
        (PG, "a; SELECT U&\"a", "the quoted name", 10),
        (PG, "/* /* */", "the comment", 0),
        (PG, "DO $x$ $y$", "the dollar-quoted string", 3),
        (LITE, "SELECT x'a", "the string", 7),
        (LITE, "SELECT [a", "the quoted name", 7),
        (LITE, "SELECT `a", "the quoted name", 7),
    ] {
        let error = split(text, engine).expect_err("the text is not closed");

        assert_eq!((error.to_string(), error.at()), (format!("{what} is not closed"), at), "{text}");
    }
    assert_eq!(statements("a; /* b", LITE), ["a"]);
}

#[test]
fn a_zero_byte_is_refused() {
    assert_eq!(split("a;\0b", LITE), Err(SplitError::ZeroByte { at: 2 }));
    assert_eq!(split("'\0'", PG), Err(SplitError::ZeroByte { at: 1 }));
}
