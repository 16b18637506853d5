//! `herald check`: everything that can be known to be wrong without the network, and nothing changed.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::{Exit, Frame, output};
use crate::article::Fault;
use crate::audience::csv;
use crate::clock::Clock;
use crate::config::{self, Config, ConfigError, Text};
use crate::service::unusable_tls;
use crate::source;
use crate::template::{Beside, TemplateError, TemplateFault, Templates};

/// Checks configuration, templates, lists and articles; changes nothing.
#[derive(Debug, clap::Args)]
pub struct Check {}

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Findings {
    /// The file that was checked.
    file: String,
    configuration: Vec<config::Fault>,
    templates: BTreeSet<TemplateFault>,
    /// What is no fault of a template and may be meant otherwise.
    template_remarks: BTreeSet<TemplateFault>,
    lists: Vec<Fault>,
    articles: Vec<Fault>,
    /// What newsletters say that may be meant otherwise.
    newsletters: Vec<config::Fault>,
    /// Texts that lack one of the newsroom's languages: readers get another one's.
    translations: Vec<config::Fault>,
}

impl Check {
    /// Looks at everything, and says what is wrong where.
    ///
    /// # Errors
    /// There is no configuration to be read.
    pub async fn run(self, frame: &Frame) -> anyhow::Result<Exit> {
        let mut found = Findings { file: frame.config.display().to_string(), ..Findings::default() };
        match frame.configuration() {
            Ok(config) => found = tokio::task::spawn_blocking(move || look(found, &config)).await?,
            Err(error) => match error.chain().find_map(|cause| cause.downcast_ref::<ConfigError>()) {
                Some(wrong) => found.configuration = wrong.faults.clone(),
                None => return Err(error),
            },
        }
        if frame.json {
            output::json(&found)?;
        } else {
            output::raw(found.text())?;
        }
        Ok(found.exit())
    }
}

/// Looks at what the configuration names.
fn look(mut found: Findings, config: &Config) -> Findings {
    found.configuration = config.cannot_send();
    found.configuration.extend(config.without_days());
    found.configuration.extend(unusable_tls(config));
    match Templates::to_check(config) {
        Ok(templates) => {
            let checked = templates.check(&beside(config));
            (found.templates, found.template_remarks) = (checked.faults, checked.remarks);
        }
        Err(TemplateError::Fault(fault)) => drop(found.templates.insert(fault)),
        Err(error) => {
            let (file, line) = (config.site.templates.display().to_string(), None);
            found.templates.insert(TemplateFault { file, line, reason: error.to_string() });
        }
    }
    found.lists = source::lists::check_lists(config);
    found.articles = source::check_articles(config, &Clock::system());
    found.newsletters = config.doubtful_newsletters(Clock::system().now());
    found.translations = translations(config);
    found
}

/// What templates are held against: the newsletters that name them, and the columns that people's files have.
fn beside(config: &Config) -> Beside {
    let files = config.lists.iter().filter_map(|list| list.file.as_ref());
    Beside {
        mails: config.newsletters.iter().map(|newsletter| newsletter.template.clone()).collect(),
        columns: files.flat_map(|file| columns(&config.path(file)).unwrap_or_default()).collect(),
    }
}

/// The columns of a list's file; `None` where it can't be read, which the check of the lists says.
fn columns(file: &Path) -> Option<Vec<String>> {
    let bytes = std::fs::read(file).ok()?;
    let mut survey = csv::Survey::default();
    survey.feed(&bytes);
    let reader = csv::Reader::new(bytes.as_slice(), survey.encoding().ok()?, &[]).ok()?;
    Some(reader.extra().map(str::to_owned).collect())
}

/// Texts by language that lack one of the newsroom's.
fn translations(config: &Config) -> Vec<config::Fault> {
    let mut faults = Vec::new();
    let mut look = |key: String, text: Option<&Text>| {
        let Some(Text::ByLanguage(texts)) = text else { return };
        for language in config.site.languages.iter().filter(|language| !texts.contains_key(language)) {
            faults.push(
                config.fault(&key, format!("there is no text in {language}; its readers get another language's")),
            );
        }
    };
    look("site.title".to_owned(), Some(&config.site.title));
    look("site.publisher".to_owned(), config.site.publisher.as_ref());
    look("site.address".to_owned(), Some(&config.site.address));
    look("site.contact".to_owned(), config.site.contact.as_ref());
    for topic in &config.topics {
        look(format!("topics.{}.name", topic.id), Some(&topic.name));
    }
    for list in &config.lists {
        look(format!("lists.{}.origin", list.name), list.origin.as_ref());
    }
    for newsletter in &config.newsletters {
        look(format!("newsletters.{}.title", newsletter.name), Some(&newsletter.title));
    }
    faults
}

impl Findings {
    fn exit(&self) -> Exit {
        let left_out = |faults: &[Fault]| faults.iter().any(|fault| fault.fatal);
        if !self.configuration.is_empty() || !self.templates.is_empty() {
            Exit::Usage
        } else if left_out(&self.lists) || left_out(&self.articles) {
            Exit::Partly
        } else {
            Exit::Done
        }
    }

    /// As people read it: the answer first, then each fault, at the end what to do.
    fn text(&self) -> String {
        let faults = |faults: &[config::Fault]| -> Vec<String> {
            let each = |fault: &config::Fault| {
                ConfigError { file: self.file.clone().into(), faults: vec![fault.clone()] }.to_string()
            };
            faults.iter().map(each).collect()
        };
        let of = |fatal: bool| move |fault: &&Fault| fault.fatal == fatal;
        let lines =
            |all: &[Fault], fatal| -> Vec<String> { all.iter().filter(of(fatal)).map(Fault::to_string).collect() };
        let said = |faults: &BTreeSet<TemplateFault>| faults.iter().map(TemplateFault::to_string).collect();
        let wrong = [
            ("Configuration", faults(&self.configuration)),
            ("Templates", said(&self.templates)),
            ("Rows that are left out", lines(&self.lists, true)),
            ("Articles that are left out", lines(&self.articles, true)),
        ];
        let doubtful = [
            ("Templates, worth a look", said(&self.template_remarks)),
            ("Lists, worth a look", lines(&self.lists, false)),
            ("Articles, worth a look", lines(&self.articles, false)),
            ("Newsletters, worth a look", faults(&self.newsletters)),
            ("Missing translations", faults(&self.translations)),
        ];
        let count = |parts: &[(&str, Vec<String>)]| parts.iter().map(|(_, lines)| lines.len()).sum::<usize>();
        let (bad, doubts) = (count(&wrong), count(&doubtful));
        let mut text = match (bad, doubts) {
            (0, 0) => format!("{} and what it names are in order.\n", self.file),
            (0, n) => format!("{} and what it names work; {n} worth a look.\n", self.file),
            (n, _) => format!("{n} to mend in {} and what it names.\n", self.file),
        };
        for (title, lines) in wrong.iter().chain(&doubtful).filter(|(_, lines)| !lines.is_empty()) {
            text.push_str(&format!("\n{title}\n"));
            for line in lines {
                text.push_str(&format!("  {line}\n"));
            }
        }
        match self.exit() {
            Exit::Usage => text.push_str("\nMend these first; `herald config explain KEY` says what a key can be.\n"),
            Exit::Partly => {
                text.push_str("\nEverything else goes on without these; mend them, and they are in at the next pass.\n")
            }
            Exit::Done | Exit::Failed | Exit::Later => {}
        }
        text
    }
}
