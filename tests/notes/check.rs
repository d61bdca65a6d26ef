//! `manage notes check`: ledger and files.

use super::*;

fn with_three_files(project: Project) -> (Project, Vec<String>) {
    let project = applied(project).file("docs/notes/README.md", "# Notes\n");
    for title in ["1-one", "2-two", "3-three"] {
        project.run(&format!("notes add --title {title}")).ok();
    }
    project.run("notes check").ok().says("3 notes, files in docs/notes agree, nothing open");
    let year = project.list("docs/notes").into_iter().find(|name| name != "README.md").expect("the folder of the year");
    let files = project.list(&format!("docs/notes/{year}")).into_iter().map(|name| format!("docs/notes/{year}/{name}")).collect();
    (project, files)
}

each_backend! {
    fn missing_and_edited_files_are_found(project: Project) {
        let (project, files) = with_three_files(project);
        project.remove(&files[0]);
        project.edit(&files[1], |text| text.replace("two", "nothing at all"));
        project.edit(&files[2], |text| text.split("<!--").next().unwrap_or_default().to_owned());

        let outcome = project.run("notes check");

        outcome.exits_with(1).says("note 1 has no file").says("is not what note 2 says").says("has lost its last line");
        let facts = project.run("notes check --json").exits_with(1).json();
        let kinds: Vec<_> = facts["differences"].as_array().expect("a list").iter().map(|one| one["kind"].clone()).collect();
        assert_eq!(kinds, ["edited", "unsealed", "missing", "missing"]);
        // What is missing can be written again.
        project.remove(&files[1]);
        project.remove(&files[2]);
        project.run("notes export docs/notes").ok().says("3 notes written");
        project.run("notes check").ok();
    }

    fn a_seal_that_was_made_anew_does_not_help(project: Project) {
        let (project, files) = with_three_files(project);
        let text = project.read(&files[0]).replace("one", "other");
        let (above, seal) = text.split_once("\n<!-- manage note ").expect("it is sealed");
        let uid = seal.split(' ').next().expect("with a name");
        let sum = manage::domain::checksum::sha256_hex(above);
        project.write(&files[0], &format!("{above}\n<!-- manage note {uid} sha256:{sum} -->\n"));

        project.run("notes check").exits_with(1).says("is not what note 1 says");
    }

    fn line_ends_and_files_of_others_do_not_matter(project: Project) {
        let (project, files) = with_three_files(project);
        project.edit(&files[0], |text| text.replace('\n', "\r\n"));
        let other = applied(Project::on(project.backend())).file("docs/notes/README.md", "");
        other.run("notes add --title elsewhere").ok();
        let year = other.list("docs/notes").into_iter().find(|name| name != "README.md").expect("the folder of the year");
        let file = other.list(&format!("docs/notes/{year}")).remove(0);
        project.write(&format!("docs/notes/{year}/{file}"), &other.read(&format!("docs/notes/{year}/{file}")));

        project.run("notes check").ok().says("1 file of other databases");
    }
}
