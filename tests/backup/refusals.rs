//! What is not restored, and why.

use super::*;

/// The restore is refused, and nothing is another than before.
#[track_caller]
fn refused(project: &Project, arguments: &str, code: i32) -> Outcome {
    let before = project.everything();
    let outcome = project.run(arguments);
    outcome.fails_with(code);
    assert_eq!(before, project.everything());
    assert_eq!(litter(project), Vec::<String>::new());
    outcome
}

each_backend! {
    fn a_backup_without_its_description_is_refused(project: Project) {
        let (project, backup) = backed_up(project);
        project.remove(&format!("{backup}.json"));

        refused(&project, &format!("restore {backup} --yes"), 4).says("has no description beside it");
    }

    fn a_backup_that_was_changed_is_refused(project: Project) {
        let (project, backup) = backed_up(project);
        let mut bytes = std::fs::read(path(&project, &backup)).expect("it is there");
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(path(&project, &backup), &bytes).expect("it can be written");
        refused(&project, &format!("restore {backup} --yes"), 4).says("is not the file that its description tells of");

        bytes.truncate(at);
        std::fs::write(path(&project, &backup), &bytes).expect("it can be written");
        refused(&project, &format!("restore {backup} --yes"), 4).says("bytes, and should have");
    }

    fn a_description_that_cannot_be_read_is_refused(project: Project) {
        let (project, backup) = backed_up(project);
        let good = project.read(&format!("{backup}.json"));
        let with = |change: fn(&mut serde_json::Value)| {
            project.write(&format!("{backup}.json"), &good);
            describe(&project, &backup, change);
        };

        with(|value| value["format"] = 2.into());
        refused(&project, &format!("restore {backup} --yes"), 2).says("has format 2, which this manage does not know");
        with(|value| value["engine"] = "oracle".into());
        refused(&project, &format!("restore {backup} --yes"), 2).says("is a backup of oracle");
        with(|value| value["proved"] = false.into());
        refused(&project, &format!("restore {backup} --yes"), 4).says("was never proved");
        with(|value| drop(value.as_object_mut().expect("an object").remove("tables")));
        refused(&project, &format!("restore {backup} --yes"), 2).says("missing field");
        project.write(&format!("{backup}.json"), "not JSON");
        refused(&project, &format!("restore {backup} --yes"), 2).says("is not valid");
    }

    fn another_databases_backup_needs_the_name(project: Project) {
        let (project, backup) = backed_up(project);
        describe(&project, &backup, |value| {
            value["database"]["name"] = "elsewhere".into();
            for part in value["database"]["fingerprint"].as_array_mut().expect("a list") {
                if part[0] == "path" || part[0] == "database name" {
                    part[1] = "elsewhere".into();
                }
            }
        });

        refused(&project, &format!("restore {backup} --yes"), 4).says("is a backup of another database, elsewhere");

        let name = database(&project).unwrap_or_else(|| "manage.db".to_owned());
        Terminal::run(&project, &format!("restore {backup} --yes"))
            .expect("It is a backup of another database")
            .expect("Type the database's name to go on: ")
            .type_line("no")
            .finish()
            .exits_with(4);
        assert_eq!(customers(&project), "3");
        Terminal::run(&project, &format!("restore {backup}")).expect("to go on: ").type_line(&name).finish().ok();
        assert_eq!(customers(&project), "2");
        tidy(&project);
    }

    fn a_missing_backup_is_told(project: Project) {
        let project = shop(project);

        refused(&project, "restore nowhere.bak --yes", 3).says("nowhere.bak").snapshot("restore_missing");
    }

    fn no_backup_needs_a_reason(project: Project) {
        let (project, backup) = backed_up(project);

        refused(&project, &format!("restore {backup} --yes --no-backup"), 2).says("--reason");
    }

    fn a_protected_database_needs_its_name_and_a_yes_is_not_enough(project: Project) {
        let (project, backup) = backed_up(project);
        let ledger = if project.backend() == Backend::Sqlite { "main" } else { "manage" };
        let protected = if project.backend() == Backend::Sqlite { "1" } else { "true" };
        project.execute(&format!("UPDATE {ledger}.manage_marker SET name = 'production', protected = {protected}"));

        refused(&project, &format!("restore {backup} --yes"), 4).says("needs the database's name");

        let name = database(&project).unwrap_or_else(|| "manage.db".to_owned());
        Terminal::run(&project, &format!("restore {backup}")).expect("to go on: ").type_line(&name).finish().ok();
        // It is as protected as before.
        assert_eq!(project.value(&format!("SELECT name FROM {ledger}.manage_marker")), "production");
        project.run("status").ok().says("protected");
        tidy(&project);
    }

    fn every_cell_of_the_guards(project: Project) {
        let (project, backup) = backed_up(project);
        let (ledger, no, yes) = if project.backend() == Backend::Sqlite { ("main", "0", "1") } else { ("manage", "false", "true") };
        let name = database(&project).unwrap_or_else(|| "manage.db".to_owned());

        refused(&project, &format!("restore {backup}"), 4).says("needs a yes");
        for (marker, protected) in [("staging", no), ("production", yes)] {
            project.execute(&format!("UPDATE {ledger}.manage_marker SET name = '{marker}', protected = {protected}"));
            refused(&project, &format!("restore {backup} --yes"), 4).says("needs the database's name");
        }
        project.execute(&format!("DELETE FROM {ledger}.manage_marker"));
        refused(&project, &format!("restore {backup} --yes"), 4).says("needs the database's name");

        let restore = format!("restore {backup} --no-backup --reason x");
        Terminal::run(&project, &restore).expect("to go on: ").type_line(&name).finish().ok();
        assert_eq!(customers(&project), "2");
        // What was unknown is not made known by a backup that has a marker.
        assert_eq!(project.value(&format!("SELECT count(*) FROM {ledger}.manage_marker")), "0");
        tidy(&project);
    }
}
