//! Screens as they can be compared: without what changes from run to run.

/// The line with moments, durations, versions of databases, process ids and checksums taken out, and with single spaces;
/// where a migration is `made`, without its version too.
pub fn stable(line: &str, made: bool) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (word, next) = (words[at], words.get(at + 1).copied().unwrap_or_default());
        let bare = |text: &str| text.trim_matches(|c: char| "(),\";".contains(c)).to_owned();
        let ending = |text: &str| {
            text.chars().rev().take_while(|c| "),\";".contains(*c)).collect::<String>().chars().rev().collect::<String>()
        };
        if is_number(&bare(word)) && ["ms", "s", "min"].contains(&bare(next).as_str()) {
            out.push(format!("[time]{}", ending(next)));
            at += 2;
        } else if is_date(&bare(word)) && is_clock(&bare(next)) {
            out.push(format!("[moment]{}", ending(next)));
            at += 2;
        } else if (bare(word) == "SQLite" || bare(word) == "PostgreSQL")
            && bare(next).contains('.')
            && is_number(&bare(next).replace('.', ""))
        {
            out.push(format!("{word} [v]{}", ending(next)));
            at += 2;
        } else if bare(word) == "pid" && is_number(&bare(next)) {
            out.push(format!("{word} [pid]{}", ending(next)));
            at += 2;
        } else if matches!(bare(word).as_str(), "plan" | "--digest") && is_digest(&bare(next).replace(':', "")) {
            out.push(format!("{word} [digest]{}", if next.contains(':') { ":" } else { "" }));
            at += 2;
        } else if word.ends_with("_ms\":") && is_number(&bare(next)) {
            out.push(format!("{word} [time]{}", ending(next)));
            at += 2;
        } else {
            out.push(stable_word(word, made));
            at += 1;
        }
    }
    out.join(" ")
}

fn stable_word(word: &str, made: bool) -> String {
    // The file of a note is named after year and minute.
    if let Some((folder, rest)) = word.split_once("docs/notes/2")
        && let Some((_, name)) = rest.split_once("Z-")
    {
        return format!("{folder}docs/notes/[moment]-{name}");
    }
    // The seconds of JUnit.
    if let Some((_, tail)) = word.strip_prefix("time=\"").and_then(|rest| rest.split_once('"')) {
        return format!("time=\"[time]\"{tail}");
    }
    // So is the one of a backup.
    if let Some((name, end)) = word.rsplit_once("Z.")
        && let Some((name, moment)) = name.rsplit_once('-')
        && moment.len() == 15
        && is_number(&moment.replacen('T', "", 1))
    {
        return format!("{name}-[moment].{end}");
    }
    // JSON without blanks is one word.
    if word.contains("\",\"") {
        return word
            .split('"')
            .map(|part| if part.ends_with('Z') { stable_word(part, made) } else { part.to_owned() })
            .collect::<Vec<_>>()
            .join("\"");
    }
    let moment = word.trim_matches(|c: char| "(),\";:".contains(c));
    if let Some((date, clock)) = moment.strip_suffix('Z').and_then(|moment| moment.split_once('T'))
        && is_date(date)
        && is_clock(clock)
    {
        return word.replace(moment, "[moment]");
    }
    if moment.len() == 8 && is_clock(moment) {
        return word.replace(moment, "[clock]");
    }
    let mut out = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
        let run = &rest[..length];
        match length {
            0 => {
                let first = rest.chars().next().expect("the rest is not empty");
                out.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
            64 => out.push_str("[checksum]"),
            20 if run.contains(|c: char| c.is_ascii_digit()) => out.push_str("[token]"),
            14 if made && is_number(run) => out.push_str("[version]"),
            _ => out.push_str(run),
        }
        rest = &rest[length..];
    }
    out
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.') && text.chars().any(|c| c.is_ascii_digit())
}

fn is_digest(text: &str) -> bool {
    text.len() == 16 && text.chars().all(|c| c.is_ascii_hexdigit())
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.chars().enumerate().all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() })
}

fn is_clock(text: &str) -> bool {
    text.len() >= 5
        && text.chars().enumerate().all(|(at, c)| if at == 2 || at == 5 { c == ':' } else { c.is_ascii_digit() || c == '.' })
}

/// Whether what a page shows is what came out. A line `…` in the page stands for any lines.
pub fn agree(shown: &[String], real: &[String]) -> bool {
    match shown.split_first() {
        None => real.is_empty(),
        Some((first, rest)) if first == "…" => (0..=real.len()).any(|skipped| agree(rest, &real[skipped..])),
        Some((first, rest)) => real.split_first().is_some_and(|(line, real)| line == first && agree(rest, real)),
    }
}

#[test]
fn only_what_changes_from_run_to_run_is_taken_out() {
    for (line, expected) in [
        ("  ✓ 20260110120000 a     1 statement   0.4 ms", "✓ 20260110120000 a 1 statement [time]"),
        ("a.db (SQLite 3.53.2, new) · 0 applied", "a.db (SQLite [v], new) · 0 applied"),
        ("applied  2026-02-01 10:12  3 ms", "applied [moment] [time]"),
        ("held by pid 47 (manage x, since 2026-02-01 10:12:09)", "held by pid [pid] (manage x, since [moment])"),
        ("last run 2026-02-01T10:12:09.587Z)", "last run [moment])"),
        ("<testcase name=\"a\" time=\"0.004\"/>", "<testcase name=\"a\" time=\"[time]\"/>"),
        ("backups/acme-20261121T153949Z.sqlite", "backups/acme-[moment].sqlite"),
        ("manage reset --confirm a6a0010d8efcc9250012", "manage reset --confirm [token]"),
        ("one snapshot of 14:05:01 UTC", "one snapshot of [clock] UTC"),
        ("plan 7d1e52aa90cf3b61: 3 rows", "plan [digest]: 3 rows"),
        ("fix x --digest 7d1e52aa90cf3b61", "fix x --digest [digest]"),
        ("{\"a\":7,\"at\":\"2026-02-01T10:12:09Z\",\"b\":\"Z\"}", "{\"a\":7,\"at\":\"[moment]\",\"b\":\"Z\"}"),
        ("\"duration_ms\": 0.4,", "\"duration_ms\": [time],"),
        ("\"applied_at\": \"2026-02-01 10:12:09.5\",", "\"applied_at\": [moment]\","),
    ] {
        assert_eq!(stable(line, false), expected);
    }
    assert_eq!(stable("migrations/20991231010203_x/up.sql", true), "migrations/[version]_x/up.sql");
}

#[test]
fn dots_stand_for_any_lines() {
    let lines = |text: &str| text.chars().map(|c| c.to_string()).collect::<Vec<_>>();

    assert!(agree(&lines("a…d"), &lines("abcd")) && agree(&lines("a…"), &lines("a")) && agree(&lines("…"), &lines("")));
    assert!(!agree(&lines("a…d"), &lines("abc")) && !agree(&lines("ab"), &lines("abc")) && !agree(&lines("abc"), &lines("ab")));
}
