//! `herald newsletters`

use chrono_tz::Tz;
use clap::Subcommand;
use serde::Serialize;

use super::{Context, Exit, Table, Usage, output};
use crate::clock::Instant;
use crate::config::{Approval, Config, Newsletter, Schedule};
use crate::edition::slots::{Slot, Slots};
use crate::store::editions::{self, Edition, states};
use crate::store::{Tx, subscribers};

/// How many of the next send times are shown.
const NEXT: usize = 5;

/// Looks at newsletters and when they go next.
#[derive(Debug, clap::Args)]
pub struct Newsletters {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `herald newsletters` can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Every newsletter, with its next five send times.
    List,
    /// One newsletter.
    Show {
        /// Its name.
        name: String,
    },
}

/// One newsletter as it stands.
#[derive(Debug, Serialize)]
struct Standing {
    name: String,
    title: String,
    schedule: String,
    timezone: String,
    lists: Vec<String>,
    people: i64,
    last: Option<Last>,
    /// The next send times, with the offset of the newsletter's zone.
    next: Vec<String>,
    #[serde(skip)]
    shown: Vec<String>,
}

/// Its last edition.
#[derive(Debug, Serialize)]
struct Last {
    id: i64,
    number: i64,
    state: editions::State,
    composed_at: Instant,
    subject: String,
    recipients: i64,
    sent: i64,
}

impl Newsletters {
    /// Looks at newsletters and when they go next.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let store = cx.store().await?;
        let mut tx = store.read().await?;
        let now = cx.clock.now();
        match self.action {
            Action::List => {
                let mut all = Vec::new();
                for newsletter in &cx.config.newsletters {
                    all.push(standing(&mut tx, &cx.config, newsletter, now).await?);
                }
                if cx.frame.json { output::json(&all)? } else { table(cx, &all)? }
            }
            Action::Show { name } => {
                let newsletter = named(&cx.config, &name)?;
                let standing = standing(&mut tx, &cx.config, newsletter, now).await?;
                if cx.frame.json { output::json(&standing)? } else { show(cx, newsletter, &standing)? }
            }
        }
        Ok(Exit::Done)
    }
}

/// The newsletter of that name in the configuration.
///
/// # Errors
/// There is none; the names there are.
pub(super) fn named<'c>(config: &'c Config, name: &str) -> anyhow::Result<&'c Newsletter> {
    config.newsletter(name).ok_or_else(|| {
        let names: Vec<&str> = config.newsletters.iter().map(|n| n.name.as_str()).collect();
        let known = match names.is_empty() {
            true => "config.toml has no [[newsletters]]".to_owned(),
            false => format!("there are: {}", names.join(", ")),
        };
        Usage(format!("there is no newsletter “{name}”; {known}")).into()
    })
}

async fn standing(tx: &mut Tx, config: &Config, newsletter: &Newsletter, now: Instant) -> anyhow::Result<Standing> {
    let zone = newsletter.zone(config.site.timezone);
    let id = editions::newsletter_id(tx, &newsletter.name).await?;
    let people = subscribers::audience_count(tx, id.unwrap_or(0), &newsletter.lists, &newsletter.name).await?;
    let last = match id {
        Some(id) => editions::latest(tx, id).await?,
        None => None,
    };
    let schedule = match &newsletter.schedule {
        Schedule::Immediate => "immediate".to_owned(),
        Schedule::Manual => "manual".to_owned(),
        Schedule::Cron(line) => line.clone(),
    };
    let zones = match newsletter.is_by_subscriber() {
        true => subscribers::zones(tx, &newsletter.lists).await?,
        false => Vec::new(),
    };
    let times = Slots::of(config, newsletter, &zones)?.map_or(Vec::new(), |slots| slots.upcoming(now, NEXT));
    Ok(Standing {
        name: newsletter.name.clone(),
        title: newsletter.title.get(&config.language()).to_owned(),
        schedule,
        timezone: if newsletter.is_by_subscriber() { "subscriber".to_owned() } else { zone.name().to_owned() },
        lists: newsletter.lists.clone(),
        people,
        last: match last {
            Some(last) => Some(last_of(tx, last).await?),
            None => None,
        },
        next: times.iter().map(|slot| slot.at.with_timezone(&zone).to_rfc3339()).collect(),
        shown: times.iter().map(|slot| shown(*slot, zone)).collect(),
    })
}

async fn last_of(tx: &mut Tx, edition: Edition) -> anyhow::Result<Last> {
    let sent = states::counts(tx, edition.id).await?.sent;
    Ok(Last {
        id: edition.id,
        number: edition.number,
        state: edition.state,
        composed_at: edition.composed_at,
        subject: edition.subject,
        recipients: edition.recipients,
        sent,
    })
}

/// `Mon 2026-03-02 07:00 CET`
fn weekday(at: Instant, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %Y-%m-%d %H:%M %Z").to_string()
}

/// `Mon 2026-03-02 07:00 CET`, or `Mon 2026-03-02 07:00, the first readers at Mon 2026-03-02 02:15 CET`
fn shown(slot: Slot, zone: Tz) -> String {
    match slot.wall {
        Some(wall) => format!("{}, for the first readers {}", wall.format("%a %Y-%m-%d %H:%M"), weekday(slot.at, zone)),
        None => weekday(slot.at, zone),
    }
}

/// When it goes, for one that has no times.
fn without_times(standing: &Standing) -> &'static str {
    match standing.schedule.as_str() {
        "immediate" => "as soon as something is published",
        "manual" => "when staff send it",
        _ => "never",
    }
}

fn table(cx: &Context, all: &[Standing]) -> anyhow::Result<()> {
    if all.is_empty() {
        return output::line("No newsletters. Add [[newsletters]] to config.toml; `herald config explain` says how.");
    }
    let mut table = Table::new(["NAME", "TITLE", ">PEOPLE", "LAST EDITION", "GOES NEXT"]);
    for standing in all {
        let last = standing.last.as_ref().map_or("none yet".to_owned(), |last| {
            format!("no. {}, {} ({})", last.number, cx.when(last.composed_at), last.state)
        });
        let mut next = standing.shown.iter().cloned();
        table.row([
            standing.name.clone(),
            standing.title.clone(),
            standing.people.to_string(),
            last,
            next.next().unwrap_or_else(|| without_times(standing).to_owned()),
        ]);
        for later in next {
            table.row([String::new(), String::new(), String::new(), String::new(), later]);
        }
    }
    table.print()
}

fn show(cx: &Context, newsletter: &Newsletter, standing: &Standing) -> anyhow::Result<()> {
    output::line(format!("{}: {}", standing.name, standing.title))?;
    let people = if standing.people == 1 { "1 person".to_owned() } else { format!("{} people", standing.people) };
    output::line(format!("  Goes to       {people} on {}", standing.lists.join(", ")))?;
    match standing.shown.is_empty() {
        true => output::line(format!("  Goes next     {}", without_times(standing)))?,
        false => {
            let clock = match newsletter.is_by_subscriber() {
                true => "by each reader's own clock",
                false => &standing.timezone,
            };
            output::line(format!("  Schedule      {} ({clock})", standing.schedule))?;
            for (n, time) in standing.shown.iter().enumerate() {
                output::line(format!("  {}{time}", if n == 0 { "Goes next     " } else { "              " }))?;
            }
        }
    }
    if let Some(window) = newsletter.window {
        output::line(format!("  Hours         copies go from {window} only"))?;
    }
    if !newsletter.not_on.is_empty() {
        output::line(format!("  Not on        {}", newsletter.not_on.join(", ")))?;
    }
    output::line(format!(
        "  An edition    {} to {} stories, none older than {}; the first: the newest {}",
        newsletter.min_items,
        newsletter.max_items,
        newsletter.max_age(),
        newsletter.first_edition
    ))?;
    if let Some(ready) = newsletter.ready {
        output::line(format!("  Drafted       {ready} before its time"))?;
    }
    match newsletter.approval {
        Approval::None => {}
        Approval::Other => output::line("  Approval      by one who did not make it")?,
        Approval::Two => output::line("  Approval      by two who did not make it")?,
    }
    if !newsletter.advance.is_empty() {
        output::line(format!(
            "  In advance    to {}, of what is under embargo, by hand",
            newsletter.advance.join(", ")
        ))?;
    }
    match &standing.last {
        None => output::line("  Last edition  none yet"),
        Some(last) => output::line(format!(
            "  Last edition  no. {} of {} ({}), handed to the mail server: {} of {}\n                “{}”; more: herald editions show {}",
            last.number,
            cx.when(last.composed_at),
            last.state,
            last.sent,
            last.recipients,
            last.subject,
            last.id
        )),
    }
}
