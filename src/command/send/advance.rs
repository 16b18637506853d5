//! What is under embargo goes to accredited press alone (`advance`), or to nobody.

use crate::article::ArticleId;
use crate::clock::Instant;
use crate::command::{Context, Usage};
use crate::config::Newsletter;
use crate::store::Tx;
use crate::store::editions::newness;

/// Until when these articles are under embargo; `None` where they are public.
///
/// # Errors
/// Some are and some are not, or until different instants: the mail says one.
pub(super) async fn until(cx: &Context, tx: &mut Tx, articles: &[ArticleId]) -> anyhow::Result<Option<Instant>> {
    let held = newness::held(tx, articles).await?;
    let due = |id: &ArticleId| held.iter().find(|version| version.article == *id).map(|version| version.public_at);
    let Some(until) = articles.iter().find_map(due) else { return Ok(None) };
    let Some(other) = articles.iter().find(|id| due(id) != Some(until)) else { return Ok(Some(until)) };
    let what = match due(other) {
        Some(at) => format!("is until {}", cx.when(at)),
        None => "is not".to_owned(),
    };
    Err(Usage(format!("some of these are under embargo until {}, and {other} {what}; send them apart", cx.when(until)))
        .into())
}

/// The lists it may go to: the newsletter's `advance` lists, or those of them that `--to` names.
///
/// # Errors
/// There are none, or another one is named; it would go when it is public; it is asked to go over days, or as a test.
pub(super) fn lists(
    cx: &Context,
    newsletter: &Newsletter,
    to: &[String],
    until: Instant,
    (start_at, ramp, test): (Instant, bool, bool),
) -> anyhow::Result<Vec<String>> {
    let held = format!("under embargo until {}", cx.when(until));
    let fault = |reason: String| anyhow::Error::from(Usage(reason));
    if newsletter.advance.is_empty() {
        return Err(fault(format!(
            "it is {held}, and “{0}” has no list of accredited press (newsletters.{0}.advance): nobody may be sent it before",
            newsletter.name
        )));
    }
    if let Some(other) = to.iter().find(|list| !newsletter.advance.contains(list)) {
        return Err(fault(format!(
            "--to {other}: it is {held}, and may go to {} only (newsletters.{}.advance)",
            newsletter.advance.join(", "),
            newsletter.name
        )));
    }
    if test {
        return Err(fault(format!(
            "--test: it is {held}, and no test copy of it leaves the house; --dry-run says what would go"
        )));
    }
    if ramp {
        return Err(fault(format!("--ramp: it is {held}; what goes in advance goes at once")));
    }
    if start_at >= until {
        return Err(fault(format!("--at: it is {held}; by then it is public, and goes like any other article")));
    }
    Ok(if to.is_empty() { newsletter.advance.clone() } else { to.to_vec() })
}
