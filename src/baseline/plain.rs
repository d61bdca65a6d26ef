//! Markdown without its marks. Pure.

/// Takes the marks out, line by line: it remembers whether it is in a block of code.
#[derive(Debug, Default)]
pub struct Plain {
    in_code: bool,
}

impl Plain {
    /// The line without marks; `None` for one that is nothing but a mark.
    pub fn line(&mut self, line: &str) -> Option<String> {
        if line.trim_start().starts_with("```") {
            self.in_code = !self.in_code;
            return None;
        }
        if self.in_code {
            return Some(format!("    {line}"));
        }
        let text = line.trim_start_matches('#');
        let text = if text.len() < line.len() && text.starts_with(' ') { text.trim_start_matches(' ') } else { line };
        Some(links(&text.replace("**", "").replace("__", "").replace('`', "")))
    }
}

/// `[words](address)` as `words (address)`.
fn links(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(open) = rest.find('[') {
        let link = rest[open..].find("](").and_then(|middle| {
            let end = rest[open + middle..].find(')')?;
            Some((open + middle, open + middle + end))
        });
        let Some((middle, end)) = link else { break };
        out.push_str(&format!("{}{} ({})", &rest[..open], &rest[open + 1..middle], &rest[middle + 2..end]));
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_words_stay() {
        let text = "## Hello\n**bold** and `code`, [here](https://example.org) [no link]\n```sh\na ** b\n```\n#1 of 2\n";

        let mut plain = Plain::default();
        let out: String = text.split_inclusive('\n').filter_map(|line| plain.line(line)).collect();

        assert_eq!(out, "Hello\nbold and code, here (https://example.org) [no link]\n    a ** b\n#1 of 2\n");
    }
}
