//! Rust files as the rules see them: without comments, without what stands in strings and, where it is asked for,
//! without tests.

use std::fs;
use std::path::{Path, PathBuf};

/// The repository's folder.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// One Rust file.
pub struct Source {
    /// Its path from the repository's folder, `src/migrate/plan.rs`.
    pub path: String,
    code: String,
}

impl Source {
    /// All Rust files in a folder of the repository, sorted by path.
    pub fn all_in(folder: &str) -> Vec<Self> {
        let mut files = files_in(&Path::new(ROOT).join(folder));
        files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
        files.iter().map(|file| Self::read(file)).collect()
    }

    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::new(&relative(file), &text)
    }

    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), code: blank_comments_and_strings(text) }
    }

    /// The code, each line in its place.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The code that is not compiled for tests only, each line in its place.
    pub fn product(&self) -> String {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        if name == "tests.rs" || name.ends_with("_tests.rs") { String::new() } else { blank_tests(&self.code) }
    }

    /// The folders and the file as modules: `src/migrate/plan.rs` is `["migrate", "plan"]`.
    pub fn module(&self) -> Vec<&str> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut parts: Vec<_> = path.split('/').collect();
        if matches!(parts.last(), Some(&("mod" | "lib" | "main"))) {
            parts.pop();
        }
        parts
    }

    /// A finding at a byte of the code.
    pub fn finding(&self, at: usize, what: &str) -> String {
        format!("{}:{} {what}", self.path, self.code[..at].matches('\n').count() + 1)
    }
}

/// All files below a folder, sorted.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return files };
    for entry in entries {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() { files.extend(files_in(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// The path from the repository's folder.
pub fn relative(file: &Path) -> String {
    file.strip_prefix(ROOT).unwrap_or(file).to_string_lossy().into_owned()
}

/// Where a name stands as a word of its own: not inside of a longer one.
pub fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let joins = |char: char| char.is_alphanumeric() || char == '_';
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let starts = !word.starts_with(joins) || !before.is_some_and(joins);
        let ends = !word.ends_with(joins) || !after.is_some_and(joins);
        starts && ends
    })
}

/// Puts spaces for what stands in comments and strings. The length in bytes and the lines stay.
fn blank_comments_and_strings(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let (kept, blanked) = next_piece(rest, char, code.chars().next_back());
        code.push_str(&rest[..kept]);
        push_blank(&mut code, &rest[kept..kept + blanked]);
        rest = &rest[kept + blanked..];
    }
    code
}

/// How many bytes come next as they are, and how many after them are comment or string.
fn next_piece(rest: &str, char: char, before: Option<char>) -> (usize, usize) {
    let in_a_word = before.is_some_and(|char| char.is_alphanumeric() || char == '_');
    if rest.starts_with("//") {
        return (0, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (0, block_comment(rest));
    }
    if char == '"' {
        return (1, quoted(&rest[1..]));
    }
    let raw = rest.trim_start_matches(['b', 'c']);
    if !in_a_word && raw.starts_with('r') && raw[1..].trim_start_matches('#').starts_with('"') {
        let hashes = raw[1..].len() - raw[1..].trim_start_matches('#').len();
        let opening = rest.len() - raw.len() + 1 + hashes + 1;
        let end = format!("\"{}", "#".repeat(hashes));
        return (opening, rest[opening..].find(&end).map_or(rest.len() - opening, |at| at + end.len()));
    }
    if char == '\'' {
        return (1, character(&rest[1..]));
    }
    (char.len_utf8(), 0)
}

/// The length of a block comment, which may hold others.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(char) = rest[at..].chars().next() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += char.len_utf8();
        }
    }
    rest.len()
}

/// The length of a string after its opening quote, with the closing one.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, char) in rest.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character after its opening quote; 0 where it is a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices();
    match (chars.next(), chars.next()) {
        // The escaped character may itself be a quote.
        (Some((_, '\\')), Some((at, escaped))) => {
            rest[at + escaped.len_utf8()..].find('\'').map_or(0, |end| at + escaped.len_utf8() + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

fn push_blank(code: &mut String, text: &str) {
    code.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

/// Puts spaces for items under `#[cfg(test)]`.
fn blank_tests(code: &str) -> String {
    let mut product = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = ["#[cfg(test)]", "#[cfg(all(test,"].iter().filter_map(|mark| rest.find(mark)).min() {
        let end = at + end_of_item(&rest[at..]);
        product.push_str(&rest[..at]);
        push_blank(&mut product, &rest[at..end]);
        rest = &rest[end..];
    }
    product + rest
}

/// The length of an item: to its `;`, or to the brace that closes its body.
fn end_of_item(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, char) in rest.char_indices() {
        match char {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn comments_strings_and_tests_are_out_of_sight() {
    let text = r###"
//! crate::hidden
fn seen<'a>(x: &'a str) -> char { /* crate::hidden /* twice */ */ '"' }
const A: &str = "crate::hidden \" still";
const B: &str = r#"crate::hidden " still"#;
const C: [char; 3] = ['\'', '\u{41}', 'ß'];
#[cfg(test)]
mod tests {
    fn a_test() { crate::hidden() }
}
fn also_seen() {}
"###;
    let source = Source::new("src/x.rs", text);

    let product = source.product();

    assert!(product.contains("fn seen<'a>(x: &'a str) -> char {") && product.contains("fn also_seen"), "{product}");
    assert!(!product.contains("hidden") && !product.contains("still"), "{product}");
    assert!(source.code().contains("a_test"));
    assert_eq!(product.len(), text.len());
    assert_eq!(product.matches('\n').count(), text.matches('\n').count());
}
