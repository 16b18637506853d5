//! `herald feeds`: who reads the feeds, and who is told of changes.

use chrono::Days;
use clap::Subcommand;
use serde::Serialize;

use super::{Context, Exit, Table, output};
use crate::feed::{self, Format, websub};
use crate::store::hub::{self, Pinged, Standing};
use crate::store::readers::{self, Polled};
use crate::store::{Store, Tx};
use crate::template::Templates;

/// Rows of subscribers that are read at once.
const BATCH: i64 = 1_000;

/// Looks at the feeds, who polls them and who is told of changes.
#[derive(Debug, clap::Args)]
pub struct Feeds {
    /// What to look at.
    #[command(subcommand)]
    pub action: Action,
}

/// What `herald feeds` can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// The feeds: their addresses, who subscribes by WebSub, how they are polled.
    List,
    /// Who polls them: kinds of programs, for how many people, how often in vain (304). No address is kept.
    Readers {
        /// So many days, today among them.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=400))]
        days: u64,
    },
    /// Who is told of changes by the WebSub hub, and the hubs elsewhere.
    Subscribers {
        /// Only of this document: news.rss.
        topic: Option<String>,
    },
    /// What was told to how many, and what caches in front had to forget; the last 30 days.
    Pings {
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
    },
}

impl Feeds {
    /// Shows what is asked for.
    ///
    /// # Errors
    /// What the store says.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let store = cx.store().await?;
        match self.action {
            Action::List => list(cx, &store).await,
            Action::Readers { days } => polled(cx, &store, days).await,
            Action::Subscribers { topic } => subscribers(cx, &store, topic.as_deref()).await,
            Action::Pings { limit } => pings(cx, &store, limit).await,
        }
    }
}

/// A feed as `list` shows it.
#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    language: String,
    addresses: Vec<String>,
    subscribers: i64,
    people: i64,
    requests: i64,
    not_modified: i64,
}

async fn list(cx: &Context, store: &Store) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let counted = last(cx, &mut tx, 7).await?;
    let told = hub::standing(&mut tx).await?;
    let mut all = Vec::new();
    let templates = Templates::for_config(&cx.config)?;
    for feed in feed::known(&mut tx, &cx.config, &templates).await? {
        let languages = feed.languages(&cx.config.language());
        let language = languages.first().cloned().unwrap_or_default();
        let topics: Vec<String> = Format::ALL.iter().map(|format| websub::name(&feed.name, *format)).collect();
        let of_feed = || counted.iter().filter(|polled| topics.contains(&polled.topic));
        all.push(Listed {
            title: feed.title.get(&language).to_owned(),
            language: language.to_string(),
            addresses: topics.iter().map(|topic| websub::address_of(&cx.config, topic)).collect(),
            subscribers: told.iter().filter(|(topic, ..)| topics.contains(topic)).map(|(_, count, _)| count).sum(),
            people: of_feed().map(|polled| polled.subscribers).sum(),
            requests: of_feed().map(|polled| polled.requests).sum(),
            not_modified: of_feed().map(|polled| polled.not_modified).sum(),
            name: feed.name,
        });
    }
    if cx.frame.json {
        output::json(&all)?;
        return Ok(Exit::Done);
    }
    let mut table =
        Table::new(["NAME", "TITLE", "LANGUAGE", ">WEBSUB", ">HOSTED", ">ASKED (7 DAYS)", ">304", "ADDRESS"]);
    for feed in all {
        table.row([
            feed.name,
            feed.title,
            feed.language,
            feed.subscribers.to_string(),
            feed.people.to_string(),
            feed.requests.to_string(),
            share(feed.not_modified, feed.requests),
            feed.addresses.into_iter().next().unwrap_or_default(),
        ]);
    }
    table.print()?;
    Ok(Exit::Done)
}

/// What was counted in the last so many days.
async fn last(cx: &Context, tx: &mut Tx, days: u64) -> anyhow::Result<Vec<Polled>> {
    let today = cx.clock.now().with_timezone(&cx.config.site.timezone).date_naive();
    let first = today.checked_sub_days(Days::new(days.saturating_sub(1))).unwrap_or(today);
    Ok(readers::since(tx, first).await?)
}

/// The document of `feeds readers --json`.
#[derive(Serialize)]
struct Report {
    days: u64,
    requests: i64,
    not_modified: i64,
    bytes: i64,
    saved: i64,
    readers: Vec<Polled>,
}

async fn polled(cx: &Context, store: &Store, days: u64) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let readers = last(cx, &mut tx, days).await?;
    let sum = |of: fn(&Polled) -> i64| readers.iter().map(of).sum::<i64>();
    let report = Report {
        days,
        requests: sum(|p| p.requests),
        not_modified: sum(|p| p.not_modified),
        bytes: sum(|p| p.bytes),
        saved: sum(|p| p.saved),
        readers,
    };
    if cx.frame.json {
        output::json(&report)?;
        return Ok(Exit::Done);
    }
    if report.readers.is_empty() {
        output::line("Nobody has asked for a feed yet; `herald run` writes down who does once a minute.")?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["READER", "DOCUMENT", ">PEOPLE", ">ASKED", ">304", ">SENT", ">SAVED"]);
    for one in &report.readers {
        table.row([
            one.agent.clone(),
            one.topic.clone(),
            if one.subscribers > 0 { one.subscribers.to_string() } else { String::new() },
            one.requests.to_string(),
            share(one.not_modified, one.requests),
            size(one.bytes),
            size(one.saved),
        ]);
    }
    table.print()?;
    output::line(format!(
        "{} requests in {days} days, {} of them answered with 304; {} sent, {} saved by that and by compression.",
        report.requests,
        share(report.not_modified, report.requests),
        size(report.bytes),
        size(report.saved)
    ))?;
    Ok(Exit::Done)
}

fn share(part: i64, all: i64) -> String {
    if all == 0 { String::new() } else { format!("{} %", (part * 100 + all / 2) / all) }
}

fn size(bytes: i64) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b < 1_000.0 => format!("{b:.0} B"),
        b if b < 1_000_000.0 => format!("{:.1} kB", b / 1e3),
        b if b < 1_000_000_000.0 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}

/// The document of `feeds subscribers --json`.
#[derive(Serialize)]
struct Subscribed {
    subscribers: Vec<Standing>,
}

async fn subscribers(cx: &Context, store: &Store, topic: Option<&str>) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let (some, last) = hub::subscribers(&mut tx, after, BATCH).await?;
        found.extend(some.into_iter().filter(|one| topic.is_none_or(|topic| one.topic == topic)));
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    if cx.frame.json {
        output::json(&Subscribed { subscribers: found })?;
        return Ok(Exit::Done);
    }
    if found.is_empty() {
        output::line("Nobody subscribes by WebSub yet; readers find the hub by themselves while `herald run` runs.")?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["DOCUMENT", "CALLBACK", "UNTIL", "LAST TOLD", "SAID"]);
    for one in found {
        let said = match one.failing_since {
            Some(since) => format!("not reached since {}: {}", cx.when(since), one.said.unwrap_or_default()),
            None => one.said.unwrap_or_default(),
        };
        table.row([
            one.topic,
            one.callback,
            if one.hub { "(a hub)".to_owned() } else { one.until.map_or(String::new(), |at| cx.when(at)) },
            one.told_at.map_or(String::new(), |at| cx.when(at)),
            said,
        ]);
    }
    table.print()?;
    Ok(Exit::Done)
}

/// The document of `feeds pings --json`.
#[derive(Serialize)]
struct Log {
    pings: Vec<Pinged>,
}

async fn pings(cx: &Context, store: &Store, limit: i64) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let pings = hub::pings(&mut tx, limit).await?;
    if cx.frame.json {
        output::json(&Log { pings })?;
        return Ok(Exit::Done);
    }
    if pings.is_empty() {
        output::line("Nothing was told yet.")?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["WHEN", "DOCUMENT", ">TOLD", ">FAILED", "SAID"]);
    for one in pings {
        table.row([
            cx.when(one.at),
            one.topic,
            one.told.to_string(),
            one.failed.to_string(),
            one.said.unwrap_or_default(),
        ]);
    }
    table.print()?;
    Ok(Exit::Done)
}
