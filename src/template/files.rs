//! The files: those built in, and those of the newsroom in their place.

use std::collections::BTreeMap;
use std::path::Path;

use rust_embed::RustEmbed;

use super::{TemplateError, TemplateFault};

/// The templates that every Herald has. A debug build reads them from the source tree, so that a changed one
/// shows at once; a release holds them.
#[derive(RustEmbed)]
#[folder = "templates/"]
#[include = "*.html"]
#[include = "*.txt"]
#[include = "*.subject"]
#[include = "*.ftl"]
#[include = "*.css"]
#[include = "*.xml"]
struct Builtin;

/// No template is larger: what is, was put there by mistake.
const LARGEST: u64 = 1 << 20;

/// One file.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) text: String,
    /// Where it is, as people are told: a path for the newsroom's own.
    pub(super) shown: String,
}

/// All of them by name, `mail/digest.html`.
#[derive(Debug, Default)]
pub(super) struct Files {
    files: BTreeMap<String, File>,
    /// Messages: built in first, then the newsroom's, which win message by message.
    messages: Vec<(String, File)>,
}

impl Files {
    pub(super) fn load(overrides: Option<&Path>) -> Result<Files, TemplateError> {
        let mut files = Files::default();
        for name in Builtin::iter() {
            if let Some(file) = Builtin::get(&name) {
                let text = String::from_utf8_lossy(&file.data).into_owned();
                files.add(&name, File { text, shown: format!("templates/{name} (built in)") });
            }
        }
        if let Some(folder) = overrides.filter(|folder| folder.is_dir()) {
            files.add_folder(folder)?;
        }
        Ok(files)
    }

    fn add_folder(&mut self, folder: &Path) -> Result<(), TemplateError> {
        for entry in walkdir::WalkDir::new(folder).max_depth(6).sort_by_file_name() {
            let entry =
                entry.map_err(|e| TemplateError::Read { file: folder.display().to_string(), source: e.into() })?;
            let path = entry.path();
            let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            if !entry.file_type().is_file() || !matches!(extension, "html" | "txt" | "subject" | "ftl" | "css" | "xml")
            {
                continue;
            }
            let Ok(relative) = path.strip_prefix(folder) else { continue };
            let name = relative.iter().map(|p| p.to_string_lossy()).collect::<Vec<_>>().join("/");
            let shown = path.display().to_string();
            if entry.metadata().is_ok_and(|m| m.len() > LARGEST) {
                return Err(TemplateFault::whole(shown, "it is over 1 MiB, which no template is".to_owned()).into());
            }
            let bytes = std::fs::read(path).map_err(|source| TemplateError::Read { file: shown.clone(), source })?;
            let text = String::from_utf8(bytes)
                .map_err(|_| TemplateFault::whole(shown.clone(), "it is not UTF-8; save it as UTF-8".to_owned()))?;
            self.add(&name, File { text: text.trim_start_matches('\u{feff}').to_owned(), shown });
        }
        Ok(())
    }

    fn add(&mut self, name: &str, file: File) {
        match name.strip_prefix("i18n/").and_then(|n| n.strip_suffix(".ftl")) {
            Some(language) => self.messages.push((language.to_owned(), file)),
            None => {
                self.files.insert(name.to_owned(), file);
            }
        }
    }

    /// Templates by name.
    pub(super) fn templates(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(name, file)| (name.as_str(), file))
    }

    /// Files of messages by language tag, those that win last.
    pub(super) fn messages(&self) -> &[(String, File)] {
        &self.messages
    }

    /// Where the word `name` stands in templates: template, line number and line.
    pub(super) fn places(&self, name: &str) -> Vec<(&str, usize, &str)> {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        let holds = |line: &str| {
            line.match_indices(name).any(|(at, found)| {
                !line[..at].ends_with(|c: char| part(c) || c == '.') && !line[at + found.len()..].starts_with(part)
            })
        };
        let mut places = Vec::new();
        for (template, file) in &self.files {
            let lines = file.text.lines().enumerate().filter(|(_, line)| holds(line));
            places.extend(lines.map(|(index, line)| (template.as_str(), index + 1, line)));
        }
        places
    }

    /// How people are told of the template `name`.
    pub(super) fn shown(&self, name: &str) -> String {
        self.files.get(name).map_or_else(|| name.to_owned(), |file| file.shown.clone())
    }

    /// What Tera found wrong, with file and line where it knows them; `name` is what was being rendered.
    pub(super) fn fault(&self, error: &tera::Error, name: &str) -> TemplateFault {
        match error.kind() {
            tera::ErrorKind::SyntaxError(report) | tera::ErrorKind::RenderingError(report) => {
                let file = if report.filename().is_empty() { name } else { report.filename() };
                TemplateFault {
                    file: self.shown(file),
                    line: Some(report.span().start_line),
                    reason: report.message().to_owned(),
                }
            }
            other => TemplateFault { file: self.shown(name), line: None, reason: other.to_string() },
        }
    }
}
