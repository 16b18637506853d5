//! `herald send`: a manual edition.
//!
//! 1. What would go out, and to how many, is looked up and said; `--dry-run` ends here.
//! 2. It is asked for, unless `--yes`.
//! 3. The edition is frozen and its deliveries made, as the schedule does it.
//! 4. It is held for a while, in which it can be stopped (`hold`).
//! 5. Where a daemon runs it delivers, and is followed; else this command does.

use std::io::IsTerminal;
use std::time::Duration;

use chrono::NaiveDateTime;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::editions::{call_off, words};
use super::hold::{Brake, Ended};
use super::newsletters::named;
use super::proofs::{self, Asked, Draft};
use super::signed::{machine_user, signed_in};
use super::{Advice, Context, Exit, Usage, bar, confirm, findings, output, ramp};
use crate::article::Language;
use crate::clock::Instant;
use crate::config::{Newsletter, Span};
use crate::delivery::{self, Hand, Progress};
use crate::edition::compose::{self, How, Wish};
use crate::edition::ramp::unusual;
use crate::edition::tell::{self, Words};
use crate::edition::{check, fill};
use crate::service::{Lock, LockError};
use crate::store::editions::findings::Finding;
use crate::store::editions::ramp::Day;
use crate::store::editions::{self, State, states};
use crate::store::{Store, wish};
use crate::wake::Wake;

/// How long an edition by hand can be stopped where the newsletter does not say.
const A_MINUTE: Span = Span::seconds(60);
/// How often an edition that a daemon delivers is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How often a line is written where no terminal shows a bar.
const LINE: Duration = Duration::from_secs(10);
/// How long a daemon may do nothing before it is no longer waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is tried to freeze an edition whose articles change meanwhile.
const TRIES: usize = 3;

/// Sends an edition by hand.
#[derive(Debug, clap::Args)]
pub struct Send {
    /// The newsletter.
    pub newsletter: String,
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

/// What would go out, for `--json` with `--dry-run`.
#[derive(Serialize)]
struct Plan<'a> {
    newsletter: &'a str,
    number: i64,
    subject: String,
    stories: &'a [String],
    left_out: usize,
    lists: &'a [String],
    start_at: Instant,
    people: i64,
    recipients: i64,
    had_some: i64,
    had_all: i64,
    not_theirs: i64,
    languages: std::collections::BTreeMap<String, i64>,
    /// How many the largest edition of the last thirty days went to, where this one is unusually large beside it.
    unusual: Option<i64>,
    /// What goes on which day, by a ramp.
    ramp: Vec<Day>,
    /// What was found in it, the gravest first.
    findings: &'a [Finding],
    /// Why it would not be sent as it is.
    refused: Option<String>,
}

impl Send {
    /// Sends an edition by hand.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let config = cx.config.clone();
        let newsletter = named(&config, &self.newsletter)?;
        let lists = proofs::lists_named(newsletter, &self.to)?;
        let now = cx.clock.now();
        if self.ramp {
            ramp::demand_may_wait(newsletter)?;
        }
        if !self.dry_run {
            cx.demand_real_settings()?;
        }
        let needs = newsletter.approval.people();
        let made_by = match &self.name {
            Some(name) if !self.dry_run => signed_in(cx, name).await?.name,
            _ if needs > 0 => machine_user(),
            _ => "staff".to_owned(),
        };
        let store = cx.store().await?;
        let templates = cx.templates()?;
        let mut tx = store.read().await?;
        let (start_at, wall) = proofs::when_named(&mut tx, &config, newsletter, self.at.as_deref(), now).await?;
        let articles = proofs::articles_named(&mut tx, &self.article).await?;
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
            return Ok(Exit::Done);
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
        let brake = if hold.is_zero() { None } else { Some(Brake::new()?) };
        let start_at = if scheduled { start_at } else { cx.clock.now() + hold };
        let edition =
            freeze(&store, asked, draft, &How { made_by, needs, held: None, slot: None, start_at, takes }).await?;
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

fn people(count: i64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// What goes to how many, on standard error: it is said before anything is asked.
fn say(cx: &Context, draft: &Draft, lists: &[String], (start_at, now): (Instant, Instant), hold: Span, needs: i64) {
    let (proof, survey) = (&draft.proof, &draft.survey);
    let when = &proof.layout.settings.when;
    let hours = when.window.filter(|_| when.opens(now).is_some() && when.wall.is_none());
    let zone = when.zone();
    let day = start_at.with_timezone(&zone).date_naive();
    let is_off = cx.config.newsletter(&proof.layout.row.name).is_some_and(|newsletter| newsletter.days_off.hold(day));
    let when = match start_at > now || when.wall.is_some() {
        true => begins(cx, when.wall, start_at),
        false if needs > 0 => "once it is approved".to_owned(),
        false if hold.duration().is_zero() => "now".to_owned(),
        false => format!("{hold} after you say yes"),
    };
    let title = proof.layout.settings.title.get(&cx.config.language()).or(proof.layout.settings.title.values().next());
    output::note(format!(
        "“{}” no. {}, {when}, to {} on {}:",
        title.map_or("", String::as_str),
        proof.number,
        people(survey.copies),
        lists.join(", ")
    ));
    if let Some(hours) = hours {
        output::note(format!(
            "  It goes from {hours} ({}) only; --any-hour sends it at once.",
            if proof.layout.settings.when.by_subscriber { "by each reader's own clock" } else { zone.name() }
        ));
    }
    if is_off {
        output::note(format!("  {day} is a day off (not_on); by hand it goes all the same."));
    }
    output::note(format!("  Subject: {}", proof.subject()));
    for (n, title) in proof.titles.iter().enumerate() {
        output::note(format!("  {:>2}. {title}", n + 1));
    }
    if proof.layout.selected.left_out > 0 {
        output::note(format!("  {} more are new and do not fit (max_items).", proof.layout.selected.left_out));
    }
    let languages: Vec<String> = survey.languages.iter().map(|(l, n)| format!("{l} {n}")).collect();
    if languages.len() > 1 {
        output::note(format!("  By language: {}.", languages.join(", ")));
    }
    findings::say(&proof.findings);
    if survey.had_some > 0 {
        let again = if proof.layout.settings.again { "they get it again" } else { "their copies leave that out" };
        output::note(format!("  {} already had some of it; {again}.", people(survey.had_some)));
    }
    if survey.had_all > 0 {
        output::note(format!("  {} already had all of it, and get nothing.", people(survey.had_all)));
    }
    if survey.not_theirs > 0 {
        output::note(format!("  {} chose other topics, or have nothing in their language.", people(survey.not_theirs)));
    }
}

/// When it goes: at an instant, or by each reader's own clock.
fn begins(cx: &Context, wall: Option<NaiveDateTime>, start_at: Instant) -> String {
    match wall {
        Some(wall) => {
            format!("{} by each reader's own clock, the first at {}", wall.format("%Y-%m-%d %H:%M"), cx.when(start_at))
        }
        None => format!("at {}", cx.when(start_at)),
    }
}

fn plan<'a>(draft: &'a Draft, lists: &'a [String], start_at: Instant, unusual: Option<i64>) -> Plan<'a> {
    let (proof, survey) = (&draft.proof, &draft.survey);
    Plan {
        newsletter: &proof.layout.row.name,
        number: proof.number,
        subject: proof.subject(),
        stories: &proof.titles,
        left_out: proof.layout.selected.left_out,
        lists,
        start_at,
        people: survey.people,
        recipients: survey.copies,
        had_some: survey.had_some,
        had_all: survey.had_all,
        not_theirs: survey.not_theirs,
        languages: survey.languages.iter().map(|(l, n): (&Language, &i64)| (l.to_string(), *n)).collect(),
        unusual,
        ramp: ramp::days(&proof.layout.settings, survey.copies, start_at),
        findings: &proof.findings,
        refused: check::reason(&proof.findings),
    }
}

/// Delivers here where no daemon does, and shows how far it is until nothing can be done now.
async fn deliver(cx: &mut Context, store: &Store, edition: i64, recipients: i64) -> anyhow::Result<()> {
    match Lock::take(store) {
        Ok(_lock) => {
            let stop = CancellationToken::new();
            let asked = stop.clone();
            tokio::spawn(async move {
                // Ctrl-C: what is on the wire is finished, the rest waits in the store.
                if tokio::signal::ctrl_c().await.is_ok() {
                    asked.cancel();
                }
            });
            let (config, templates, clock, wake) = (cx.config.clone(), cx.templates()?, cx.clock.clone(), Wake::new());
            let hand = Hand { store, config: &config, templates: &templates, clock: &clock, wake: &wake };
            let progress = Progress::new();
            bar::watch(cx.frame.quiet, &progress, delivery::run_with(hand, stop, true, &progress)).await?;
        }
        Err(LockError::Held { .. }) => {
            let shown = Shown::new(cx.frame.quiet, recipients);
            tokio::select! {
                followed = follow(store, edition, &shown) => followed?,
                _ = tokio::signal::ctrl_c() => output::note(format!(
                    "The running daemon goes on with it; `herald editions pause {edition}` or `cancel {edition}` stops it."
                )),
            }
            shown.end();
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Follows what the daemon does with it, until it is over, nothing can be done now, or the daemon does nothing.
async fn follow(store: &Store, edition: i64, progress: &Shown) -> anyhow::Result<()> {
    let (mut before, mut still) = (None, Duration::ZERO);
    loop {
        let (state, counts) = standing(store, edition).await?;
        progress.show(&counts);
        let idle = counts.queued == 0 && counts.sending == 0;
        if idle || !matches!(state, State::Queued | State::Sending) {
            return Ok(());
        }
        still = if before == Some(counts) { still + LOOK } else { Duration::ZERO };
        if still > PATIENCE {
            output::note("The running daemon has not moved it for a minute; it is queued, and its log may say why.");
            return Ok(());
        }
        before = Some(counts);
        tokio::time::sleep(LOOK).await;
    }
}

async fn standing(store: &Store, edition: i64) -> anyhow::Result<(State, states::Counts)> {
    let mut tx = store.read().await?;
    let state = editions::by_id(&mut tx, edition).await?.map_or(State::Cancelled, |edition| edition.state);
    Ok((state, states::counts(&mut tx, edition).await?))
}

async fn report(cx: &Context, store: &Store, edition: i64) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let counts = states::counts(&mut tx, edition).await?;
    let found = editions::findings::of(&mut tx, edition).await?;
    let Some(edition) = editions::by_id(&mut tx, edition).await? else { return Ok(Exit::Failed) };
    let exit = if counts.failed + counts.unknown > 0 { Exit::Partly } else { Exit::Done };
    if cx.frame.json {
        output::json(&serde_json::json!({
            "edition": edition.id,
            "newsletter": edition.newsletter,
            "number": edition.number,
            "state": edition.state,
            "start_at": edition.start_at,
            "subject": edition.subject,
            "recipients": edition.recipients,
            "waiting": counts.waiting(),
            "counts": counts,
            "findings": found,
        }))?;
        return Ok(exit);
    }
    let words: Vec<String> = words(&counts).into_iter().map(|(name, count)| format!("{name} {count}")).collect();
    output::line(format!(
        "{} no. {} (edition {}). {}.",
        edition.newsletter,
        edition.number,
        edition.id,
        words.join(", ")
    ))?;
    if counts.failed > 0 {
        output::line(format!(
            "`herald editions show {} --recipients --state failed` says what came back and why.",
            edition.id
        ))?;
    } else if counts.waiting() > 0 && matches!(edition.state, State::Queued | State::Sending) {
        output::line("What waits is tried again while `herald run` is running, or with the next `herald once`.")?;
    }
    Ok(exit)
}

/// How far a daemon is with it: a bar on a terminal, a line now and then elsewhere.
struct Shown {
    bar: Option<ProgressBar>,
    quiet: bool,
    total: i64,
    last: std::cell::Cell<Duration>,
}

impl Shown {
    fn new(quiet: bool, total: i64) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(total.unsigned_abs());
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} handed over{msg}") {
                bar.set_style(style);
            }
            bar
        });
        Shown { bar, quiet, total, last: std::cell::Cell::new(Duration::ZERO) }
    }

    /// Called once every [`LOOK`].
    fn show(&self, counts: &states::Counts) {
        let returned = match counts.failed {
            0 => String::new(),
            n => format!(", returned {n}"),
        };
        match &self.bar {
            Some(bar) => {
                bar.set_position(counts.sent.unsigned_abs());
                bar.set_message(returned);
            }
            None if self.quiet => {}
            None => {
                self.last.set(self.last.get() + LOOK);
                if self.last.get() >= LINE {
                    self.last.set(Duration::ZERO);
                    output::note(format!("{} of {} handed over{returned}", counts.sent, self.total));
                }
            }
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
