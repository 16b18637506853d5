//! Tera and Fluent, with limits: templates of pages and mails, in every language of the newsroom.
//!
//! 1. Templates and messages are built in; a folder may replace or add any of them ([`Templates::load`]).
//! 2. A page is rendered in a language ([`Templates::page`]).
//! 3. A mail is rendered once for all readers of a language, and cut where copies differ ([`Templates::mail`]).
//! 4. `herald check` looks through all of them ([`Templates::check`]).
//!
//! A template sees what it is given and nothing else: no file, no environment, no clock. What it prints is bounded.

pub mod issue;
pub mod palette;

mod catalog;
mod check;
mod dates;
mod files;
mod functions;
mod letter;
mod limit;
mod samples;
mod surroundings;
mod textual;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use tera::Tera;

pub use catalog::{Argument, Catalog};
pub use check::{Sample, TemplateFault};

use crate::article::Language;
use crate::clock::Instant;
use crate::config::{Config, Text};
use files::Files;
use surroundings::Surroundings;

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
    #[error("there is no template {name}; there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// Those there are.
        known: String,
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

/// All templates, ready to be rendered. Cheap to share, not to make.
pub struct Templates {
    tera: Tera,
    files: Files,
    catalog: Arc<Catalog>,
    house: Arc<House>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").field("house", &self.house).finish_non_exhaustive()
    }
}

/// The mail templates there are, built in or in `overrides`, by the name a newsletter gives: `digest`.
///
/// # Errors
/// A folder or file that can't be read.
pub fn mail_names(overrides: Option<&Path>) -> Result<Vec<String>, TemplateError> {
    let files = Files::load(overrides)?;
    let names = files.templates().filter_map(|(name, _)| name.strip_prefix("mail/")?.strip_suffix(".html"));
    Ok(names.filter(|name| !name.contains('/')).map(str::to_owned).collect())
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

    /// The built-in templates, each replaced by the file of its name in `overrides` where there is one; files of
    /// other names are added. A folder that does not exist replaces nothing.
    ///
    /// # Errors
    /// A folder that can't be read; a template that is not well-formed, with file and line.
    pub fn load(overrides: Option<&Path>) -> Result<Templates, TemplateError> {
        Templates::load_for(overrides, House::default())
    }

    /// The templates of the newsroom that `config` describes.
    ///
    /// # Errors
    /// As [`Templates::load`].
    pub fn for_config(config: &Config) -> Result<Templates, TemplateError> {
        let house = House {
            languages: config.site.languages.clone(),
            timezone: config.site.timezone,
            topics: config.topics.iter().map(|t| (t.id.clone(), t.name.clone())).collect(),
        };
        Templates::load_for(Some(&config.path(&config.site.templates)), house)
    }

    /// As [`Templates::load`], for that house.
    ///
    /// # Errors
    /// As [`Templates::load`].
    pub fn load_for(overrides: Option<&Path>, house: House) -> Result<Templates, TemplateError> {
        let files = Files::load(overrides)?;
        let catalog = Arc::new(Catalog::new(files.messages(), house.languages.first().cloned().unwrap_or_default())?);
        let mut tera = Tera::new();
        tera.autoescape_on(vec![".html", ".htm", ".xml"]);
        functions::register(&mut tera);
        let sources = files.templates().map(|(name, file)| (name.to_owned(), file.text.clone()));
        tera.add_raw_templates(sources).map_err(|e| files.fault(&e, ""))?;
        Ok(Templates { tera, files, catalog, house: Arc::new(house) })
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
        let around = self.surroundings(language, self.house.timezone);
        self.render(name, context, around, limit::PAGE)
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

    /// What a template's context must hold, with `language` and `dir` added.
    fn render(
        &self,
        name: &str,
        context: &tera::Context,
        around: Surroundings,
        most: usize,
    ) -> Result<String, TemplateError> {
        if !self.has(name) {
            let known = self.names().collect::<Vec<_>>().join(", ");
            return Err(TemplateError::Unknown { name: name.to_owned(), known });
        }
        let mut context = context.clone();
        let language = around.language.clone();
        if !context.contains_key("language") {
            context.insert("language", language.as_str());
        }
        if !context.contains_key("dir") {
            context.insert("dir", textual::direction(&language));
        }
        let mut out = limit::Writer::new(most);
        let rendered = surroundings::within(around, || self.tera.render_to(name, &context, &mut out));
        match rendered {
            Ok(()) => out.into_string().map_err(|reason| TemplateFault::whole(self.files.shown(name), reason).into()),
            Err(_) if out.is_full() => Err(TemplateFault::whole(self.files.shown(name), limit::too_much(most)).into()),
            Err(error) => Err(self.files.fault(&error, name).into()),
        }
    }

    fn surroundings(&self, language: &Language, zone: Tz) -> Surroundings {
        Surroundings {
            catalog: Arc::clone(&self.catalog),
            house: Arc::clone(&self.house),
            language: language.clone(),
            zone,
            marks: None,
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
