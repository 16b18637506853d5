//! Brings the tables up to date: `migrations/sqlite/` and `migrations/postgres/` hold the same
//! steps, each pair under one number, built into the binary.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::{Pools, StoreError};

/// One step: number, name, its text for SQLite and for PostgreSQL.
const STEPS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "the house",
        include_str!("../../migrations/sqlite/0001_the_house.sql"),
        include_str!("../../migrations/postgres/0001_the_house.sql"),
    ),
    (
        2,
        "pace",
        include_str!("../../migrations/sqlite/0002_pace.sql"),
        include_str!("../../migrations/postgres/0002_pace.sql"),
    ),
    (
        3,
        "staff",
        include_str!("../../migrations/sqlite/0003_staff.sql"),
        include_str!("../../migrations/postgres/0003_staff.sql"),
    ),
    (
        4,
        "hours",
        include_str!("../../migrations/sqlite/0004_hours.sql"),
        include_str!("../../migrations/postgres/0004_hours.sql"),
    ),
    (
        5,
        "findings",
        include_str!("../../migrations/sqlite/0005_findings.sql"),
        include_str!("../../migrations/postgres/0005_findings.sql"),
    ),
    (
        6,
        "mailboxes",
        include_str!("../../migrations/sqlite/0006_mailboxes.sql"),
        include_str!("../../migrations/postgres/0006_mailboxes.sql"),
    ),
    (
        7,
        "sealing",
        include_str!("../../migrations/sqlite/0007_sealing.sql"),
        include_str!("../../migrations/postgres/0007_sealing.sql"),
    ),
    (
        8,
        "entries",
        include_str!("../../migrations/sqlite/0008_entries.sql"),
        include_str!("../../migrations/postgres/0008_entries.sql"),
    ),
    (
        9,
        "search",
        include_str!("../../migrations/sqlite/0009_search.sql"),
        include_str!("../../migrations/postgres/0009_search.sql"),
    ),
    (
        10,
        "scripts",
        include_str!("../../migrations/sqlite/0010_scripts.sql"),
        include_str!("../../migrations/postgres/0010_scripts.sql"),
    ),
    (
        11,
        "hub",
        include_str!("../../migrations/sqlite/0011_hub.sql"),
        include_str!("../../migrations/postgres/0011_hub.sql"),
    ),
    (
        12,
        "advance",
        include_str!("../../migrations/sqlite/0012_advance.sql"),
        include_str!("../../migrations/postgres/0012_advance.sql"),
    ),
    (
        13,
        "articles by hand",
        include_str!("../../migrations/sqlite/0013_articles_by_hand.sql"),
        include_str!("../../migrations/postgres/0013_articles_by_hand.sql"),
    ),
    (
        14,
        "touched",
        include_str!("../../migrations/sqlite/0014_touched.sql"),
        include_str!("../../migrations/postgres/0014_touched.sql"),
    ),
];

pub(super) async fn run(pools: &Pools) -> Result<(), StoreError> {
    match pools {
        Pools::Lite { write, .. } => migrator(|step| step.2).run(write).await?,
        Pools::Pg(pool) => migrator(|step| step.3).run(pool).await?,
    }
    Ok(())
}

fn migrator(text: impl Fn(&(i64, &'static str, &'static str, &'static str)) -> &'static str) -> Migrator {
    let steps = STEPS
        .iter()
        .map(|step| {
            Migration::new(step.0, Cow::Borrowed(step.1), MigrationType::Simple, text(step).into_sql_str(), false)
        })
        .collect();
    Migrator::with_migrations(steps)
}
