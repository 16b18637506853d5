//! Mails: each is made of every sample in every language, and looked at as a reader would.

use std::collections::BTreeSet;

use super::super::{CORRECTION, Templates, samples};
use super::{Beside, Checked, TemplateFault, fault, without_comments};
use crate::article::Language;
use crate::audience::Person;
use crate::config::nearest;
use crate::mail::inspect::leftovers::{self, Doubt};
use crate::mail::inspect::{self, phrases};
use crate::mail::{Choice, CutError, Links, Rendering};

/// Names that a mail template is given (`docs/TEMPLATES.md` describes each).
pub(in super::super) const MAIL_NAMES: [&str; 18] = [
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
    "telling",
    "test",
    "sandbox",
];

/// What stands for values that each copy fills in.
const HOLES: [&str; 5] = ["recipient", "unsubscribe_url", "preferences_url", "why", "subject"];
/// Filters that leave such a value as it is.
const HARMLESS: [&str; 4] = ["safe", "escape", "escape_html", "default"];
/// What every reader has, for `recipient()`.
const FIELDS: [&str; 3] = ["name", "email", "language"];
/// A way to leave that is found again in a mail.
const WAY_OUT: &str = "https://leave.example/HERALD-CHECK";

impl Templates {
    pub(super) fn check_mail(&self, mail: &str, found: &mut Checked) {
        let mut unfit = BTreeSet::new();
        for language in &self.house.languages {
            let samples = if mail == CORRECTION { samples::tellings(language) } else { samples::all(language) };
            for (kind, issue) in samples {
                match self.mail(mail, &issue) {
                    Ok(rendering) => {
                        self.check_copy(mail, (language, kind), &rendering, &mut unfit);
                        self.check_scene(mail, &issue.address, &rendering, (&mut unfit, &mut found.remarks));
                    }
                    Err(error) => drop(unfit.insert(fault(error))),
                }
            }
        }
        for extension in ["html", "txt", "subject"] {
            self.check_names(&format!("mail/{mail}.{extension}"), |name| MAIL_NAMES.contains(&name), &mut unfit);
        }
        found.faults.extend(unfit);
    }

    /// One copy: that it can be made, has a subject, and a way to leave.
    fn check_copy(
        &self,
        mail: &str,
        (language, kind): (&Language, &str),
        rendering: &Rendering,
        faults: &mut BTreeSet<TemplateFault>,
    ) {
        let of = |extension: &str| self.files.shown(&format!("mail/{mail}.{extension}"));
        let whole = Choice::of(rendering.positions().iter().copied());
        let links = Links { leave: Some(WAY_OUT), ..Links::default() };
        match rendering.html(None, whole, links) {
            Err(error) => drop(faults.insert(TemplateFault::whole(of("html"), error.to_string()))),
            Ok(html) if !html.contains(WAY_OUT) => {
                let reason =
                    "there is no way to leave in it; put unsubscribe_url() into a link, as mail/parts/base.html does";
                faults.insert(TemplateFault::whole(of("html"), reason.to_owned()));
            }
            Ok(_) => {}
        }
        let empty = rendering.subject(None, whole, links).is_ok_and(|subject| subject.trim().is_empty());
        let (file, fault) = (of("subject"), "the subject is empty");
        // Once is enough: the next sample has the same reason.
        if empty && !faults.iter().any(|known| known.file == file && known.reason.starts_with(fault)) {
            let reason = format!("{fault} (with the {kind} sample, in {language}); every mail needs one");
            faults.insert(TemplateFault::whole(file, reason));
        }
    }

    /// One copy, taken apart: what would hold every edition is a fault, what is doubtful a remark.
    fn check_scene(
        &self,
        mail: &str,
        address: &str,
        rendering: &Rendering,
        (faults, remarks): (&mut BTreeSet<TemplateFault>, &mut BTreeSet<TemplateFault>),
    ) {
        let Ok(address_of_all) = "reader@reader.example".parse() else { return };
        let person = Person { id: 0, address: address_of_all, name: None, language: None, extra: Default::default() };
        let whole = Choice::of(rendering.positions().iter().copied());
        let links = Links { leave: Some(WAY_OUT), preferences: Some(WAY_OUT), ..Links::default() };
        let Ok(scene) = rendering.scene(&person, whole, links) else { return };
        let of = |extension: &str, reason: String| {
            TemplateFault::whole(self.files.shown(&format!("mail/{mail}.{extension}")), reason)
        };
        for target in scene.links.iter().map(|link| &link.href).chain(scene.images.iter().map(|image| &image.src)) {
            if target.is_empty() || inspect::is_relative(target) {
                let reason =
                    format!("“{target}” is no whole address, so it leads nowhere from a mail; write https://…");
                faults.insert(of("html", reason));
            }
        }
        for image in scene.images.iter().filter(|image| image.alt.is_none()) {
            let reason = format!("the picture “{}” has no alt text; write alt=\"\" where it is decorative", image.src);
            faults.insert(of("html", reason));
        }
        if scene.text().is_empty() {
            faults.insert(of("txt", "the text part is empty".to_owned()));
        }
        for link in scene.links.iter().filter(|link| phrases::is_empty(&link.words)) {
            let reason = format!("the words “{}” do not say where their link leads", link.words);
            remarks.insert(of("html", reason));
        }
        let texts = scene.passages.iter().filter(|passage| !passage.code && !passage.hidden);
        let texts = texts.map(|passage| ("html", passage.text.clone()));
        let texts = texts.chain([("txt", scene.text()), ("subject", scene.subject.clone())]);
        for (extension, text) in texts {
            for (doubt, what) in leftovers::leftovers(&text) {
                let into = if doubt == Doubt::Sure { &mut *faults } else { &mut *remarks };
                into.insert(of(extension, format!("something was left over: “{what}”")));
            }
        }
        let words = scene.words();
        if address.lines().map(inspect::squeezed).any(|line| !words.contains(&line)) {
            remarks.insert(of("html", "it lacks the postal address; print {{ address }}".to_owned()));
        }
    }

    /// Values of a copy's own that go through a filter, or that no reader has. These have a line; what is found in the
    /// rendering has none, and says the same.
    pub(super) fn check_holes(&self, around: &Beside, found: &mut Checked) {
        let mut filtered = BTreeSet::new();
        for (name, file) in self.files.templates().filter(|(name, _)| name.starts_with("mail/")) {
            for (index, line) in without_comments(&file.text).lines().enumerate() {
                let at = |reason: String| TemplateFault { file: self.files.shown(name), line: Some(index + 1), reason };
                for (function, arguments, rest) in calls(line) {
                    if let Some(filter) = filter(rest).filter(|filter| !HARMLESS.contains(filter)) {
                        filtered.insert(at(format!(
                            "{function}() goes through the filter {filter}; it stands for a value that each copy fills in later, so use it as it is"
                        )));
                    }
                    let field = (function == "recipient").then(|| argument(arguments, "field")).flatten();
                    if let Some(field) = field.filter(|field| !around.has_column(field)) {
                        let known = FIELDS.into_iter().chain(around.columns.iter().map(String::as_str));
                        let hint = match nearest(field, known) {
                            Some(near) => format!("; did you mean “{near}”?"),
                            None => String::new(),
                        };
                        let reason = format!("no list has a column “{field}”, so everybody gets the default{hint}");
                        found.remarks.insert(at(reason));
                    }
                }
            }
        }
        if !filtered.is_empty() {
            let same = CutError::Changed.to_string();
            found.faults.retain(|fault| fault.reason != same);
        }
        found.faults.extend(filtered);
    }
}

impl Beside {
    fn has_column(&self, field: &str) -> bool {
        FIELDS.contains(&field) || self.columns.contains(field)
    }
}

/// The calls in a line that stand for a value of the copy's: name, arguments, and what follows.
fn calls(line: &str) -> Vec<(&'static str, &str, &str)> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let mut found = Vec::new();
    for hole in HOLES {
        for (at, name) in line.match_indices(hole) {
            let Some(inner) = line[at + name.len()..].strip_prefix('(') else { continue };
            if line[..at].ends_with(word) {
                continue;
            }
            let (mut depth, mut quote) = (1, None);
            let end = inner.char_indices().find(|(_, c)| {
                match (quote, *c) {
                    (Some(open), c) if c == open => quote = None,
                    (None, '"' | '\'' | '`') => quote = Some(*c),
                    (None, '(') => depth += 1,
                    (None, ')') => depth -= 1,
                    _ => {}
                }
                depth == 0
            });
            if let Some((end, _)) = end {
                found.push((hole, &inner[..end], &inner[end + 1..]));
            }
        }
    }
    found
}

/// The filter that a value goes through next.
fn filter(rest: &str) -> Option<&str> {
    let name = rest.trim_start().strip_prefix('|')?.trim_start();
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    Some(&name[..end]).filter(|name| !name.is_empty())
}

/// A text among arguments: `field="name"`.
fn argument<'a>(arguments: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = arguments.split_once(name)?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| ['"', '\'', '`'].contains(c))?;
    value[1..].split_once(quote).map(|(text, _)| text)
}
