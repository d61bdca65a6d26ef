//! No room on the disk: a clear word, nothing half recorded, and a run that finishes once there is room.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::memory::nothing_is_half_recorded;
use crate::support::*;

const MANAGE_TOML: &str = "[database]\nurl = \"${DATABASE_URL:-sqlite:manage.db}\"\n";

/// A small disk, mounted where a folder was. Unmounted with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None where this user, or this container, may not mount.
    fn over(folder: &Path, kilobytes: u32) -> Option<Self> {
        let size = format!("size={kilobytes}k,mode=755");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(folder.to_owned()))
    }

    fn make_room(&self) {
        let done = Command::new("mount").args(["-o", "remount,size=64m"]).arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()), "a disk of ours can grow");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Small ones, a large one, a rebuild of it, and a small one.
fn fill(project: &Project) {
    project.write("manage.toml", MANAGE_TOML);
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT i, 'abcdefghijklmnopqrstuvwxyz' FROM n";
    for (name, up) in [
        ("11_a", "CREATE TABLE t11 (id INTEGER);".to_owned()),
        ("12_b", "CREATE TABLE t12 (id INTEGER);".to_owned()),
        ("13_large", format!("CREATE TABLE t13 (id INTEGER, text TEXT);\nINSERT INTO t13 {rows};")),
        (
            "14_rebuild",
            "CREATE TABLE t14 (id INTEGER);\nCREATE TABLE n (id INTEGER PRIMARY KEY, text TEXT);\nINSERT INTO n SELECT * FROM t13;\n\
             DROP TABLE t13;\nALTER TABLE n RENAME TO t13;"
                .to_owned(),
        ),
        ("15_z", "CREATE TABLE t15 (id INTEGER);".to_owned()),
    ] {
        project.write(&format!("migrations/{name}/up.sql"), &up);
    }
}

/// What a run on too small a disk must look like.
#[track_caller]
fn is_a_clear_word(project: &Project, code: Option<i32>, said: &str, context: &str) {
    assert_eq!(code, Some(3), "{context}\n{said}");
    assert!(said.contains("disk") || said.contains("I/O"), "{context}\n{said}");
    if project.has("manage.db") {
        nothing_is_half_recorded(project, &format!("{context}\n{said}"));
        for version in ["11 a", "12 b", "13 large", "14 rebuild", "15 z"] {
            let marked = said.contains(&format!("✓ {version}"));
            let kept = super::memory::history(project).contains(&version[..2].to_owned());
            assert_eq!(marked, kept, "a mark is what was kept: {version} {context}\n{said}");
        }
    }
}

#[test]
fn sqlite_on_a_disk_that_is_too_small() {
    let mut full = 0;
    for kilobytes in [48, 96, 128, 160, 192, 224, 256, 288, 320, 384, 448] {
        let project = Project::new();
        // Where nothing can be mounted, the test below limits the size of files instead.
        let Some(disk) = SmallDisk::over(&project.folder(), kilobytes) else { return };
        fill(&project);

        let outcome = project.run("migrate");

        if outcome.code == 0 {
            continue;
        }
        full += 1;
        is_a_clear_word(&project, Some(outcome.code), &outcome.to_string(), &format!("{kilobytes} kB"));
        disk.make_room();
        project.run("migrate").ok();
        nothing_is_half_recorded(&project, "");
        assert_eq!(project.value("SELECT count(*) FROM t13"), "2500");
        assert_eq!(project.query("PRAGMA integrity_check").concat(), ["ok"]);
    }
    assert!(full > 4, "only {full} of the disks were too small");
}

#[test]
fn sqlite_under_a_limit_on_the_size_of_files() {
    let mut full = 0;
    for blocks in [1, 20, 60, 80, 100, 140, 180, 220, 260, 300] {
        let project = Project::new();
        fill(&project);
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" migrate");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_manage")])
            .current_dir(project.folder())
            .env_remove("DATABASE_URL")
            .output()
            .expect("sh runs");

        if output.status.success() {
            continue;
        }
        full += 1;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        is_a_clear_word(&project, output.status.code(), &said, &format!("{blocks} blocks"));
        project.run("migrate").ok();
        nothing_is_half_recorded(&project, "");
        assert_eq!(project.value("SELECT count(*) FROM t13"), "2500");
    }
    assert!(full > 4, "only {full} of the limits were too small");
}

#[test]
fn postgres_with_a_tablespace_on_a_disk_that_is_too_small() {
    let cluster = Cluster::start();
    let space = cluster.socket_folder().join("space");
    std::fs::create_dir(&space).expect("the folder is ours");
    let Some(disk) = SmallDisk::over(&space, 1500) else { return };
    let owner = std::fs::metadata(cluster.socket_folder().join("data")).expect("it is there");
    std::os::unix::fs::chown(&space, Some(owner.uid()), Some(owner.gid())).expect("we are root, since we could mount");
    cluster.execute(&format!("CREATE TABLESPACE small LOCATION '{}'", space.display()));
    let url = cluster.url("postgres");
    let project = Project::new()
        .migration("11_a", "CREATE TABLE t11 (id INTEGER);", "DROP TABLE t11;")
        .migration(
            "12_b",
            "CREATE TABLE t12 (id INTEGER, text TEXT) TABLESPACE small;\nINSERT INTO t12 SELECT i, repeat('x', 90) FROM generate_series(1, 40000) AS s(i);",
            "DROP TABLE t12;",
        );
    let run = |arguments: &str| project.command(arguments).env("DATABASE_URL", &url).run();

    run("migrate").fails_with(3).says("✓ 11 a").does_not_say("✓ 12").says("PostgreSQL 53100").says("make room on the disk");

    run("status --check").exits_with(1).says("1 applied, 1 pending");
    disk.make_room();
    run("migrate").ok().says("✓ 12 b");
    run("rollback --all --yes").ok();
    cluster.execute("DROP TABLESPACE small");
}
