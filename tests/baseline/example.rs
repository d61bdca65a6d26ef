//! examples/monitoring: from the old database to what users need, and the new database beside it.

use std::path::Path;

use super::fresh;
use crate::support::*;

/// A copy of the example, with the old release's database in use.
fn example(project: Project) -> Project {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/monitoring");
    copy(&project, &from, &from);
    let old = project.command("--project old migrate");
    // A path in DATABASE_URL would be relative to the folder of the old release.
    let old = if project.backend() == Backend::Sqlite { old.without_env("DATABASE_URL") } else { old };
    old.run().ok().says("3 migrations applied");
    project.execute(&project.read("old/rows.sql"));
    project
}

fn copy(project: &Project, root: &Path, folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the example is there").flatten() {
        let path = entry.path();
        let name = path.strip_prefix(root).expect("it lies below").to_str().expect("a plain name");
        if path.is_dir() {
            copy(project, root, &path);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            project.write(name, &text);
        }
    }
    // The kit's own file of SQLite.
    if root == folder && project.backend() == Backend::Sqlite {
        for file in ["manage.toml", "old/manage.toml"] {
            project.edit(file, |text| text.replace("pinball_bot.db", "manage.db"));
        }
    }
}

each_backend! {
    fn the_old_database_is_recognised_and_not_touched(project: Project) {
        let project = example(project);
        let before = project.everything();

        project.run("status").ok().says("20250301090000 channels is not in this history: it is archived").says("1 pending, 3 problems");
        project.run("migrate").fails_with(5).says("but is not what it makes");

        assert_eq!(before, project.everything());
    }

    fn users_get_the_commands_that_add_their_targets_again(project: Project) {
        let project = example(project);

        project.run("export targets --into out").ok().says("4 rows in 2 files");

        assert_eq!(
            project.read("out/channel-1170000000000000001.txt"),
            "!add location \"Ground Kontrol Classic Arcade\"\n!add geographic 40.7128 -74.0060 25\n"
        );
        assert_eq!(project.read("out/channel-1170000000000000002.txt"), "!add location \"Joe's \\\"Bar\\\"\"\n!add geographic 200 300 5\n");
        project.run("notice render --param date='1 June' --format text").ok().says("!add geographic <lat> <lon> [radius]");
    }

    fn from_the_old_database_to_the_verified_new_one_and_back(project: Project) {
        let project = example(project);
        if project.backend() == Backend::Postgres {
            // The kit's server made it, so nothing says yet what it is for.
            let name = project.value("SELECT current_database()");
            Terminal::run(&project, "marker set development").expect("to go on: ").type_line(&name).finish().ok();
        }
        let (schema, rows) = (project.schema(), project.dump());

        let plan = project.run("reset --plan --backup database_backup --json").ok().json();
        assert!(plan["checks"].as_array().is_some_and(|checks| checks.len() == 5 && checks.iter().all(|check| check["done"] == true)), "{plan}");
        let token = plan["token"].as_str().expect("a plan has a token");
        let reset = project.run(&format!("reset --confirm {token} --backup database_backup"));
        reset.ok().says("proved by restoring it").says("8 rows gone").says("everything comes back by: manage restore database_backup");
        assert_eq!(project.dump(), "");
        project.run("schema check").ok().says("no drift");
        project.run("schema probe").ok().says("17 probes, all as they should be");
        project.run("status --check").ok().says("up to date");
        project.execute("INSERT INTO channel_configs (channel_id, guild_id) VALUES (1, 1)");
        project.execute("INSERT INTO monitoring_targets (channel_id, target_type, display_name, location_id) VALUES (1, 'location', 'Back again', 1)");

        project.run("restore database_backup --yes").ok().says("restored from database_backup");

        assert_eq!((schema, rows), (project.schema(), project.dump()));
        let old = project.command("--project old status --check");
        let old = if project.backend() == Backend::Sqlite { old.without_env("DATABASE_URL") } else { old };
        old.run().ok().says("3 applied, 0 pending").says("up to date");
        project.run("status").ok().says("is not in this history: it is archived");
    }

    fn the_new_schema_holds_what_it_promises(project: Project) {
        let project = example(project);
        let other = fresh(&project);

        project.run(&format!("migrate --database {other}")).ok().says("1 migration applied");
        project.run(&format!("schema probe --database {other}")).ok().says("17 probes, all as they should be");
        project.run(&format!("schema check --database {other}")).ok().says("no drift");
        project.run(&format!("redo --yes --database {other}")).ok();
        project.run(&format!("status --check --database {other}")).ok().says("up to date");
    }
}
