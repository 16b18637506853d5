//! The seam over the two databases: one enum where sqlx has two types, so that a store function is
//! written once. `tx.q(SQL).bind(x).all()` runs the same text on both; where the texts must differ,
//! `tx.either(LITE, PG)` holds them side by side.
//!
//! A missing bind is NULL on SQLite without a word, so [`Query`] counts them against the text.

use futures_util::TryStreamExt;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Column, Postgres, Row as _, Sqlite, Transaction};

use super::StoreError;

/// A transaction on either database. Dropped without [`Tx::commit`], it is rolled back.
pub enum Tx {
    /// On SQLite.
    Lite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Pg(Transaction<'static, Postgres>),
}

/// A value that both databases take as a bind.
pub trait Param:
    for<'q> sqlx::Encode<'q, Sqlite> + sqlx::Type<Sqlite> + for<'q> sqlx::Encode<'q, Postgres> + sqlx::Type<Postgres>
{
}
impl<T> Param for T where
    T: for<'q> sqlx::Encode<'q, Sqlite>
        + sqlx::Type<Sqlite>
        + for<'q> sqlx::Encode<'q, Postgres>
        + sqlx::Type<Postgres>
{
}

/// A value that both databases give as a column.
pub trait Col:
    for<'r> sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite> + for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>
{
}
impl<T> Col for T where
    T: for<'r> sqlx::Decode<'r, Sqlite>
        + sqlx::Type<Sqlite>
        + for<'r> sqlx::Decode<'r, Postgres>
        + sqlx::Type<Postgres>
{
}

enum Args {
    Lite(SqliteArguments),
    Pg(PgArguments),
}

/// One statement being given its binds.
pub struct Query<'t> {
    tx: &'t mut Tx,
    sql: &'static str,
    args: Args,
    bound: usize,
    fault: Option<StoreError>,
}

impl Tx {
    /// A statement that reads the same on both databases; binds are `$1`, `$2`, ….
    pub fn q(&mut self, sql: &'static str) -> Query<'_> {
        let args = match self {
            Tx::Lite(_) => Args::Lite(SqliteArguments::default()),
            Tx::Pg(_) => Args::Pg(PgArguments::default()),
        };
        Query { tx: self, sql, args, bound: 0, fault: None }
    }

    /// A statement that differs: `lite` on SQLite, `pg` on PostgreSQL, with the same binds.
    pub fn either(&mut self, lite: &'static str, pg: &'static str) -> Query<'_> {
        let sql = if self.is_lite() { lite } else { pg };
        self.q(sql)
    }

    /// Whether this is SQLite.
    pub fn is_lite(&self) -> bool {
        matches!(self, Tx::Lite(_))
    }

    /// Makes what was done lasting.
    ///
    /// # Errors
    /// When the database refuses; nothing was done then.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Tx::Lite(tx) => tx.commit().await?,
            Tx::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

impl Query<'_> {
    /// Binds the next parameter.
    #[must_use]
    pub fn bind<T: Param>(mut self, value: T) -> Self {
        let done = match &mut self.args {
            Args::Lite(args) => args.add(value),
            Args::Pg(args) => args.add(value),
        };
        if let Err(error) = done {
            self.fault.get_or_insert(StoreError::Bind(error.to_string()));
        }
        self.bound += 1;
        self
    }

    fn ready(&mut self) -> Result<(), StoreError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let wanted = highest_bind(self.sql);
        if wanted != self.bound {
            return Err(StoreError::Bind(format!("{wanted} binds wanted, {} given: {}", self.bound, self.sql)));
        }
        Ok(())
    }

    /// Runs the statement; the number of rows it touched.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(mut self) -> Result<u64, StoreError> {
        self.ready()?;
        Ok(match (self.tx, self.args) {
            (Tx::Lite(tx), Args::Lite(args)) => {
                sqlx::query_with(self.sql, args).execute(&mut **tx).await?.rows_affected()
            }
            (Tx::Pg(tx), Args::Pg(args)) => sqlx::query_with(self.sql, args).execute(&mut **tx).await?.rows_affected(),
            _ => 0,
        })
    }

    /// All rows, in memory: for results that are bounded by the statement itself.
    ///
    /// # Errors
    /// What the database says.
    pub async fn all(mut self) -> Result<Vec<Row>, StoreError> {
        self.ready()?;
        Ok(match (self.tx, self.args) {
            (Tx::Lite(tx), Args::Lite(args)) => {
                let rows: Vec<SqliteRow> = sqlx::query_with(self.sql, args).fetch(&mut **tx).try_collect().await?;
                rows.into_iter().map(Row::Lite).collect()
            }
            (Tx::Pg(tx), Args::Pg(args)) => {
                let rows: Vec<PgRow> = sqlx::query_with(self.sql, args).fetch(&mut **tx).try_collect().await?;
                rows.into_iter().map(Row::Pg).collect()
            }
            _ => Vec::new(),
        })
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn optional(mut self) -> Result<Option<Row>, StoreError> {
        self.ready()?;
        Ok(match (self.tx, self.args) {
            (Tx::Lite(tx), Args::Lite(args)) => {
                sqlx::query_with(self.sql, args).fetch_optional(&mut **tx).await?.map(Row::Lite)
            }
            (Tx::Pg(tx), Args::Pg(args)) => {
                sqlx::query_with(self.sql, args).fetch_optional(&mut **tx).await?.map(Row::Pg)
            }
            _ => None,
        })
    }

    /// The first row.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is none; else what the database says.
    pub async fn one(self) -> Result<Row, StoreError> {
        let sql = self.sql;
        self.optional().await?.ok_or(StoreError::Missing(sql))
    }
}

/// One row of either database.
pub enum Row {
    /// From SQLite.
    Lite(SqliteRow),
    /// From PostgreSQL.
    Pg(PgRow),
}

impl Row {
    /// The value of column `i`, counted from 0.
    ///
    /// # Errors
    /// [`StoreError::Column`] where the type does not fit.
    pub fn get<T: Col>(&self, i: usize) -> Result<T, StoreError> {
        match self {
            Row::Lite(row) => row.try_get(i),
            Row::Pg(row) => row.try_get(i),
        }
        .map_err(|source| StoreError::Column { name: self.name(i), source })
    }

    fn name(&self, i: usize) -> String {
        let name = match self {
            Row::Lite(row) => row.columns().get(i).map(|c| c.name().to_owned()),
            Row::Pg(row) => row.columns().get(i).map(|c| c.name().to_owned()),
        };
        name.unwrap_or_else(|| format!("number {i}"))
    }
}

/// The highest `$n` in a statement.
fn highest_bind(sql: &str) -> usize {
    sql.split('$')
        .skip(1)
        .filter_map(|rest| {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            rest[..digits].parse().ok()
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::highest_bind;

    #[test]
    fn binds_are_counted_by_the_highest() {
        assert_eq!(highest_bind("SELECT $1, $12 WHERE x = $1"), 12);
        assert_eq!(highest_bind("SELECT 1"), 0);
    }
}
