//! The file of a note.

use std::fmt::Write as _;

use crate::domain::checksum::sha256_hex;
use crate::ledger::Note;

/// Which note a file is of, and whether it still says what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The note's [`Note::uid`].
    pub uid: String,
    /// Whether nobody has edited it.
    pub intact: bool,
}

const SEAL: &str = "<!-- manage note ";

/// Where the file of a note lies in the folder of notes: `2026/2026-11-21T1405Z-marker-set-staging-3.md`.
pub fn file_name(note: &Note) -> String {
    let year = note.written_at.get(..4).unwrap_or("0000");
    let minute = note.written_at.get(..16).unwrap_or(&note.written_at).replace(':', "");
    let kind = slug(&note.kind);
    let title = slug(&note.title);
    let named = if title.starts_with(&kind) { title } else { format!("{kind}-{title}") };
    let account = note.account.as_deref().map(slug).filter(|account| !account.is_empty() && !named.ends_with(account));
    let parts = [Some(cut(&named, 60)), account, Some(note.id.to_string())];
    format!("{year}/{minute}Z-{}.md", parts.into_iter().flatten().collect::<Vec<_>>().join("-"))
}

/// A note as Markdown, sealed with its name and a checksum of what stands above the seal.
pub fn markdown(note: &Note) -> String {
    let mut out = format!("# {}\n\n| | |\n|---|---|\n", inline(&note.title));
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(out, "| {name} | {} |", inline(value));
    };
    fact("note", &format!("{}, {}{}", note.id, note.kind, if note.superseded { ", superseded by a restore" } else { "" }));
    fact("when", &when(&note.written_at));
    let machine = format!("{} on {}", note.user, note.host);
    fact("who", &note.person.as_ref().map_or(machine.clone(), |person| format!("{person} ({machine})")));
    if let Some(reason) = &note.reason {
        fact("why", reason);
    }
    if let Some(account) = &note.account {
        fact("account", account);
    }
    let environment = note.environment.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    fact("database", &format!("{}{environment}", note.database));
    fact("with", &note.tool);
    if let Some(body) = &note.body {
        let _ = write!(out, "\n{}\n", body.trim());
    }
    if !note.open.is_empty() {
        out.push_str("\n## Open when this was written\n\n");
        for (number, item) in (1..).zip(&note.open) {
            let _ = writeln!(out, "{number}. {item}");
        }
    }
    if let Some(facts) = &note.facts {
        let _ = write!(out, "\n## Facts\n\n```json\n{}\n```\n", facts.trim());
    }
    let seal = format!("\n{SEAL}{} sha256:{} -->\n", note.uid, sha256_hex(&out));
    out + &seal
}

/// The seal of a file; `None` where it is not the file of a note.
pub fn seal_of(text: &str) -> Option<Seal> {
    // A checkout may have changed the ends of the lines.
    let text = text.replace("\r\n", "\n");
    let at = text.rfind(SEAL)?;
    let (uid, rest) = text[at + SEAL.len()..].split_once(' ')?;
    let (sum, after) = rest.strip_prefix("sha256:")?.split_once(' ')?;
    let above = text[..at].strip_suffix('\n')?;
    Some(Seal { uid: uid.to_owned(), intact: sha256_hex(above) == sum && after.trim_end() == "-->" })
}

/// `2026-11-21 14:05:01 UTC`
fn when(written_at: &str) -> String {
    written_at.get(..19).map_or_else(|| written_at.to_owned(), |time| format!("{} UTC", time.replace('T', " ")))
}

/// Text in one line, that does not end a cell.
fn inline(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn slug(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars().flat_map(char::to_lowercase) {
        match char {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            _ if char.is_ascii_alphanumeric() => out.push(char),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// The first words of a slug.
fn cut(slug: &str, length: usize) -> String {
    let Some(head) = slug.get(..length) else { return slug.to_owned() };
    head.rsplit_once('-').map_or(head, |(words, _)| words).to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn note(id: i64, title: &str) -> Note {
        Note {
            id,
            uid: format!("{id:032x}"),
            written_at: "2026-11-21T14:05:01.123Z".to_owned(),
            kind: "marker set".to_owned(),
            title: title.to_owned(),
            reason: Some("a | b\nc".to_owned()),
            account: None,
            body: Some("Line one.\n\n<!-- manage note x sha256:y -->".to_owned()),
            facts: Some("{}".to_owned()),
            open: vec!["tell the team".to_owned()],
            closes: Vec::new(),
            database: "acme".to_owned(),
            environment: None,
            person: None,
            user: "deploy".to_owned(),
            host: "one".to_owned(),
            tool: "manage 0.1.0".to_owned(),
            superseded: false,
        }
    }

    #[test]
    fn a_file_is_named_after_time_deed_and_number() {
        let mut it = note(3, "marker set to staging");
        assert_eq!(file_name(&it), "2026/2026-11-21T1405Z-marker-set-to-staging-3.md");

        it.kind = "by hand".to_owned();
        it.account = Some("Acme/../Söhne".to_owned());
        assert_eq!(file_name(&it), "2026/2026-11-21T1405Z-by-hand-marker-set-to-staging-acme-soehne-3.md");

        it.title = "word ".repeat(40);
        assert!(file_name(&it).len() < 120, "{}", file_name(&it));
    }

    #[test]
    fn a_seal_holds_until_a_word_is_changed() {
        let it = note(3, "marker set to staging");
        let text = markdown(&it);

        assert_eq!(seal_of(&text), Some(Seal { uid: it.uid.clone(), intact: true }));
        assert_eq!(seal_of(&text.replace('\n', "\r\n")).map(|seal| seal.intact), Some(true));
        assert_eq!(seal_of(&text.replace("staging", "production")).map(|seal| seal.intact), Some(false));
        assert_eq!(seal_of(&format!("{text}more")).map(|seal| seal.intact), Some(false));
        assert_eq!(seal_of("# anything"), None);
    }

    #[test]
    fn words_of_a_person_do_not_break_the_table() {
        assert!(markdown(&note(1, "x")).contains("| why | a \\| b c |\n"));
    }
}
