//! The program itself, killed with no time for a last word, again and again, while a relay deals every fault; and two of
//! it on one store. `HERALD_TEST_COPIES` says how many people get the edition (1,000 where nothing does).

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use herald::store::Store;
use serde_json::Value;

use crate::world::{Sink, postgres};

/// Connections at once: so many copies may be on the wire when it dies.
const CONNECTIONS: u64 = 4;

/// A newsroom on the disk, with one article and a list.
struct House {
    folder: tempfile::TempDir,
    store: String,
}

impl House {
    /// Every fiftieth of its people has an address that nobody has.
    fn new(store: &str, relay: &str, people: u64) -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let config = format!(
            "[site]\ntitle = \"Office\"\nurl = \"http://127.0.0.1:8080\"\nlanguages = [\"en\"]\naddress = \"Street 1\"\n\
             [store]\nurl = \"{store}\"\n[[sources]]\nname = \"newsroom\"\nkind = \"folder\"\npath = \"articles\"\n\
             [[lists]]\nname = \"public\"\nfile = \"people.csv\"\n[[newsletters]]\nname = \"daily\"\ntitle = \"Daily\"\n\
             lists = [\"public\"]\nschedule = \"0 7 * * *\"\n[mail]\nfrom = \"Office <news@office.test>\"\nsandbox = true\n\
             [[mail.relays]]\nname = \"trial\"\nurl = \"{relay}\"\nconnections = {CONNECTIONS}\n"
        );
        std::fs::write(at("config.toml"), config).expect("config.toml");
        std::fs::create_dir(at("articles")).expect("articles/");
        let article = "---\ntitle: Bridge open again\ndate: 2026-01-05\n---\n\nThe bridge is open.\n";
        std::fs::write(at("articles/bridge.md"), article).expect("an article");
        let name = |n: u64| if n.is_multiple_of(50) { format!("bad{n}") } else { format!("r{n}") };
        let rows: String = (1..=people).map(|n| format!("{}@readers.test\n", name(n))).collect();
        std::fs::write(at("people.csv"), format!("email\n{rows}")).expect("a list");
        House { folder, store: store.to_owned() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_herald"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HERALD_")) {
            command.env_remove(name);
        }
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        command
    }

    fn say(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    /// Makes what is due, and delivers.
    fn start(&self) -> Child {
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        self.command(&["once", "--now", "--yes"]).stdout(Stdio::null()).stderr(log).spawn().expect("it starts")
    }

    /// What waits for its time may go now.
    async fn time_passes(&self) {
        let store = Store::open(&self.store, self.folder.path()).await.expect("the store");
        let mut tx = store.write().await.expect("a transaction");
        tx.q("UPDATE deliveries SET next_at = 0 WHERE state IN (3, 7)").execute().await.expect("a moment");
        tx.commit().await.expect("a commit");
        store.close().await;
    }

    fn audit(&self) -> Value {
        let output = self.say(&["--json", "editions", "audit", "1"]);
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn copies() -> u64 {
    std::env::var("HERALD_TEST_COPIES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000)
}

const FAULTS: &[&str] = &[
    "--conn421",
    "0.03",
    "--rcpt451",
    "0.02",
    "--rcpt550",
    "bad*",
    "--data451",
    "0.01",
    "--drop-before",
    "0.005",
    "--drop-lost",
    "0.005",
    "--drop-after",
    "0.005",
    "--slow-ms",
    "1",
    "--max-msgs",
    "200",
];

/// Starts it and kills it until nothing waits.
#[allow(clippy::print_stdout)] // the figures, for who asks for many copies
async fn killed(store: &str) {
    let people = copies();
    let sink = Sink::start(FAULTS);
    let house = House::new(store, &sink.url, people);
    let begun = Instant::now();
    let mut kills = 0;
    for round in 0u64.. {
        assert!(round < 2000, "it does not come to an end: {}", house.audit());
        let mut child = house.start();
        let before = sink.count("/accepted");
        // Near the end it is left alone now and then; else it dies after so many copies, or so early that none has left.
        let goal = before + people / 30 + round * 37 % 40;
        let early = Duration::from_millis(20 + round * 53 % 300);
        let started = Instant::now();
        let ended = loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
            if let Some(status) = child.try_wait().expect("its state") {
                break Some(status);
            }
            match round % 7 {
                6 if before * 10 > people * 8 => {}
                0 if started.elapsed() >= early => break None,
                0 => {}
                _ if sink.count("/accepted") >= goal => break None,
                _ => {}
            }
        };
        match ended {
            None => {
                child.kill().expect("kill -9");
                child.wait().expect("its end");
                kills += 1;
            }
            Some(status) => {
                // 3: the relay would not be worked with just then.
                assert!(matches!(status.code(), Some(0 | 3)), "{status}: {}", house.log());
                let audit = house.audit();
                if audit["waiting"] == 0 && audit["counts"]["unknown"] == 0 && audit["recipients"] == people {
                    break;
                }
                house.time_passes().await;
            }
        }
    }
    let (bad, audit) = (people / 50, house.audit());
    let (lost, twice) = (sink.count("/faults/drop-lost"), sink.count("/duplicates"));
    println!(
        "{people} copies, {kills} kills, {lost} answers lost: {twice} came twice, in {:.1} s; {}; {audit}",
        begun.elapsed().as_secs_f64(),
        sink.summary()
    );
    assert_eq!(audit["counts"]["sent"], people - bad, "{audit}");
    assert_eq!((&audit["counts"]["failed"], &audit["differences"]), (&bad.into(), &serde_json::json!([])), "{audit}");
    assert_eq!(house.say(&["editions", "audit", "1"]).status.code(), Some(0));
    assert_eq!(sink.count("/unique_rcpts"), people - bad, "none is lost");
    assert!(kills >= 5, "it was killed {kills} times");
    assert!(twice <= kills * CONNECTIONS + lost, "{twice} twice, of {kills} kills and {lost} lost answers");
    assert_eq!(sink.count("/duplicate_pairs"), twice, "each with the Message-ID it had");
    sink.is_content();
    assert!(!house.log().contains("panicked"), "{}", house.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_amid_every_fault_it_loses_none_and_the_audit_is_exact() {
    killed("sqlite://herald.db").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_amid_every_fault_on_postgresql_too() {
    if let Some(url) = postgres().await {
        killed(&url).await;
    }
}

/// Whether `child` is at work on the store.
fn is_at_work(folder: &Path) -> bool {
    std::fs::metadata(folder.join("herald.db.lock")).is_ok_and(|lock| lock.len() > 0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_one_on_the_same_file_is_refused_and_says_which_is_there() {
    let sink = Sink::start(&["--slow-ms", "20"]);
    let house = House::new("sqlite://herald.db", &sink.url, 400);
    let mut first = house.start();
    while !is_at_work(house.folder.path()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for command in ["once", "run"] {
        let second = house.say(&[command]);
        let said = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("process {}", first.id())), "{said}");
    }
    assert!(first.wait().expect("its end").success(), "{}", house.log());
    assert_eq!((sink.count("/unique_rcpts"), sink.count("/duplicates")), (400, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_on_one_postgresql_send_each_copy_once() {
    let Some(url) = postgres().await else { return };
    let sink = Sink::start(&["--slow-ms", "2"]);
    let house = House::new(&url, &sink.url, 1000);
    let mut both = [house.start(), house.start()];
    for child in &mut both {
        assert!(child.wait().expect("its end").success(), "{}", house.log());
    }
    // Whoever was quicker made the edition; the other may have ended before it was there.
    assert!(house.start().wait().expect("its end").success(), "{}", house.log());
    sink.has_each_once(1000);
    let audit = house.audit();
    assert_eq!((&audit["counts"]["sent"], &audit["differences"]), (&1000.into(), &serde_json::json!([])), "{audit}");
    let editions: Value = serde_json::from_slice(&house.say(&["--json", "editions", "list"]).stdout).expect("JSON");
    assert_eq!(editions.as_array().map(Vec::len), Some(1), "{editions}");
}
