//! A newsroom for one test: its own store, a clock that stands, plain templates.

use std::collections::BTreeMap;

use crate::article::{ArticleId, Content, Draft, Note};
use crate::clock::{Clock, Instant};
use crate::config::Config;
use crate::edition::{Pass, make_due};
use crate::store::{Store, articles, editions, subscribers};
use crate::template::Templates;

pub(super) const CONFIG: &str = r#"
[site]
title = "Newsroom"
url = "https://news.example"
languages = ["en", "sr-Latn", "sr-Cyrl"]
timezone = "Europe/Belgrade"
address = "Example Street 1"
[[lists]]
name = "public"
[[lists]]
name = "press"
"#;

pub(super) struct Room {
    pub store: Store,
    pub config: Config,
    pub templates: Templates,
    pub clock: Clock,
    _folder: tempfile::TempDir,
}

pub(super) fn at(text: &str) -> Instant {
    chrono::DateTime::parse_from_rfc3339(text).expect("an instant").to_utc()
}

/// What a person got: the language of the copy and its stories' titles, the first one first.
pub(super) type Got = BTreeMap<String, (String, Vec<String>)>;

impl Room {
    /// At 06:00 in Belgrade on Monday, 2 March 2026.
    pub async fn new(store: Store, newsletters: &str) -> Room {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("mail/digest.subject", "{{ newsletter.title }}: {{ lead.title }}"),
            (
                "mail/digest.html",
                "<html><body>{% for c in corrections %}{{ story_begin(position=c.position) }}<b>Correction {{ c.title }}: {{ c.note }}</b>{{ story_end() }}{% endfor %}\
                 {% for s in stories %}{{ story_begin(position=s.position) }}<h2>{{ s.title }}</h2>{{ story_end() }}{% endfor %}<a href=\"{{ unsubscribe_url() }}\">Leave</a></body></html>",
            ),
            (
                "mail/digest.txt",
                "{% for s in stories %}{{ story_begin(position=s.position) }}{{ s.title }}\n{{ story_end() }}{% endfor %}",
            ),
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a template");
        }
        let templates = Templates::load(Some(folder.path())).expect("templates");
        let config: Config = toml::from_str(&format!("{CONFIG}{newsletters}")).expect("a configuration");
        let clock = Clock::standing(at("2026-03-02T06:00:00+01:00"));
        Room { store, config, templates, clock, _folder: folder }
    }

    /// Puts people on a list: `(address, language)`.
    pub async fn people(&self, list: &str, people: &[(&str, &str)]) {
        let mut tx = self.store.write().await.expect("a transaction");
        let list = subscribers::ensure_lists(&mut tx, &[list]).await.expect("a list")[list];
        for (address, language) in people {
            let language = (!language.is_empty()).then(|| language.parse().expect("a language"));
            let address = address.parse().expect("an address");
            subscribers::add(&mut tx, list, &address, None, language.as_ref(), None, self.clock.now())
                .await
                .expect("added");
        }
        tx.commit().await.expect("committed");
    }

    /// A draft whose title says which story and language it is.
    pub fn draft(&self, story: &str, language: &str, published: Instant) -> Draft {
        Draft {
            key: format!("{story}.{language}.md"),
            slug: story.to_owned(),
            language: language.parse().expect("a language"),
            translation_key: Some(story.to_owned()),
            published: Some(published),
            content: Content {
                title: format!("{story} {language}"),
                summary: "Summary.".to_owned(),
                html: format!("<p>{story}</p>"),
                text: story.to_owned(),
                ..Content::default()
            },
            ..Draft::default()
        }
    }

    /// Takes drafts in and makes public what is due.
    pub async fn take(&self, source: &str, drafts: &[Draft]) -> Vec<ArticleId> {
        let now = self.clock.now();
        let mut tx = self.store.write().await.expect("a transaction");
        tx.q("INSERT INTO sources (name) VALUES ($1) ON CONFLICT (name) DO NOTHING")
            .bind(source.to_owned())
            .execute()
            .await
            .expect("a source");
        let taken = articles::take_in_all(&mut tx, source, drafts, now).await.expect("taken in");
        articles::release_due(&mut tx, now).await.expect("released");
        tx.q("UPDATE sources SET first_read_at = COALESCE(first_read_at, $2) WHERE name = $1")
            .bind(source.to_owned())
            .bind(now.timestamp_micros())
            .execute()
            .await
            .expect("read");
        tx.commit().await.expect("committed");
        taken.iter().map(|taken| taken.article).collect()
    }

    /// One article of the newsroom's own source, published now.
    pub async fn article(&self, story: &str, language: &str) -> ArticleId {
        self.take("newsroom", &[self.draft(story, language, self.clock.now())]).await[0]
    }

    /// A source whose first read is over, so that what comes is news.
    pub async fn read_once(&self) {
        self.take("newsroom", &[]).await;
    }

    pub async fn pass(&self) -> Pass {
        self.pass_within(None).await
    }

    /// A pass that spends so long on the deliveries of each edition.
    pub async fn pass_within(&self, within: Option<std::time::Duration>) -> Pass {
        let made = make_due(&self.store, &self.config, &self.templates, &self.clock, false, within);
        let pass = made.await.expect("a pass");
        assert!(pass.failed.is_empty(), "{:?}", pass.failed);
        pass
    }

    /// What people got by an edition.
    pub async fn got(&self, edition: i64) -> Got {
        let mut tx = self.store.read().await.expect("a transaction");
        let printed = editions::printed(&mut tx, edition).await.expect("printed");
        let languages: BTreeMap<i64, _> =
            editions::languages(&mut tx, edition).await.expect("languages").into_iter().collect();
        let ids: Vec<i64> = printed.iter().map(|p| p.revision).collect();
        let revisions = articles::revisions(&mut tx, &ids).await.expect("revisions");
        let rows = tx
            .q("SELECT s.mailbox, d.variant, d.choice FROM deliveries d JOIN subscribers s ON s.id = d.subscriber WHERE d.edition = $1")
            .bind(edition)
            .all()
            .await
            .expect("deliveries");
        let mut got = Got::new();
        for row in &rows {
            let (address, variant, choice): (String, i64, i64) =
                (row.get(0).expect("a"), row.get(1).expect("v"), row.get(2).expect("c"));
            let language = &languages[&variant];
            let titles = printed
                .iter()
                .filter(|p| p.language == *language && choice & (1 << p.position) != 0)
                .map(|p| revisions.iter().find(|r| r.id == p.revision).expect("it").content.title.clone())
                .collect();
            let twice = got.insert(address, (language.to_string(), titles));
            assert!(twice.is_none());
        }
        got
    }

    /// What people got by the one edition that this pass made.
    pub async fn one(&self) -> Got {
        let pass = self.pass().await;
        assert_eq!(pass.made.len(), 1, "{pass:?}");
        self.got(pass.made[0].edition).await
    }

    /// Nothing is made by this pass.
    pub async fn none(&self) {
        let pass = self.pass().await;
        assert!(pass.made.is_empty(), "{pass:?}");
    }

    /// A correction of an article.
    pub async fn correct(&self, story: &str, language: &str, wrong: &str, right: &str) {
        let mut draft = self.draft(story, language, at("2026-03-02T06:00:00+01:00"));
        draft.content.corrections = vec![Note {
            at: self.clock.now(),
            note: None,
            wrong: Some(wrong.to_owned()),
            right: Some(right.to_owned()),
        }];
        self.take("newsroom", &[draft]).await;
    }

    pub async fn mark(&self, edition: i64, state: i64) {
        let mut tx = self.store.write().await.expect("a transaction");
        tx.q("UPDATE deliveries SET state = $2, at = 1 WHERE edition = $1")
            .bind(edition)
            .bind(state)
            .execute()
            .await
            .expect("marked");
        tx.commit().await.expect("committed");
    }
}
