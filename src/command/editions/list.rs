//! `herald editions list`

use super::Shown;
use crate::command::{Context, Exit, Table, output};
use crate::store::Store;
use crate::store::editions::{self, Edition, states};

pub(super) async fn run(cx: &Context, store: &Store, newsletter: Option<&str>, limit: i64) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let limit = if limit > 0 { limit } else { i64::MAX - 1 };
    let mut all = editions::list(&mut tx, newsletter, limit + 1, 0).await?;
    let more = all.len() as i64 > limit;
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let ids: Vec<i64> = all.iter().map(|edition| edition.id).collect();
    let counts = states::counts_of(&mut tx, &ids).await?;
    let of = |edition: &Edition| counts.get(&edition.id).copied().unwrap_or_default();
    if cx.frame.json {
        let shown: Vec<Shown<'_>> = all.iter().map(|edition| Shown::new(edition, of(edition))).collect();
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        output::line("No editions yet. `herald newsletters list` shows when the next one goes out.")?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new([
        ">ID",
        "NEWSLETTER",
        ">NO.",
        "STATE",
        "COMPOSED",
        ">PEOPLE",
        ">HANDED OVER",
        ">RETURNED",
        ">WAITING",
        "SUBJECT",
    ]);
    for edition in &all {
        let counts = of(edition);
        table.row([
            edition.id.to_string(),
            edition.newsletter.clone(),
            edition.number.to_string(),
            edition.state.to_string(),
            cx.when(edition.composed_at),
            edition.recipients.to_string(),
            counts.sent.to_string(),
            counts.failed.to_string(),
            counts.waiting().to_string(),
            edition.subject.clone(),
        ]);
    }
    table.print()?;
    if more {
        output::note(format!("There are more than these {limit}; --limit 0 shows all."));
    }
    Ok(Exit::Done)
}
