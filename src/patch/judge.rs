//! The checks before and after: what the patch mends is gone, and nothing else got worse.

use super::done::{Checked, Done};
use super::error::PatchError;
use super::job::Job;
use crate::domain::explain::Class;

/// How many rows that a check finds anew are named.
const NAMED: usize = 5;

/// Says whether the checks agree: those that the patch names pass, and no other one finds more than before. A check that
/// may leave something finds nothing that it had not found before.
///
/// # Errors
/// When they do not: all of it must be rolled back.
pub(super) fn judge(job: &Job<'_>, done: &Done) -> Result<(), PatchError> {
    let mut bad: Vec<String> = done
        .after
        .iter()
        .filter_map(|after| {
            let before = done.before.iter().find(|check| check.name == after.name);
            match (job.verify.contains(&after.name), job.leaves.contains(&after.name)) {
                (true, false) => unmended(before, after),
                (true, true) if !after.could_tell => Some(format!("{} could not tell", after.name)),
                _ => worse(before, after),
            }
        })
        .collect();
    if let Some(missing) = job.verify.iter().find(|name| !done.after.iter().any(|check| check.name == **name)) {
        bad.push(format!("{missing}: there is no such check"));
    }
    if bad.is_empty() {
        return Ok(());
    }
    let mut error = PatchError::new(
        Class::Check,
        format!("the checks do not agree with `{}`; all of it was rolled back", job.run.name),
        format!(
            "see them: manage verify{}",
            job.run.account_name.as_ref().map(|name| format!(" --account {name}")).unwrap_or_default()
        ),
    )
    .started();
    error.details = bad;
    Err(error)
}

/// Why a check is not satisfied that must find nothing any more.
fn unmended(before: Option<&Checked>, after: &Checked) -> Option<String> {
    let was = before.map_or(0, |check| check.findings);
    if !after.could_tell {
        return Some(format!("{} could not tell", after.name));
    }
    let left = !after.passes || (after.findings > 0 && after.findings >= was && was > 0);
    left.then(|| format!("{}: {} findings are left of {was}", after.name, after.findings))
}

/// Why a check is worse than before.
fn worse(before: Option<&Checked>, after: &Checked) -> Option<String> {
    let (was, told) = before.map_or((0, true), |check| (check.findings, check.could_tell));
    if !after.could_tell {
        return told.then(|| format!("{} cannot tell any more", after.name));
    }
    if after.findings > was {
        return Some(format!("{}: {} findings, {was} before", after.name, after.findings));
    }
    let (then, now) = (before?.rows.as_ref()?, after.rows.as_ref()?);
    let mut anew = now.difference(then);
    let first: Vec<&str> = anew.by_ref().take(NAMED).map(String::as_str).collect();
    if first.is_empty() {
        return None;
    }
    let more = if anew.next().is_some() { ", …" } else { "" };
    Some(format!("{} finds what was right before: {}{more}", after.name, first.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(findings: u64, rows: Option<&[&str]>) -> Checked {
        let rows = rows.map(|rows| rows.iter().map(|row| (*row).to_owned()).collect());
        Checked { name: "status".to_owned(), could_tell: true, passes: findings == 0, findings, rows }
    }

    #[test]
    fn fewer_findings_may_be_others() {
        let before = check(2, Some(&["clusters 1", "clusters 2"]));

        assert_eq!(worse(Some(&before), &check(1, Some(&["clusters 2"]))), None);
        assert_eq!(worse(Some(&before), &check(1, None)), None);
        assert_eq!(
            worse(Some(&before), &check(1, Some(&["clusters 3"]))).as_deref(),
            Some("status finds what was right before: clusters 3")
        );
        assert!(worse(Some(&before), &check(3, None)).is_some());
    }

    #[test]
    fn what_must_be_mended_is_mended_whole() {
        let before = check(2, None);

        assert_eq!(unmended(Some(&before), &check(0, None)), None);
        assert!(unmended(Some(&before), &check(1, None)).is_some());
    }
}
