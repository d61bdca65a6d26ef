//! The canonical text and its checksum are those of a real server.

use manage::domain::transfer::{canonical_json, hash64};

use super::*;

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[test]
fn the_checksum_is_hashtextextended() {
    let project = Project::on(Backend::Postgres);
    let long = "0123456789abcdef".repeat(20);
    let texts =
        (0..40).map(|length| long[..length].to_owned()).chain(["é😀 日本".to_owned(), long.clone(), "1\u{1f}2:ab".to_owned()]);

    for text in texts {
        for seed in [0_u64, 7, 0x1_0000_0002] {
            let sql = format!("SELECT hashtextextended({}, {seed})::text", quoted(&text));
            assert_eq!(project.value(&sql), (hash64(text.as_bytes(), seed) as i64).to_string(), "{text:?} {seed}");
        }
    }
}

#[test]
fn json_has_the_form_of_jsonb() {
    let project = Project::on(Backend::Postgres);
    for text in [
        r#"{"bb":1,"a":[1,2.50,{"x":null}],"a":{"z":true}}"#,
        "[1e2,1.5e-3,-0,0.0,-0.0,12345678901234567890,1E+3,100e-2]",
        r#""\u00e9\u0007\n\"\\\/ \ud83d\ude00""#,
        r#"{"é":1,"zz":2,"":3}"#,
        "[]",
        "{}",
    ] {
        let sql = format!("SELECT {}::jsonb::text", quoted(text));
        assert_eq!(Some(project.value(&sql)), canonical_json(text.as_bytes()).map(std::borrow::Cow::into_owned), "{text}");
    }
}
