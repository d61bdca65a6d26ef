//! The runs that pages show are real: each page is played from top to bottom, and every screen compared.
//!
//! What is played stands in comments, which readers do not see:
//!
//! | comment | what it does |
//! |---|---|
//! | `<!-- project: root -->`, `<!-- project: empty, postgres -->`, `<!-- project: example NAME -->` | begins anew: with a copy of the root project, with nothing, with a copy of an example |
//! | `<!-- project: example NAME, postgres -->` | the same on two databases of PostgreSQL: `DATABASE_URL`, `OLD_DATABASE_URL` |
//! | `<!-- file: NAME -->` | writes the next code block to a file |
//! | `<!-- remove: NAME -->` | removes a file or folder |
//! | `<!-- run: manage status -->` | runs it and compares the next code block; `; exit 1` says how it ends |
//! | `<!-- run: manage migrate; shown as: cargo run -- migrate -->` | the same, under other words |
//! | `<!-- quiet: manage migrate -->` | runs it and shows nothing |
//! | `<!-- sql -->`, `<!-- sql: FILE -->` | runs the statements of the next code block, or of a file |
//! | `<!-- sql in the old one: FILE -->` | the same on the old one of two databases |
//! | `<!-- sh -->`, `<!-- sh: exit 1 -->` | gives the next code block to a shell and compares what it says with the one after it |
//! | `<!-- sh: quiet -->` | the same, and it says nothing |
//! | `<!-- serve -->` | starts what the next code block starts in the background, and goes on when it listens; the one after it shows what it says then |
//!
//! In a code block a line `…` stands for lines that are left out. `UPDATE_REFERENCE=1` writes blocks that differ anew.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use super::example;
use super::page::{ROOT, must_be, read, updating};
use super::screen::{agree, stable};
use super::served::Served;
use crate::support::*;

#[test]
fn the_readme_shows_what_happens() {
    play("README.md");
}

#[test]
#[cfg_attr(not(any(debug_assertions, feature = "faults")), ignore = "the page kills runs, which needs the fault points")]
fn the_guide_shows_what_happens() {
    play("docs/guide/migrate.md");
}

#[test]
fn the_guide_of_lint_shows_what_happens() {
    play("docs/guide/lint.md");
}

#[test]
fn the_numbered_layout_is_as_shown() {
    play("docs/guide/numbered.md");
}

#[test]
fn the_bot_does_what_its_page_says() {
    play("examples/settings-bot/README.md");
}

#[test]
fn the_example_that_moves_to_a_new_schema_does_as_its_page_says() {
    play("examples/custom-commands/README.md");
}

#[test]
fn the_service_does_as_its_page_says() {
    play("examples/custom-commands/service/README.md");
}

#[test]
fn the_example_between_two_servers_does_as_its_page_says() {
    play("examples/tux/README.md");
}

#[test]
fn transfers_happen_as_shown() {
    play("docs/guide/transfer.md");
}

#[test]
fn the_example_that_starts_afresh_does_as_its_page_says() {
    play("examples/monitoring/README.md");
}

#[test]
fn taking_over_happens_as_shown() {
    play("docs/guide/adopt.md");
}

#[test]
fn backups_and_restores_happen_as_shown() {
    play("docs/guide/backup.md");
}

#[test]
fn resets_happen_as_shown() {
    play("docs/guide/reset.md");
}

#[test]
fn starting_afresh_happens_as_shown() {
    play("docs/guide/baseline.md");
}

#[test]
fn notes_are_written_as_shown() {
    play("docs/guide/notes.md");
}

#[test]
fn the_guide_of_test_data_shows_what_happens() {
    play("docs/guide/test-data.md");
}

#[test]
fn databases_are_told_as_shown() {
    play("docs/guide/guards.md");
}

#[test]
fn checks_are_made_as_shown() {
    play("docs/guide/verify.md");
}

#[test]
fn rows_are_fixed_as_shown() {
    play("docs/guide/fix.md");
}

#[test]
fn scripts_are_written_as_shown() {
    play("docs/guide/write-a-script.md");
}

#[test]
fn the_facts_of_json_are_as_shown() {
    play("docs/reference/json.md");
}

#[test]
fn the_settings_are_as_shown() {
    play("docs/reference/manage-toml.md");
}

/// A copy of the root project.
pub fn root_project(backend: Backend) -> Project {
    let project = Project::on(backend);
    for file in ["manage.toml", "diesel.toml"] {
        project.write(file, &read(file));
    }
    copy(&Path::new(ROOT).join("migrations"), &project.path("migrations"));
    copy(&Path::new(ROOT).join("scripts"), &project.path("scripts"));
    project
}

/// Plays a page.
#[track_caller]
fn play(page: &str) {
    let text = read(page);
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    // Stopped before its project goes.
    let mut project = None;
    let mut served: Option<Served> = None;
    let mut wrong = Vec::new();
    let mut played = 0;
    let mut at = 0;
    while at < lines.len() {
        out.push_str(lines[at]);
        out.push('\n');
        let Some(marker) = lines[at].trim().strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) else {
            at += 1;
            continue;
        };
        let number = at + 1;
        at += 1;
        let (verb, rest) = marker.split_once(": ").unwrap_or((marker, ""));
        if verb == "project" {
            served = None;
            project = Some(begin(rest));
            continue;
        }
        let stage: &Stage = project.as_ref().unwrap_or_else(|| panic!("{page}:{number} no project yet"));
        let project = &stage.project;
        match verb {
            "remove" => project.remove(rest),
            "sql" if !rest.is_empty() => project.execute(&project.read(rest)),
            "sql in the old one" => stage.execute_in_the_old_one(&project.read(rest)),
            "quiet" => {
                let run = Run::of(rest);
                let (screen, code) = run.on(stage);
                assert_eq!(code, run.code, "{page}:{number} {}\n{screen}", run.command);
            }
            "serve" => {
                let script = Block::after(&lines, at).unwrap_or_else(|| panic!("{page}:{number} no code block follows"));
                let running = served.insert(Served::start(project, shell(&script.text(&lines), stage)));
                let block =
                    Block::after(&lines, script.end + 1).unwrap_or_else(|| panic!("{page}:{number} no second code block"));
                if let Some(shown) = block.other_than(&lines, &running.screen, false) {
                    wrong.push(format!("{page}:{number} shows\n{shown}\n--- but there is\n{}", running.screen));
                    block.replace(&lines, &mut at, &running.screen, &mut out);
                }
            }
            "sh" => {
                played += 1;
                let script = Block::after(&lines, at).unwrap_or_else(|| panic!("{page}:{number} no code block follows"));
                let body = script.text(&lines);
                let quiet = rest == "quiet";
                let code = rest.strip_prefix("exit ").map_or(0, |code| code.parse().expect("an exit code is a number"));
                let run = Run { command: &body, shown: "", code };
                let (screen, code) = run.beside(stage, served.as_ref());
                assert_eq!(code, run.code, "{page}:{number} {body}\n{screen}");
                if quiet {
                    assert_eq!(screen, "", "{page}:{number} {body}");
                    continue;
                }
                let block =
                    Block::after(&lines, script.end + 1).unwrap_or_else(|| panic!("{page}:{number} no second code block"));
                if let Some(shown) = block.other_than(&lines, &screen, false) {
                    wrong.push(format!("{page}:{number} shows\n{shown}\n--- but there is\n{screen}"));
                    block.replace(&lines, &mut at, &screen, &mut out);
                }
            }
            "file" | "run" | "sql" => {
                let block = Block::after(&lines, at).unwrap_or_else(|| panic!("{page}:{number} no code block follows"));
                let body = block.text(&lines);
                match verb {
                    "file" => project.write(rest, &(body + "\n")),
                    "sql" => project.execute(&body),
                    _ => {
                        played += 1;
                        let run = Run::of(rest);
                        let real = run.shown_on(stage, &format!("{page}:{number}"));
                        // The version of what is made is the moment.
                        let made = run.command.contains(" new ") || page.ends_with("baseline.md");
                        if block.other_than(&lines, &real, made).is_some() {
                            wrong.push(format!("{page}:{number} shows\n{body}\n--- but there is\n{real}"));
                            block.replace(&lines, &mut at, &real, &mut out);
                        }
                    }
                }
            }
            _ => panic!("{page}:{number} an unknown comment: {marker}"),
        }
    }
    assert!(played > 0, "{page} shows no run");
    if updating() {
        must_be(page, &out);
    } else {
        assert!(wrong.is_empty(), "{}\nUPDATE_REFERENCE=1 writes them anew", wrong.join("\n"));
    }
}

/// What a page is played on.
struct Stage {
    project: Project,
    /// The name that readers see.
    shown: String,
    /// The database from which an example moves.
    old: Option<Database>,
}

impl Stage {
    #[track_caller]
    fn execute_in_the_old_one(&self, sql: &str) {
        let old = self.old.as_ref().expect("the page's project has an old database");
        let mut client = postgres::Client::connect(&old.url, postgres::NoTls).expect("the database is there");
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

fn begin(words: &str) -> Stage {
    let backend = if words.contains("postgres") { Backend::Postgres } else { Backend::Sqlite };
    if let Some(name) = words.strip_prefix("example ") {
        let name = name.strip_suffix(", postgres").unwrap_or(name);
        let old = (backend == Backend::Postgres).then(|| server().fresh_database());
        return Stage { project: example::project(name, backend), shown: name.to_owned(), old };
    }
    let project = if words.starts_with("root") { root_project(backend) } else { Project::on(backend) };
    Stage { project, shown: "acme".to_owned(), old: None }
}

/// The lines of a code block without its fences, which may be indented.
struct Block {
    first: usize,
    end: usize,
    indent: String,
}

impl Block {
    fn after(lines: &[&str], at: usize) -> Option<Self> {
        let is_fence = |at: &usize| lines[*at].trim_start().starts_with("```");
        let open = (at..lines.len()).find(|at| !lines[*at].trim().is_empty()).filter(is_fence)?;
        let end = (open + 1..lines.len()).find(is_fence)?;
        let indent = " ".repeat(lines[open].len() - lines[open].trim_start().len());
        Some(Self { first: open + 1, end, indent })
    }

    fn text(&self, lines: &[&str]) -> String {
        let lines = lines[self.first..self.end].iter();
        lines.map(|line| line.strip_prefix(&self.indent).unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }
}

impl Block {
    /// What the block shows, where that is not what there is. A version that is `made` may be another.
    fn other_than(&self, lines: &[&str], real: &str, made: bool) -> Option<String> {
        let shown = self.text(lines);
        let normal = |text: &str| text.trim_end().lines().map(|line| stable(line, made)).collect::<Vec<_>>();
        (!agree(&normal(&shown), &normal(real))).then_some(shown)
    }

    /// Writes the page from line `at` to the end of the block, with what there is in the block.
    fn replace(&self, lines: &[&str], at: &mut usize, real: &str, out: &mut String) {
        lines[*at..self.first].iter().for_each(|line| out.push_str(&format!("{line}\n")));
        for line in real.trim_end().lines() {
            out.push_str(&format!("{}\n", format!("{}{line}", self.indent).trim_end()));
        }
        *at = self.end;
    }
}

/// A run as the comment says it.
struct Run<'a> {
    command: &'a str,
    shown: &'a str,
    code: i32,
}

impl<'a> Run<'a> {
    fn of(text: &'a str) -> Self {
        let mut parts = text.split("; ");
        let command = parts.next().unwrap_or_default();
        let mut run = Self { command, shown: command, code: 0 };
        for part in parts {
            if let Some(code) = part.strip_prefix("exit ") {
                run.code = code.parse().expect("an exit code is a number");
            } else if let Some(shown) = part.strip_prefix("shown as: ") {
                run.shown = shown;
            } else {
                panic!("not understood: {part}");
            }
        }
        run
    }

    /// What the page has to show.
    fn shown_on(&self, stage: &Stage, place: &str) -> String {
        let (screen, code) = self.on(stage);
        assert_eq!(code, self.code, "{place} {}\n{screen}", self.command);
        format!("$ {}\n{screen}", self.shown)
    }

    /// Output and errors in the order in which they came, and the exit code.
    fn on(&self, stage: &Stage) -> (String, i32) {
        self.beside(stage, None)
    }

    /// The same beside a service that runs.
    fn beside(&self, stage: &Stage, served: Option<&Served>) -> (String, i32) {
        let file = stage.project.home().join("screen");
        let out = File::create(&file).expect("the folder is ours");
        let both = out.try_clone().expect("the file is open");
        let mut command = shell(self.command, stage);
        if let Some(served) = served {
            command.env("SERVICE", &served.address);
        }
        let status = command.stdout(out).stderr(both).status().expect("there is a shell");
        let text = fs::read_to_string(&file).expect("it was written just now");
        let code =
            status.code().unwrap_or_else(|| 128 + std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or_default());
        (disguised(&text, stage), code)
    }
}

/// A shell in the project's folder, in which `manage` is the binary.
fn shell(script: &str, stage: &Stage) -> Command {
    let project = &stage.project;
    let path =
        [example::programs(project).display().to_string(), folder_of_the_binary(), std::env::var("PATH").unwrap_or_default()];
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .env_clear()
        .env("PATH", path.join(":"))
        .env("HOME", project.home())
        .env("USER", "ann")
        .env("TZ", "UTC")
        .env("TERM", "dumb")
        .current_dir(project.folder())
        .stdin(Stdio::null());
    if project.backend() == Backend::Postgres {
        command.env("DATABASE_URL", project.database_url());
    }
    if let Some(old) = &stage.old {
        command.env("OLD_DATABASE_URL", &old.url);
    }
    command
}

fn folder_of_the_binary() -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_manage"));
    binary.parent().expect("a binary lies in a folder").display().to_string()
}

/// The names of this machine give way to names that a reader may have.
fn disguised(text: &str, stage: &Stage) -> String {
    let project = &stage.project;
    let folder = project.folder();
    let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
    let mut text = text.replace(&real.display().to_string(), "/srv/acme").replace(&folder.display().to_string(), "/srv/acme");
    if project.backend() == Backend::Postgres {
        let url: postgres::Config = project.database_url().parse().expect("it is a URL");
        let server = server();
        let name = url.get_dbname().unwrap_or_default();
        for place in [format!("{}/.s.PGSQL.{}", server.host(), server.port()), format!("{}:{}", server.host(), server.port())] {
            text = text.replace(&place, "db1:5432");
        }
        if let Some(old) = &stage.old {
            text = text.replace(&old.name, &format!("{}_old", stage.shown));
        }
        text = text.replace(name, &stage.shown);
    }
    if let Ok(output) = Command::new("uname").arg("-n").output() {
        let host = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        text = text.replace(&format!(" on {host}"), " on deploy-2");
    }
    // The shell's own word on a run that a fault has ended.
    text.lines().filter(|line| !line.contains("Aborted")).fold(String::new(), |text, line| text + line.trim_end() + "\n")
}
