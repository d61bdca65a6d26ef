//! JUnit's XML, as CI systems read it.

use std::fmt::Write;

/// A suite of cases.
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// A case.
pub struct Case {
    /// Its name.
    pub name: String,
    /// The file behind it.
    pub class: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What came of it.
    pub result: Result,
    /// What it says besides.
    pub output: String,
}

/// What came of a case: fine, or not, with a line and a text.
pub enum Result {
    /// Fine.
    Passed,
    /// It found something.
    Failed(String, String),
    /// It could not tell.
    Error(String, String),
    /// It was not made.
    Skipped(String),
}

/// The suites as one document.
pub fn document(suites: &[Suite]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    let _ = writeln!(out, "<testsuites name=\"manage verify\" {}>", counts(all()));
    for suite in suites {
        let _ = writeln!(out, "  <testsuite name=\"{}\" {}>", escaped(&suite.name), counts(suite.cases.iter()));
        for case in &suite.cases {
            write_case(&mut out, case);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts<'a>(cases: impl Iterator<Item = &'a Case> + Clone) -> String {
    let count = |is: fn(&Result) -> bool| cases.clone().filter(|case| is(&case.result)).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        count(|_| true),
        count(|result| matches!(result, Result::Failed(..))),
        count(|result| matches!(result, Result::Error(..))),
        count(|result| matches!(result, Result::Skipped(_))),
        cases.clone().map(|case| case.seconds).sum::<f64>()
    )
}

fn write_case(out: &mut String, case: &Case) {
    let _ = write!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"",
        escaped(&case.name),
        escaped(&case.class),
        case.seconds
    );
    let mut inner = String::new();
    let mut part = |kind: &str, message: &str, text: &str| {
        let _ = writeln!(inner, "      <{kind} message=\"{}\">{}</{kind}>", escaped(message), escaped(text));
    };
    match &case.result {
        Result::Passed => {}
        Result::Failed(message, text) => part("failure", message, text),
        Result::Error(message, text) => part("error", message, text),
        Result::Skipped(message) => part("skipped", message, ""),
    }
    if !case.output.is_empty() {
        let _ = writeln!(inner, "      <system-out>{}</system-out>", escaped(&case.output));
    }
    if inner.is_empty() {
        out.push_str("/>\n");
    } else {
        let _ = write!(out, ">\n{inner}    </testcase>\n");
    }
}

/// Text as XML takes it. Characters that XML 1.0 has no place for become `?`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            char if char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}') => out.push('?'),
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_breaks_the_document() {
        let case = Case {
            name: "a<b>&\"c\"".to_owned(),
            class: "x".to_owned(),
            seconds: 0.0125,
            result: Result::Failed("1 finding".to_owned(), "]]>\u{1b}[0m\u{0}\nnext".to_owned()),
            output: String::new(),
        };
        let text = document(&[Suite { name: "s".to_owned(), cases: vec![case] }]);

        assert!(text.contains("name=\"a&lt;b&gt;&amp;&quot;c&quot;\"") && text.contains("]]&gt;?[0m?&#10;next"), "{text}");
        assert!(
            text.contains("tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"0.013\"")
                || text.contains("time=\"0.012\"")
        );
    }
}
