//! Proof of sending: whether what was to go out, and what the ledger says became of it, come to the same.

mod blocks;

use serde::Serialize;

use crate::clock::Instant;
use crate::store::deliveries::seal::{self, Ledger};
use crate::store::{StoreError, Tx};

use super::states::{Counts, counts};
use super::{Edition, State};

/// How many of the people behind a difference are named.
const NAMED: i64 = 20;

/// The reconciliation of one edition.
#[derive(Clone, Debug, Serialize)]
pub struct Audit {
    /// The edition.
    pub edition: i64,
    /// How many deliveries were made when it was filled.
    pub recipients: i64,
    /// What became of them.
    pub counts: Counts,
    /// Those that will still be tried.
    pub waiting: i64,
    /// How many of those that were sent are sealed.
    pub sealed: i64,
    /// Until when the ledger was kept, where it was let go: there is nothing but the counts to reconcile then.
    pub kept_until: Option<Instant>,
    /// Everything that does not come to the same, in words.
    pub differences: Vec<String>,
}

const EMPTY: &str = "SELECT subscriber FROM deliveries WHERE edition = $1 AND choice = 0 ORDER BY 1 LIMIT $2";
const NO_VARIANT: &str = "SELECT d.subscriber FROM deliveries d WHERE d.edition = $1 AND NOT EXISTS \
     (SELECT 1 FROM edition_variants v WHERE v.edition = d.edition AND v.number = d.variant) ORDER BY 1 LIMIT $2";
const NOT_PRINTED: &str = "SELECT d.subscriber FROM deliveries d \
     JOIN edition_variants v ON v.edition = d.edition AND v.number = d.variant \
     WHERE d.edition = $1 AND d.choice & ~(SELECT CAST(COALESCE(SUM(CAST(1 AS BIGINT) << CAST(a.position AS INTEGER)), 0) AS BIGINT) \
     FROM edition_articles a WHERE a.edition = d.edition AND a.language = v.language) <> 0 ORDER BY 1 LIMIT $2";
const STUCK: &str =
    "SELECT subscriber FROM deliveries WHERE edition = $1 AND state = 1 AND next_at < $3 ORDER BY 1 LIMIT $2";
const UNDATED: &str =
    "SELECT subscriber FROM deliveries WHERE edition = $1 AND state IN (2, 4, 7) AND at IS NULL ORDER BY 1 LIMIT $2";

/// Reconciles an edition: recipients = sent + failed + suppressed + unknown + waiting (+ cancelled), and names
/// every difference; of what is sealed each block is opened and proved too.
///
/// # Errors
/// What the database says.
pub async fn audit(tx: &mut Tx, edition: &Edition, now: Instant) -> Result<Audit, StoreError> {
    let counts = counts(tx, edition.id).await?;
    let mut differences = Vec::new();
    let missing = edition.recipients - counts.total();
    if missing > 0 {
        differences.push(format!("{missing} deliveries that were made are no longer in the ledger"));
    } else if missing < 0 {
        differences.push(format!("{} deliveries are in the ledger that the edition does not know of", -missing));
    }
    if !edition.filled && matches!(edition.state, State::Queued | State::Sending | State::Done) {
        differences.push(format!(
            "the deliveries are not all made yet: subscribers after number {} are still to come",
            edition.filled_to
        ));
    }
    if edition.state == State::Done && counts.waiting() > 0 {
        differences.push(format!("it is done, and {} deliveries still wait", counts.waiting()));
    }
    if edition.state == State::Cancelled && counts.waiting() > 0 {
        differences.push(format!("it is cancelled, and {} deliveries still wait", counts.waiting()));
    }
    let ledger = seal::ledger(tx, edition.id).await?;
    let mut audit = Audit {
        edition: edition.id,
        recipients: edition.recipients,
        waiting: counts.waiting(),
        counts,
        sealed: 0,
        kept_until: None,
        differences,
    };
    if let Ledger::Gone(at) = ledger {
        audit.kept_until = Some(at);
        return Ok(audit);
    }
    let differences = &mut audit.differences;
    for (sql, words) in [
        (EMPTY, "the copy holds nothing"),
        (NO_VARIANT, "the copy is in a language that the edition does not have"),
        (NOT_PRINTED, "the copy holds what is not printed in its language"),
        (UNDATED, "the outcome has no time"),
    ] {
        name(differences, words, &ids(tx.q(sql).bind(edition.id).bind(NAMED).all().await?)?);
    }
    let over = now.timestamp_micros();
    let stuck = tx.q(STUCK).bind(edition.id).bind(NAMED).bind(over).all().await?;
    name(differences, "the copy was claimed and its outcome never noted", &ids(stuck)?);
    audit.sealed = blocks::prove(tx, edition.id, differences).await?;
    Ok(audit)
}

fn ids(rows: Vec<crate::store::Row>) -> Result<Vec<i64>, StoreError> {
    rows.iter().map(|row| row.get(0)).collect()
}

fn name(differences: &mut Vec<String>, words: &str, subscribers: &[i64]) {
    if subscribers.is_empty() {
        return;
    }
    let numbers: Vec<String> = subscribers.iter().map(i64::to_string).collect();
    let more = if subscribers.len() as i64 == NAMED { " and perhaps more" } else { "" };
    differences.push(format!("{words}: subscriber {}{more}", numbers.join(", ")));
}
