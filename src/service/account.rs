//! What a newsroom says of itself: the greeting of `run`, and the account of a pass.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::pass::counted;
use super::{Newsroom, Pass, ServiceError};
use crate::config::Relay;
use crate::edition;
use crate::store::{articles, subscribers};
use crate::template::TemplateFault;

impl Newsroom {
    /// What it found, where it serves, what goes out next, and where to look.
    ///
    /// # Errors
    /// What the store says.
    pub async fn greeting(&self) -> Result<String, ServiceError> {
        let config = &self.site.config;
        let language = config.language();
        let mut tx = self.site.store.read().await?;
        let public = articles::last_public_seq(&mut tx).await?;
        let lists: Vec<&str> = config.lists.iter().map(|list| list.name.as_str()).collect();
        let people = subscribers::active_count(&mut tx, &lists).await?;
        drop(tx);
        let feeds = self.site.shelf.all().len() / crate::feed::Format::ALL.len();
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{}: {}, {}, {} on {}.",
            config.site.title.get(&language),
            counted(public, "article", "articles"),
            counted(feeds as i64, "feed", "feeds"),
            counted(people, "person", "people"),
            counted(lists.len() as i64, "list", "lists"),
        );
        let _ = writeln!(text, "  Pages     http://{}/", config.listen.public);
        let _ = writeln!(text, "  Feeds     http://{}/feeds/", config.listen.public);
        if let Some(folder) = &config.site.folder {
            let _ = writeln!(text, "  Copy      {}", config.path(folder).display());
        }
        for relay in &config.mail.relays {
            let _ = writeln!(text, "  Mail      {}", self.whereto(relay));
        }
        if let Some(returns) = &config.mail.returns {
            for what in returns.places() {
                let _ = writeln!(text, "  Returns   {what}");
            }
        }
        let broken: BTreeSet<&TemplateFault> = self.site.templates.set_aside().collect();
        for fault in broken {
            let _ = writeln!(text, "  Broken    {fault}; its newsletters wait for a start without that");
        }
        match edition::goes_next(&self.site.store, config, &self.site.clock).await? {
            Some(at) => {
                let at = at.with_timezone(&config.site.timezone).format("%A, %-d %B %Y, %H:%M %Z");
                let _ = writeln!(text, "  Next      {at} (`herald newsletters list` says which)");
            }
            None => {
                let _ = writeln!(text, "  Next      nothing is scheduled");
            }
        }
        let _ = write!(text, "Stop it with Ctrl-C.");
        Ok(text)
    }

    fn whereto(&self, relay: &Relay) -> String {
        match relay.url.strip_prefix("folder:") {
            Some(folder) => format!(
                "{} (a folder: one .eml a copy; open one in any mail program)",
                self.site.config.path(std::path::Path::new(folder)).display()
            ),
            None => crate::store::without_password(&relay.url),
        }
    }

    /// The account of a pass, for people.
    pub fn account(&self, pass: &Pass) -> String {
        let mut text = String::new();
        for report in &pass.read.sources {
            let _ = writeln!(text, "{report}");
        }
        for report in &pass.read.lists {
            let _ =
                writeln!(text, "List {}: {}.", report.list, report.failed.clone().unwrap_or_else(|| report.summary()));
        }
        for looked in &pass.returns {
            let _ = writeln!(text, "{looked}");
        }
        let feeds = counted(pass.feeds.feeds as i64, "feed", "feeds");
        let copy = match (self.static_folder(), pass.feeds.written) {
            (None, _) => String::new(),
            (Some(_), 0) => ", as they were".to_owned(),
            (Some(_), written) => format!(", {} written", counted(written as i64, "file", "files")),
        };
        let _ = writeln!(text, "{} went public; {feeds}{copy}.", pass.read.public);
        if pass.editions.made.is_empty() && pass.editions.failed.is_empty() {
            let _ = writeln!(text, "No newsletter was due.");
        }
        for made in &pass.editions.made {
            let what = match &made.held {
                Some(reason) => format!("held for staff: {reason}"),
                None => format!("for {}", counted(made.recipients, "person", "people")),
            };
            let _ = writeln!(text, "{} No. {}: “{}”, {what}.", made.newsletter, made.number, made.subject);
        }
        for (newsletter, error) in &pass.editions.failed {
            let _ = writeln!(text, "{newsletter}: no edition could be made, the next pass tries again: {error}");
        }
        let _ = writeln!(text, "{}", pass.sent);
        for relay in &self.site.config.mail.relays {
            let _ = writeln!(text, "Mail goes to {}.", self.whereto(relay));
        }
        if let Some(folder) = &self.site.config.site.folder {
            let _ = writeln!(text, "Feeds are in {}.", self.site.config.path(&folder.join("feeds")).display());
        }
        text
    }
}

impl Pass {
    /// The account of a pass, for programs.
    pub fn as_json(&self) -> Value {
        let failed: Vec<Value> = self
            .editions
            .failed
            .iter()
            .map(|(newsletter, error)| json!({ "newsletter": newsletter, "reason": error.to_string() }))
            .collect();
        json!({
            "sources": self.read.sources,
            "lists": self.read.lists,
            "public": self.read.public,
            "returns": self.returns,
            "feeds": self.feeds,
            "editions": self.editions.made,
            "failed": failed,
            "sent": self.sent,
        })
    }
}
