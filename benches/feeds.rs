//! All feeds of 10,000 articles from cold, after one more article, and with nothing new; and the peak
//! of memory at 10,000 and 100,000. `cargo bench --bench feeds [NUMBER…]`
//!
//! Each number runs in a process of its own, so that the peak is its own. Articles are made by
//! `newsroom`, the same ones each time, and go through the store like any other.

// What a benchmark finds goes to whoever started it.
#![allow(clippy::print_stdout)]

mod measure;
#[path = "feeds/newsroom.rs"]
mod newsroom;

use std::error::Error;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use herald::clock::Clock;
use herald::config::Config;
use herald::feed::{Built, Shelf};
use herald::store::{Store, articles};
use herald::template::Templates;

const CONFIG: &str = r#"
[site]
title = "Newsroom"
url = "https://newsroom.example"
languages = ["en", "sr-Latn", "sr-Cyrl"]
address = "Example Street 1"
"#;

/// Articles in one transaction, as a source reads them.
const BATCH: u64 = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [word, number] = arguments.as_slice()
        && word == "alone"
    {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(alone(number.parse()?));
    }
    let numbers: Vec<u64> = match arguments.is_empty() {
        true => vec![10_000, 100_000],
        false => arguments.iter().map(|argument| argument.parse()).collect::<Result<_, _>>()?,
    };
    let mut peaks: Vec<(u64, f64)> = Vec::new();
    for number in numbers {
        let done = Command::new(std::env::current_exe()?).args(["alone", &number.to_string()]).output()?;
        let said = String::from_utf8(done.stdout)?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into());
        }
        print!("{said}");
        let peak = said.lines().find_map(|line| line.strip_prefix("  peak of memory, MiB: ")).unwrap_or("0");
        peaks.push((number, peak.trim().parse()?));
    }
    if let (Some((few, low)), Some((many, high))) = (peaks.first(), peaks.last())
        && few < many
    {
        println!("peak at {many} to peak at {few}: {:.2}", high / low);
    }
    Ok(())
}

/// One newsroom of `number` articles.
async fn alone(number: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open("sqlite://herald.db", folder.path()).await?;
    let config = Arc::new(Config::load("config.toml".as_ref(), CONFIG, [])?);
    let templates = Arc::new(Templates::for_config(&config)?);
    let clock = Clock::standing(newsroom::published(number));
    println!("{number} articles");
    let begun = Instant::now();
    let mut first = 0;
    while first < number {
        let end = number.min(first + BATCH);
        take(&store, &clock, first..end).await?;
        first = end;
    }
    told("taken in and made public", begun.elapsed());

    let shelf = Shelf::new();
    let (built, cold) = rebuild(&shelf, &store, &config, &templates, &clock).await?;
    told(&format!("all {} feeds, in three formats each, from cold", built.feeds), cold);
    let begun = Instant::now();
    take(&store, &clock, number..number + 1).await?;
    let (built, more) = rebuild(&shelf, &store, &config, &templates, &clock).await?;
    told(
        &format!("after one more article ({} feed built), with its way into the store", built.changed.len()),
        begun.elapsed(),
    );
    let (built, nothing) = rebuild(&shelf, &store, &config, &templates, &clock).await?;
    told(&format!("with nothing new ({} feeds built)", built.changed.len()), nothing);
    println!("  one more to cold: {:.3}", more.as_secs_f64() / cold.as_secs_f64());
    println!("  nothing new to cold: {:.4}", nothing.as_secs_f64() / cold.as_secs_f64());
    println!("  peak of memory, MiB: {:.0}", measure::peak()?);
    Ok(())
}

async fn take(store: &Store, clock: &Clock, numbers: std::ops::Range<u64>) -> Result<(), Box<dyn Error>> {
    let drafts: Vec<_> = numbers.map(newsroom::draft).collect();
    let mut tx = store.write().await?;
    articles::take_in_all(&mut tx, "newsroom", &drafts, clock.now()).await?;
    articles::release_due(&mut tx, clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

async fn rebuild(
    shelf: &Shelf,
    store: &Store,
    config: &Arc<Config>,
    templates: &Arc<Templates>,
    clock: &Clock,
) -> Result<(Built, Duration), Box<dyn Error>> {
    let begun = Instant::now();
    let built = shelf.rebuild(store, config, templates, clock).await?;
    if !built.left_out.is_empty() || !built.failed.is_empty() {
        return Err(format!("{built:?}").into());
    }
    Ok((built, begun.elapsed()))
}

fn told(what: &str, took: Duration) {
    println!("  {what}: {:.1} ms", took.as_secs_f64() * 1000.0);
}
