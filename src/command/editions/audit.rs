//! `herald editions audit ID`: recipients = sent + failed + suppressed + unknown + waiting, or what the difference is.

use super::{found, kept_until};
use crate::command::{Context, Exit, output};
use crate::store::Store;
use crate::store::editions::audit::audit;

pub(super) async fn run(cx: &Context, store: &Store, id: i64) -> anyhow::Result<Exit> {
    let (edition, _) = found(store, id).await?;
    let mut tx = store.read().await?;
    let audit = audit(&mut tx, &edition, cx.clock.now()).await?;
    if cx.frame.json {
        output::json(&audit)?;
    } else {
        let c = &audit.counts;
        output::line(format!(
            "{} no. {}: recipients {} = sent {} + failed {} + suppressed {} + unknown {} + waiting {} + cancelled {}",
            edition.newsletter,
            edition.number,
            audit.recipients,
            c.sent,
            c.failed,
            c.suppressed,
            c.unknown,
            audit.waiting,
            c.cancelled
        ))?;
        if audit.sealed > 0 {
            output::line(format!("Of these, {} are sealed; each block was opened.", audit.sealed))?;
        }
        if let Some(at) = audit.kept_until {
            output::line(kept_until(cx, at))?;
        }
        match audit.differences.is_empty() {
            true => output::line("No difference.")?,
            false => {
                for difference in &audit.differences {
                    output::line(format!("Difference: {difference}."))?;
                }
            }
        }
    }
    Ok(if audit.differences.is_empty() { Exit::Done } else { Exit::Failed })
}
