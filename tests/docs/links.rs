//! A link leads somewhere.

use std::path::Path;

use super::page::{ROOT, all, anchors, prose, read, tidy};

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let broken: Vec<_> = all().iter().flat_map(|page| broken_links(page, &read(page))).collect();

    assert!(broken.is_empty(), "these links lead nowhere\n{}", broken.join("\n"));
}

#[test]
fn every_page_that_the_code_names_is_there() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        for (line, words) in text.lines().enumerate() {
            for page in words.match_indices("docs/").filter_map(|(at, _)| page_at(&words[at..])) {
                let there = Path::new(ROOT).join(page).exists();
                let titled =
                    section_after(words, page).is_none_or(|title| read(page).lines().any(|line| line == format!("## {title}")));
                if !there || !titled {
                    broken.push(format!("{file}:{} {page}", line + 1));
                }
            }
        }
    }

    assert!(broken.is_empty(), "the code speaks of pages or sections that are not there\n{}", broken.join("\n"));
}

#[test]
fn a_broken_link_is_seen() {
    let found = broken_links(
        "docs/x.md",
        "[a](nowhere.md) [b](../README.md) [c](#gone)\n## Here\n[d](#here) [e](https://example.org/x)\n",
    );

    assert_eq!(found, ["docs/x.md:1 nowhere.md", "docs/x.md:1 #gone"]);
}

fn broken_links(page: &str, text: &str) -> Vec<String> {
    let folder = Path::new(ROOT).join(page).parent().expect("a page lies in a folder").to_owned();
    let mut broken = Vec::new();
    for (line, words) in prose(text) {
        for link in links(words).filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { Path::new(ROOT).join(page) } else { tidy(&folder.join(path)) };
            let headings = || match path {
                "" => anchors(text),
                _ => anchors(&std::fs::read_to_string(&target).unwrap_or_default()),
            };
            if (!path.is_empty() && !target.exists())
                || (!fragment.is_empty() && !headings().iter().any(|known| known == fragment))
            {
                broken.push(format!("{page}:{line} {link}"));
            }
        }
    }
    broken
}

/// What stands between `](` and `)`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(at, _)| line[at + 2..].split_once(')').map(|(link, _)| link))
}

/// The name of the page with which `text` begins.
fn page_at(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || "/-_.".contains(c))).unwrap_or(text.len());
    let page = text[..end].trim_end_matches('.');
    page.ends_with(".md").then_some(page)
}

/// The title that stands in quotes after the page: `docs/x.md, \"Title\"`.
fn section_after<'a>(line: &'a str, page: &str) -> Option<&'a str> {
    let rest = line.split_once(page)?.1.strip_prefix(", \\\"")?;
    rest.split_once("\\\"").map(|(title, _)| title)
}

fn sources() -> Vec<(String, String)> {
    fn below(folder: &Path, found: &mut Vec<(String, String)>) {
        for path in std::fs::read_dir(folder).expect("the folder is readable").map(|entry| entry.expect("readable").path()) {
            if path.is_dir() {
                below(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(ROOT).expect("it lies below").to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).expect("readable")));
            }
        }
    }
    let mut found = Vec::new();
    below(&Path::new(ROOT).join("src"), &mut found);
    found
}
