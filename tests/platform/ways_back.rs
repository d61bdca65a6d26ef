//! Up, down and up again, as a whole and step by step.

use super::{database::each_database, files::migrations};

each_database! {
    fn down_to_nothing_and_up_again_gives_the_same_schema(db: &mut dyn Database) {
        db.up_all();
        let first = db.catalogue();

        for migration in migrations().iter().rev() {
            db.down(migration);
        }
        let empty = db.catalogue();
        db.up_all();

        assert_eq!(empty, Vec::<String>::new());
        assert!(!first.is_empty());
        assert_eq!(db.catalogue(), first);
    }

    fn each_migration_leads_back_to_where_it_came_from(db: &mut dyn Database) {
        for migration in migrations() {
            let before = db.catalogue();
            db.up(&migration);
            let after = db.catalogue();

            db.down(&migration);
            assert_eq!(db.catalogue(), before, "{} down", migration.name);

            db.up(&migration);
            assert_eq!(db.catalogue(), after, "{} up again", migration.name);
        }
    }
}
