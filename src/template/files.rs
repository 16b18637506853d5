//! The files: those built in, and those of the newsroom in their place.

use std::collections::BTreeMap;
use std::path::Path;

use rust_embed::RustEmbed;
use tera::ErrorKind;

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
    /// Whether it is the newsroom's own.
    pub(super) own: bool,
}

/// All of them by name, `mail/digest.html`.
#[derive(Debug, Default)]
pub(super) struct Files {
    files: BTreeMap<String, File>,
    /// Messages: built in first, then the newsroom's, which win message by message.
    messages: Vec<(String, File)>,
    /// The newsroom's files that can't be read, by name.
    unusable: BTreeMap<String, Vec<TemplateFault>>,
    /// Names of what is built in.
    builtin: Vec<String>,
}

/// What Tera found wrong with one template.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The template's name.
    pub(super) template: String,
    pub(super) fault: TemplateFault,
    /// The template that it is made of, where that is not there.
    pub(super) missing: Option<String>,
}

impl Files {
    pub(super) fn load(overrides: Option<&Path>) -> Result<Files, TemplateError> {
        let mut files = Files::default();
        for name in Builtin::iter() {
            if let Some(file) = Builtin::get(&name) {
                let text = String::from_utf8_lossy(&file.data).into_owned();
                files.add(&name, File { text, shown: format!("templates/{name} (built in)"), own: false });
                files.builtin.push(name.into_owned());
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
            match read(path) {
                Ok(text) => self.add(&name, File { text, shown, own: true }),
                Err(reason) => {
                    // Ours does not stand in for it: people would get what nobody meant.
                    self.files.remove(&name);
                    self.unusable.insert(name, vec![TemplateFault::whole(shown, reason)]);
                }
            }
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

    /// Whether none is the newsroom's own: built-in ones are known to end.
    pub(super) fn are_ours(&self) -> bool {
        self.unusable.is_empty() && self.files.values().all(|file| !file.own)
    }

    /// The names of all, also of those that can't be read.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().chain(self.unusable.keys()).map(String::as_str)
    }

    /// The names of what is built in.
    pub(super) fn builtin(&self) -> impl Iterator<Item = &str> {
        self.builtin.iter().map(String::as_str)
    }

    /// The newsroom's files that can't be read, by name.
    pub(super) fn unusable(&self) -> &BTreeMap<String, Vec<TemplateFault>> {
        &self.unusable
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
        self.faults(error).into_iter().next().map_or_else(
            || TemplateFault { file: self.shown(name), line: None, reason: error.to_string() },
            |wrong| TemplateFault {
                file: if wrong.template.is_empty() { self.shown(name) } else { wrong.fault.file },
                ..wrong.fault
            },
        )
    }

    /// What Tera found wrong with which templates; empty where it names none.
    pub(super) fn faults(&self, error: &tera::Error) -> Vec<Wrong> {
        let wrong = |template: &str, line: Option<usize>, reason: String| Wrong {
            template: template.to_owned(),
            fault: TemplateFault { file: self.shown(template), line, reason },
            missing: None,
        };
        match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                vec![wrong(report.filename(), Some(report.span().start_line), report.message().to_owned())]
            }
            ErrorKind::CircularInclude { tpl, include_chain: chain } => {
                let next = chain.get(1).unwrap_or(tpl);
                vec![wrong(tpl, self.line_of(tpl, next), format!("it includes itself: {}", chain.join(", then ")))]
            }
            ErrorKind::CircularExtend { tpl, inheritance_chain: chain } => {
                let next = chain.first().unwrap_or(tpl);
                vec![wrong(tpl, self.line_of(tpl, next), format!("it extends itself, by way of {}", chain.join(", ")))]
            }
            ErrorKind::MissingParent { current, parent } => {
                let reason = format!("it extends {parent}, and there is no such template");
                let found = wrong(current, self.line_of(current, parent), reason);
                vec![Wrong { missing: Some(parent.clone()), ..found }]
            }
            ErrorKind::Msg(text) => {
                let twice = || {
                    let (first, rest) = text.split_once("is defined in both `")?.1.split_once('`')?;
                    let second = rest.split('`').nth(1)?;
                    let own = |name: &&str| self.files.get(*name).is_some_and(|file| file.own);
                    let place = [second, first].into_iter().find(own).unwrap_or(second);
                    Some(vec![wrong(place, None, text.clone())])
                };
                twice().unwrap_or_else(|| {
                    let found = reports(text).into_iter();
                    found
                        .map(|(message, template, line)| Wrong {
                            missing: self.missing(message),
                            ..wrong(template, line, message.to_owned())
                        })
                        .collect()
                })
            }
            _ => Vec::new(),
        }
    }

    /// The template that Tera misses, or that has the component that Tera misses.
    fn missing(&self, message: &str) -> Option<String> {
        let name = |start: &str| message.strip_prefix(start).map(|rest| rest.trim_end_matches('`'));
        if let Some(template) = name("Unknown template `") {
            return Some(template.to_owned());
        }
        let defined = format!("component {}(", name("Unknown component `")?);
        self.files.iter().find(|(_, file)| file.text.contains(&defined)).map(|(name, _)| name.clone())
    }

    /// The line of `template` that names the template `other`.
    fn line_of(&self, template: &str, other: &str) -> Option<usize> {
        let text = &self.files.get(template)?.text;
        let names = |line: &str| ['"', '\'', '`'].iter().any(|q| line.contains(&format!("{q}{other}{q}")));
        text.lines().position(names).map(|index| index + 1)
    }
}

/// Names that nobody has, Tera reports all at once in one text: `error: WHAT`, and under it `--> FILE:LINE:COLUMN`.
fn reports(text: &str) -> Vec<(&str, &str, Option<usize>)> {
    let mut found = Vec::new();
    let mut message = None;
    for line in text.lines() {
        if let Some(what) = line.strip_prefix("error: ") {
            message = Some(what);
        } else if let Some(place) = line.trim_start().strip_prefix("--> ")
            && let Some(what) = message.take()
        {
            let mut parts = place.rsplitn(3, ':').skip(1);
            let line = parts.next().and_then(|line| line.parse().ok());
            found.push((what, parts.next().unwrap_or_default(), line));
        }
    }
    found
}

/// The text of a file.
///
/// # Errors
/// Why it can't be had.
fn read(path: &Path) -> Result<String, String> {
    if std::fs::metadata(path).is_ok_and(|m| m.len() > LARGEST) {
        return Err("it is over 1 MiB, which no template is".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|error| format!("it can't be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8; save it as UTF-8".to_owned())?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}
