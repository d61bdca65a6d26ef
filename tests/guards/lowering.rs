//! Taking protection away: asked for, waited for, done.

use super::*;

const LOWER: &str = "marker set qa --reason 'moved to another server'";

fn protected(project: Project) -> Project {
    let project = applied(project);
    mark(&project, "production", true);
    project
}

/// Runs a command on a terminal and types the database's name.
fn with_the_name(project: &Project, command: &str) -> Outcome {
    Terminal::run(project, command).expect("go on: ").type_line(&database_name(project)).finish()
}

/// Lets a note that asks for it be there since so many minutes.
fn asked(project: &Project, name: &str, minutes: u32) {
    let at = match project.backend() {
        Backend::Sqlite => format!("strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{minutes} minutes')"),
        Backend::Postgres => {
            format!("to_char((now() - interval '{minutes} minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
        }
    };
    let table = ledger(project, "manage_note");
    project.execute(&format!(
        "INSERT INTO {table} (kind, title, facts, database, os_user, host, tool_version, written_at) \
         VALUES ('marker set asked', 'asked', '{{\"name\": \"{name}\"}}', 'x', 'u', 'h', 'manage', {at})"
    ));
}

each_backend! {
    fn it_is_first_asked_for_and_done_ten_minutes_later(project: Project) {
        let project = protected(project);
        let data = project.dump();

        let first = with_the_name(&project, LOWER);

        first.exits_with(4).says("it was asked for").says("run the same command again after");
        assert_eq!(marker_of(&project), "production, protected");
        assert_eq!(project.run("notes list --json").ok().json()["notes"][0]["kind"], "marker set asked");
        // At once is too early.
        with_the_name(&project, LOWER).exits_with(4);
        assert_eq!(marker_of(&project), "production, protected");

        asked(&project, "qa", 11);
        with_the_name(&project, LOWER).ok().says("is marked qa");

        assert_eq!(marker_of(&project), "qa");
        assert_eq!(data, project.dump());
    }

    fn without_a_reason_it_is_not_even_asked_for(project: Project) {
        let project = protected(project);

        refused(&project, 4, "marker set qa").says("--reason");
        let outcome = Terminal::run(&project, "marker set qa --reason ' '").finish();

        outcome.exits_with(4).does_not_say("Type");
    }

    fn what_was_asked_for_lasts_a_day_for_one_name_and_once(project: Project) {
        let project = protected(project);
        asked(&project, "qa", 9);
        asked(&project, "qa", 60 * 24 + 1);
        asked(&project, "development", 30);
        with_the_name(&project, LOWER).exits_with(4);
        assert_eq!(marker_of(&project), "production, protected");

        asked(&project, "qa", 30);
        with_the_name(&project, LOWER).ok();
        with_the_name(&project, "marker set production").ok();
        // What was asked for before it was protected again is used up.
        with_the_name(&project, LOWER).exits_with(4);

        assert_eq!(marker_of(&project), "production, protected");
    }

    fn a_yes_a_pipe_and_a_wrong_name_ask_for_nothing(project: Project) {
        let project = protected(project);
        asked(&project, "qa", 30);
        let before = project.everything();

        refused(&project, 4, &format!("{LOWER} --yes"));
        project.command(LOWER).input(&format!("{}\n", database_name(&project))).run().fails_with(4);
        Terminal::run(&project, LOWER).expect("go on: ").type_line("qa").finish().exits_with(4);

        assert_eq!(before, project.everything());
    }

    fn another_protected_name_needs_no_waiting(project: Project) {
        let project = protected(project);

        with_the_name(&project, "marker set eu --protected").ok();

        assert_eq!(marker_of(&project), "eu, protected");
    }
}
