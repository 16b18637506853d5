//! From files to [`Templates`]. A file that can't be used is set aside with what is wrong with it, and so is what is
//! made of it; the others can be used.
//!
//! A mail that can't be made stops its own newsletters and nothing else, so a fault there is no reason not to read sources and
//! publish ([`Templates::load`]). Pages and messages are needed for everything.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tera::Tera;

use super::files::Files;
use super::watch::{self, Watch};
use super::{Catalog, House, TemplateError, TemplateFault, Templates, functions};
use crate::config::Config;

/// What can't be used, by name, with what is wrong.
type Aside = BTreeMap<String, Vec<TemplateFault>>;

impl Templates {
    /// The built-in templates, each replaced by the file of its name in `overrides` where there is one; files of
    /// other names are added. A folder that does not exist replaces nothing.
    ///
    /// # Errors
    /// A folder that can't be read; a page or a file of messages that can't be used, with file and line. A mail that can't
    /// be made says so when it is to be ([`Templates::mail`]).
    pub fn load(overrides: Option<&Path>) -> Result<Templates, TemplateError> {
        Templates::load_for(overrides, House::default())
    }

    /// The templates of the newsroom that `config` describes.
    ///
    /// # Errors
    /// As [`Templates::load`].
    pub fn for_config(config: &Config) -> Result<Templates, TemplateError> {
        Templates::load_for(Some(&config.path(&config.site.templates)), house(config))
    }

    /// As [`Templates::load`], for that house.
    ///
    /// # Errors
    /// As [`Templates::load`].
    pub fn load_for(overrides: Option<&Path>, house: House) -> Result<Templates, TemplateError> {
        let templates = assemble(overrides, house)?;
        let needed = templates.aside.iter().filter(|(name, _)| !name.starts_with("mail/"));
        match needed.flat_map(|(_, faults)| faults).next() {
            Some(fault) => Err(fault.clone().into()),
            None => Ok(templates),
        }
    }

    /// The same, to be looked at ([`Templates::check`]): whatever is wrong with whichever of them.
    ///
    /// # Errors
    /// A folder that can't be read.
    pub fn to_check(config: &Config) -> Result<Templates, TemplateError> {
        assemble(Some(&config.path(&config.site.templates)), house(config))
    }
}

fn house(config: &Config) -> House {
    House {
        languages: config.site.languages.clone(),
        timezone: config.site.timezone,
        topics: config.topics.iter().map(|t| (t.id.clone(), t.name.clone())).collect(),
    }
}

pub(super) fn assemble(overrides: Option<&Path>, house: House) -> Result<Templates, TemplateError> {
    let files = Files::load(overrides)?;
    let mut aside: Aside = files.unusable().clone();
    let first = house.languages.first().cloned().unwrap_or_default();
    let (catalog, faults) = Catalog::new(files.messages(), first);
    for (name, fault) in faults {
        aside.entry(name).or_default().push(fault);
    }
    let tera = tera(&files, &mut aside)?;
    Ok(Templates {
        tera: Arc::new(tera),
        files: Arc::new(files),
        catalog: Arc::new(catalog),
        house: Arc::new(house),
        aside: Arc::new(aside),
        watch: Arc::new(Watch::new(watch::LONGEST)),
        made: Arc::default(),
    })
}

/// Tera with every template that it takes. It stops at the first that is wrong, so it is asked again without that one.
fn tera(files: &Files, aside: &mut Aside) -> Result<Tera, TemplateError> {
    loop {
        let mut tera = Tera::new();
        tera.autoescape_on(vec![".html", ".htm", ".xml"]);
        functions::register(&mut tera);
        let usable = files.templates().filter(|(name, _)| !aside.contains_key(*name));
        let Err(error) = tera.add_raw_templates(usable.map(|(name, file)| (name, &file.text))) else { return Ok(tera) };
        let before = aside.len();
        for wrong in files.faults(&error) {
            // What is made of one that was set aside has its faults, not one of its own.
            let inherited = wrong.missing.as_ref().and_then(|missing| aside.get(missing)).cloned();
            aside.entry(wrong.template).or_default().extend(inherited.unwrap_or_else(|| vec![wrong.fault]));
        }
        if aside.len() == before {
            // Tera names no template of ours: nothing can be set aside.
            return Err(files.fault(&error, "").into());
        }
    }
}
