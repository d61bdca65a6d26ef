//! Notes that a restore carries over.

use manage::backend::{Access, Opening, Session};
use manage::domain::database_url::DatabaseUrl;
use manage::ledger::{Item, Ledger, Look, Note, Wanted};

use super::*;

fn open(project: &Project) -> (Session, Ledger) {
    let url = DatabaseUrl::parse(project.database_url()).expect("it is a URL").relative_to(&project.folder());
    let opening = Opening { access: Access::Write, application: "test", environment: &|_| None, connect_timeout: None };
    let mut session = Session::open(&url, &opening).expect("it is there");
    let Look::Present(ledger) = Ledger::look(&mut session).expect("it can be read") else { panic!("there is a ledger") };
    (session, ledger)
}

fn all(project: &Project) -> Vec<Note> {
    let (mut session, ledger) = open(project);
    ledger.notes(&mut session, &Wanted::default()).expect("they can be read")
}

each_backend! {
    fn notes_are_carried_over_once_with_all_that_they_say(project: Project) {
        let project = applied(project);
        let other = applied(Project::on(project.backend()));
        project.run("notes add --title 'here already' --open 'still to do'").ok();
        other.run("notes add --title first --reason why --account acme -m body --open 'one thing'").ok();
        other.run("notes add --title second --done 1").ok();
        let theirs = all(&other);

        let (mut session, ledger) = open(&project);
        for note in theirs.iter().rev() {
            assert!(ledger.carry_over_note(&mut session, note, true).expect("it is written"));
            assert!(!ledger.carry_over_note(&mut session, note, true).expect("it is there"));
        }
        drop(session);

        let ours = all(&project);
        assert_eq!(ours.iter().map(|note| note.id).collect::<Vec<_>>(), [3, 2, 1]);
        // The first one's number was taken, so both come after what was there.
        let (second, first) = (&ours[0], &ours[1]);
        assert_eq!(first, &Note { id: first.id, superseded: true, ..theirs[1].clone() });
        assert_eq!(second.closes, [Item { uid: first.uid.clone(), number: 1 }]);
        // What was superseded is open no more; what is written next has the next number.
        project.run("notes check").exits_with(1).says("1.1 open").does_not_say("one thing");
        project.run("notes list").ok().says("(superseded)");
        project.run("notes add --title next").ok().says("note 4");
    }
}
