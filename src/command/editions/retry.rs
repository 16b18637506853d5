//! `herald editions retry`: what did not get through for a passing reason goes out once more.

use super::{Context, Exit, State, Store, Usage, daemon, editions, found, kept_until, report, states};
use crate::store::deliveries::seal::{self, Ledger};
use crate::store::editions::retry::{Retried, retry};
use crate::store::wish;

pub(super) async fn run(cx: &Context, store: &Store, id: i64) -> anyhow::Result<Exit> {
    let (edition, counts) = found(store, id).await?;
    if matches!(edition.state, State::Held | State::Cancelled) {
        return Err(Usage(format!("edition {id} is {}: nothing of it is taken again", edition.state)).into());
    }
    let mut tx = store.write().await?;
    if let Ledger::Gone(at) = seal::ledger(&mut tx, id).await? {
        let said = kept_until(cx, at);
        return Err(Usage(format!("there is nothing of edition {id} to take again. {said}")).into());
    }
    let Retried { refused, unknown } = retry(&mut tx, id, cx.clock.now()).await?;
    if refused + unknown == 0 {
        let why = match counts.failed {
            0 => "every copy got through, or is still tried".to_owned(),
            n => format!(
                "{n} were refused for good, and would be again; `herald editions show {id} --recipients --state failed` names them"
            ),
        };
        return Err(Usage(format!("there is nothing of edition {id} to take again: {why}")).into());
    }
    // What was corrected or withdrawn meanwhile goes to nobody else by itself; dropped, the transaction changes nothing.
    if let Some(trouble) = states::troubles(&mut tx).await?.into_iter().find(|t| t.edition == id) {
        return Err(Usage(format!(
            "edition {id} is not taken again: {} ({}) {} since. `herald send {} --article ID` sends what stands now to those who have not had it",
            trouble.slug, trouble.language, trouble.what, edition.newsletter
        ))
        .into());
    }
    wish(&mut tx).await?;
    tx.commit().await?;
    let mut words = Vec::new();
    if refused > 0 {
        words.push(format!("{refused} that were refused for now until they were given up"));
    }
    if unknown > 0 {
        words.push(format!("{unknown} without an answer (who had theirs gets a second one)"));
    }
    let first = format!("Taken again: {}.", words.join(" and "));
    let state = editions::by_id(&mut store.read().await?, id).await?.map_or(edition.state, |edition| edition.state);
    let next = match (state, daemon(store)?) {
        (State::Paused, _) => format!("It is paused: `herald editions resume {id}` lets it go on."),
        (_, true) => "The running daemon sends them.".to_owned(),
        (_, false) => "No daemon runs: `herald once` sends them now, `herald run` from now on.".to_owned(),
    };
    report(cx, store, id, &first, &next).await
}
