//! Tera and Fluent, with limits: templates of pages and mails, in every language of the newsroom.
//!
//! 1. Templates and messages are built in; a folder may replace or add any of them ([`Templates::load`]).
//! 2. A page is rendered in a language ([`Templates::page`]).
//! 3. A mail is rendered once for all readers of a language, and cut where copies differ ([`Templates::mail`]).
//! 4. `herald check` looks through all of them ([`Templates::check`]).
//!
//! A template sees what it is given and nothing else: no file, no environment, no clock. What it prints is bounded, and
//! so is the time it takes ([`watch`]).

pub mod issue;
pub mod palette;

mod catalog;
mod check;
mod dates;
mod files;
mod functions;
mod letter;
mod limit;
mod load;
mod samples;
mod surroundings;
mod textual;
mod watch;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use chrono_tz::Tz;
use tera::Tera;

pub use catalog::{Argument, Catalog};
pub use check::{Beside, Checked, Sample, TemplateFault};

use crate::article::Language;
use crate::clock::Instant;
use crate::config::Text;
use files::Files;
use surroundings::Surroundings;
use watch::{Run, Unfinished, Watch};

/// Why a template could not be loaded or rendered.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder of templates can't be read.
    #[error("{file}: {source}; see that [site] templates names a folder that can be read")]
    Read {
        /// The file or folder.
        file: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// A template or a file of messages is not well-formed, or could not be rendered.
    #[error("{0}")]
    Fault(TemplateFault),
    /// There is no template of that name.
    #[error("there is no template {name}{}", near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// The one that was probably meant.
        near: Option<String>,
    },
}

impl From<TemplateFault> for TemplateError {
    fn from(fault: TemplateFault) -> Self {
        TemplateError::Fault(fault)
    }
}

/// What templates know of the newsroom beside what they are given.
#[derive(Clone, Debug)]
pub struct House {
    /// The languages, the first one first: it has every message that another lacks.
    pub languages: Vec<Language>,
    /// The zone of dates that people see.
    pub timezone: Tz,
    /// Names of topics by id.
    pub topics: BTreeMap<String, Text>,
}

impl Default for House {
    fn default() -> Self {
        let languages = ["en"].iter().filter_map(|l| l.parse().ok()).collect();
        House { languages, timezone: Tz::UTC, topics: BTreeMap::new() }
    }
}

/// All templates, ready to be rendered. Cheap to clone, not to make.
#[derive(Clone)]
pub struct Templates {
    tera: Arc<Tera>,
    files: Arc<Files>,
    catalog: Arc<Catalog>,
    house: Arc<House>,
    /// What can't be used, by name, with what is wrong.
    aside: Arc<BTreeMap<String, Vec<TemplateFault>>>,
    watch: Arc<Watch>,
    /// What was made of templates alone.
    made: Arc<Mutex<BTreeMap<String, Arc<str>>>>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").field("house", &self.house).finish_non_exhaustive()
    }
}

/// The template of the mail that tells of a correction or a withdrawal. No newsletter is made with it.
pub const CORRECTION: &str = "correction";

/// The mail templates that newsletters may name, built in or in `overrides`, by the name a newsletter gives: `digest`.
///
/// # Errors
/// A folder that can't be read.
pub fn mail_names(overrides: Option<&Path>) -> Result<Vec<String>, TemplateError> {
    let files = Files::load(overrides)?;
    let names = files.names().filter_map(|name| name.strip_prefix("mail/")?.strip_suffix(".html"));
    Ok(names.filter(|name| !name.contains('/') && *name != CORRECTION).map(str::to_owned).collect())
}

impl Templates {
    /// A digest of every template and message, as hexadecimal digits: the same while no text of theirs changes.
    pub fn digest(&self) -> String {
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        let templates = self.files.templates();
        let messages = self.files.messages().iter().map(|(language, file)| (language.as_str(), file));
        for (name, file) in templates.chain(messages) {
            let text = &file.text;
            // A length in front of each: no two sets of texts read the same.
            digest.update(format!("{}:{name}{}:", name.len(), text.len()).as_bytes());
            digest.update(text.as_bytes());
        }
        data_encoding::HEXLOWER.encode(digest.finish().as_ref())
    }

    /// What is wrong with those that can't be used.
    pub fn set_aside(&self) -> impl Iterator<Item = &TemplateFault> {
        self.aside.values().flatten()
    }

    /// The names of all templates: `site/home.html`, `mail/digest.txt`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.templates().map(|(name, _)| name)
    }

    /// Whether there is a template of that name.
    pub fn has(&self, name: &str) -> bool {
        self.tera.contains_template(name)
    }

    /// Renders the page `name` (`site/home.html`) in `language`. The context gets `language` and `dir` where it has none.
    ///
    /// # Errors
    /// No such template, or what is wrong with it, with file and line.
    pub fn page(&self, name: &str, context: &tera::Context, language: &Language) -> Result<String, TemplateError> {
        let (own, page, context, language) = (self.clone(), name.to_owned(), context.clone(), language.clone());
        self.watched(name, move |run| {
            let around = own.surroundings(&language, own.house.timezone, run);
            own.render(&page, &context, around, limit::PAGE)
        })
    }

    /// What `make` gives, made once for each `key`: for what depends on templates and configuration alone.
    ///
    /// # Errors
    /// As `make`; it is asked again then.
    pub fn once(
        &self,
        key: &str,
        make: impl FnOnce() -> Result<String, TemplateError>,
    ) -> Result<Arc<str>, TemplateError> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(made) = made {
            return Ok(made);
        }
        let new: Arc<str> = make()?.into();
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), Arc::clone(&new));
        Ok(new)
    }

    /// A message of the catalogue, for texts that are not templates.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The name that people see for a topic: the newsroom's name for its id, else the label as written.
    pub fn topic_name(&self, label: &str, language: &Language) -> String {
        self.house.topic_name(label, language).to_owned()
    }

    /// `at` as people say it: `"full"` (Tuesday, 19 May 2026), `"long"` (19 May 2026), `"inside"` (the form inside a
    /// sentence), `"month"`, `"short"`; with the time of day where `time` is set.
    pub fn date(&self, at: Instant, style: &str, time: bool, language: &Language, zone: Tz) -> String {
        dates::date(&self.catalog, language, at.with_timezone(&zone), style, time)
    }

    /// Whether there is a template of that name, be it one that can't be used.
    fn is_there(&self, name: &str) -> bool {
        self.has(name) || self.aside.contains_key(name)
    }

    /// Renders on a thread of its own, and not for ever; where every template is ours, here and now: they end.
    fn watched<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Arc<Run>) -> Result<T, TemplateError> + Send + 'static,
    ) -> Result<T, TemplateError> {
        if self.files.are_ours() {
            return work(&Arc::new(Run::default()));
        }
        self.watch.run(name, work).unwrap_or_else(|unfinished| {
            let (file, reason) = match unfinished {
                Unfinished::Over(file) => (file, limit::too_long(watch::LONGEST)),
                Unfinished::NoThread(error) => (String::new(), format!("there is no thread to render it: {error}")),
            };
            let file = if file.is_empty() { name } else { &file };
            Err(TemplateFault::whole(self.files.shown(file), reason).into())
        })
    }

    /// What a template's context must hold, with `language` and `dir` added.
    fn render(
        &self,
        name: &str,
        context: &tera::Context,
        around: Surroundings,
        most: usize,
    ) -> Result<String, TemplateError> {
        if let Some(fault) = self.aside.get(name).and_then(|faults| faults.first()) {
            return Err(fault.clone().into());
        }
        if !self.has(name) {
            return Err(self.unknown(name));
        }
        around.run.enter(name);
        let mut context = context.clone();
        let language = around.language.clone();
        if !context.contains_key("language") {
            context.insert("language", language.as_str());
        }
        if !context.contains_key("dir") {
            context.insert("dir", textual::direction(&language));
        }
        let mut out = limit::Writer::new(most, Arc::clone(&around.run));
        let rendered = surroundings::within(around, || self.tera.render_to(name, &context, &mut out));
        match rendered {
            Ok(()) => out.into_string().map_err(|reason| TemplateFault::whole(self.files.shown(name), reason).into()),
            Err(_) if out.is_full() => Err(TemplateFault::whole(self.files.shown(name), limit::too_much(most)).into()),
            Err(error) => Err(self.files.fault(&error, name).into()),
        }
    }

    fn unknown(&self, name: &str) -> TemplateError {
        let near = crate::config::nearest(name, self.names()).map(str::to_owned);
        TemplateError::Unknown { name: name.to_owned(), near }
    }

    fn surroundings(&self, language: &Language, zone: Tz, run: &Arc<Run>) -> Surroundings {
        Surroundings {
            catalog: Arc::clone(&self.catalog),
            house: Arc::clone(&self.house),
            language: language.clone(),
            zone,
            marks: None,
            run: Arc::clone(run),
        }
    }
}

impl House {
    fn topic_name<'a>(&'a self, label: &'a str, language: &Language) -> &'a str {
        let name = self.topics.get(label).or_else(|| self.topics.get(&crate::article::topic_id(label)));
        name.map_or(label, |name| name.get(language))
    }
}

#[cfg(test)]
mod tests;
