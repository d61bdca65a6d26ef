//! Two texts, line by line.

/// The lines that differ, `-` before those of `expected` and `+` before those of `found`, with two lines around them.
pub fn line_diff(expected: &str, found: &str) -> Vec<String> {
    let ended = |text: &str| if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    let (expected, found) = (ended(expected), ended(found));
    let patch = diffy::DiffOptions::new().set_context_len(2).create_patch(&expected, &found).to_string();
    // The first two lines name the files.
    patch.lines().skip(2).map(str::to_owned).collect()
}

/// Whether two texts of Rust differ in nothing but blanks and line ends: rustfmt may have been run with settings of
/// its own.
pub fn same_but_for_layout(a: &str, b: &str) -> bool {
    let ink = |text: &'_ str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    ink(a) == ink(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_are_marked() {
        let lines = line_diff("a\nb\nc\nd\ne", "a\nb\nx\nd\ne");

        assert_eq!(lines, ["@@ -1,5 +1,5 @@", " a", " b", "-c", "+x", " d", " e"]);
    }

    #[test]
    fn layout_is_no_difference() {
        assert!(same_but_for_layout("f!(a, b,);\n", "f!(\r\n    a,\r\n    b,\r\n);"));
        assert!(!same_but_for_layout("f!(a, b,);", "f!(b, a,);"));
    }
}
