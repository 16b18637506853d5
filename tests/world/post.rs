//! An edition on its way, without the road before it: a store with people and deliveries, and the server that counts
//! what comes (`examples/counting-sink.rs`, run inside this process).

#[allow(dead_code)]
#[path = "../../examples/counting-sink.rs"]
mod sink;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use herald::clock::Clock;
use herald::config::Config;
use herald::delivery::{self, Summary};
use herald::store::Store;
use herald::template::Templates;
use herald::wake::Wake;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// The counting server of one test.
pub struct Sink {
    state: &'static sink::State,
    /// Its address, `smtp://…`.
    pub url: String,
}

impl Sink {
    /// Starts it, with options of `examples/counting-sink.rs`.
    pub fn start(options: &[&str]) -> Sink {
        let options = ["--listen", "127.0.0.1:0"].iter().chain(options).map(|o| (*o).to_owned());
        let (state, at) = sink::start(sink::options(options));
        Sink { state, url: format!("smtp://{at}") }
    }

    /// A number of its summary, by JSON pointer.
    pub fn count(&self, key: &str) -> u64 {
        let summary: Value = serde_json::from_str(&self.state.summary()).expect("a summary");
        summary.pointer(key).and_then(Value::as_u64).unwrap_or_else(|| panic!("{key} in {summary}"))
    }

    /// Its summary, as JSON.
    pub fn summary(&self) -> String {
        self.state.summary()
    }

    /// Every copy came once, and the server had nothing to complain of.
    pub fn has_each_once(&self, people: u64) {
        assert_eq!(self.count("/unique_rcpts"), people, "none is lost");
        assert_eq!(self.count("/duplicates"), 0, "none comes twice");
        self.is_content();
    }

    /// The server had nothing to complain of.
    pub fn is_content(&self) {
        let summary: Value = serde_json::from_str(&self.state.summary()).expect("a summary");
        let violations = summary["violations"].as_object().expect("violations");
        assert!(violations.values().all(|n| n.as_u64() == Some(0)), "{summary}");
    }
}

/// A store with one edition for so many people, and a configuration that leads to a relay.
pub struct Post {
    /// Its folder.
    pub folder: PathBuf,
    _own: Option<tempfile::TempDir>,
    config: Config,
    /// Its store.
    pub store: Store,
    /// Its time; it stands until the test moves it.
    pub clock: Clock,
}

impl Post {
    /// An edition for so many people, in a folder of its own.
    pub async fn new(people: u64, relay: &str) -> Post {
        Post::on(None, people, relay).await
    }

    /// The same on a PostgreSQL of the test's own, or on SQLite where `store` names none.
    pub async fn on(store: Option<&str>, people: u64, relay: &str) -> Post {
        let own = tempfile::tempdir().expect("a folder");
        let folder = own.path().to_owned();
        let post = Post::with(store.unwrap_or("sqlite://herald.db"), &folder, relay, Some(own)).await;
        post.fill(people).await;
        post
    }

    /// Another instance on the same store.
    pub async fn another(&self) -> Post {
        let (folder, config, clock) = (self.folder.clone(), self.config.clone(), self.clock.clone());
        let store = Store::open(&config.store.url, &folder).await.expect("a store");
        Post { folder, _own: None, config, store, clock }
    }

    /// The same store after a restart, with another relay.
    pub async fn with_relay(&self, relay: &str) -> Post {
        let mut post = Post::with(&self.config.store.url, &self.folder, relay, None).await;
        post.clock = self.clock.clone();
        post
    }

    /// The same, asking that name server who receives mail.
    pub fn asking(mut self, resolver: &str) -> Post {
        self.config.mail.resolver = resolver.to_owned();
        self
    }

    /// A newsroom in `folder`, with the settings of its relay as TOML.
    pub async fn at(folder: &Path, relay: &str, own: Option<tempfile::TempDir>) -> Post {
        Post::with("sqlite://herald.db", folder, relay, own).await
    }

    async fn with(store: &str, folder: &Path, relay: &str, own: Option<tempfile::TempDir>) -> Post {
        let text = format!(
            "[site]\ntitle = \"Test\"\nurl = \"https://news.office.test\"\nlanguages = [\"en\"]\naddress = \"Street 1\"\n\
             [store]\nurl = \"{store}\"\n[mail]\nfrom = \"Press <news@office.test>\"\nreturn_path = \"bounces@office.test\"\n\
             [[mail.relays]]\nname = \"trial\"\n{relay}\n"
        );
        let mut config: Config = toml::from_str(&text).expect("a configuration");
        config.folder = folder.to_owned();
        let store = Store::open(store, folder).await.expect("a store");
        let clock = Clock::standing(herald::clock::from_micros(1_772_000_000_000_000));
        Post { folder: folder.to_owned(), _own: own, config, store, clock }
    }

    /// Makes the edition, with a delivery for each.
    pub async fn fill(&self, people: u64) {
        let mut tx = self.store.write().await.expect("a transaction");
        let settings = serde_json::json!({
            "newsletter": "daily", "lists": ["public"], "title": { "en": "Daily digest" }
        });
        let rendering = serde_json::json!({
            "language": "en", "positions": [0], "subjects": [[{ "text": "News of the day" }]],
            "text": [{ "text": ".A line that begins with a dot\n..\n" }, { "text": "text\n".repeat(200) }],
            "html": [{ "text": "<p>word</p>\n".repeat(400) }], "why": "", "boundary": "=_TRIALTRIALTRIALTRIALTRIAL"
        });
        let rows: Vec<_> = (1..=people).map(|id| (id, format!("r{id}@readers.test"))).collect();
        let rows = serde_json::to_string(&rows).expect("rows");
        for sql in [
            "INSERT INTO lists (id, name) VALUES (1, 'public')",
            "INSERT INTO newsletters (id, name, known_since, known_seq) VALUES (1, 'daily', 0, 0)",
        ] {
            tx.q(sql).execute().await.expect(sql);
        }
        let edition = "INSERT INTO editions (id, newsletter, number, state, made_by, composed_at, start_at, subject, settings, hash, \
             audience_upto, filled, recipients) VALUES (1, 1, 1, 'queued', 'staff', 0, 0, 'News', $1, '', $2, 1, $2)";
        let many = people as i64;
        tx.q(edition).bind(settings.to_string()).bind(many).execute().await.expect("an edition");
        let variant = "INSERT INTO edition_variants (edition, number, language, subject, rendering) VALUES (1, 0, 'en', 'News', $1)";
        tx.q(variant).bind(rendering.to_string()).execute().await.expect("a rendering");
        for sql in [
            "INSERT INTO subscribers (id, address, mailbox, created_at) SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 1, 0 FROM json_each($1)",
            "INSERT INTO memberships (list, subscriber, status, decided_by, joined_at) SELECT 1, CAST(value ->> 0 AS BIGINT), 'active', 'file', 0 FROM json_each($1)",
            "INSERT INTO deliveries (edition, subscriber, variant, choice) SELECT 1, CAST(value ->> 0 AS BIGINT), 0, 1 FROM json_each($1)",
        ] {
            tx.q(sql).bind(rows.as_str()).execute().await.expect(sql);
        }
        tx.commit().await.expect("a commit");
    }

    /// Delivers what can be delivered now.
    pub async fn deliver(&self) -> Summary {
        self.deliver_until(CancellationToken::new()).await.expect("a delivery")
    }

    /// Delivers until nothing can be done now, or until told to stop.
    pub async fn deliver_until(&self, stop: CancellationToken) -> Result<Summary, delivery::DeliveryError> {
        self.deliver_as(stop, true).await
    }

    /// Delivers as the daemon does, until told to stop.
    pub async fn deliver_on(&self, stop: CancellationToken) -> Result<Summary, delivery::DeliveryError> {
        self.deliver_as(stop, false).await
    }

    async fn deliver_as(&self, stop: CancellationToken, until_idle: bool) -> Result<Summary, delivery::DeliveryError> {
        let templates = Arc::new(Templates::load(None).expect("templates"));
        delivery::run(&self.store, &self.config, &templates, &self.clock, &Wake::new(), stop, until_idle).await
    }

    /// Delivers, moving the clock to whatever is next, until nothing waits.
    pub async fn deliver_all(&self) {
        for _ in 0..40 {
            let summary = self.deliver().await;
            if summary.waiting == 0 {
                return;
            }
            self.clock.advance(chrono::Duration::hours(13));
        }
        panic!("it does not come to an end");
    }

    /// How many deliveries are in each state, by number.
    pub async fn states(&self) -> [i64; 8] {
        let mut tx = self.store.read().await.expect("a transaction");
        let mut states = [0; 8];
        for row in tx.q("SELECT CAST(state AS BIGINT), COUNT(*) FROM deliveries GROUP BY 1").all().await.expect("rows")
        {
            states[row.get::<i64>(0).expect("a state") as usize] = row.get(1).expect("a count");
        }
        states
    }

    /// The text that a statement gives.
    pub async fn word(&self, sql: &'static str) -> String {
        let mut tx = self.store.read().await.expect("a transaction");
        tx.q(sql).one().await.expect(sql).get(0).expect(sql)
    }

    /// Runs a statement.
    pub async fn run(&self, sql: &'static str) {
        let mut tx = self.store.write().await.expect("a transaction");
        tx.q(sql).execute().await.expect(sql);
        tx.commit().await.expect("a commit");
    }
}

/// The settings of a relay that is `sink`.
pub fn relay(sink: &Sink) -> String {
    format!("url = \"{}\"", sink.url)
}

/// The stores that a promise is tried on: SQLite, and PostgreSQL where there is one.
pub async fn stores() -> Vec<Option<String>> {
    let mut stores = vec![None];
    stores.extend(postgres().await.map(Some));
    stores
}

/// A PostgreSQL of the test's own: a schema on the server that `HERALD_TEST_POSTGRES` names, if it does.
#[allow(clippy::print_stderr)]
pub async fn postgres() -> Option<String> {
    let Ok(url) = std::env::var("HERALD_TEST_POSTGRES") else {
        eprintln!("passed over: PostgreSQL (HERALD_TEST_POSTGRES names no server)");
        return None;
    };
    let schema = format!("t{}", herald::secret::random_word(12).expect("random bytes").to_lowercase());
    let admin = sqlx::PgPool::connect(&url).await.expect("PostgreSQL answers");
    let statement = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::query(statement).execute(&admin).await.expect("a schema");
    admin.close().await;
    let joint = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{joint}options=-c%20search_path%3D{schema}"))
}
