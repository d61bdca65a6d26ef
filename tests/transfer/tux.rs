//! The project between two PostgreSQL databases: every rule of its mapping, and what old databases have as well.

use std::path::Path;

use super::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/tux");

/// The example on two databases.
struct Tux {
    new: Project,
    old: Project,
    /// Dropped with the value.
    _database: Database,
}

impl Tux {
    /// Both databases made, and the old one filled.
    fn made() -> Self {
        let database = server().fresh_database();
        let new = Project::on(Backend::Postgres);
        copy(Path::new(FOLDER), &new.folder());
        let tux = Self { new, old: Project::at(&database.url), _database: database };
        tux.manage("migrate --project old --env old").ok();
        tux.manage("migrate").ok();
        tux
    }

    /// As [`Tux::made`], with all that is wrong in old databases.
    fn in_trouble() -> Self {
        let tux = Self::made();
        tux.old.execute(&tux.new.read("old/trouble.sql"));
        tux
    }

    fn manage(&self, arguments: &str) -> Outcome {
        self.new.command(arguments).env("OLD_DATABASE_URL", self.old.database_url()).run()
    }

    /// The new database has what the old one has, column by column. Rows of the old one are told by `old`.
    #[track_caller]
    fn agrees(&self, table: &str, old: &str, new: &str) {
        let (expected, actual) = (self.old.query(old), self.new.query(new));
        assert!(!expected.is_empty(), "{table}: nothing is compared");
        for (at, (expected, actual)) in expected.iter().zip(&actual).enumerate() {
            assert_eq!(expected, actual, "{table}, row {at}");
        }
        assert_eq!(expected.len(), actual.len(), "{table}");
    }

    fn leaves_rejected_rows_behind(&self) {
        self.new.edit("transfer.toml", |text| text.replace("on_error = \"stop\"", "on_error = \"reject\""));
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is ours");
    for entry in std::fs::read_dir(from).expect("readable").map(|entry| entry.expect("readable")) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(path, target).map(drop).expect("readable");
        }
    }
}

/// Every table with its columns: in the old database, made into what they are to become by SQL of its own, and in the new one.
const TABLES: [(&str, &str, &str); 11] = [
    (
        "guild",
        "SELECT guild_id, guild_joined_at, case_count FROM \"Guild\" WHERE guild_id > 0 ORDER BY guild_id",
        "SELECT id, guild_joined_at, case_count FROM guild ORDER BY id",
    ),
    (
        "guild_config",
        "SELECT guild_id, coalesce(prefix, '$'), mod_log_id, audit_log_id, join_log_id, private_log_id, report_log_id, dev_log_id,
                jail_channel_id, jail_role_id, false, NULL FROM \"GuildConfig\" WHERE guild_id > 0 ORDER BY guild_id",
        "SELECT id, prefix, mod_log_id, audit_log_id, join_log_id, private_log_id, report_log_id, dev_log_id,
                jail_channel_id, jail_role_id, onboarding_completed, onboarding_stage FROM guild_config ORDER BY id",
    ),
    (
        "cases",
        "SELECT case_id, coalesce(case_status, true), coalesce(case_tempban_expired, false),
                CASE case_type::text WHEN 'UNTEMPBAN' THEN 'UNBAN' ELSE case_type::text END, case_reason, case_moderator_id,
                case_user_id, to_jsonb(coalesce(case_user_roles, '{}')), case_number, case_expires_at, NULL, NULL, guild_id,
                case_created_at FROM \"Case\" WHERE guild_id > 0 ORDER BY case_id",
        "SELECT id, case_status, case_processed, case_type, case_reason, case_moderator_id, case_user_id,
                case_user_roles::jsonb, case_number, case_expires_at, case_metadata, mod_log_message_id, guild_id,
                created_at FROM cases ORDER BY id",
    ),
    (
        "snippet",
        "SELECT snippet_id, snippet_name, snippet_content, snippet_user_id, guild_id, uses, locked, alias, snippet_created_at
         FROM \"Snippet\" ORDER BY snippet_id",
        "SELECT id, snippet_name, snippet_content, snippet_user_id, guild_id, uses, locked, alias, created_at FROM snippet ORDER BY id",
    ),
    (
        "reminder",
        "SELECT reminder_id, reminder_content, reminder_expires_at, reminder_channel_id, reminder_user_id, reminder_sent, guild_id,
                reminder_created_at FROM \"Reminder\" ORDER BY reminder_id",
        "SELECT id, reminder_content, reminder_expires_at, reminder_channel_id, reminder_user_id, reminder_sent, guild_id, created_at
         FROM reminder ORDER BY id",
    ),
    (
        "afk",
        "SELECT member_id, guild_id, nickname, reason, since, until, enforced, perm_afk FROM \"AFKModel\" ORDER BY member_id, guild_id",
        "SELECT member_id, guild_id, nickname, reason, since, until, enforced, perm_afk FROM afk ORDER BY member_id, guild_id",
    ),
    // The bits of a number, which its text need not tell.
    (
        "levels",
        "SELECT member_id, guild_id, xp, float8send(xp), level, blacklisted, last_message FROM \"Levels\" WHERE guild_id > 0
         ORDER BY member_id, guild_id",
        "SELECT member_id, guild_id, xp, float8send(xp), level, blacklisted, last_message FROM levels ORDER BY member_id, guild_id",
    ),
    (
        "starboard",
        "SELECT guild_id, starboard_channel_id, starboard_emoji, starboard_threshold FROM \"Starboard\" ORDER BY guild_id",
        "SELECT id, starboard_channel_id, starboard_emoji, starboard_threshold FROM starboard ORDER BY id",
    ),
    (
        "starboard_message",
        "SELECT message_id, message_content, message_expires_at, message_channel_id, message_user_id, message_guild_id, star_count,
                starboard_message_id, message_created_at FROM \"StarboardMessage\" ORDER BY message_id",
        "SELECT id, message_content, message_expires_at, message_channel_id, message_user_id, message_guild_id, star_count,
                starboard_message_id, created_at FROM starboard_message ORDER BY id",
    ),
    (
        "permission_ranks",
        "SELECT guild_id, n, 'Rank ' || n, 'Migrated permission rank ' || n FROM \"GuildConfig\" AS c, generate_series(0, 7) AS n
         WHERE guild_id > 0 AND (to_jsonb(c) ->> format('perm_level_%s_role_id', n))::bigint > 0 ORDER BY guild_id, n",
        "SELECT guild_id, rank, name, description FROM permission_ranks ORDER BY guild_id, rank",
    ),
    (
        "permission_assignments",
        "SELECT guild_id, role, max(n) FROM \"GuildConfig\" AS c, generate_series(0, 7) AS n,
                LATERAL (SELECT (to_jsonb(c) ->> format('perm_level_%s_role_id', n))::bigint AS role) AS r
         WHERE guild_id > 0 AND role > 0 GROUP BY guild_id, role ORDER BY guild_id, role",
        "SELECT a.guild_id, a.role_id, r.rank FROM permission_assignments AS a
         JOIN permission_ranks AS r ON r.id = a.permission_rank_id AND r.guild_id = a.guild_id ORDER BY a.guild_id, a.role_id",
    ),
];

#[test]
fn every_column_of_every_row_goes_over() {
    let tux = Tux::made();

    let facts = tux.manage("transfer all --yes --json").ok().json();

    adds_up(&facts);
    assert_eq!(facts["rows"], 1558);
    for (table, old, new) in TABLES {
        tux.agrees(table, old, new);
    }
    tux.manage("transfer validate").ok();
    assert_eq!(tux.new.value("SELECT count(*) FROM permission_commands"), "0");
    // What the old database does not have is made when a row goes in.
    for table in ["guild", "guild_config", "snippet", "afk", "levels", "permission_ranks"] {
        let fresh = format!("SELECT bool_and(updated_at > now() - interval '1 hour') FROM {table}");
        assert_eq!(tux.new.value(&fresh), "t", "{table}");
    }
}

#[test]
fn cases_go_in_by_guild_then_moment_then_id() {
    let tux = Tux::made();
    // The application draws nothing here; each row gets the number by which it came.
    tux.new.execute("ALTER TABLE cases ADD COLUMN came BIGSERIAL");

    tux.manage("transfer all --yes").ok();

    tux.agrees(
        "cases",
        "SELECT case_id FROM \"Case\" WHERE guild_id > 0 ORDER BY guild_id, case_created_at NULLS LAST, case_id",
        "SELECT id FROM cases ORDER BY came",
    );
}

#[test]
fn what_stays_behind_is_counted() {
    let tux = Tux::made();

    let facts = tux.manage("transfer all --yes --json").ok().json();

    let of = |name: &str| {
        let count = |word: &str| table(&facts, name)[word].as_u64();
        (count("read"), count("written"), count("skipped"))
    };
    assert_eq!(of("guild"), (Some(60), Some(58), Some(2)));
    assert_eq!(of("guild_config"), (Some(51), Some(50), Some(1)));
    assert_eq!(of("cases"), (Some(402), Some(400), Some(2)));
    assert_eq!(of("levels"), (Some(301), Some(300), Some(1)));
    assert_eq!(of("permission_ranks"), (Some(221), Some(210), Some(11)));
    assert_eq!(of("permission_assignments"), (Some(221), Some(130), Some(91)));
    assert_eq!(table(&facts, "Note")["read"], 25);
    tux.manage("transfer status --rejected").ok().says("guild_id -1: guild_id is -1, not > 0");
}

#[test]
fn the_next_keys_are_free() {
    let tux = Tux::made();
    tux.manage("transfer all --yes").ok();

    for (table, columns, values) in [
        (
            "cases",
            "case_status, case_processed, case_reason, case_moderator_id, case_user_id, case_user_roles",
            "true, false, 'x', 1, 1, '[]'",
        ),
        ("snippet", "snippet_name, snippet_user_id, uses, locked", "'new', 1, 0, false"),
        (
            "reminder",
            "reminder_content, reminder_expires_at, reminder_channel_id, reminder_user_id, reminder_sent",
            "'x', '2026-01-01', 1, 1, false",
        ),
        ("permission_ranks", "rank, name", "9, 'new'"),
    ] {
        let before = tux.new.value(&format!("SELECT max(id) FROM {table}"));
        tux.new.execute(&format!("INSERT INTO {table} ({columns}, guild_id) VALUES ({values}, 9100000000000007919)"));
        let next = tux.new.value(&format!("SELECT max(id) = {before} + 1 FROM {table}"));
        assert_eq!(next, "t", "{table}");
    }
}

#[test]
fn a_second_time_writes_nothing_and_the_way_back_leaves_nothing() {
    let tux = Tux::made();
    let empty = tux.new.dump();
    tux.manage("transfer all --yes").ok();
    let full = tux.new.dump();

    let again = tux.manage("transfer all --yes --json").ok().json();

    assert_eq!(again["rows"], 0);
    adds_up(&again);
    assert_eq!(full, tux.new.dump());
    tux.manage("transfer rollback --yes").ok();
    assert_eq!(empty, tux.new.dump());
    tux.manage("transfer all --yes").ok();
    tux.manage("transfer validate").ok();
}

#[test]
fn looking_changes_neither_database() {
    let tux = Tux::made();
    let (old, new) = (tux.old.everything(), tux.new.everything());

    for command in ["audit", "validate-schema", "check-pk", "map", "preflight", "dry-run", "status"] {
        tux.manage(&format!("transfer {command}")).ok();
    }
    // Roles that sit at several levels; the mapping says which level holds.
    tux.manage("transfer check-duplicates").ok().says("2 × guild_id 9100000000000023757, role_id 9120000000000000309");

    assert_eq!(new, tux.new.everything());
    assert_eq!(old, tux.old.everything());
}

#[test]
fn rows_that_are_there_keep_what_is_theirs() {
    let tux = Tux::made();
    tux.new.execute(
        "INSERT INTO guild (id, case_count, guild_joined_at, created_at, updated_at) VALUES
             (9100000000000007919, 99, '2020-01-01', '2020-01-01', '2020-01-01'),
             (9100000000000055433, 99, '2020-01-01', now(), now()),
             (9100000000000087109, 99, '2020-01-01', '2020-01-01', '2020-01-01');
         INSERT INTO guild_config (id, prefix, mod_log_id, report_log_id, onboarding_completed, onboarding_stage)
             VALUES (9100000000000007919, '%', 5, 6, true, 'CONFIGURED'), (9100000000000055433, '%', 5, 6, true, 'CONFIGURED');
         INSERT INTO permission_ranks (guild_id, rank, name, description) VALUES
             (9100000000000007919, 0, 'Members', 'own words'),
             (9100000000000007919, 1, 'Rank 1', 'stale'),
             (9100000000000007919, 9, 'Owner', 'own words');
         INSERT INTO permission_assignments (guild_id, permission_rank_id, role_id) VALUES
             (9100000000000007919, 3, 9120000000000000100), (9100000000000007919, 3, 9120000000000000999);",
    );

    let facts = tux.manage("transfer all --yes --json").ok().json();

    adds_up(&facts);
    let of = |sql: &str| tux.new.query(sql);
    // The old values, with the times of the row that was there; what the old database does not know stays.
    assert_eq!(
        of(
            "SELECT case_count, guild_joined_at, created_at, updated_at FROM guild WHERE case_count <> 99 AND created_at < '2021-01-01' ORDER BY id"
        ),
        [
            ["3", "2023-01-02 11:30:07.138", "2020-01-01 00:00:00", "2020-01-01 00:00:00"],
            ["33", "2020-01-01 00:00:00", "2020-01-01 00:00:00", "2020-01-01 00:00:00"],
        ]
    );
    assert_eq!(
        of(
            "SELECT prefix, mod_log_id, report_log_id, onboarding_completed, onboarding_stage FROM guild_config WHERE mod_log_id = 5 ORDER BY id"
        ),
        // The second one has no prefix in the old database: there the application's own is only filled in for rows that are new.
        [["$", "5", "6", "t", "CONFIGURED"], ["%", "5", "6", "t", "CONFIGURED"]]
    );
    assert_eq!(
        of(
            "SELECT rank, name, description FROM permission_ranks WHERE guild_id = 9100000000000007919 AND rank IN (0, 1, 2, 9) ORDER BY rank"
        ),
        [
            ["0", "Members", "own words"],
            ["1", "Rank 1", "Migrated permission rank 1"],
            ["2", "Rank 2", "Migrated permission rank 2"],
            ["9", "Owner", "own words"],
        ]
    );
    assert_eq!(
        of("SELECT a.role_id % 1000, r.rank FROM permission_assignments a JOIN permission_ranks r ON r.id = permission_rank_id
            WHERE a.guild_id = 9100000000000007919 AND role_id % 1000 IN (100, 999) ORDER BY role_id"),
        [["100", "0"], ["999", "9"]]
    );
    tux.manage("transfer validate").ok();
}

#[test]
fn a_rank_whose_name_is_taken_stops_it() {
    let tux = Tux::made();
    tux.new.execute(
        "INSERT INTO guild (id, case_count) VALUES (9100000000000007919, 0);
         INSERT INTO permission_ranks (guild_id, rank, name) VALUES (9100000000000007919, 10, 'Rank 3');",
    );
    let before = tux.new.dump();

    tux.manage("transfer all --yes")
        .fails_with(1)
        .says("permission_ranks")
        .says("'Rank 3' belongs to another row of permission_ranks already");

    assert_eq!(before, tux.new.dump());
}

#[test]
fn trouble_stops_it_and_nothing_is_written() {
    let tux = Tux::in_trouble();
    let before = tux.new.dump();

    tux.manage("transfer dry-run").fails_with(1);
    tux.manage("transfer all --yes").fails_with(1).says("rows were rejected");

    assert_eq!(before, tux.new.dump());
}

#[test]
fn every_row_in_trouble_is_told_and_the_others_go_over() {
    let tux = Tux::in_trouble();
    tux.leaves_rejected_rows_behind();

    let facts = tux.manage("transfer all --yes --json --left left.csv").fails_with(1).json();

    adds_up(&facts);
    let of = |name: &str| {
        let count = |word: &str| table(&facts, name)[word].as_u64().expect("a count");
        (count("read"), count("written"), count("rejected"), count("skipped"))
    };
    assert_eq!(of("guild"), (70, 65, 2, 3));
    assert_eq!(of("guild_config"), (56, 51, 4, 1));
    assert_eq!(of("cases"), (425, 411, 12, 2));
    assert_eq!(of("snippet"), (156, 150, 6, 0));
    assert_eq!(of("reminder"), (124, 121, 3, 0));
    assert_eq!(of("afk"), (46, 42, 4, 0));
    assert_eq!(of("levels"), (307, 300, 6, 1));
    assert_eq!(of("starboard"), (23, 20, 3, 0));
    assert_eq!(of("starboard_message"), (83, 80, 3, 0));
    assert_eq!(of("permission_ranks"), (225, 212, 1, 12));
    assert_eq!(of("permission_assignments"), (225, 132, 1, 92));
    let left = tux.new.read("left.csv");
    for (key, reason) in [
        ("guild_id 9100000000009000001", "2147483648 does not fit a whole number of 32 bits"),
        ("guild_id 9100000000009000002", "breaks CHECK"),
        ("guild_id 9100000000009000000", "prefix,length,\"has 4 characters, and the column takes 3\""),
        ("case_id 2010", "'banned' is not in the enum case_type"),
        ("case_id 2013", "has 2001 characters, and the column takes 2000"),
        ("case_id 2014", "has no row in guild that it could point to"),
        ("case_id 2015", "has no row in guild that it could point to"),
        ("case_id 2016", "2 rows have guild_id 9100000000009000000, case_number 16, and only one may"),
        ("case_id 2017", "2 rows have guild_id 9100000000009000000, case_number 16, and only one may"),
        ("case_id 2018", "2147483648 does not fit a whole number of 32 bits"),
        ("case_id 2023", "created_at,time,lies outside of the years 1 to 9999"),
        ("snippet_id 2004", "2147483648 does not fit a whole number of 32 bits"),
        ("reminder_id 2003", "reminder_expires_at,time,lies outside of the years 1 to 9999"),
        ("member_id 9140000000000000903, guild_id 9100000000009000000", "breaks CHECK"),
        ("member_id 9140000000000000900, guild_id 9100000000009000000", "xp,"),
        ("member_id 9140000000000000901, guild_id 9100000000009000000", "xp,"),
    ] {
        let told = left.lines().any(|line| line.contains(key) && line.contains(reason));
        assert!(told, "{key}: {reason}\n{left}");
    }
    // Arrays are taken as they are, whatever their bounds and however deep.
    let arrays = tux.new.query("SELECT case_user_roles::jsonb FROM cases WHERE id IN (2009, 2021) ORDER BY id");
    assert_eq!(arrays, [["[1, 2]"], ["[[1, 2], [3, 4]]"]]);
    assert_eq!(tux.new.value("SELECT created_at FROM cases WHERE id = 2022"), "-infinity");
    tux.manage("transfer validate").ok();
}

#[test]
fn no_unban_becomes_a_ban() {
    let tux = Tux::in_trouble();
    tux.leaves_rejected_rows_behind();

    tux.manage("transfer all --yes").fails_with(1);

    let types = tux.new.query("SELECT id - 2000, case_type FROM cases WHERE id BETWEEN 2001 AND 2009 ORDER BY id");
    let expected = ["BAN", "BAN", "HACKBAN", "HACKBAN", "TEMPBAN", "UNBAN", "UNBAN", "SNIPPETUNBAN", "POLLUNBAN"];
    let expected: Vec<_> = expected.iter().zip(1..).map(|(word, id)| vec![format!("{id}"), (*word).to_owned()]).collect();
    assert_eq!(types, expected);
    let bans = "SELECT count(*) FROM";
    let (old, new) = (
        tux.old.value(&format!("{bans} \"Case\" WHERE guild_id > 0 AND case_type IN ('BAN', 'Ban', 'ban')")),
        tux.new.value(&format!("{bans} cases WHERE case_type = 'BAN'")),
    );
    assert_eq!(old, new);
}

#[test]
fn somebody_may_be_away_in_two_guilds() {
    let tux = Tux::in_trouble();
    tux.leaves_rejected_rows_behind();

    tux.manage("transfer all --yes").fails_with(1);

    assert_eq!(tux.new.value("SELECT count(*) FROM afk WHERE member_id = 9140000000000000900"), "2");
}

#[test]
fn one_table_can_go_alone_after_its_guilds() {
    let tux = Tux::made();

    tux.manage("transfer table guild --yes").ok();
    tux.manage("transfer table guild_config --yes").ok();
    tux.manage("transfer table permission_ranks --yes").ok();
    tux.manage("transfer table permission_assignments --yes").ok();

    assert_eq!(tux.new.value("SELECT count(*) FROM permission_assignments"), "130");
    tux.manage("transfer all --yes").ok();
    for (table, old, new) in TABLES {
        tux.agrees(table, old, new);
    }
}

#[test]
fn in_parts_it_comes_to_the_same() {
    let tux = Tux::made();

    let facts = tux.manage("transfer all --yes --json --by-table --rows 150").ok().json();

    adds_up(&facts);
    for (table, old, new) in TABLES {
        tux.agrees(table, old, new);
    }
    tux.manage("transfer validate").ok();
}

#[test]
fn without_an_old_database_it_says_which_variable_names_it() {
    let tux = Tux::made();

    tux.new.command("transfer validate-schema").without_env("OLD_DATABASE_URL").run().fails_with(2).says("OLD_DATABASE_URL");
}

#[test]
fn the_old_project_never_reaches_the_new_database() {
    let tux = Tux::made();
    let before = tux.new.everything();

    tux.new
        .command("migrate --project old --env old")
        .without_env("OLD_DATABASE_URL")
        .run()
        .fails_with(2)
        .says("OLD_DATABASE_URL");

    assert_eq!(before, tux.new.everything());
}
