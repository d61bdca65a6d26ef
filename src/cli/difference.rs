//! How a file differs from what ran.

use std::fmt::Write as _;

use serde_json::json;
use similar::{ChangeTag, DiffOp, TextDiff};

use super::context::{Context, shown};
use super::exit::Exit;
use super::failure::Failure;
use super::output::paint::{Paint, Style};
use super::output::words;
use crate::domain::checksum::Edit;
use crate::domain::explain::Class;
use crate::domain::secret::redact;
use crate::domain::version::Version;
use crate::migrate::{Picture, Problem, ProblemKind, find};

/// A problem in words; of an edit also how large it is, and how to see it.
pub fn message(picture: &Picture<'_>, problem: &Problem) -> String {
    let text = problem.message();
    if problem.kind != ProblemKind::Edited {
        return text;
    }
    match texts(picture, &problem.version) {
        Some((ran, now)) => format!(
            "{text}: {} (see manage status --diff {})",
            words::count(changed_lines(&TextDiff::from_lines(&ran, &now)), "line"),
            problem.version
        ),
        None => text,
    }
}

/// Shows how the file of the migration that `asked` names differs from what ran.
///
/// # Errors
/// When there is no such migration, or nobody knows what ran.
pub fn show(context: &mut Context, picture: &Picture<'_>, asked: &str) -> Result<Exit, Failure> {
    let version = find(picture, asked)?;
    let title = format!("{version} {}", picture.name(&version)).trim_end().to_owned();
    let cannot_tell = |message: String, hint: &str| Err(Failure::new(Class::CouldNotRun, message, hint));
    let edit = picture.edit(&version);
    let mut fact = json!({ "version": version.as_str(), "name": picture.name(&version), "applied": picture.is_applied(&version), "edit": word(edit), "lines": 0, "text": "" });
    let verdict = if !picture.is_applied(&version) {
        format!("{title} is not applied: nothing ran from which its file could differ")
    } else if let Some(error) = &picture.log_unreadable {
        return cannot_tell(
            format!("what ran as {title} cannot be read: {error}"),
            "let a role look that may: GRANT USAGE ON SCHEMA manage, SELECT ON ALL TABLES IN SCHEMA manage",
        );
    } else if picture.file(&version).is_none() {
        return Err(Failure::new(
            Class::Conflict,
            format!("{title} is applied, but no file has it"),
            "bring its files back; the text that ran is in the ledger's manage_migration_log, up_text",
        ));
    } else if !picture.is_known(&version) {
        return cannot_tell(
            format!("{title} was applied by another tool: nobody knows what ran"),
            "look into the version control of the project",
        );
    } else if edit == Edit::None {
        format!("{title} was not edited: its file is what ran")
    } else if let Some((ran, now)) = texts(picture, &version) {
        let diff = TextDiff::from_lines(&ran, &now);
        let lines = changed_lines(&diff);
        let file = picture.file(&version).map(|file| shown(&file.up.file, &context.folder)).unwrap_or_default();
        fact["lines"] = lines.into();
        fact["text"] = unified(&diff, &file, Paint(false)).into();
        if lines > 0 && !context.screen.json {
            let text = unified(&diff, &file, context.screen.paint);
            context.screen.write(&text);
        }
        match (edit, lines) {
            (Edit::Real, _) => format!(
                "{title}: {} changed · put them back, or accept them: manage repair {version} --reason TEXT",
                words::count(lines, "line")
            ),
            (_, 0) => format!("{title}: only the line ends differ, which the database does not see"),
            (_, lines) => format!(
                "{title}: {} changed, but only in white space or comments, which the database does not see",
                words::count(lines, "line")
            ),
        }
    } else {
        return cannot_tell(
            format!("{title} was edited, but the text that ran is not in the log"),
            "look into the version control of the project; what another tool ran is in the log from `manage adopt` on",
        );
    };
    context.screen.facts.insert("diff".to_owned(), fact);
    context.screen.line(&verdict);
    Ok(Exit::Ok)
}

fn word(edit: Edit) -> &'static str {
    match edit {
        Edit::None => "none",
        Edit::Cosmetic => "cosmetic",
        Edit::Real => "real",
    }
}

/// What ran and what stands in the file now, with line ends of one kind: they alone make no line another one.
fn texts(picture: &Picture<'_>, version: &Version) -> Option<(String, String)> {
    let one_kind = |text: &str| redact(&text.replace("\r\n", "\n"));
    Some((one_kind(picture.what_ran(version)?), one_kind(&picture.file(version)?.up.text)))
}

/// A line that became another one counts once.
fn changed_lines(diff: &TextDiff<'_, '_, '_, str>) -> usize {
    let changed = |op: &DiffOp| match op {
        DiffOp::Equal { .. } => 0,
        op => op.old_range().len().max(op.new_range().len()),
    };
    diff.ops().iter().map(changed).sum()
}

/// The unified form, as `diff -u` prints it.
fn unified<'d>(diff: &'d TextDiff<'d, 'd, 'd, str>, file: &str, paint: Paint) -> String {
    let mut out = format!("--- what ran\n+++ {file}\n");
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        let _ = writeln!(out, "{}", paint.on(Style::Faint, &hunk.header().to_string()));
        for change in hunk.iter_changes() {
            // Nothing in a file may steer the terminal.
            let text: String = change
                .value()
                .trim_end_matches('\n')
                .chars()
                .map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c })
                .collect();
            let line = match change.tag() {
                ChangeTag::Equal => format!(" {text}"),
                ChangeTag::Delete => paint.on(Style::Bad, &format!("-{text}")),
                ChangeTag::Insert => paint.on(Style::Good, &format!("+{text}")),
            };
            out.push_str(&line);
            out.push('\n');
            if change.missing_newline() {
                out.push_str("\\ no line end at the end of the file\n");
            }
        }
    }
    out
}
