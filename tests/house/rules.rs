//! Words that stand only in certain places, and words that stand nowhere.

use std::path::Path;

use super::assert_none;
use super::source::{ROOT, Source, files_in, relative, words};

/// Words with the only places in which they may stand.
struct Rule {
    name: &'static str,
    why: &'static str,
    words: &'static [&'static str],
    /// Files and folders, the latter with a slash at the end.
    homes: &'static [&'static str],
    /// Code that the rule must find, so that the rule cannot go blind unseen.
    example: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        name: "print",
        why: "only the command line prints; return a result or report an event",
        words: &["println!", "eprintln!", "print!", "eprint!", "dbg!", "io::stdout", "io::stderr", "io::Stdout", "io::Stderr"],
        homes: &["src/cli/"],
        example: "fn f() { println!(\"x\") }",
    },
    Rule {
        name: "exit",
        why: "only the command line ends the process; return an error",
        words: &["process::exit", "process::abort"],
        homes: &["src/cli/", "src/main.rs"],
        example: "fn f() { std::process::exit(1) }",
    },
    Rule {
        name: "environment",
        why: "only the command line reads arguments and environment; take a value",
        words: &[
            "std::env",
            "env::var",
            "env::var_os",
            "env::vars",
            "env::args",
            "env::args_os",
            "env::current_dir",
            "env::temp_dir",
        ],
        homes: &["src/cli/", "src/main.rs"],
        example: "fn f() { std::env::var(\"HOME\") }",
    },
    Rule {
        name: "clock",
        why: "only the command line looks at the clock; take the moment as a value",
        words: &["Utc::now", "Local::now", "SystemTime::now", "OffsetDateTime::now_utc", "OffsetDateTime::now_local"],
        homes: &["src/cli/"],
        example: "fn f() { chrono::Utc::now() }",
    },
    Rule {
        name: "files",
        why: "only `project` and the command line read and write files",
        words: &[
            "std::fs",
            "fs::read",
            "fs::write",
            "fs::create_dir_all",
            "File::open",
            "File::create",
            "File::options",
            "OpenOptions",
        ],
        homes: &["src/project/", "src/cli/"],
        example: "use std::fs::File;",
    },
    Rule {
        name: "unsafe",
        why: "unsafe code stands beside the SQLite handle",
        words: &["unsafe"],
        homes: &["src/backend/sqlite/handle.rs", "src/backend/sqlite/raw.rs"],
        example: "fn f() { unsafe { g() } }",
    },
    Rule {
        name: "backend",
        why: "only `backend` knows which database it is; give the contract a method",
        words: &["Session::Sqlite", "Session::Postgres", "SqliteSession", "PostgresSession"],
        homes: &["src/backend/"],
        example: "fn f() { matches!(session, Session::Sqlite(_)) }",
    },
    Rule {
        name: "unfinished",
        why: "unfinished work goes into an issue",
        words: &["todo!", "unimplemented!"],
        homes: &[],
        example: "fn f() { todo!() }",
    },
];

/// Rule, file or folder, and why it may.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("environment", "src/domain/fault.rs", "a fault is injected below every floor, and never into a release binary"),
    ("exit", "src/domain/fault.rs", "the fault is that the process stops"),
    ("files", "src/domain/fault.rs", "a file holds the process where a test wants it, and never a release binary"),
    (
        "files",
        "src/backend/sqlite/",
        "the database is a file, with a lock file beside it and an inode that the marker is bound to",
    ),
    ("files", "src/backend/postgres/dump.rs", "the file that pg_restore reads is summed up while it reads it"),
    ("files", "src/backend/postgres/conninfo/", "the password file and the service file, as libpq reads them"),
    ("files", "src/backend/postgres/tls/", "certificates and keys, as libpq reads them"),
];

impl Rule {
    fn allows(&self, path: &str) -> bool {
        let stands_in = |place: &str| path == place || (place.ends_with('/') && path.starts_with(place));
        self.homes.iter().any(|home| stands_in(home))
            || EXCEPTIONS.iter().any(|(rule, place, _)| *rule == self.name && stands_in(place))
    }

    fn findings(&self, source: &Source) -> Vec<String> {
        if self.allows(&source.path) {
            return Vec::new();
        }
        let product = source.product();
        self.words.iter().flat_map(|word| words(&product, word).map(|at| source.finding(at, word)).collect::<Vec<_>>()).collect()
    }
}

#[test]
fn words_stand_where_they_belong() {
    let sources = Source::all_in("src");
    let broken: Vec<_> = RULES
        .iter()
        .map(|rule| (rule, sources.iter().flat_map(|source| rule.findings(source)).collect::<Vec<_>>()))
        .filter(|(_, findings)| !findings.is_empty())
        .map(|(rule, findings)| format!("{}: {}\n  {}", rule.name, rule.why, findings.join("\n  ")))
        .collect();

    assert_none(&broken, "the house has rules; exceptions stand in tests/house/rules.rs, with a reason");
}

#[test]
fn every_rule_sees_what_it_forbids() {
    for rule in RULES {
        assert!(!rule.findings(&Source::new("src/migrate/x.rs", rule.example)).is_empty(), "{} is blind", rule.name);
    }
}

#[test]
fn exceptions_belong_to_rules_and_have_reasons() {
    for (rule, place, reason) in EXCEPTIONS {
        assert!(RULES.iter().any(|known| known.name == *rule), "{place}: no rule is called {rule}");
        assert!(!reason.is_empty(), "{place}: why?");
    }
}

#[test]
fn an_ignored_test_says_why() {
    let findings: Vec<_> = ["src", "tests"]
        .into_iter()
        .flat_map(Source::all_in)
        .flat_map(|file| words(file.code(), "#[ignore]").map(|at| file.finding(at, "#[ignore]")).collect::<Vec<_>>())
        .collect();

    assert_none(&findings, "write #[ignore = \"the reason\"]");
}

#[test]
fn nothing_in_tests_is_unfinished() {
    let rule = RULES.iter().find(|rule| rule.name == "unfinished").expect("the rule is there");
    let findings: Vec<_> = Source::all_in("tests").iter().flat_map(|source| rule.findings(source)).collect();

    assert_none(&findings, rule.why);
}

#[test]
fn every_file_has_a_name_of_its_own() {
    let nameless = ["util", "utils", "helper", "helpers", "common", "misc", "manager"];
    let mut findings: Vec<_> = files_in(&Path::new(ROOT).join("src")).iter().map(|file| relative(file)).collect();
    findings.retain(|file| file.split(['/', '.']).any(|part| nameless.contains(&part)));

    assert_none(&findings, "these are waiting for their real names");
}
