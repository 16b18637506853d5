//! What `herald check` says of templates and messages: nothing is sent, nothing is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::{TemplateError, Templates, samples};
use crate::article::Language;
use crate::mail::{Choice, Links};

/// Names that a mail template is given (`docs/TEMPLATES.md` describes each).
pub(super) const MAIL_NAMES: [&str; 17] = [
    "newsletter",
    "number",
    "date",
    "timezone",
    "language",
    "dir",
    "publisher",
    "address",
    "site_url",
    "web_url",
    "accent",
    "palette",
    "corrections",
    "stories",
    "lead",
    "test",
    "sandbox",
];

/// Names that every page is given.
const PAGE_NAMES: [&str; 2] = ["language", "dir"];

/// Something wrong with one template or file of messages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TemplateFault {
    /// The file.
    pub file: String,
    /// The line, counted from 1, where one is known.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl TemplateFault {
    /// A fault of the whole file.
    pub(super) fn whole(file: String, reason: String) -> Self {
        TemplateFault { file, line: None, reason }
    }
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.reason),
            None => write!(f, "{}: {}", self.file, self.reason),
        }
    }
}

/// Values with which a page is rendered to see whether it can be.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The template, `site/home.html`.
    pub template: String,
    /// What it is given.
    pub context: tera::Context,
}

impl Templates {
    /// Every fault in mail templates and messages: each mail is rendered in each language with full, bare and withdrawn
    /// samples, each name that it uses is compared with those there are, and each message with the first language's.
    pub fn check(&self) -> Vec<TemplateFault> {
        let mut faults = BTreeSet::new();
        for mail in self.mails() {
            self.check_mail(mail, &mut faults);
        }
        self.check_keys(&mut faults);
        self.check_messages(&mut faults);
        faults.into_iter().collect()
    }

    /// Every fault in the pages that `samples` are for: rendered in each language, and with no name that no sample of
    /// the page has.
    pub fn check_pages(&self, samples: &[Sample]) -> Vec<TemplateFault> {
        let mut faults = BTreeSet::new();
        let mut known: BTreeMap<&str, Vec<&tera::Context>> = BTreeMap::new();
        for sample in samples {
            known.entry(&sample.template).or_default().push(&sample.context);
            for language in &self.house.languages {
                if let Err(error) = self.page(&sample.template, &sample.context, language) {
                    faults.insert(fault(error));
                }
            }
        }
        for (template, contexts) in known {
            let is_known =
                |name: &str| PAGE_NAMES.contains(&name) || contexts.iter().any(|context| context.contains_key(name));
            self.check_names(template, is_known, &mut faults);
        }
        faults.into_iter().collect()
    }

    /// The names of the mails: those with an HTML template straight in `mail/`.
    fn mails(&self) -> Vec<&str> {
        let name = |file: &'_ str| -> Option<(usize, usize)> {
            let inner = file.strip_prefix("mail/")?.strip_suffix(".html")?;
            (!inner.contains('/')).then_some((5, 5 + inner.len()))
        };
        self.names().filter_map(|file| name(file).map(|(from, to)| &file[from..to])).collect()
    }

    fn check_mail(&self, mail: &str, faults: &mut BTreeSet<TemplateFault>) {
        for language in &self.house.languages {
            for (_, issue) in samples::all(language) {
                let copied = self.mail(mail, &issue).map(|rendering| {
                    let whole = Choice::of(rendering.positions().iter().copied());
                    rendering.html(None, whole, Links::default())
                });
                if let Err(error) = copied {
                    faults.insert(fault(error));
                }
            }
        }
        for extension in ["html", "txt", "subject"] {
            self.check_names(&format!("mail/{mail}.{extension}"), |name| MAIL_NAMES.contains(&name), faults);
        }
    }

    /// Names that a template uses and nobody gives it. Tera takes them for false in conditions, so rendering does not find them all.
    fn check_names(&self, template: &str, is_known: impl Fn(&str) -> bool, faults: &mut BTreeSet<TemplateFault>) {
        let Ok(names) = self.tera.get_template_variables(template) else { return };
        for name in names.into_iter().filter(|name| !is_known(name) && !name.starts_with("__tera")) {
            // What a template sets for itself, or for one that it includes.
            let places = self.files.places(name);
            if places.iter().any(|(_, _, line)| sets(line, name)) {
                continue;
            }
            let place = places.iter().find(|(file, ..)| *file == template).or(places.first());
            faults.insert(TemplateFault {
                file: place.map_or_else(|| self.files.shown(template), |(file, ..)| self.files.shown(file)),
                line: place.map(|(_, line, _)| *line),
                reason: format!("nothing gives it the name “{name}”; see docs/TEMPLATES.md for those there are"),
            });
        }
    }

    /// Keys of messages that templates name and no language has.
    fn check_keys(&self, faults: &mut BTreeSet<TemplateFault>) {
        let first = self.house.languages.first().cloned().unwrap_or_default();
        for (name, file) in self.files.templates() {
            for (index, line) in without_comments(&file.text).lines().enumerate() {
                for part in line.split("t(key=\"").skip(1) {
                    let Some((key, rest)) = part.split_once('"') else { continue };
                    // `"language-" ~ language` is put together: rendering will tell.
                    let is_key = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                    if is_key && !rest.trim_start().starts_with('~') && !self.catalog.has(&first, key) {
                        faults.insert(TemplateFault {
                            file: self.files.shown(name),
                            line: Some(index + 1),
                            reason: format!("there is no message “{key}” in templates/i18n/"),
                        });
                    }
                }
            }
        }
    }

    /// Languages without messages, messages that a language lacks, and arguments that differ.
    fn check_messages(&self, faults: &mut BTreeSet<TemplateFault>) {
        let english: Option<Language> = "en".parse().ok();
        let Some(reference) = english.and_then(|english| self.catalog.entries(&english)) else { return };
        for language in &self.house.languages {
            let file = format!("templates/i18n/{language}.ftl");
            let Some(entries) = self.catalog.entries(language) else {
                let reason = "the newsroom has this language, and there is no such file: what Herald says itself appears in another".to_owned();
                faults.insert(TemplateFault::whole(file, reason));
                continue;
            };
            for (key, entry) in reference {
                match entries.get(key) {
                    None => {
                        let reason = format!("the message “{key}” is missing; {}:{} has it", entry.file, entry.line);
                        faults.insert(TemplateFault::whole(file.clone(), reason));
                    }
                    Some(own) => {
                        let foreign = own.arguments.iter().find(|name| !entry.arguments.contains(name));
                        if let Some(name) = foreign {
                            faults.insert(TemplateFault {
                                file: own.file.clone(),
                                line: Some(own.line),
                                reason: format!("the message “{key}” is never given ${name}; take it out"),
                            });
                        }
                    }
                }
            }
        }
    }
}

/// Whether a line of a template gives itself the name: `set name`, `for name in`, a component's argument.
fn sets(line: &str, name: &str) -> bool {
    ["set", "set_global", "for"].iter().any(|word| {
        line.match_indices(&format!("{word} {name}"))
            .any(|(at, found)| !line[at + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

fn fault(error: TemplateError) -> TemplateFault {
    match error {
        TemplateError::Fault(fault) => fault,
        TemplateError::Unknown { name, known } => {
            TemplateFault::whole(format!("templates/{name}"), format!("there is no such template; there are {known}"))
        }
        TemplateError::Read { file, source } => TemplateFault::whole(file, source.to_string()),
    }
}

/// A template with its comments (`{# … #}`) blanked out, line by line.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("{#") {
        let (comment, after) = comment.split_once("#}").unwrap_or((comment, ""));
        out.push_str(before);
        out.extend(comment.matches('\n'));
        rest = after;
    }
    out.push_str(rest);
    out
}
