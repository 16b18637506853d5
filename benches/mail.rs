//! A whole edition of 30 KB mails over the wire, beside `smtp-source` with as many connections; and the peak of memory.
//! `cargo bench --bench mail [NUMBER…]`; without a number 10,000 and 100,000. `-- turns`: where each turn takes 20 ms, beside
//! lettre's own connection. `-- narrow`: a receiver that takes three connections and twenty mails in ten seconds (20 minutes).
//! `-- live [NUMBER]`: how soon the first copy, an alert and a letter of the house leave, at 1,000,000.
//!
//! What is timed for Herald is everything from the claim to the mark: the rows in a store on disk, the journal, each
//! copy made for its reader (name, address, links of their own), and the session. `smtp-source` sends one text again and
//! again and keeps nothing. Both go to Postfix's `smtp-sink` and to `examples/counting-sink.rs`, three rounds in turn; the
//! median counts. Signed editions stand beside what the same cores sign with nothing else to do. Each number of people runs in a process of its own, so that the peak is its own.

// What a benchmark finds goes to whoever started it.
#![allow(clippy::print_stdout)]

#[path = "mail/live.rs"]
mod live;
mod measure;
#[path = "mail/peers.rs"]
mod peers;
#[path = "mail/signing.rs"]
mod signing;
#[path = "mail/turns.rs"]
mod turns;

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use herald::clock::Clock;
use herald::config::Config;
use herald::service::Newsroom;
use herald::store::Store;
use peers::{CONNECTIONS, Server, Sink};
use signing::Keys;
use tokio_util::sync::CancellationToken;

/// Rounds of which the median counts.
const ROUNDS: usize = 3;
/// The largest edition that also goes to the slower server.
const TO_BOTH: u64 = 100_000;
/// Stories of an edition; with their summaries about 30 KB of mail.
const STORIES: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let all: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("sink", options)) = all.split_first().map(|(part, options)| (part.as_str(), options)) {
        peers::sink(options);
        return Ok(());
    }
    let arguments: Vec<String> = all.into_iter().filter(|argument| !argument.starts_with("--")).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [part @ ("list" | "read" | "send"), folder] => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            return runtime.block_on(alone(part, folder.as_ref()));
        }
        ["turns"] => return in_turns(2_000),
        ["narrow"] => return narrow(2_000),
        ["live"] => {
            return live::run(1_000_000, |folder, port| write(folder, 1_000_000, port, CONNECTIONS, Keys::None));
        }
        ["live", number] => {
            let people = number.parse()?;
            return live::run(people, |folder, port| write(folder, people, port, CONNECTIONS, Keys::None));
        }
        _ => {}
    }
    let numbers: Vec<u64> = match arguments.is_empty() {
        true => vec![10_000, 100_000],
        false => arguments.iter().map(|argument| argument.parse()).collect::<Result<_, _>>()?,
    };
    let (mut times, mut size) = (Vec::new(), 0);
    for (at, &people) in numbers.iter().enumerate() {
        // The peer's speed does not depend on how many; the larger editions run once, for memory and time a copy.
        let rounds = if at == 0 { ROUNDS } else { 1 };
        let rate = compare(Server::Counting, people, rounds, &mut size)?;
        if people <= TO_BOTH {
            compare(Server::SmtpSink, people, rounds, &mut size)?;
        }
        times.push((people, rate));
    }
    if let Some(&people) = numbers.first() {
        signed(Keys::Rsa, people, size)?;
        signed(Keys::Both, people, size)?;
    }
    if let (Some((few, fast)), Some((many, slow))) = (times.first(), times.last())
        && few < many
    {
        println!("time a copy at {many} to time a copy at {few}: {:.2}", fast / slow);
    }
    Ok(())
}

/// Runs both against `server`, in turn, and prints the ratio; Herald's copies a second. `size`: bytes of a copy, learnt
/// from the server that counts them.
fn compare(server: Server, people: u64, rounds: usize, size: &mut u64) -> Result<f64, Box<dyn Error>> {
    let (mut ours, mut theirs, mut peaks, mut reading) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let sink = Sink::start(server)?;
        let folder = tempfile::tempdir()?;
        write(folder.path(), people, sink.port(), CONNECTIONS, Keys::None)?;
        let read = part("read", folder.path())?;
        let sent = part("send", folder.path())?;
        *size = sink.end()?.unwrap_or(*size);
        ours.push(people as f64 / sent.seconds);
        peaks.push(sent.peak);
        reading.push(read.peak);
        let sink = Sink::start(server)?;
        theirs.push(peers::smtp_source(people.min(20_000), *size, sink.port())?);
    }
    let (our, their) = (median(&mut ours), median(&mut theirs));
    println!("{people} copies of {size} bytes into {}, {CONNECTIONS} connections", server.name());
    println!("  Herald:      {our:.0} copies a second");
    println!("  smtp-source: {their:.0} a second");
    println!("  ratio:       {:.2}", our / their);
    println!(
        "  peak of memory: {:.0} MiB sending, {:.0} MiB reading the list",
        median(&mut peaks),
        median(&mut reading)
    );
    Ok(our)
}

/// Runs an edition where each turn takes 20 ms, beside lettre's own connections.
fn in_turns(people: u64) -> Result<(), Box<dyn Error>> {
    let (mut ours, mut theirs, mut size) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let sink = Sink::start(Server::Counting)?;
        let folder = tempfile::tempdir()?;
        write(folder.path(), people, turns::line(sink.port())?, turns::CONNECTIONS, Keys::None)?;
        part("read", folder.path())?;
        ours.push(people as f64 / part("send", folder.path())?.seconds);
        size = sink.end()?.unwrap_or(size);
        let sink = Sink::start(Server::Counting)?;
        theirs.push(turns::lettre(people, size, turns::line(sink.port())?)?);
        sink.end()?;
    }
    let (our, their) = (median(&mut ours), median(&mut theirs));
    println!("{people} copies of {size} bytes, {} connections, each turn 20 ms", turns::CONNECTIONS);
    println!("  Herald:                  {our:.0} copies a second");
    println!("  lettre's own connection: {their:.0} a second");
    println!("  ratio:                   {:.2}", our / their);
    Ok(())
}

/// Runs an edition against a receiver with narrow limits, and says what it refused.
fn narrow(people: u64) -> Result<(), Box<dyn Error>> {
    let sink = Sink::start(Server::Narrow)?;
    let folder = tempfile::tempdir()?;
    write(folder.path(), people, sink.port(), CONNECTIONS, Keys::None)?;
    part("read", folder.path())?;
    let sent = part("send", folder.path())?;
    let summary = sink.summary()?;
    let number = |key: &str| summary.pointer(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let (connections, mails) = (number("/faults/max-per-ip421"), number("/faults/max-rate421"));
    println!("{people} copies to a receiver of 3 connections and 20 mails in 10 seconds");
    println!(
        "  taken:   {} in {:.0} s; {:.0} s at its limit",
        number("/unique_rcpts"),
        sent.seconds,
        people as f64 / 2.0
    );
    println!(
        "  refused: {connections} of {} connections, {mails} mails for now, none for good",
        number("/connections")
    );
    Ok(())
}

/// Runs a signed edition against the counting server, beside what the same cores sign with nothing else to do.
fn signed(keys: Keys, people: u64, size: u64) -> Result<(), Box<dyn Error>> {
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let sink = Sink::start(Server::Counting)?;
        let folder = tempfile::tempdir()?;
        write(folder.path(), people, sink.port(), CONNECTIONS, keys)?;
        part("read", folder.path())?;
        ours.push(people as f64 / part("send", folder.path())?.seconds);
        sink.end()?;
        limits.push(keys.limit(size)?);
    }
    let (our, limit) = (median(&mut ours), median(&mut limits));
    println!("{people} copies {} into {}, {CONNECTIONS} connections", keys.name(), Server::Counting.name());
    println!("  Herald:       {our:.0} copies a second");
    println!("  only signing: {limit:.0} a second on all cores");
    println!("  ratio:        {:.2}", our / limit);
    Ok(())
}

/// What one run of Herald was.
struct Run {
    seconds: f64,
    peak: f64,
}

/// One part of the work, in a process of its own.
fn part(word: &str, folder: &Path) -> Result<Run, Box<dyn Error>> {
    let done = Command::new(std::env::current_exe()?).arg(word).arg(folder).output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    let said = String::from_utf8(done.stdout)?;
    let (seconds, peak) = said.trim().split_once(' ').ok_or("the run said too little")?;
    Ok(Run { seconds: seconds.parse()?, peak: peak.parse()? })
}

/// Reads the newsroom's articles and list and makes the edition, or sends it.
async fn alone(part: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let file = folder.join("config.toml");
    let config = Config::load(&file, &std::fs::read_to_string(&file)?, std::iter::empty::<(String, String)>())?;
    let store = Store::open(&config.store.url, folder).await?;
    let newsroom = Newsroom::open(Arc::new(config), store, Clock::system()).await?;
    let begun = Instant::now();
    if part != "send" {
        newsroom.read().await?;
        if part == "read" {
            newsroom.compose(true, None).await?;
        }
    } else {
        let sent = newsroom.deliver(CancellationToken::new(), true).await?;
        if sent.sent == 0 || sent.waiting > 0 {
            return Err(format!("this became of the copies: {sent:?}").into());
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    newsroom.site.store.close().await;
    println!("{seconds} {}", measure::peak()?);
    Ok(())
}

/// The newsroom's files.
fn write(folder: &Path, people: u64, port: u16, connections: usize, keys: Keys) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder.join("articles"))?;
    std::fs::create_dir_all(folder.join("subscribers"))?;
    let config = format!(
        "[site]\ntitle = \"Newsroom\"\nurl = \"http://127.0.0.1:8080\"\nlanguages = [\"en\"]\n\
         address = \"Example Street 1\"\n\
         [[sources]]\nname = \"newsroom\"\nkind = \"folder\"\npath = \"articles\"\n\
         [[lists]]\nname = \"public\"\nfile = \"subscribers/public.csv\"\n\
         [[newsletters]]\nname = \"daily\"\ntitle = \"Daily digest\"\nlists = [\"public\"]\nschedule = \"0 7 * * *\"\n\
         first_edition = {STORIES}\n\
         [mail]\nfrom = \"Press <news@newsroom.example>\"\nreturn_path = \"bounces@newsroom.example\"\nsandbox = true\n\
         [[mail.relays]]\nname = \"sink\"\nurl = \"smtp://127.0.0.1:{port}\"\nconnections = {connections}\nper_second = 0\n"
    );
    std::fs::write(folder.join("config.toml"), config + &keys.configure(folder)?)?;
    for number in 0..STORIES {
        let summary = "Two hundred rescuers and forty boats practised an evacuation by night. ".repeat(5);
        let article = format!(
            "---\ntitle: Flood rescue teams train on the Sava, part {number}\ndate: 2026-01-{:02}T08:00:00Z\nsummary: {summary}\n---\n\n{}\n",
            number + 1,
            "The text of the story.\n\n".repeat(20)
        );
        std::fs::write(folder.join(format!("articles/{number}.md")), article)?;
    }
    let mut list = String::from("email,name\n");
    for number in 0..people {
        list.push_str(&format!("reader{number}@readers.example,Reader {number}\n"));
    }
    std::fs::write(folder.join("subscribers/public.csv"), list)?;
    Ok(())
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
