//! Caches in front of the pages: told what has changed, by `[site] purge`, until they have taken it.

use std::collections::{BTreeSet, HashMap};
use std::process::Stdio;
use std::time::Duration;

use chrono::Datelike;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::{Newsroom, ServiceError};
use crate::config::address::{Page, path};
use crate::feed::websub;
use crate::net::http::call;
use crate::store::articles::changed::{self, Changed, Mark};
use crate::store::hub::{self, Pinged};
use crate::wake::Task;

/// How often is looked although nobody woke us: not every page that changes is in a feed.
const LOOK: Duration = Duration::from_secs(1);
/// How long a call that failed is let be.
const AGAIN: Duration = Duration::from_secs(10);
/// How long the command may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where more articles than this changed, everything has.
const MOST: i64 = 1_000;

/// What is to be forgotten now, and how far that goes.
struct Due {
    addresses: BTreeSet<String>,
    mark: Mark,
    /// The documents as they are up, with the marks of their bytes.
    documents: HashMap<String, String>,
}

impl Newsroom {
    /// Tells caches what to forget, for good.
    ///
    /// # Errors
    /// What the store says.
    pub async fn keep_purged(&self) -> Result<(), ServiceError> {
        let Some(purge) = &self.site.config.site.purge else { return std::future::pending().await };
        let mut known: Option<HashMap<String, String>> = None;
        let mut failing = false;
        loop {
            let Some(due) = self.due(known.as_ref()).await? else {
                known.get_or_insert_with(|| self.documents());
                self.site.wake.wait(Task::Purge, LOOK).await;
                continue;
            };
            if self.purge(purge, &due, failing).await? {
                (known, failing) = (Some(due.documents), false);
            } else {
                failing = true;
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    /// Tells caches what to forget now, once.
    ///
    /// # Errors
    /// What the store says.
    pub async fn purge_now(&self) -> Result<(), ServiceError> {
        if let Some(purge) = &self.site.config.site.purge
            && let Some(due) = self.due(None).await?
        {
            self.purge(purge, &due, false).await?;
        }
        Ok(())
    }

    /// Whether caches have taken it. A failure is said where the last time was none.
    async fn purge(&self, purge: &str, due: &Due, failing: bool) -> Result<bool, ServiceError> {
        let done = tell(purge, &due.addresses).await;
        let count = i64::try_from(due.addresses.len()).unwrap_or(i64::MAX);
        let at = self.site.clock.now();
        let line = |failed, said| Pinged { at, topic: "purge".to_owned(), version: 0, told: count, failed, said };
        let mut tx = self.site.store.write().await?;
        match &done {
            Ok(()) => {
                changed::set_purged(&mut tx, &due.mark).await?;
                hub::log(&mut tx, &line(0, None)).await?;
                tracing::info!("Caches were told of {count} addresses that have changed.");
            }
            Err(reason) if !failing => {
                hub::log(&mut tx, &line(1, Some(reason.clone()))).await?;
                tracing::error!("[site] purge: {reason}; it is tried again, and until then caches may show what was");
            }
            Err(_) => return Ok(false),
        }
        tx.commit().await?;
        Ok(done.is_ok())
    }

    /// The documents that are up, by topic, with the marks of their bytes.
    fn documents(&self) -> HashMap<String, String> {
        let all = self.site.shelf.all().into_iter();
        all.filter_map(|(feed, document)| Some((websub::name(&feed, document.format?), document.tag.clone()))).collect()
    }

    /// What has changed since caches were last told; `None` where nothing has.
    async fn due(&self, known: Option<&HashMap<String, String>>) -> Result<Option<Due>, ServiceError> {
        let mut tx = self.site.store.read().await?;
        let mark = changed::mark(&mut tx).await?;
        let Some(since) = changed::purged(&mut tx).await? else {
            // The first time: what caches hold is what there is.
            drop(tx);
            let mut tx = self.site.store.write().await?;
            changed::set_purged(&mut tx, &mark).await?;
            tx.commit().await?;
            return Ok(None);
        };
        let articles = if mark == since { Vec::new() } else { changed::changed(&mut tx, &since, MOST + 1).await? };
        let documents = self.documents();
        let other = |(topic, tag): (&String, &String)| match known {
            Some(known) => known.get(topic) != Some(tag),
            // After a start nobody knows which documents changed with these articles.
            None => !articles.is_empty(),
        };
        let feeds: Vec<_> = documents.iter().filter(|one| other(*one)).map(|(topic, _)| topic.clone()).collect();
        if articles.is_empty() && feeds.is_empty() {
            if mark != since {
                drop(tx);
                let mut tx = self.site.store.write().await?;
                changed::set_purged(&mut tx, &mark).await?;
                tx.commit().await?;
            }
            return Ok(None);
        }
        let addresses = if articles.len() > MOST as usize {
            BTreeSet::from(["*".to_owned()])
        } else {
            let around = changed::around(&mut tx, &articles).await?;
            self.addresses(&articles, &around, &feeds)
        };
        Ok(Some(Due { addresses, mark, documents }))
    }

    /// The addresses of everything that shows these articles and feeds.
    fn addresses(&self, articles: &[Changed], around: &changed::Around, feeds: &[String]) -> BTreeSet<String> {
        let (site, zone) = (&self.site.config.site, self.site.config.site.timezone);
        let mut all = BTreeSet::new();
        let absolute = |path: String| match url::Url::parse(&site.url).ok().and_then(|base| base.join(&path).ok()) {
            Some(url) => url.to_string(),
            None => path,
        };
        let page = |language: &crate::article::Language, page: Page| absolute(path(site, language, &page));
        for one in articles {
            let language = &one.language;
            let date = one.published.with_timezone(&zone);
            all.insert(page(language, Page::Article(one.slug.clone())));
            all.insert(page(language, Page::Home));
            all.insert(page(language, Page::Archive));
            all.insert(page(language, Page::Year(date.year())));
            all.insert(page(language, Page::Month(date.year(), date.month())));
        }
        for (language, topic) in &around.topics {
            all.insert(page(language, Page::Topic(topic.clone())));
        }
        for (language, slug) in &around.former {
            all.insert(page(language, Page::Article(slug.clone())));
        }
        all.extend(around.media.iter().map(|name| site.address(&format!("/media/{name}"))));
        if !articles.is_empty() {
            all.insert(site.address("/sitemap.xml"));
            all.insert(site.address("/sitemap-news.xml"));
        }
        for topic in feeds {
            all.insert(websub::address_of(&self.site.config, topic));
            let name = topic.rsplit_once('.').map_or(topic.as_str(), |(name, _)| name);
            for language in &site.languages {
                all.insert(page(language, Page::Feed(name.to_owned())));
            }
        }
        all
    }
}

/// Calls the address, or runs the command with the addresses on its standard input.
async fn tell(purge: &str, addresses: &BTreeSet<String>) -> Result<(), String> {
    if purge.starts_with("http://") || purge.starts_with("https://") {
        let document = serde_json::json!({ "addresses": addresses });
        return call(purge, Some(&document)).await.map_err(|error| error.to_string());
    }
    let mut child = Command::new("/bin/sh")
        .args(["-c", purge])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the command could not be run: {error}"))?;
    let text = addresses.iter().map(|address| format!("{address}\n")).collect::<String>();
    let input = child.stdin.take();
    let work = async move {
        if let Some(mut input) = input {
            // One that reads nothing is told all the same.
            let _ = input.write_all(text.as_bytes()).await;
        }
        child.wait_with_output().await
    };
    match tokio::time::timeout(PATIENCE, work).await {
        Err(_) => Err(format!("the command took longer than {PATIENCE:?}")),
        Ok(Err(error)) => Err(format!("the command: {error}")),
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.trim().lines().last().unwrap_or_default();
            Err(format!("the command ended with {}: {said}", output.status))
        }
    }
}
