//! Messages: keys that nobody has, languages and messages that are missing, arguments that are never given.

use std::collections::BTreeSet;

use super::super::Templates;
use super::{Checked, TemplateFault, without_comments};
use crate::article::Language;
use crate::config::nearest;

/// Keys that are put together in templates and in our code: what stands after these is anybody's.
const FAMILIES: [&str; 1] = ["language-"];

impl Templates {
    /// Keys of messages that templates name and no language has.
    pub(super) fn check_keys(&self, faults: &mut BTreeSet<TemplateFault>) {
        let first = self.house.languages.first().cloned().unwrap_or_default();
        for (name, file) in self.files.templates() {
            for (index, line) in without_comments(&file.text).lines().enumerate() {
                for part in line.split("t(key=\"").skip(1) {
                    let Some((key, rest)) = part.split_once('"') else { continue };
                    // `"language-" ~ language` is put together: rendering will tell.
                    let is_key = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                    if is_key && !rest.trim_start().starts_with('~') && !self.catalog.has(&first, key) {
                        let near = nearest(key, self.catalog.builtin().keys().map(String::as_str));
                        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                        faults.insert(TemplateFault {
                            file: self.files.shown(name),
                            line: Some(index + 1),
                            reason: format!("there is no message “{key}” in templates/i18n/{hint}"),
                        });
                    }
                }
            }
        }
    }

    /// Languages without messages, messages that a language lacks, and arguments that differ.
    pub(super) fn check_messages(&self, found: &mut Checked) {
        let english: Option<Language> = "en".parse().ok();
        let Some(all) = english.and_then(|english| self.catalog.entries(&english)) else { return };
        let ours = self.catalog.builtin();
        for language in &self.house.languages {
            let file = format!("templates/i18n/{language}.ftl");
            let Some(entries) = self.catalog.entries(language) else {
                let reason = "the newsroom has this language, and there is no such file: what Herald says itself appears in another";
                found.faults.insert(TemplateFault::whole(file, reason.to_owned()));
                continue;
            };
            for (key, entry) in all.iter().filter(|(key, _)| ours.contains_key(*key) || self.names_key(key)) {
                match entries.get(key) {
                    None => {
                        let reason = format!("the message “{key}” is missing; {}:{} has it", entry.file, entry.line);
                        found.faults.insert(TemplateFault::whole(file.clone(), reason));
                    }
                    Some(own) => {
                        let known = ours.get(key).unwrap_or(entry);
                        if let Some(name) = own.arguments.iter().find(|name| !known.arguments.contains(name)) {
                            found.faults.insert(TemplateFault {
                                file: own.file.clone(),
                                line: Some(own.line),
                                reason: format!("the message “{key}” is never given ${name}; take it out"),
                            });
                        }
                    }
                }
            }
        }
        self.check_own_messages(found);
    }

    /// What a newsroom's own files of messages hold to no effect.
    fn check_own_messages(&self, found: &mut Checked) {
        let ours = self.catalog.builtin();
        for (tag, file) in self.files.messages().iter().filter(|(_, file)| file.own) {
            let Ok(language) = tag.parse::<Language>() else { continue };
            if !self.house.languages.contains(&language) {
                let all: Vec<&str> = self.house.languages.iter().map(Language::as_str).collect();
                let hint = match nearest(tag, all.iter().copied()) {
                    Some(near) => format!("; did you mean {near}.ftl?"),
                    None => format!(" ({}); nobody reads it", all.join(", ")),
                };
                let reason = format!("{tag} is none of the newsroom's languages{hint}");
                found.remarks.insert(TemplateFault::whole(file.shown.clone(), reason));
            }
            let entries = self.catalog.entries(&language).into_iter().flatten();
            for (key, entry) in entries.filter(|(_, entry)| entry.file == file.shown) {
                let free = FAMILIES.iter().any(|family| key.starts_with(family));
                if free || ours.contains_key(key) || self.names_key(key) {
                    continue;
                }
                let hint = match nearest(key, ours.keys().map(String::as_str)) {
                    Some(near) => format!("; did you mean {near}?"),
                    None => ", and no template asks for it".to_owned(),
                };
                found.faults.insert(TemplateFault {
                    file: entry.file.clone(),
                    line: Some(entry.line),
                    reason: format!("there is no such message as {key}{hint}"),
                });
            }
        }
    }

    /// Whether a template names that key.
    fn names_key(&self, key: &str) -> bool {
        let quoted = ['"', '\''].map(|quote| format!("{quote}{key}{quote}"));
        self.files.templates().any(|(_, file)| quoted.iter().any(|quoted| file.text.contains(quoted)))
    }
}
