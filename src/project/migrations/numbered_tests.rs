use super::*;

#[test]
fn names_have_three_digits_or_more() {
    for (file, number, name, engine) in [
        ("001_initial.sql", 1, "initial", None),
        ("0042_größe_2.sql", 42, "größe_2", None),
        ("1000_x.sqlite.sql", 1000, "x", Some(Engine::Sqlite)),
        ("007_a_b.postgres.sql", 7, "a_b", Some(Engine::Postgres)),
    ] {
        let read = read_name(file).unwrap_or_else(|why| panic!("{file}: {why}"));

        assert_eq!((read.number, read.name.as_str(), read.engine), (number, name, engine));
    }
}

#[test]
fn a_name_that_does_not_fit_says_why() {
    for (file, why) in [
        ("initial.sql", "must begin with a number"),
        ("1_x.sql", "at least three digits: 001"),
        ("001-x.sql", "an underscore must stand"),
        ("001_.sql", "a name is missing"),
        ("001_.sqlite.sql", "a name is missing"),
        ("000_x.sql", "the first number is 001"),
        ("001_a-b.sql", "no '-'"),
        ("001_a.mysql.sql", "may end in .sqlite or .postgres"),
        ("001_a.SQL", "in lower case"),
        ("99999999999999999999_a.sql", "too large"),
    ] {
        let said = read_name(file).expect_err(file);

        assert!(said.contains(why), "{file}: {said}");
    }
}

fn split(text: &str) -> Result<(String, Option<String>), String> {
    let parts = parts(text, Engine::Sqlite).map_err(|(at, why)| format!("{at:?} {why}"))?;
    let up = text[..parts.down.unwrap_or(text.len())].to_owned();
    Ok((up, parts.down.and_then(|at| way_back(text, at, Engine::Sqlite))))
}

#[test]
fn the_parts_keep_their_lines() {
    let text = "\u{feff}-- about\r\n-- UP\r\nCREATE TABLE a (b); -- up\nSELECT '\n-- down\n';\n  --down\nDROP TABLE a;\n";

    let (up, down) = split(text).expect("both parts");

    assert!(up.ends_with("';\n  ") && up.contains("CREATE"), "{up:?}");
    assert_eq!(down.as_deref(), Some("\n\n\n\n\n\n--down\nDROP TABLE a;\n"));
    assert_eq!(split("--+up\nSELECT 1\n-- +down\nSELECT 2").expect("both parts").1.as_deref(), Some("\n\n-- +down\nSELECT 2"));
}

#[test]
fn a_way_back_of_blanks_or_called_irreversible_is_none() {
    for (below, some) in [
        ("", false),
        ("\n \n", false),
        ("\n-- Irreversible: the rows are gone\n", false),
        ("\n/* irreversible */", false),
        ("\n-- nothing to take back\n", true),
        ("\n-- irreversible in parts\nSELECT 1;", true),
    ] {
        let (_, down) = split(&format!("-- up\nSELECT 1;\n-- down{below}")).expect("both parts");

        assert_eq!(down.is_some(), some, "{below:?}");
    }
}

#[test]
fn parts_that_cannot_be_told_say_where() {
    for (text, why) in [
        ("", "None there is no line `-- up`"),
        ("SELECT 1;", "Some(0) this stands before"),
        ("SELECT 1;\n-- up", "Some(0) this stands before"),
        ("-- down\n-- up", "Some(0) the line `-- down` stands before"),
        ("-- up\n-- up", "Some(6) a second line `-- up`"),
        ("-- up\n-- down\n-- down", "Some(14) a second line `-- down`"),
    ] {
        let said = split(text).expect_err(text);

        assert!(said.starts_with(why), "{text:?}: {said}");
    }
}
