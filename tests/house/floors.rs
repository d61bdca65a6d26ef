//! A module uses floors below its own, and no other module of its own floor.

use std::collections::BTreeSet;
use std::path::Path;

use super::assert_none;
use super::source::{ROOT, Source, words};

/// The modules with their floors. A new module stands here before it stands in `src/lib.rs`.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("backend", 1),
    ("project", 1),
    ("ledger", 2),
    ("guards", 2),
    ("tenancy", 2),
    ("migrate", 3),
    ("lint", 3),
    ("schema", 3),
    ("verify", 3),
    ("patch", 3),
    ("transfer", 3),
    ("baseline", 3),
    ("backup", 3),
    ("notes", 3),
    ("cli", 4),
    ("embed", 4),
];

/// The root project's own code stands beside the floors: it uses these, and only the command line uses it.
const PLATFORM: (&str, &[&str]) = ("platform", &["domain", "backend"]);

fn may_use(from: &str, to: &str) -> bool {
    let floor = |module| FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor);
    if from == PLATFORM.0 {
        return to == from || PLATFORM.1.contains(&to);
    }
    if to == PLATFORM.0 {
        return from == "cli";
    }
    from == to || matches!((floor(from), floor(to)), (Some(from), Some(to)) if to < from)
}

#[test]
fn modules_use_floors_below_their_own() {
    let findings: Vec<_> = Source::all_in("src").iter().flat_map(upward_uses).collect();

    assert_none(&findings, "a module uses floors below its own; what two need moves a floor down");
}

#[test]
fn every_module_has_a_floor() {
    let known = |name: &str| name == PLATFORM.0 || FLOORS.iter().any(|(module, _)| *module == name);
    let modules: BTreeSet<_> =
        Source::all_in("src").iter().filter_map(|file| file.module().first().map(|&m| m.to_owned())).collect();
    let findings: Vec<_> = modules.into_iter().filter(|module| !known(module)).collect();

    assert_none(&findings, "these modules stand on no floor: name one in tests/house/floors.rs");
}

#[test]
fn an_upward_or_sideways_use_is_seen() {
    let seen = |path: &str, code: &str| upward_uses(&Source::new(path, code));

    assert_eq!(seen("src/domain/x.rs", "use crate::{domain::y, migrate::{plan, apply}};").len(), 1);
    assert_eq!(seen("src/backend/x.rs", "\nuse crate::project::find;"), ["src/backend/x.rs:2 backend uses project"]);
    assert_eq!(seen("src/migrate/a/b.rs", "fn f() { super::super::super::notes::add() }").len(), 1);
    assert_eq!(seen("src/migrate/mod.rs", "use super::transfer::plan;").len(), 1);
    assert_eq!(seen("src/guards.rs", "use crate::ledger::marker;").len(), 1);
    assert_eq!(seen("src/platform/x.rs", "use crate::project::find;").len(), 1);
    assert_eq!(seen("src/ledger/x.rs", "use crate::platform::schema;").len(), 1);
    assert_eq!(seen("src/cli/x.rs", "use crate::Opening;"), ["src/cli/x.rs:1 cli uses crate::Opening without its module"]);

    assert!(seen("src/migrate/a/b.rs", "use super::super::c; use super::d; use crate::ledger::log;").is_empty());
    assert!(
        seen("src/migrate/a.rs", "use crate::domain::{self, version}; crate::each!(x); mod tests { use super::*; }").is_empty()
    );
    assert!(seen("src/cli/x.rs", "use crate::platform::schema; pub(in crate::cli) struct X;").is_empty());
    assert!(seen("src/lib.rs", "pub use crate::migrate::Plan;").is_empty());
}

/// The uses in one file of modules that it may not use.
fn upward_uses(source: &Source) -> Vec<String> {
    let module = source.module();
    // The map and the entrance see the whole house.
    let Some(&from) = module.first() else { return Vec::new() };
    let code = source.product();
    let mut uses: Vec<_> = uses_of_crate(&code).into_iter().chain(uses_of_super(&code, module.len())).collect();
    uses.sort();
    uses.into_iter()
        .filter(|(_, to)| *to != from && !may_use(from, to))
        .map(|(at, to)| {
            let what =
                if is_module(to) { format!("{from} uses {to}") } else { format!("{from} uses crate::{to} without its module") };
            source.finding(at, &what)
        })
        .collect()
}

/// The first names after `crate::`, with their places.
fn uses_of_crate(code: &str) -> Vec<(usize, &str)> {
    words(code, "crate::").flat_map(|at| heads(code, at + "crate::".len())).collect()
}

/// The first names after as many `super::` as lead out of the top module. A module within the file adds one that is
/// not needed, so `super::` may be counted as going further than it does; it never goes less far.
fn uses_of_super(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let out = "super::".repeat(depth);
    words(code, &out)
        // The first `super` of a chain only.
        .filter(|&at| !code[..at].ends_with("super::"))
        .flat_map(|at| heads(code, at + out.len()))
        .filter(|(_, name)| is_module(name))
        .collect()
}

/// The names that begin the paths at a place: one, or those of a group `{a::b, c}`. Macros of the crate are left out.
fn heads(code: &str, at: usize) -> Vec<(usize, &str)> {
    let Some(group) = code[at..].strip_prefix('{') else { return head(code, at).into_iter().collect() };
    let mut depth = 0_usize;
    let mut heads = Vec::new();
    let mut expected = true;
    for (offset, char) in group.char_indices() {
        match char {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => expected = true,
            _ if char.is_whitespace() => {}
            _ if expected => {
                heads.extend(head(code, at + 1 + offset));
                expected = false;
            }
            _ => {}
        }
    }
    heads
}

fn head(code: &str, at: usize) -> Option<(usize, &str)> {
    let rest = &code[at..];
    let length = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
    let name = &rest[..length];
    (!name.is_empty() && name != "super" && name != "self" && !rest[length..].starts_with('!')).then_some((at, name))
}

fn is_module(name: &str) -> bool {
    let source = Path::new(ROOT).join("src");
    name == PLATFORM.0
        || FLOORS.iter().any(|(module, _)| *module == name)
        || source.join(name).is_dir()
        || source.join(format!("{name}.rs")).is_file()
}
