//! `manage schema probe`.

use crate::support::*;

const TARGETS: &str = "CREATE TABLE channels (id BIGINT NOT NULL PRIMARY KEY, guild BIGINT NOT NULL);
CREATE TABLE targets (
    id INTEGER NOT NULL PRIMARY KEY, channel_id BIGINT NOT NULL, latitude FLOAT, place INTEGER,
    CONSTRAINT of_channel FOREIGN KEY (channel_id) REFERENCES channels (id),
    CONSTRAINT valid_latitude CHECK (latitude IS NULL OR (latitude >= -90 AND latitude <= 90)),
    CONSTRAINT unique_place UNIQUE (channel_id, place));
CREATE UNIQUE INDEX one_latitude ON targets (latitude, channel_id);";

const PROBES: &str = "INSERT INTO channels VALUES (1, 1);

-- probe: New York passes
INSERT INTO targets VALUES (1, 1, 40.7128, NULL);

-- probe: off the globe fails on valid_latitude
INSERT INTO targets VALUES (1, 1, 200, NULL);

-- probe: twice the same place fails on unique_place
INSERT INTO targets VALUES (1, 1, NULL, 5);
INSERT INTO targets VALUES (2, 1, NULL, 5);

-- probe: twice the same latitude fails on one_latitude
INSERT INTO targets VALUES (1, 1, 7, NULL);
INSERT INTO targets VALUES (2, 1, 7, NULL);

-- probe: twice the same key fails on targets_pkey
INSERT INTO targets VALUES (1, 1, NULL, 5);
INSERT INTO targets VALUES (1, 1, NULL, 6);

-- probe: no such channel fails on of_channel
INSERT INTO targets VALUES (1, 99, NULL, NULL);

-- probe: no guild fails on channels.guild
INSERT INTO channels VALUES (2, NULL);
";

fn migrated(project: Project) -> Project {
    let project = project.migration("20260101000000_targets", TARGETS, "DROP TABLE targets; DROP TABLE channels;");
    project.run("migrate").ok();
    project
}

each_backend! {
    fn constraints_hold_and_nothing_stays(project: Project) {
        let project = migrated(project).file("probes/targets.sql", PROBES);
        let before = project.everything();

        project.run("schema probe").ok().says("7 probes, all as they should be").snapshot("probe");

        assert_eq!(before, project.everything());
    }

    fn what_comes_out_otherwise_is_told_apart(project: Project) {
        let project = migrated(project).file(
            "probes/wrong.sql",
            "INSERT INTO channels VALUES (1, 1);\n\
             -- probe: passes though it should not fails on valid_latitude\nINSERT INTO targets VALUES (1, 1, 20, NULL);\n\
             -- probe: fails though it should not passes\nINSERT INTO targets VALUES (1, 1, 200, NULL);\n\
             -- probe: another constraint fails on unique_place\nINSERT INTO targets VALUES (1, 1, 200, NULL);\n\
             -- probe: no constraint at all fails on unique_place\nINSERT INTO nothing VALUES (1);\n\
             -- probe: broken before fails on valid_latitude\nINSERT INTO nothing VALUES (1); INSERT INTO targets VALUES (1, 1, 200, NULL);\n",
        );
        let before = project.everything();

        let outcome = project.run("schema probe");
        outcome.exits_with(1).says("5 of 5 probes not as they should be").snapshot("probe_otherwise");
        let json = project.run("schema probe --json").exits_with(1).json();

        let verdicts: Vec<_> = json["probes"].as_array().into_iter().flatten().map(|one| one["verdict"].as_str()).collect();
        assert_eq!(verdicts, ["passed", "failed", "failed-elsewhere", "failed-elsewhere", "broken"].map(Some));
        assert_eq!(before, project.everything());
    }

    fn a_file_that_is_no_probe_is_refused_with_its_place(project: Project) {
        let project = migrated(project).file("probes/x.sql", "-- probe: ends it passes\nSELECT 1;\nCOMMIT;\n");

        project.run("schema probe").fails_with(2).says("probes/x.sql:3:1").says("COMMIT in a probe");
        project.write("probes/x.sql", "-- probe: what\nSELECT 1;\n");
        project.run("schema probe").fails_with(2).says("probes/x.sql:1:1").says("does not say whether it passes");
        project.remove("probes");
        project.run("schema probe").fails_with(2).says("the project has no probes");
    }

    fn a_file_may_be_for_one_database(project: Project) {
        let project = migrated(project)
            .file("probes/a.sqlite.sql", "-- probe: in SQLite passes\nSELECT 1;\n")
            .file("probes/a.postgres.sql", "-- probe: in PostgreSQL passes\nSELECT 1;\n");
        let (here, there) = match project.backend() {
            Backend::Sqlite => ("in SQLite", "in PostgreSQL"),
            Backend::Postgres => ("in PostgreSQL", "in SQLite"),
        };

        project.run("schema probe").ok().says(here).does_not_say(there);
    }

    fn a_key_that_is_checked_at_the_commit_counts_too(project: Project) {
        let project = project
            .migration(
                "20260101000000_later",
                "CREATE TABLE a (id INTEGER PRIMARY KEY NOT NULL); CREATE TABLE b (a INTEGER, CONSTRAINT later FOREIGN KEY (a) REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED);",
                "DROP TABLE b; DROP TABLE a;",
            )
            .file("probes/later.sql", "-- probe: nobody there fails on later\nINSERT INTO b VALUES (9);\n");
        project.run("migrate").ok();

        project.run("schema probe").ok();
    }
}
