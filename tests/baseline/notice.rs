//! `manage notice render`.

use crate::support::*;

#[test]
fn the_template_that_comes_with_it_is_filled_in() {
    let project = Project::new();
    let render = |format: &str| {
        project.manage([
            "notice",
            "render",
            "--format",
            format,
            "--param",
            "date=1 March",
            "--param",
            "length=ten minutes",
            "--param",
            "change=Better validation",
            "--param",
            "change=More reliable",
            "--param",
            "command=!add location <name>",
            "--param",
            "command=!add geographic <lat> <lon> [radius]",
        ])
    };

    render("markdown").ok().snapshot("notice_markdown");
    render("text").ok().does_not_say("**").does_not_say("`").snapshot("notice_text");
}

#[test]
fn a_parameter_that_is_missing_or_unknown_is_named_with_its_place() {
    let project = Project::new().file("templates/notice.md", "Hello\n\nWe stop on {{date}} for {{length}}.\n");

    project
        .run("notice render")
        .fails_with(2)
        .says("the parameter `date` is missing")
        .says("templates/notice.md:3:12")
        .says("also missing: length");
    project
        .run("notice render --param date=a --param length=b --param lenght=c")
        .fails_with(2)
        .says("no parameter `lenght`")
        .says("it has date, length");
    project.run("notice render --param date=a --param length=b").ok().says("We stop on a for b.");
    project.run("notice render no.md").fails_with(3).says("cannot read");
}

#[test]
fn facts_are_there_for_programs() {
    let project = Project::new().file("own.md", "**{{x=1}}**\n");

    let json = project.run("notice render own.md --format text --json").ok().json();

    assert_eq!(json["text"], "1\n");
    assert_eq!(json["parameters"], serde_json::json!(["x"]));
}
