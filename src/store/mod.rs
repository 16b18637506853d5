//! All SQL, and nothing but. One file a table group; a function is `async fn f(tx: &mut Tx, …)`,
//! with its statement as a constant above it. Nobody outside this room names sqlx.
//!
//! 1. [`Store::open`] connects and brings the tables up to date (`migrations/`).
//! 2. [`Store::write`] begins a writing transaction: one writer at a time on SQLite.
//! 3. [`Store::read`] begins one that only reads, beside the writer.
//!
//! Instants are microseconds since 1970 UTC in BIGINT columns, ids of articles and stories are
//! UUIDs as text, rows go in as one JSON array a batch (`json_each($1)`).

mod conn;
mod dialect;
mod migrations;

pub mod acts;
pub mod alarms;
pub mod articles;
pub mod deliveries;
pub mod editions;
pub mod feeds;
pub mod files;
pub mod hub;
pub mod journal;
pub mod keys;
pub mod post;
pub mod presence;
pub mod readers;
pub mod returns;
pub mod search;
pub mod sources;
pub mod staff;
pub mod subscribers;
pub mod suppressions;

pub use conn::{Col, Param, Query, Row, Tx};
pub use dialect::wish;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

/// How long another process that writes is waited for.
const BUSY: Duration = Duration::from_secs(30);
/// So often it is asked whether it has ended.
const AGAIN: Duration = Duration::from_millis(3);

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `[store] url` is not one we know.
    #[error("[store] url: “{0}” is neither sqlite://PATH nor postgres://…")]
    Url(String),
    /// The database said no.
    #[error("store: {0}")]
    Database(#[from] sqlx::Error),
    /// The folder of the SQLite file could not be made.
    #[error("store: {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The tables could not be brought up to date.
    #[error("store: migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A statement got the wrong binds: a fault of ours.
    #[error("store: {0}")]
    Bind(String),
    /// A row that must be there is not.
    #[error("store: no row for: {0}")]
    Missing(&'static str),
    /// A column does not hold what was expected.
    #[error("store: column {name}: {source}")]
    Column {
        /// Its name.
        name: String,
        /// Why.
        source: sqlx::Error,
    },
    /// What a column holds cannot be read (JSON, an id, a state).
    #[error("store: {0}")]
    Content(String),
    /// The file of acknowledgements could not be read or written: what was sent is safe, and nothing more may be.
    #[error("{path}: {source}; nothing more is sent until it can be written")]
    Journal {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The machine gave no random bytes for a key.
    #[error("store: no random bytes to be had for a key")]
    Random,
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        StoreError::Content(error.to_string())
    }
}

impl StoreError {
    /// Whether the disk is full: nothing was lost, and trying again later may do.
    pub fn is_full(&self) -> bool {
        match self {
            StoreError::Database(sqlx::Error::Database(e)) => {
                matches!(e.code().as_deref(), Some("13" | "53100")) || e.message().contains("disk is full")
            }
            StoreError::Journal { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }
}

/// The store: SQLite in a file, or PostgreSQL.
#[derive(Clone, Debug)]
pub struct Store {
    pools: Pools,
}

#[derive(Clone, Debug)]
enum Pools {
    Lite { write: SqlitePool, read: SqlitePool, file: PathBuf },
    Pg(PgPool),
}

impl Store {
    /// Opens the store at `url` (relative SQLite paths are taken from `base`) and migrates it.
    ///
    /// # Errors
    /// [`StoreError`]: an unknown kind of URL, no connection, a failed migration.
    pub async fn open(url: &str, base: &Path) -> Result<Store, StoreError> {
        let store = Self::connect(url, base).await?;
        migrations::run(&store.pools).await?;
        if let Pools::Lite { write, .. } = &store.pools {
            // From here on only `begin_in_turn` waits for another process.
            sqlx::raw_sql("PRAGMA busy_timeout = 5").execute(write).await?;
        }
        let mut tx = store.write().await?;
        keys::ensure(&mut tx).await?;
        tx.commit().await?;
        Ok(store)
    }

    async fn connect(url: &str, base: &Path) -> Result<Store, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            let file = base.join(path);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)
                    .map_err(|source| StoreError::Folder { path: folder.to_owned(), source })?;
            }
            let options = SqliteConnectOptions::new()
                .filename(&file)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(BUSY)
                .foreign_keys(true)
                // What is deleted is overwritten: a person who is forgotten is not found in free pages either.
                .pragma("secure_delete", "on")
                .pragma("cache_size", "-8000");
            let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
            let read = SqlitePoolOptions::new()
                .max_connections(4)
                .connect_with(
                    options
                        .pragma("query_only", "on")
                        .pragma("cache_size", "-4000")
                        .synchronous(SqliteSynchronous::Normal),
                )
                .await?;
            Ok(Store { pools: Pools::Lite { write, read, file } })
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)?;
            let pool = PgPoolOptions::new().max_connections(12).connect_with(options).await?;
            Ok(Store { pools: Pools::Pg(pool) })
        } else {
            Err(StoreError::Url(crate::store::without_password(url)))
        }
    }

    /// A writing transaction. On SQLite it holds the one writer until it is committed or dropped,
    /// so nothing slow may happen inside it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        Ok(match &self.pools {
            Pools::Lite { write, .. } => Tx::Lite(begin_in_turn(write).await?),
            Pools::Pg(pool) => Tx::Pg(begin_whole(pool, "BEGIN").await?),
        })
    }

    /// A transaction that only reads: one consistent view, beside the writer.
    ///
    /// # Errors
    /// What the database says.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match &self.pools {
            Pools::Lite { read, .. } => Tx::Lite(read.begin().await?),
            Pools::Pg(pool) => Tx::Pg(begin_whole(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?),
        })
    }

    /// The SQLite file; `None` on PostgreSQL.
    pub fn file(&self) -> Option<&Path> {
        match &self.pools {
            Pools::Lite { file, .. } => Some(file),
            Pools::Pg(_) => None,
        }
    }

    /// A number that changes when another process has committed something: how a command reaches
    /// a running daemon.
    ///
    /// # Errors
    /// What the database says.
    pub async fn version(&self) -> Result<i64, StoreError> {
        dialect::version(&self.pools).await
    }

    /// After something was erased for good: takes it out of the files beside the database too.
    ///
    /// # Errors
    /// What the database says.
    pub async fn scrub(&self) -> Result<(), StoreError> {
        dialect::scrub(&self.pools).await
    }

    /// Closes every connection, after what is running.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Lite { write, read, .. } => {
                read.close().await;
                write.close().await;
            }
            Pools::Pg(pool) => pool.close().await,
        }
    }
}

/// A store URL as it may be printed: without its password.
pub fn without_password(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            let _ = parsed.set_password(Some("…"));
            parsed.to_string()
        }
        _ => url.to_owned(),
    }
}

/// Begins writing once no other process does. SQLite's own waiting sleeps longer and longer, up to a tenth of a second, and so finds the
/// lock taken again and again where two others are busy: here it is asked for every few milliseconds.
async fn begin_in_turn(write: &sqlx::SqlitePool) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, sqlx::Error> {
    let begun = std::time::Instant::now();
    loop {
        match write.begin_with("BEGIN IMMEDIATE").await {
            Err(sqlx::Error::Database(error)) if is_busy(error.as_ref()) && begun.elapsed() < BUSY => {
                tokio::time::sleep(AGAIN).await;
            }
            begun => return begun,
        }
    }
}

/// Begins a transaction to its end, even where whoever asked for it has gone: sqlx gives a connection on which a beginning was
/// broken off back to the others with the transaction open, and these would then not be able to write.
async fn begin_whole(
    pool: &sqlx::PgPool,
    statement: &'static str,
) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(statement).await });
    begun.await.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?
}

/// SQLITE_BUSY, plain or extended.
fn is_busy(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().and_then(|code| code.parse::<i64>().ok()).is_some_and(|code| code & 0xff == 5)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::task::Poll;

    use super::*;

    /// A store for one test: SQLite in a folder of its own, and PostgreSQL in a schema of its own
    /// where `HERALD_TEST_POSTGRES` names a server. Keep the folder as long as the stores.
    pub(crate) async fn stores() -> (tempfile::TempDir, Vec<Store>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut stores = vec![Store::open("sqlite://herald.db", folder.path()).await.expect("SQLite opens")];
        match std::env::var("HERALD_TEST_POSTGRES") {
            Ok(url) => {
                let schema = format!("t{}", secret_word());
                let admin = sqlx::PgPool::connect(&url).await.expect("PostgreSQL answers");
                let statement = format!("CREATE SCHEMA {schema}");
                sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&admin).await.expect("a schema");
                admin.close().await;
                let joint = if url.contains('?') { '&' } else { '?' };
                let url = format!("{url}{joint}options=-c%20search_path%3D{schema}");
                stores.push(Store::open(&url, folder.path()).await.expect("PostgreSQL opens"));
            }
            Err(_) => eprintln!("passed over: PostgreSQL (HERALD_TEST_POSTGRES names no server)"),
        }
        (folder, stores)
    }

    fn secret_word() -> String {
        crate::secret::random_word(12).expect("random bytes").to_lowercase()
    }

    #[tokio::test]
    async fn a_store_keeps_its_keyring() {
        let (_folder, stores) = stores().await;
        for store in &stores {
            let mut tx = store.read().await.expect("a transaction");
            let ring = keys::ring(&mut tx).await.expect("a keyring");
            let token = ring.token(crate::secret::Purpose::Leave, 1, 2);
            assert_eq!(ring.open(crate::secret::Purpose::Leave, &token), Some((1, 2)));
        }
    }

    #[tokio::test]
    async fn a_batch_of_rows_is_one_statement_on_both() {
        let (_folder, stores) = stores().await;
        for store in &stores {
            let mut tx = store.write().await.expect("a transaction");
            let rows = "[[\"a\",1],[\"b\",2]]";
            let done = tx
                .q("INSERT INTO counters (name, value) SELECT r.value ->> 0, CAST(r.value ->> 1 AS BIGINT) FROM json_each($1) r")
                .bind(rows)
                .execute()
                .await
                .expect("a batch");
            assert_eq!(done, 2);
            assert!(tx.q("SELECT $1").execute().await.is_err(), "a missing bind is refused");
        }
    }

    #[tokio::test]
    async fn who_goes_away_while_a_transaction_begins_leaves_nothing_open() {
        let (_folder, stores) = stores().await;
        for store in &stores {
            // Dropped at each of its steps: after one look, after two, and so on.
            for (pause, looks) in (0..24).flat_map(|round| (1..6).map(move |looks| (round % 3, looks))) {
                let mut begins = Box::pin(store.read());
                for _ in 0..looks {
                    let look = std::future::poll_fn(|cx| Poll::Ready(begins.as_mut().poll(cx).is_ready()));
                    if look.await {
                        break;
                    }
                    match pause {
                        0 => tokio::task::yield_now().await,
                        pause => tokio::time::sleep(Duration::from_millis(pause)).await,
                    }
                }
                drop(begins);
                let mut tx = store.write().await.expect("a transaction");
                tx.q("UPDATE counters SET value = value + 1 WHERE name = 'fill'").execute().await.expect("a write");
                tx.commit().await.expect("committed");
            }
        }
    }
}
