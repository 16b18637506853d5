//! Why somebody gets a copy, in a sentence: when they signed up, or where their address came from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::article::Language;
use crate::audience::Ground;
use crate::config::{Basis, Config};
use crate::template::Templates;

use super::Plate;

/// The longest origin that a mail names, in characters: it comes from a file.
const LONGEST: usize = 200;

/// Says the sentence in the language of a plate.
#[derive(Clone, Debug)]
pub(super) struct Reasons {
    config: Arc<Config>,
    templates: Arc<Templates>,
    /// What was said lately: to many people it is the same.
    said: Arc<Mutex<HashMap<Same, String>>>,
}

/// What makes two sentences the same: the edition, the language, what is said, and of what.
type Same = (i64, Language, &'static str, String);

/// So many sentences are kept.
const KEPT: usize = 1000;

impl Reasons {
    pub(super) fn new(config: Arc<Config>, templates: Arc<Templates>) -> Reasons {
        Reasons { config, templates, said: Arc::default() }
    }

    /// The sentence for who is on the list by `ground`; empty where nothing more is known than that they are on it, which
    /// the rendering says by itself.
    pub(super) fn why(&self, plate: &Plate, ground: &Ground) -> String {
        let language = plate.rendering.language();
        let say = |key: &'static str, name: &'static str, value: String| {
            let same = (plate.edition, language.clone(), key, value.clone());
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(sentence) = said.get(&same) {
                return sentence.clone();
            }
            let title = ("title", plate.title.clone().into());
            let sentence = self.templates.catalog().say(language, key, &[title, (name, value.into())]);
            if said.len() >= KEPT {
                said.clear();
            }
            said.insert(same, sentence.clone());
            sentence
        };
        let list = self.config.lists.iter().find(|list| list.name == ground.list);
        if let Some(at) = ground.consent_at
            && list.is_none_or(|list| list.basis == Basis::Consent)
        {
            let date = self.templates.date(at, "inside", false, language, self.config.site.timezone);
            return say("mail-why-signed-up", "date", date);
        }
        let of_list = || list.and_then(|list| list.origin.as_ref()).map(|origin| origin.get(language));
        let origin = ground.source.as_deref().or_else(of_list).map(str::trim).filter(|origin| !origin.is_empty());
        origin.map_or(String::new(), |origin| say("mail-why-added", "origin", origin.chars().take(LONGEST).collect()))
    }
}
