use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::domain::engine::Engine;
use crate::migrate::Applied;
use crate::project::migrations::{Keeper, Kind};

/// What is the case for one version.
#[derive(Debug, Clone, Copy)]
struct Known {
    file: bool,
    applied: bool,
    down: bool,
}

/// Versions whose order as text is not that of numbers.
fn world() -> impl Strategy<Value = BTreeMap<String, Known>> {
    let known = (prop::bool::weighted(0.9), any::<bool>(), prop::bool::weighted(0.9));
    let version = prop_oneof!["[0-9]{1,3}", "2024[0-9]{4}", "2024[0-9]{10}", "[a-c]{1,2}"];
    prop::collection::btree_map(version, known, 0..12).prop_map(|map| {
        map.into_iter()
            .map(|(version, (file, applied, down))| (version, Known { file, applied: applied || !file, down }))
            .collect()
    })
}

/// A world in which nothing is missing and nothing is late: the applied ones come first.
fn tidy_world() -> impl Strategy<Value = BTreeMap<String, Known>> {
    (world(), 0..13_usize).prop_map(|(world, applied)| {
        let tidy =
            |(at, (version, known)): (usize, (String, Known))| (version, Known { file: true, applied: at < applied, ..known });
        world.into_iter().enumerate().map(tidy).collect()
    })
}

fn script(version: &str, stem: &str) -> Script {
    Script { file: PathBuf::from(format!("{version}/{stem}.sql")), text: "SELECT 1;".to_owned(), engine: Engine::Sqlite }
}

fn files(world: &BTreeMap<String, Known>) -> Vec<Migration> {
    let with_file = world.iter().filter(|(_, known)| known.file);
    with_file
        .map(|(version, known)| Migration {
            version: Version::stored(version.clone()),
            name: format!("name of {version}"),
            folder: PathBuf::from(version),
            up: script(version, "up"),
            down: known.down.then(|| script(version, "down")),
            run_in_transaction: true,
            kind: Kind::Schema,
            warnings: Vec::new(),
            keeper: Keeper::Diesel,
        })
        .collect()
}

fn picture<'a>(world: &BTreeMap<String, Known>, files: &'a [Migration]) -> Picture<'a> {
    let applied = world.iter().filter(|(_, known)| known.applied);
    let applied = applied.map(|(version, _)| Applied {
        version: Version::stored(version.clone()),
        run_on: String::new(),
        name: None,
        checksum: None,
    });
    let mut picture = Picture::unborn(files);
    picture.applied = applied.collect();
    picture
}

fn versions(steps: &[Step<'_>]) -> Vec<String> {
    steps.iter().map(|step| step.migration.version.to_string()).collect()
}

fn pending(world: &BTreeMap<String, Known>) -> Vec<String> {
    world.iter().filter(|(_, known)| known.file && !known.applied).map(|(version, _)| version.clone()).collect()
}

fn applied_backwards(world: &BTreeMap<String, Known>) -> Vec<String> {
    world.iter().rev().filter(|(_, known)| known.applied).map(|(version, _)| version.clone()).collect()
}

proptest! {
    #[test]
    fn everything_that_is_pending_runs_in_the_order_of_its_text(world in tidy_world()) {
        let files = files(&world);

        let steps = plan_forward(&picture(&world, &files), &Forward::Latest, false).expect("nothing is wrong");

        prop_assert_eq!(versions(&steps), pending(&world));
        prop_assert!(steps.iter().all(|step| step.direction == Direction::Up && std::ptr::eq(step.script, &step.migration.up)));
    }

    #[test]
    fn so_many_steps_are_the_first_so_many(world in tidy_world(), count in 0..14_usize) {
        let files = files(&world);
        let picture = picture(&world, &files);

        let forward = plan_forward(&picture, &Forward::Steps(count), false).expect("nothing is wrong");
        let first: Vec<_> = pending(&world).into_iter().take(count).collect();
        prop_assert_eq!(versions(&forward), first);

        if let Ok(back) = plan_back(&picture, &Backward::Steps(count)) {
            let last: Vec<_> = applied_backwards(&world).into_iter().take(count).collect();
            prop_assert_eq!(versions(&back), last);
        }
    }

    #[test]
    fn up_to_a_version_runs_it_and_nothing_after_it(world in tidy_world(), at in any::<prop::sample::Index>()) {
        prop_assume!(!world.is_empty());
        let target = world.keys().nth(at.index(world.len())).expect("the index is within").clone();
        let files = files(&world);
        let picture = picture(&world, &files);

        match plan_forward(&picture, &Forward::To(target.clone()), false) {
            Ok(steps) => {
                let expected: Vec<_> = pending(&world).into_iter().filter(|version| *version <= target).collect();
                prop_assert_eq!(versions(&steps), expected);
            }
            Err(PlanError::Behind { .. }) => {
                prop_assert!(world[&target].applied && applied_backwards(&world)[0] > target);
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn back_to_a_version_keeps_it_and_all_before_it(world in tidy_world(), at in any::<prop::sample::Index>()) {
        prop_assume!(!world.is_empty());
        let target = world.keys().nth(at.index(world.len())).expect("the index is within").clone();
        let files = files(&world);
        let going: Vec<_> = applied_backwards(&world).into_iter().filter(|version| *version > target).collect();

        match plan_back(&picture(&world, &files), &Backward::To(target.clone())) {
            Ok(steps) => prop_assert_eq!(versions(&steps), going),
            Err(PlanError::NotApplied(_)) => prop_assert!(!world[&target].applied),
            Err(PlanError::Irreversible(_)) => prop_assert!(going.iter().any(|version| !world[version].down)),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn what_is_missing_or_late_blocks_the_way_forward(world in world(), allow in any::<bool>()) {
        let files = files(&world);
        let latest = applied_backwards(&world).into_iter().next();
        let late = pending(&world).iter().any(|version| latest.as_ref().is_some_and(|latest| version < latest));
        let missing = world.values().any(|known| !known.file);

        match plan_forward(&picture(&world, &files), &Forward::Latest, allow) {
            Ok(steps) => {
                prop_assert!(!missing && (allow || !late));
                prop_assert_eq!(versions(&steps), pending(&world));
            }
            Err(PlanError::Blocked(problems)) => {
                prop_assert!(missing || (late && !allow));
                prop_assert!(!allow || problems.iter().all(|problem| problem.kind != ProblemKind::OutOfOrder));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn the_way_back_is_whole_or_not_at_all(world in world()) {
        let files = files(&world);
        let applied = applied_backwards(&world);

        match plan_back(&picture(&world, &files), &Backward::All) {
            Ok(steps) => {
                prop_assert_eq!(versions(&steps), applied);
                prop_assert!(steps.iter().all(|step| step.direction == Direction::Down));
            }
            Err(PlanError::Gone(gone)) => {
                let expected: Vec<_> = applied.into_iter().filter(|version| !world[version].file).collect();
                prop_assert_eq!(gone.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
            }
            Err(PlanError::Irreversible(named)) => {
                prop_assert!(!named.is_empty() && named.iter().all(|named| !world[named.version.as_str()].down));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn forward_again_undoes_the_way_back(world in tidy_world(), count in 0..14_usize) {
        let files = files(&world);
        let picture = picture(&world, &files);
        let Ok(back) = plan_back(&picture, &Backward::Steps(count)) else { return Ok(()) };
        let reverted: Vec<_> = back.iter().map(|step| step.migration.version.clone()).collect();

        let again = plan_again(&picture, &reverted);

        let mut expected = versions(&back);
        expected.reverse();
        prop_assert_eq!(versions(&again), expected);
    }

    #[test]
    fn what_is_half_way_is_finished_first(world in tidy_world(), at in any::<prop::sample::Index>(), forward in any::<bool>()) {
        prop_assume!(!world.is_empty());
        let (version, known) = world.iter().nth(at.index(world.len())).expect("the index is within");
        let files = files(&world);
        let mut picture = picture(&world, &files);
        let way = if forward { "up" } else { "down" };
        picture.unfinished.push((Version::stored(version.clone()), way.to_owned()));
        let out_of_date = forward == known.applied;

        let (up, down) = (plan_forward(&picture, &Forward::Latest, false), plan_back(&picture, &Backward::Steps(1)));

        let half_way = |error: Option<PlanError>| matches!(error, Some(PlanError::HalfWay { .. }));
        prop_assert_eq!(half_way(up.err()), !out_of_date && !forward);
        prop_assert_eq!(half_way(down.err()), !out_of_date && forward);
    }
}
