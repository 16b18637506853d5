//! The messages of each language (Project Fluent): one `.ftl` file a language.
//!
//! A newsroom's own file wins message by message, so it holds only what it says differently. What a
//! language lacks is said in the newsroom's first language, then in English.

use std::collections::BTreeMap;

use fluent_templates::FluentBundle;
use fluent_templates::fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::TemplateFault;
use super::files::File;
use crate::article::Language;

/// All messages.
pub struct Catalog {
    bundles: BTreeMap<Language, FluentBundle<FluentResource>>,
    /// Where each message of each language stands: for `check`.
    entries: BTreeMap<Language, BTreeMap<String, Entry>>,
    /// The messages that are built in, as English has them.
    builtin: BTreeMap<String, Entry>,
    first: Language,
}

/// One message as written.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) line: usize,
    /// Names of its arguments.
    pub(super) arguments: Vec<String>,
}

/// An argument of a message.
#[derive(Clone, Debug)]
pub enum Argument {
    /// A text, printed as it is.
    Text(String),
    /// A number: chooses the plural form, and is printed with the language's grouping.
    Number(f64),
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Argument::Text(text.to_owned())
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Argument::Text(text)
    }
}

impl From<i64> for Argument {
    fn from(number: i64) -> Self {
        Argument::Number(number as f64)
    }
}

impl Catalog {
    /// Reads the files, those that win last. `first` is the newsroom's first language. What can't be read is left out, and
    /// named as `i18n/en.ftl` with what is wrong.
    pub(super) fn new(files: &[(String, File)], first: Language) -> (Self, Vec<(String, TemplateFault)>) {
        let mut catalog =
            Catalog { bundles: BTreeMap::new(), entries: BTreeMap::new(), builtin: BTreeMap::new(), first };
        let mut faults = Vec::new();
        for (tag, file) in files {
            match read(tag, file) {
                Ok((language, resource)) => {
                    let bundle = catalog.bundles.entry(language.clone()).or_insert_with(|| bundle(&language));
                    bundle.add_resource_overriding(resource);
                    if !file.own && language.as_str() == "en" {
                        catalog.builtin.extend(entries(file));
                    }
                    catalog.entries.entry(language).or_default().extend(entries(file));
                }
                Err(fault) => faults.push((format!("i18n/{tag}.ftl"), fault)),
            }
        }
        for (language, bundle) in &mut catalog.bundles {
            let group = catalog.entries.get(language).and_then(|_| plain(bundle, "number-group")).unwrap_or_default();
            bundle.set_formatter(Some(match group.as_str() {
                "," => grouped::<',', '.', _>,
                "." => grouped::<'.', ',', _>,
                "'" => grouped::<'\'', '.', _>,
                _ => grouped::<'\u{a0}', ',', _>,
            }));
        }
        (catalog, faults)
    }

    /// The message `key` in `language`, else in the first language, else in English; `None` where none has it.
    pub fn find(&self, language: &Language, key: &str, arguments: &[(&str, Argument)]) -> Option<String> {
        let mut values = FluentArgs::with_capacity(arguments.len());
        for (name, value) in arguments {
            match value {
                Argument::Text(text) => values.set(*name, text.as_str()),
                Argument::Number(number) => values.set(*name, *number),
            }
        }
        self.chain(language).find_map(|bundle| {
            let pattern = bundle.get_message(key)?.value()?;
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, Some(&values), &mut errors);
            errors.is_empty().then(|| text.into_owned())
        })
    }

    /// As [`Catalog::find`]; a key that no language has is shown as itself, so that it can be found.
    pub fn say(&self, language: &Language, key: &str, arguments: &[(&str, Argument)]) -> String {
        self.find(language, key, arguments).unwrap_or_else(|| key.to_owned())
    }

    /// Whether any language that `language` falls back to has the message.
    pub fn has(&self, language: &Language, key: &str) -> bool {
        self.chain(language).any(|bundle| bundle.has_message(key))
    }

    /// The languages that have messages.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        self.bundles.keys()
    }

    /// The messages of a language as written.
    pub(super) fn entries(&self, language: &Language) -> Option<&BTreeMap<String, Entry>> {
        self.entries.get(language)
    }

    /// The messages that are built in, as English has them.
    pub(super) fn builtin(&self) -> &BTreeMap<String, Entry> {
        &self.builtin
    }

    /// The bundles in which a message is looked for, in order.
    fn chain<'a>(&'a self, language: &'a Language) -> impl Iterator<Item = &'a FluentBundle<FluentResource>> {
        [
            self.nearest(language),
            self.nearest(&self.first),
            self.bundles.iter().find(|(l, _)| l.as_str() == "en").map(|(_, b)| b),
        ]
        .into_iter()
        .flatten()
    }

    /// The bundle of the language, else of one with the same primary language.
    fn nearest(&self, language: &Language) -> Option<&FluentBundle<FluentResource>> {
        self.bundles
            .get(language)
            .or_else(|| self.bundles.iter().find(|(l, _)| l.primary() == language.primary()).map(|(_, b)| b))
    }
}

/// The language of a file and its messages.
fn read(tag: &str, file: &File) -> Result<(Language, FluentResource), TemplateFault> {
    let language = tag.parse().map_err(|_| {
        let reason = "its name is no language tag; name it en.ftl, sr-Latn.ftl or the like".to_owned();
        TemplateFault::whole(file.shown.clone(), reason)
    })?;
    let resource = FluentResource::try_new(file.text.clone()).map_err(|(_, errors)| {
        let first = errors.first();
        let before = first.and_then(|e| file.text.get(..e.pos.start));
        TemplateFault {
            file: file.shown.clone(),
            line: before.map(|before| before.matches('\n').count() + 1),
            reason: first.map_or_else(|| "it is not well-formed".to_owned(), |e| e.kind.to_string()),
        }
    })?;
    Ok((language, resource))
}

fn bundle(language: &Language) -> FluentBundle<FluentResource> {
    let id = language.as_str().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // The signs that isolate inserted text would show as boxes in subjects and in some mail programs.
    bundle.set_use_isolating(false);
    bundle
}

fn plain(bundle: &FluentBundle<FluentResource>, key: &str) -> Option<String> {
    let pattern = bundle.get_message(key)?.value()?;
    Some(bundle.format_pattern(pattern, None, &mut Vec::new()).into_owned())
}

/// Numbers in messages, grouped by threes.
fn grouped<const GROUP: char, const DECIMAL: char, M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    match value {
        FluentValue::Number(number) => Some(group(number.value, GROUP, DECIMAL)),
        _ => None,
    }
}

/// `1204.5` as `1,204.5` or `1.204,5`.
pub(super) fn group(number: f64, group: char, decimal: char) -> String {
    let text = format!("{}", number.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(w, r)| (w, Some(r)));
    let mut out = String::with_capacity(text.len() + 8);
    if number < 0.0 {
        out.push('−');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(group);
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push(decimal);
        out.push_str(rest);
    }
    out
}

/// The messages of a file with line and arguments. A message starts at a line's first letter: `key = text`.
fn entries(file: &File) -> Vec<(String, Entry)> {
    let mut found: Vec<(String, Entry)> = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let key = line.split_once('=').map(|(key, _)| key.trim_end());
        match key {
            Some(key) if line.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                let entry = Entry { file: file.shown.clone(), line: index + 1, arguments: Vec::new() };
                found.push((key.to_owned(), entry));
            }
            _ if line.starts_with(['#', '-']) => continue,
            _ => {}
        }
        if let Some((_, entry)) = found.last_mut() {
            for part in line.split('$').skip(1) {
                let name: String =
                    part.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
                if !entry.arguments.contains(&name) {
                    entry.arguments.push(name);
                }
            }
        }
    }
    found
}
