//! `herald send`: a manual edition.
//!
//! 1. What would go out, and to how many, is looked up and said; `--dry-run` ends here.
//! 2. It is asked for, unless `--yes`.
//! 3. The edition is frozen, as the schedule does it.
//! 4. Its deliveries are made. It is held for a while, in which it can be stopped (`hold`); without that the first copies leave
//!    while the deliveries of the last are made.
//! 5. Where a daemon runs it delivers, and is followed; else this command does.

mod advance;
mod correction;
mod deliver;
mod say;

use std::time::Duration;

use super::editions::call_off;
use super::hold::{Brake, Ended};
use super::newsletters::named;
use super::proofs::{self, Asked, Draft};
use super::signed::{machine_user, signed_in};
use super::{Advice, Context, Exit, Usage, confirm, findings, output, ramp};
use crate::config::{Newsletter, Span};
use crate::edition::compose::{self, How, Wish};
use crate::edition::fill;
use crate::edition::fill::Extent;
use crate::edition::ramp::unusual;
use crate::edition::tell::{self, Words};
use crate::store::editions;
use crate::store::{Store, wish};
use deliver::{deliver, report};
use say::{begins, people, plan, say};

/// How long an edition by hand can be stopped where the newsletter does not say.
const A_MINUTE: Span = Span::seconds(60);
/// Who does not want to be asked does not wait longer than this for everybody to be counted.
const COUNTED_FOR: Duration = Duration::from_millis(300);
/// How often it is tried to freeze an edition whose articles change meanwhile.
const TRIES: usize = 3;

/// Sends an edition by hand.
#[derive(Debug, clap::Args)]
pub struct Send {
    /// The newsletter.
    #[arg(required_unless_present = "correction")]
    pub newsletter: Option<String>,
    /// Tell exactly those who were sent this article as it was before its last correction or its withdrawal: its id, its slug or
    /// the address of its page.
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = ["newsletter", "article", "to", "subject", "ramp", "decorative"]
    )]
    pub correction: Option<String>,
    /// Only this article (its id); may be given several times, in the order they are to stand.
    #[arg(long, value_name = "ID")]
    pub article: Vec<String>,
    /// Only to this list of the newsletter; may be given several times.
    #[arg(long, value_name = "LIST")]
    pub to: Vec<String>,
    /// Another subject than the template's.
    #[arg(long)]
    pub subject: Option<String>,
    /// Not now but then, in the newsroom's time: "2026-03-04 07:00".
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Also to those who already had these stories.
    #[arg(long)]
    pub again: bool,
    /// At once, although it is outside the hours that the newsletter goes in (window).
    #[arg(long, conflicts_with = "at")]
    pub any_hour: bool,
    /// Over several days: 500 copies on the first and half as many again on each that follows, to those who confirmed last
    /// first. Not for alerts.
    #[arg(long)]
    pub ramp: bool,
    /// Who makes it: an account of `herald staff`, whose token is asked for. Whoever makes an edition never approves it.
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
    /// Don't ask.
    #[arg(long)]
    pub yes: bool,
    /// Pictures without alt text are decorative: send it with them.
    #[arg(long)]
    pub decorative: bool,
    /// Say what would go to how many, and send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Only to these addresses, marked as a test and recorded as no delivery.
    #[arg(long, value_name = "ADDRESS", num_args = 1.., conflicts_with_all = ["at", "again", "dry_run", "ramp"])]
    pub test: Vec<String>,
}

impl Send {
    /// Sends an edition by hand.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let config = cx.config.clone();
        if let Some(article) = self.correction.clone() {
            return correction::send(cx, &self, &article).await;
        }
        let newsletter = named(&config, self.newsletter.as_deref().unwrap_or_default())?;
        let now = cx.clock.now();
        if self.ramp {
            ramp::demand_may_wait(newsletter)?;
        }
        if !self.dry_run {
            cx.demand_real_settings()?;
        }
        let store = cx.store().await?;
        let templates = cx.templates()?;
        let mut tx = store.read().await?;
        let articles = proofs::articles_named(&mut tx, &config, &self.article).await?;
        let embargo = advance::until(cx, &mut tx, &articles).await?;
        drop(tx);
        // What goes out under embargo is always approved.
        let needs = newsletter.approval.people().max(i64::from(embargo.is_some()));
        let made_by = match &self.name {
            Some(name) if !self.dry_run => signed_in(cx, name).await?.name,
            _ if needs > 0 => machine_user(),
            _ => "staff".to_owned(),
        };
        let mut tx = store.read().await?;
        let (start_at, wall) = proofs::when_named(&mut tx, &config, newsletter, self.at.as_deref(), now).await?;
        let lists = match embargo {
            Some(until) => {
                let how = (start_at, self.ramp, !self.test.is_empty());
                advance::lists(cx, newsletter, &self.to, until, how)?
            }
            None => proofs::lists_named(newsletter, &self.to)?,
        };
        let decorative = self.decorative.then(|| findings::decision(now));
        let hand = Wish {
            lists,
            subject: self.subject.clone(),
            again: self.again,
            any_hour: self.any_hour,
            wall,
            ramp: self.ramp,
            date: (start_at > now).then_some(start_at),
            test: None,
            decorative,
            advance: embargo,
        };
        let testing = !self.test.is_empty();
        let mut asked = Asked {
            config: &config,
            templates: &templates,
            newsletter,
            articles: &articles,
            wish: hand,
            now,
            or_newest: testing,
            // Who is asked, and who wants to know, is told exactly.
            extent: if self.yes && !self.dry_run { Extent::For(COUNTED_FOR) } else { Extent::All },
        };
        let draft = asked.draft(&mut tx).await?;
        drop(tx);
        let Some(draft) = draft else { return nothing(&store, newsletter).await };
        if testing {
            return super::test_copies::send(cx, &mut asked, &draft, &self.test).await;
        }
        // Where its hours are over it begins with the next.
        let start_at = draft.proof.layout.settings.when.opens(start_at).unwrap_or(start_at);
        if self.ramp {
            ramp::demand_no_hurry(&draft.proof.layout.settings)?;
        }
        let mut tx = store.read().await?;
        let unusual = unusual(&mut tx, draft.survey.copies, 0, now).await?;
        drop(tx);
        // What goes into a folder can be thrown away there.
        let is_real = cx.config.mail.relays.iter().any(|relay| !relay.url.starts_with("folder:"));
        let hold = newsletter.hold.unwrap_or(if is_real { A_MINUTE } else { Span::seconds(0) });
        if !cx.frame.json || !self.dry_run {
            say(cx, &draft, &asked.wish.lists, (start_at, now), hold, needs);
            ramp::say(cx, &draft.proof.layout.settings, draft.survey.copies, unusual, start_at);
        }
        if self.dry_run {
            if cx.frame.json {
                output::json(&plan(&draft, &asked.wish.lists, start_at, unusual))?;
            } else {
                output::line("Nothing was sent: this was a dry run.")?;
                if let Err(refusal) = findings::demand_none_holds(&draft.proof.findings) {
                    output::line(format!("Without --dry-run it would be refused: {refusal}"))?;
                }
            }
            // Who asks in a script whether it would go hears that it would not.
            let refused = findings::demand_none_holds(&draft.proof.findings).is_err();
            return Ok(if refused { Exit::Failed } else { Exit::Done });
        }
        if draft.survey.copies == 0 {
            return Err(Usage(nobody(&draft)).into());
        }
        findings::demand_none_holds(&draft.proof.findings)?;
        let question = if needs > 0 { "Have it approved for" } else { "Send to" };
        if !self.yes && !confirm(&format!("{question} {}?", people(draft.survey.copies)))? {
            anyhow::bail!("nothing was sent");
        }
        // A manual edition of what is new, to all of its lists, is the newsletter's next edition.
        let takes = articles.is_empty() && self.to.is_empty();
        let scheduled = start_at > now || wall.is_some();
        if needs > 0 {
            let how = How { made_by, needs, held: None, slot: None, start_at, takes };
            return waiting(cx, &store, freeze(&store, asked, draft, &how).await?).await;
        }
        let hold = if scheduled { Default::default() } else { hold.duration() };
        let copies = draft.survey.copies;
        let brake = if hold.is_zero() { None } else { Some(Brake::new()?) };
        let start_at = if scheduled { start_at } else { cx.clock.now() + hold };
        let edition =
            freeze(&store, asked, draft, &How { made_by, needs, held: None, slot: None, start_at, takes }).await?;
        if brake.is_none() && !scheduled {
            deliver(cx, &store, edition, copies).await?;
            return report(cx, &store, edition).await;
        }
        let recipients = fill::fill(&store, edition, |_| ()).await?;
        let mut tx = store.write().await?;
        wish(&mut tx).await?;
        tx.commit().await?;
        if let Some(brake) = brake {
            match brake.wait(cx, &store, edition, start_at).await? {
                Ended::Over => {}
                Ended::CalledOff => return stopped(cx, &store, edition).await,
                Ended::Stopped(state) => {
                    output::note(format!("Another command stopped it: it is {state}."));
                    report(cx, &store, edition).await?;
                    return Ok(Exit::Failed);
                }
            }
        }
        if scheduled {
            let word = format!(
                "Edition {edition} goes to {}, {}, while `herald run` is running, or with the first `herald once` after that. `herald editions cancel {edition}` takes it back.",
                people(recipients),
                begins(cx, wall, start_at)
            );
            if cx.frame.json {
                report(cx, &store, edition).await?;
            } else {
                output::line(word)?;
            }
            return Ok(Exit::Done);
        }
        deliver(cx, &store, edition, recipients).await?;
        report(cx, &store, edition).await
    }
}

/// It is made, and waits for those who must approve it: they are told.
async fn waiting(cx: &mut Context, store: &Store, edition: i64) -> anyhow::Result<Exit> {
    let templates = cx.templates()?;
    let words = Words { config: &cx.config, templates: &templates };
    let told = tell::ask(store, words, cx.clock.now()).await?.contains(&edition);
    if cx.frame.json {
        return report(cx, store, edition).await;
    }
    output::line(format!(
        "Edition {edition} waits for approval: `herald editions approve {edition} --as NAME` is for somebody who did not make it."
    ))?;
    output::line(match told {
        true => "They get a mail, while `herald run` is running, or with the next `herald once`.",
        false => "Nobody may approve it yet: `herald staff add NAME --email ADDRESS --role approver` makes an account.",
    })?;
    Ok(Exit::Done)
}

/// Takes it back before it went out.
async fn stopped(cx: &Context, store: &Store, edition: i64) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let row = editions::by_id(&mut tx, edition).await?;
    drop(tx);
    if let Some(row) = row {
        call_off(cx, store, &row).await?;
    }
    output::note("Stopped: nothing was sent.");
    report(cx, store, edition).await?;
    Ok(Exit::Failed)
}

/// Freezes the edition; where an article changed or another edition was made meanwhile, it is laid out again.
async fn freeze(store: &Store, asked: Asked<'_>, draft: Draft, how: &How) -> anyhow::Result<i64> {
    let mut tx = store.write().await?;
    editions::ensure_newsletters(&mut tx, &[&asked.newsletter.name], asked.now).await?;
    tx.commit().await?;
    let mut draft = Some(draft);
    for _ in 0..TRIES {
        // A newsletter that was not known when it was laid out has its number now.
        if let Some(draft) = draft.take().filter(|draft| draft.proof.layout.row.id != 0)
            && findings::demand_none_holds(&draft.proof.findings).map(|()| true)?
            && let Some(edition) = compose::freeze(store, &draft.proof, how).await?
        {
            return Ok(edition);
        }
        let mut tx = store.read().await?;
        draft = asked.draft(&mut tx).await?;
        if draft.is_none() {
            break;
        }
    }
    Err(anyhow::anyhow!("the articles or editions of “{}” changed while it was to be sent", asked.newsletter.name))
        .advise("Nothing was sent. Look again with --dry-run, and send it once more.")
}

async fn nothing(store: &Store, newsletter: &Newsletter) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let last = match editions::newsletter_id(&mut tx, &newsletter.name).await? {
        Some(id) => editions::latest(&mut tx, id).await?,
        None => None,
    };
    let since = last.map_or(String::new(), |last| format!(" since its edition no. {}", last.number));
    Err(anyhow::anyhow!("nothing is new to “{}”{since}", newsletter.name)).advise(
        "Nothing was sent. Name articles with --article (`herald articles list` shows them), or read the sources first: herald once.",
    )
}

fn nobody(draft: &Draft) -> String {
    let survey = &draft.survey;
    match survey.people {
        0 => "there is nobody on its lists; bring people in with `herald subscribers import`, or let `herald once` read the lists".to_owned(),
        _ if survey.had_all > 0 => format!(
            "nobody gets a copy: {} already had every story; --again sends it to them once more",
            people(survey.had_all)
        ),
        _ => "nobody gets a copy: nobody chose these topics, or there is nothing in their languages".to_owned(),
    }
}
