//! The Markdown files of notes.

use super::*;

each_backend! {
    fn where_the_folder_is_there_each_note_is_a_file(project: Project) {
        let project = applied(project);
        project.run("notes add --title 'before the folder'").ok().says("manage notes show 1");
        project.write("docs/notes/README.md", "# Notes\n");

        let outcome = project.run("notes add --title 'Importer: restarted!' --account 'Acme & Co' --reason SUP-1 --open later -m '## Why'");

        let year = project.list("docs/notes").into_iter().find(|name| name != "README.md").expect("there is a folder of the year");
        let [file] = &project.list(&format!("docs/notes/{year}"))[..] else { panic!("there should be one file") };
        outcome.ok().says(&format!("docs/notes/{year}/{file}"));
        assert!(file.starts_with(&year) && file.ends_with("Z-by-hand-importer-restarted-acme-co-2.md"), "{file}");
        let text = project.read(&format!("docs/notes/{year}/{file}"));
        for part in ["# Importer: restarted!", "| why | SUP-1 |", "| account | Acme & Co |", "## Why", "1. later", "<!-- manage note "] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    fn a_file_that_cannot_be_written_is_a_warning(project: Project) {
        let project = applied(project).file("docs/notes/README.md", "");
        // Where the folder of the year should be stands a file.
        for year in 2020..2100 {
            project.write(&format!("docs/notes/{year}"), "");
        }

        let outcome = project.run("notes add --title x --json");

        outcome.ok().says("note 1 is in the ledger, but its file cannot be written");
        assert_eq!(outcome.json()["note"]["file"], serde_json::Value::Null);
        assert_eq!(notes(&project).len(), 1);
    }

    fn notes_are_exported_to_a_folder_or_to_standard_output(project: Project) {
        let project = applied(project);
        project.run("notes add --title one").ok();
        project.run("notes add --title two --kind other").ok();

        let text = project.run("notes export");
        let json = project.run("notes export --format json --kind other");
        project.run("notes export out").ok().says("2 notes written to out");
        project.run("notes export out").ok().says("0 notes written to out, 2 there already");

        assert!(text.ok().stdout.starts_with("# one\n") && text.stdout.contains("# two\n"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&json.ok().stdout).expect("one JSON list");
        assert_eq!(json.as_array().map(Vec::len), Some(1));
        assert_eq!(json[0]["title"], "two");
        project.write("blocked", "");
        project.run("notes export blocked").fails_with(3);
        project.run("notes export out --format json").fails_with(2);
    }
}
