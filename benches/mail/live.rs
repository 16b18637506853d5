//! The daemon at work on an edition to many: how soon its first copy leaves, and how soon an alert and a letter of the house's own
//! leave while it is half out.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use herald::clock::Clock;
use herald::config::Config;
use herald::mail::Letter;
use herald::store::{Store, post, wish};

use super::peers::{Server, Sink};

/// People on the list of the alert.
const ALERTED: u64 = 10_000;
/// Copies that have left before the alert is sent.
const HALF_OUT: u64 = 5_000;
/// Nothing is waited for longer.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a tap has seen go by, and when.
#[derive(Default)]
struct Seen {
    recipients: u64,
    first: Option<Instant>,
    alert: Option<Instant>,
    letter: Option<Instant>,
}

/// Stands before a server and sees the recipients go by.
#[derive(Clone, Default)]
struct Tap(Arc<(Mutex<Seen>, Condvar)>);

impl Tap {
    fn start(&self, server: u16) -> Result<u16, Box<dyn Error>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let tap = self.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else { continue };
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                let (Ok(mut from), Ok(mut to)) = (near.try_clone(), far.try_clone()) else { continue };
                let seen = tap.clone();
                std::thread::spawn(move || seen.pass(&mut from, &mut to, true));
                let (silent, mut far, mut near) = (tap.clone(), far, near);
                std::thread::spawn(move || silent.pass(&mut far, &mut near, false));
            }
        });
        Ok(port)
    }

    fn pass(&self, from: &mut TcpStream, to: &mut TcpStream, look: bool) {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            if look {
                self.look(&piece[..length]);
            }
            if to.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }

    /// An envelope is one write of Herald's; one that a piece cuts in two is missed, which makes it look later, not sooner.
    fn look(&self, piece: &[u8]) {
        let mut seen = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        for at in memchr::memmem::find_iter(piece, b"RCPT TO:<") {
            let to = &piece[at + 9..];
            let first = match to {
                [b'a', b'l', b'e', b'r', b't', ..] => &mut seen.alert,
                [b'd', b'e', b's', b'k', ..] => &mut seen.letter,
                _ => &mut seen.first,
            };
            first.get_or_insert_with(Instant::now);
            seen.recipients += 1;
        }
        self.0.1.notify_all();
    }

    /// Waits until it has seen something; what that was.
    fn wait<T>(&self, what: impl Fn(&Seen) -> Option<T>) -> Result<T, Box<dyn Error>> {
        let begun = Instant::now();
        let mut seen = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = what(&seen) {
                return Ok(found);
            }
            if begun.elapsed() > PATIENCE {
                return Err("nothing came in ten minutes".into());
            }
            seen = self.0.1.wait_timeout(seen, Duration::from_secs(1)).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A process that ends with us.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

/// Runs the daemon on an edition to `people`, and prints how soon what leaves.
pub fn run(people: u64, write: impl Fn(&Path, u16) -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let sink = Sink::start(Server::Counting)?;
    let tap = Tap::default();
    let folder = tempfile::tempdir()?;
    write(folder.path(), tap.start(sink.port())?)?;
    add_alerts(folder.path())?;
    super::part("list", folder.path())?;
    let daemon = Running(herald(folder.path(), &["run"])?);
    std::thread::sleep(Duration::from_secs(2));
    let begun = Instant::now();
    let sending = Running(herald(folder.path(), &["send", "daily", "--yes"])?);
    let first = tap.wait(|seen| seen.first)? - begun;
    tap.wait(|seen| (seen.recipients > HALF_OUT).then_some(()))?;
    let begun = Instant::now();
    let now = Clock::system().now().to_rfc3339();
    let news = format!("---\ntitle: The bridge is closed\ndate: {now}\npriority: breaking\n---\n\nUntil tomorrow.\n");
    std::fs::write(folder.path().join("articles/bridge.md"), news)?;
    let alert = tap.wait(|seen| seen.alert)? - begun;
    let begun = Instant::now();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(enqueue(folder.path()))?;
    let letter = tap.wait(|seen| seen.letter)? - begun;
    drop((sending, daemon));
    println!("an edition to {people} while `herald run` runs");
    println!("  from `send` to its first copy:                                 {:.2} s", first.as_secs_f64());
    println!(
        "  half out: from a saved article to the first copy of an alert to {ALERTED}: {:.2} s",
        alert.as_secs_f64()
    );
    println!("  half out: from writing a letter of the house's own to its envelope: {:.2} s", letter.as_secs_f64());
    Ok(())
}

/// A second list and a newsletter of alerts beside the first.
fn add_alerts(folder: &Path) -> Result<(), Box<dyn Error>> {
    let [public, staff] = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr()));
    let file = folder.join("config.toml");
    let config = std::fs::read_to_string(&file)?.replacen(
        "schedule = \"0 7 * * *\"",
        "schedule = \"manual\"\nhold = \"0s\"",
        1,
    ) + &format!(
        "[listen]\npublic = \"{}\"\nstaff = \"{}\"\n[[lists]]\nname = \"alerted\"\nfile = \"subscribers/alerted.csv\"\n\
             [[newsletters]]\nname = \"alerts\"\ntitle = \"Alerts\"\nlists = [\"alerted\"]\nschedule = \"immediate\"\n\
             template = \"alert\"\n",
        public?, staff?
    );
    std::fs::write(file, config)?;
    let mut list = String::from("email\n");
    for number in 0..ALERTED {
        list.push_str(&format!("alert{number}@readers.example\n"));
    }
    Ok(std::fs::write(folder.join("subscribers/alerted.csv"), list)?)
}

fn herald(folder: &Path, arguments: &[&str]) -> Result<Child, Box<dyn Error>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_herald"));
    command.arg("--config").arg(folder.join("config.toml")).args(arguments);
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

async fn enqueue(folder: &Path) -> Result<(), Box<dyn Error>> {
    let file = folder.join("config.toml");
    let config = Config::load(&file, &std::fs::read_to_string(&file)?, std::iter::empty::<(String, String)>())?;
    let store = Store::open(&config.store.url, folder).await?;
    let letter = Letter {
        to: "desk@newsroom.example".parse()?,
        to_name: None,
        language: config.language(),
        subject: "Please confirm".to_owned(),
        text: "Please confirm.\n".to_owned(),
        html: None,
    };
    let mut tx = store.write().await?;
    post::enqueue(&mut tx, &letter, Clock::system().now()).await?;
    wish(&mut tx).await?;
    tx.commit().await?;
    store.close().await;
    Ok(())
}
