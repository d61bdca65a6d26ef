//! What `doctor` says of restores.

use super::*;

each_backend! {
    fn the_doctor_names_the_last_restore(project: Project) {
        let (project, backup) = backed_up(project);
        project.run("doctor").ok().does_not_say("restores");

        project.run(&format!("restore {backup} --yes")).ok();

        project.run("doctor").ok().says("the content is that of").says("way back: manage restore backups/");
        tidy(&project);
    }
}
