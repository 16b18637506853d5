//! What `herald check` says of templates and messages: nothing is sent, nothing is changed.

mod mail;
mod messages;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

#[cfg(test)]
pub(super) use mail::MAIL_NAMES;

use super::{TemplateError, Templates};

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

/// What the newsroom has beside its templates.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The templates that newsletters name.
    pub mails: BTreeSet<String>,
    /// Columns of the lists' files, beside those that Herald knows.
    pub columns: BTreeSet<String>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong.
    pub faults: BTreeSet<TemplateFault>,
    /// What is worth a look.
    pub remarks: BTreeSet<TemplateFault>,
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
    /// Every fault in templates and messages: what can't be read, each mail made of full, bare and withdrawn samples in each
    /// language, each name that it uses compared with those there are, and each message with the first language's.
    pub fn check(&self, around: &Beside) -> Checked {
        let mut found = Checked::default();
        found.faults.extend(self.set_aside().cloned());
        for mail in self.mails() {
            self.check_mail(mail, &mut found);
        }
        self.check_holes(around, &mut found);
        self.check_files(around, &mut found);
        self.check_keys(&mut found.faults);
        self.check_messages(&mut found);
        found
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
}

fn fault(error: TemplateError) -> TemplateFault {
    match error {
        TemplateError::Fault(fault) => fault,
        TemplateError::Unknown { name, near } => {
            let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            TemplateFault::whole(format!("templates/{name}"), format!("there is no such template{hint}"))
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
