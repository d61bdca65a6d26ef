//! `manage export`.

use crate::support::*;

const HEAD: &str = "/* manage
file = \"channel-{channel}.txt\"
line_by = \"kind\"
[lines]
place = \"!add location {name:quoted}\"
point = \"!add geographic {latitude} {radius}\"
*/
";

fn with_rows(project: Project) -> Project {
    let project = project
        .migration(
            "20260101000000_targets",
            "CREATE TABLE targets (id INTEGER PRIMARY KEY NOT NULL, channel TEXT, kind TEXT, name TEXT, latitude FLOAT, radius INTEGER);",
            "DROP TABLE targets;",
        )
        .file("exports/targets.sql", &format!("{HEAD}SELECT * FROM targets ORDER BY id;\n"));
    project.run("migrate").ok();
    project.execute("INSERT INTO targets VALUES (1, '7', 'place', 'Joe''s \"Bar\"', NULL, NULL), (2, '7', 'point', 'x', 40.7128, 25), (3, '8/9', 'point', 'y', -74.006, NULL)");
    project.execute("INSERT INTO targets VALUES (4, '7', 'place', 'two\nlines', NULL, NULL)");
    project
}

each_backend! {
    fn rows_become_commands_in_a_file_for_each_channel(project: Project) {
        let project = with_rows(project);
        let before = project.everything();

        project.run("export targets --into out").ok().says("4 rows in 2 files");

        assert_eq!(project.list("out"), ["channel-7.txt", "channel-8%2F9.txt"]);
        assert_eq!(project.read("out/channel-7.txt"), "!add location \"Joe's \\\"Bar\\\"\"\n!add geographic 40.7128 25\n!add location \"two\\nlines\"\n");
        assert_eq!(project.read("out/channel-8%2F9.txt"), "!add geographic -74.006\n");
        assert_eq!(before, project.everything());
        project.run("export targets --into out").fails_with(3).says("nothing is overwritten");
        project.run("export targets").ok().says("backups/exports/targets-");
    }

    fn a_row_that_would_break_its_line_stops_everything(project: Project) {
        let project = with_rows(project);
        project.edit("exports/targets.sql", |text| text.replace(":quoted", ""));

        project.run("export targets --into out").exits_with(1).says("row 4: name holds a line break").says("{name:quoted}");

        assert!(!project.has("out"));
    }

    fn csv_has_a_head_and_quotes(project: Project) {
        let project = with_rows(project).file(
            "exports/table.sql",
            "/* manage\nfile = \"targets.csv\"\nformat = \"csv\"\n*/\nSELECT id, name, radius FROM targets ORDER BY id",
        );

        project.run("export table --into out").ok();

        assert_eq!(project.read("out/targets.csv"), "id,name,radius\n1,\"Joe's \"\"Bar\"\"\",\n2,x,25\n3,y,\n4,\"two\nlines\",\n");
    }

    fn an_export_only_reads(project: Project) {
        let project = with_rows(project).file("exports/evil.sql", &format!("{HEAD}DELETE FROM targets"));
        let before = project.everything();

        project.run("export evil").fails_with(2).says("an export only reads").says("exports/evil.sql:8:1");
        project.run("export nothing").fails_with(2).says("there is no export `nothing`").says("there is evil, targets");

        assert_eq!(before, project.everything());
    }
}
