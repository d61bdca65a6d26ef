//! What `manage doctor` says of the tenancy map and the scripts.

use super::{Doctor, Verdict};
use crate::backend::Session;
use crate::cli::context::Chosen;
use crate::cli::failure::Failure;
use crate::cli::output::words;
use crate::cli::scripts::check::in_words;
use crate::project::scripts;
use crate::tenancy::{Map, Unowned, unowned};
use crate::verify::inspect_all;

/// How many names one line has.
const NAMED: usize = 8;

impl Doctor<'_> {
    /// Looks at both in one snapshot.
    pub(super) fn accounts_and_scripts(&mut self, chosen: &Chosen, session: &mut Session) {
        let looked = session.begin_snapshot(None).map_err(Failure::from).and_then(|()| self.look(chosen, session));
        if let Err(failure) = looked {
            self.fail("tenancy", &failure);
        }
        // Nothing was written, so nothing is lost with a snapshot that cannot be ended.
        let _ = session.end_snapshot();
    }

    fn look(&mut self, chosen: &Chosen, session: &mut Session) -> Result<(), Failure> {
        let relations = session.relations()?;
        let map = match &chosen.project.config.tenancy {
            None => None,
            Some(tenancy) => match Map::new(chosen.url.engine(), tenancy, relations.clone()) {
                Ok(map) => Some(map),
                // No migration is stopped by that, and the next one may make the table that it misses.
                Err(error) => {
                    let text = in_words(&error, self.context);
                    self.say(Verdict::Warn, "tenancy", &text);
                    return Ok(());
                }
            },
        };
        if let Some(map) = &map {
            self.tenancy(map, session)?;
        }
        let scripts = match scripts::load(&chosen.project.scripts_folder(), chosen.url.engine()) {
            Ok(scripts) => scripts,
            Err(error) => {
                let text = in_words(&error, self.context);
                self.say(Verdict::Bad, "scripts", &text);
                return Ok(());
            }
        };
        let count = scripts.all().count();
        if count == 0 {
            return Ok(());
        }
        let wrong = inspect_all(&scripts, map.as_ref(), &relations, session);
        for ((kind, name), error) in &wrong {
            let text = format!("{} {name}: {}", kind.verb(), in_words(error, self.context));
            self.say(Verdict::Warn, "scripts", &text);
        }
        if wrong.is_empty() {
            self.say(Verdict::Good, "scripts", &format!("{}, nothing wrong with them", words::count(count, "script")));
        }
        Ok(())
    }

    fn tenancy(&mut self, map: &Map, session: &mut Session) -> Result<(), Failure> {
        let mut well = true;
        let unclassified: Vec<&str> = map.unclassified().map(|relation| relation.name.as_str()).collect();
        if !unclassified.is_empty() {
            well = false;
            let text = format!("[tenancy.tables] does not classify {}", some(&unclassified));
            self.say(Verdict::Warn, "tenancy", &text);
        }
        if !map.missing.is_empty() {
            well = false;
            let missing: Vec<&str> = map.missing.iter().map(String::as_str).collect();
            let text = format!("[tenancy.tables] names what the database does not have: {}", some(&missing));
            self.say(Verdict::Warn, "tenancy", &text);
        }
        for table in &map.tables {
            if let Some(unowned) = unowned(map, table, session)?.filter(|found| found.nowhere + found.disagree > 0) {
                well = false;
                self.say(Verdict::Warn, "tenancy", &told(&unowned));
            }
        }
        if well {
            let text = format!("{}, every row belongs to one account", words::count(map.tables.len(), "table"));
            self.say(Verdict::Good, "tenancy", &text);
        }
        Ok(())
    }
}

fn some(names: &[&str]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

/// `links: 2 rows lead to no account, 1 row to two: 3, 4, 7`
fn told(unowned: &Unowned) -> String {
    let rows = |count: i64| words::count(usize::try_from(count).unwrap_or(usize::MAX), "row");
    let verb = |count: i64, verb: &str| if count == 1 { format!("{verb}s") } else { verb.to_owned() };
    let mut parts = Vec::new();
    if unowned.nowhere > 0 {
        parts.push(format!("{} {} to no account", rows(unowned.nowhere), verb(unowned.nowhere, "lead")));
    }
    if unowned.disagree > 0 {
        parts.push(format!("{} {} to two accounts", rows(unowned.disagree), verb(unowned.disagree, "lead")));
    }
    let more = unowned.nowhere + unowned.disagree > unowned.keys.len() as i64;
    let keys = match unowned.keys.is_empty() {
        true => String::new(),
        false => format!(": {}{}", unowned.keys.join(", "), if more { " …" } else { "" }),
    };
    format!("{}: {}{keys}", unowned.table, parts.join(", "))
}
