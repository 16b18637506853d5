//! `herald send --correction ID`: telling those who were sent the earlier text, and nobody else.
//!
//! 1. Who was sent it, who can be told and why the others cannot is counted and said; `--dry-run` ends here.
//! 2. It is asked for, unless `--yes`.
//! 3. Each newsletter that printed it gets an edition of its own, for those whom no other one before it reaches.
//! 4. They are held for a while, in which they can be stopped, and handed over as every edition is.

use super::deliver::{deliver, report};
use super::say::people;
use super::{A_MINUTE, Brake, Ended, Send, TRIES, stopped, waiting};
use crate::clock::Instant;
use crate::command::articles::named::named;
use crate::command::signed::{machine_user, signed_in};
use crate::command::{Advice, Context, Exit, Usage, confirm, findings, output, proofs};
use crate::config::Span;
use crate::edition::compose::{self, How, Proof};
use crate::edition::correction::{self, Plan, Survey, Wish};
use crate::store::editions::{self, states};
use crate::store::{Store, wish};

/// Tells them.
///
/// # Errors
/// What went wrong.
pub(super) async fn send(cx: &mut Context, asked: &Send, article: &str) -> anyhow::Result<Exit> {
    if !asked.dry_run {
        cx.demand_real_settings()?;
    }
    let made_by = match &asked.name {
        Some(name) if !asked.dry_run => signed_in(cx, name).await?.name,
        _ => machine_user(),
    };
    let config = cx.config.clone();
    let store = cx.store().await?;
    let now = cx.clock.now();
    let start_at = match &asked.at {
        Some(text) => proofs::time_named(text, cx.zone(), now)?,
        None => now,
    };
    let mut tx = store.read().await?;
    let id = named(&mut tx, &config, article).await?;
    let Some(plan) = correction::plan(&mut tx, &config, id).await? else {
        return Err(Usage(format!("“{article}” was neither corrected nor withdrawn: there is nothing to tell")))
            .advise("`herald articles correct` and `herald articles retract` do that; `herald articles show ID --history` shows what was done.");
    };
    if plan.article.public_seq.is_none() {
        return Err(Usage(format!("“{}” is not public: nothing may be said of it", plan.article.content.title)).into());
    }
    let survey = correction::survey(&mut tx, &plan, asked.again).await?;
    drop(tx);
    if !asked.test.is_empty() {
        return test(cx, &plan, &survey, &asked.test).await;
    }
    if !cx.frame.json || !asked.dry_run {
        say(cx, &plan, &survey, asked.again);
    }
    if asked.dry_run {
        if cx.frame.json {
            output::json(&document(&plan, &survey, &[]))?;
        } else {
            output::line("Nothing was sent: this was a dry run.")?;
        }
        return Ok(Exit::Done);
    }
    if survey.copies() == 0 {
        return nobody(&plan, &survey);
    }
    if !asked.yes && !confirm(&format!("Tell {}?", people(survey.copies())))? {
        anyhow::bail!("nothing was sent");
    }
    let scheduled = start_at > now;
    let hold = if scheduled { Span::seconds(0) } else { hold(cx, &plan) };
    let brake = if hold.duration().is_zero() { None } else { Some(Brake::new()?) };
    let start_at = if scheduled { start_at } else { cx.clock.now() + hold.duration() };
    let mut made = Vec::new();
    for n in (0..plan.ways.len()).filter(|n| survey.to_tell[*n] > 0) {
        made.push(Made { edition: freeze(cx, &store, asked, &plan, n, (&made_by, start_at)).await?, n });
    }
    let mut tx = store.write().await?;
    wish(&mut tx).await?;
    tx.commit().await?;
    let needs = |made: &Made| config.newsletter(&plan.ways[made.n].newsletter).map_or(0, |n| n.approval.people());
    let (asking, going): (Vec<Made>, Vec<Made>) = made.into_iter().partition(|made| needs(made) > 0);
    for made in &asking {
        waiting(cx, &store, made.edition).await?;
    }
    if let (Some(brake), Some(first)) = (brake, going.first()) {
        match brake.wait(cx, &store, first.edition, start_at).await? {
            Ended::Over => {}
            Ended::CalledOff => {
                for made in &going {
                    stopped(cx, &store, made.edition).await?;
                }
                return Ok(Exit::Failed);
            }
            Ended::Stopped(state) => {
                output::note(format!("Another command stopped it: it is {state}."));
                return Ok(Exit::Failed);
            }
        }
    }
    if !scheduled {
        for made in &going {
            deliver(cx, &store, made.edition, survey.to_tell[made.n]).await?;
        }
    }
    told(cx, &store, (&plan, &survey), asking.iter().chain(&going).map(|made| made.edition).collect(), scheduled).await
}

/// An edition that was made, and for which way.
struct Made {
    edition: i64,
    n: usize,
}

/// How long it can be stopped: as long as the most careful of the newsletters says.
fn hold(cx: &Context, plan: &Plan) -> Span {
    let is_real = cx.config.mail.relays.iter().any(|relay| !relay.url.starts_with("folder:"));
    let usual = if is_real { A_MINUTE } else { Span::seconds(0) };
    let own = plan.ways.iter().filter_map(|way| cx.config.newsletter(&way.newsletter));
    own.map(|newsletter| newsletter.hold.unwrap_or(usual)).max_by_key(|hold| hold.duration()).unwrap_or(usual)
}

async fn freeze(
    cx: &mut Context,
    store: &Store,
    asked: &Send,
    plan: &Plan,
    n: usize,
    (made_by, start_at): (&str, Instant),
) -> anyhow::Result<i64> {
    let (config, templates) = (cx.config.clone(), cx.templates()?);
    let needs = config.newsletter(&plan.ways[n].newsletter).map_or(0, |newsletter| newsletter.approval.people());
    let how = How { made_by: made_by.to_owned(), needs, held: None, slot: None, start_at, takes: false };
    let wish = Wish { again: asked.again, any_hour: asked.any_hour, test: None };
    for _ in 0..TRIES {
        let mut tx = store.read().await?;
        let proof = correction::proof(&mut tx, (&config, &templates), plan, n, &wish, cx.clock.now()).await?;
        drop(tx);
        findings::demand_none_holds(&proof.findings)?;
        if let Some(edition) = compose::freeze(store, &proof, &how).await? {
            return Ok(edition);
        }
    }
    Err(anyhow::anyhow!("the article or the editions of “{}” changed while it was to be sent", plan.ways[n].newsletter))
        .advise("Look again with --dry-run, and send it once more.")
}

/// What would go to how many, on standard error: it is said before anything is asked.
fn say(cx: &Context, plan: &Plan, survey: &Survey, again: bool) {
    let done = if plan.retraction { "withdrawn" } else { "corrected" };
    output::note(format!("“{}” was {done} at {}.", plan.article.content.title, cx.when(plan.at)));
    for note in plan.notes.iter().filter(|_| !plan.retraction) {
        output::note(format!("  {}", note.text()));
    }
    if let Some(reason) = plan.article.content.withdrawn.as_deref().filter(|reason| !reason.is_empty()) {
        output::note(format!("  {reason}"));
    }
    output::note(format!("The earlier text was sent to {}{}.", people(survey.sent), printed(plan)));
    output::note(format!("  {} can be told now{}.", people(survey.copies()), by_way(plan, survey)));
    let languages: Vec<String> = survey.languages.iter().map(|(l, n)| format!("{l} {n}")).collect();
    if languages.len() > 1 {
        output::note(format!("  By language: {}.", languages.join(", ")));
    }
    if survey.told > 0 {
        let told: Vec<String> =
            plan.told.iter().map(|t| format!("edition {} at {}", t.edition, cx.when(t.at))).collect();
        output::note(format!("  {} have been told already ({}).", people(survey.told), told.join(", ")));
    } else if again && !plan.told.is_empty() {
        output::note("  Some of them have been told before; --again tells them once more.");
    }
    for (why, many) in &survey.barred {
        output::note(format!("  {} cannot be told: {}.", people(*many), because(why)));
    }
    for newsletter in &plan.lost {
        output::note(format!("  Nobody can be written to for “{newsletter}”: it is not in config.toml any more."));
    }
    if plan.forgotten > 0 {
        output::note(format!(
            "  {} it too, so long ago that nobody knows any more to whom ([keep] deliveries).",
            if plan.forgotten == 1 {
                "1 edition printed".to_owned()
            } else {
                format!("{} editions printed", plan.forgotten)
            }
        ));
    }
}

fn printed(plan: &Plan) -> String {
    let of = |way: &correction::Way| {
        let mut numbers: Vec<i64> = way.printings.iter().map(|printing| printing.number).collect();
        numbers.dedup();
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        format!("{} no. {}", way.newsletter, numbers.join(", "))
    };
    let all: Vec<String> = plan.ways.iter().map(of).collect();
    if all.is_empty() { String::new() } else { format!(" by {}", all.join("; ")) }
}

fn by_way(plan: &Plan, survey: &Survey) -> String {
    let all = plan.ways.iter().zip(&survey.to_tell).map(|(way, many)| format!("{} {many}", way.newsletter));
    if plan.ways.len() > 1 { format!(" ({})", all.collect::<Vec<_>>().join(", ")) } else { String::new() }
}

/// Why somebody cannot be told, for people.
fn because(why: &str) -> &str {
    match why {
        "left" => "they left",
        "bounced" => "their mail came back for good",
        "complained" => "they complained",
        "staff" => "staff stopped all mail to them",
        "forgotten" => "they were forgotten at their wish",
        "no longer on its lists" => "they are on none of its lists any more",
        other => other,
    }
}

fn nobody(plan: &Plan, survey: &Survey) -> anyhow::Result<Exit> {
    if survey.told > 0 {
        let told: Vec<String> = plan.told.iter().map(|telling| telling.edition.to_string()).collect();
        return Err(anyhow::anyhow!("they were told already, by edition {}", told.join(", ")))
            .advise("Nothing was sent. --again tells them once more.");
    }
    let said = match survey.sent {
        0 => "nobody was sent the earlier text",
        _ => "nobody of those who were sent the earlier text can be told",
    };
    Err(Usage(said.to_owned())).advise("Nothing was sent.")
}

/// What there is to tell, and what was made, as a document.
fn document(plan: &Plan, survey: &Survey, made: &[serde_json::Value]) -> serde_json::Value {
    let ways = plan.ways.iter().zip(&survey.to_tell).map(|(way, many)| {
        let numbers: Vec<i64> = way.printings.iter().map(|printing| printing.number).collect();
        serde_json::json!({ "newsletter": way.newsletter, "printed_in": numbers, "to_tell": many })
    });
    serde_json::json!({
        "article": plan.article.article,
        "title": plan.article.content.title,
        "revision": plan.revision,
        "kind": if plan.retraction { "retraction" } else { "correction" },
        "at": plan.at,
        "sent": survey.sent,
        "to_tell": survey.copies(),
        "told_before": survey.told,
        "cannot_be_told": survey.barred,
        "languages": survey.languages,
        "newsletters": ways.collect::<Vec<_>>(),
        "newsletters_gone": plan.lost,
        "ledgers_gone": plan.forgotten,
        "editions_before": plan.told,
        "editions": made,
    })
}

/// Says what became of it; the exit code.
async fn told(
    cx: &Context,
    store: &Store,
    (plan, survey): (&Plan, &Survey),
    made: Vec<i64>,
    scheduled: bool,
) -> anyhow::Result<Exit> {
    let mut exit = Exit::Done;
    let mut documents = Vec::new();
    for id in made {
        if cx.frame.json {
            let mut tx = store.read().await?;
            let counts = states::counts(&mut tx, id).await?;
            let Some(edition) = editions::by_id(&mut tx, id).await? else { continue };
            if counts.failed + counts.unknown > 0 {
                exit = Exit::Partly;
            }
            documents.push(serde_json::json!({
                "edition": id, "newsletter": edition.newsletter, "number": edition.number, "state": edition.state,
                "start_at": edition.start_at, "subject": edition.subject, "recipients": edition.recipients, "counts": counts,
            }));
        } else if scheduled {
            output::line(format!(
                "Edition {id} goes at its time, while `herald run` is running, or with the first `herald once` after that. `herald editions cancel {id}` takes it back."
            ))?;
        } else if let Exit::Partly = report(cx, store, id).await? {
            exit = Exit::Partly;
        }
    }
    if cx.frame.json {
        output::json(&document(plan, survey, &documents))?;
    }
    Ok(exit)
}

/// Test copies of what each newsletter would tell, to each of these addresses.
async fn test(cx: &mut Context, plan: &Plan, survey: &Survey, addresses: &[String]) -> anyhow::Result<Exit> {
    let parse = |text: &String| text.parse().map_err(|error| Usage(format!("--test: {error}")));
    let addresses: Vec<crate::audience::Address> = addresses.iter().map(parse).collect::<Result<_, _>>()?;
    let store = cx.store().await?;
    let templates = cx.templates()?;
    let press = crate::delivery::Press::new(cx.config.clone(), cx.keyring().await?, templates.clone())?;
    let now = cx.clock.now();
    let Some(n) = (0..plan.ways.len()).max_by_key(|n| survey.to_tell[*n]) else {
        return Err(Usage("no edition printed it: there is nobody to tell, and nothing to test".to_owned()).into());
    };
    let (mut sent, mut subject) = (0, String::new());
    for address in &addresses {
        let bar = crate::template::issue::TestBar { person: address.to_string(), recipients: survey.copies() };
        let wish = Wish { test: Some(bar), ..Wish::default() };
        let mut tx = store.read().await?;
        let known = match crate::store::subscribers::by_address(&mut tx, address).await? {
            Some(id) => crate::store::subscribers::person(&mut tx, id).await?,
            None => None,
        };
        let config = cx.config.clone();
        let proof: Proof = correction::proof(&mut tx, (&config, &templates), plan, n, &wish, now).await?;
        drop(tx);
        findings::say(&proof.findings);
        let language = known.and_then(|person| person.language);
        let plate = proofs::rendering_for(&proof, language.as_ref()).and_then(|at| proofs::plate(&proof, at));
        let Some(plate) = plate else { anyhow::bail!("it went away while the test was made") };
        subject = proof.subject();
        let copy = press.test_copy(&plate, address, crate::mail::Choice(1), now)?;
        match crate::delivery::send_now(&cx.config, &press, &copy).await {
            Ok(_) => sent += 1,
            Err(error @ crate::delivery::DeliveryError::NotTaken(_)) => output::note(format!("{address}: {error}")),
            Err(error) => return Err(error.into()),
        }
    }
    if cx.frame.json {
        output::json(&serde_json::json!({ "subject": subject, "test": addresses, "handed_over": sent }))?;
    } else {
        output::line(format!(
            "Handed to the mail server: {sent} test {} of “{subject}”. Nobody else got it, and nothing was recorded.",
            if sent == 1 { "copy" } else { "copies" }
        ))?;
    }
    Ok(match sent {
        0 => Exit::Failed,
        sent if sent < addresses.len() => Exit::Partly,
        _ => Exit::Done,
    })
}
