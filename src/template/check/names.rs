//! Names: those that a template uses and nobody gives it, and those of files that nobody uses.

use std::collections::BTreeSet;

use super::super::Templates;
use super::{Beside, Checked, TemplateFault};
use crate::config::nearest;

impl Templates {
    /// Names that a template uses and nobody gives it. Tera takes them for false in conditions, so rendering does not
    /// find them all.
    pub(super) fn check_names(
        &self,
        template: &str,
        is_known: impl Fn(&str) -> bool,
        faults: &mut BTreeSet<TemplateFault>,
    ) {
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

    /// Files that stand in for nothing of ours and that nothing uses: a slip in the name, most of the time.
    pub(super) fn check_files(&self, around: &Beside, found: &mut Checked) {
        let builtin: Vec<&str> = self.files.builtin().collect();
        let ends = ["html", "txt", "subject"];
        let of_newsletter = |name: &str| {
            let mail = name.strip_prefix("mail/").and_then(|name| name.rsplit_once('.'));
            mail.is_some_and(|(mail, end)| ends.contains(&end) && around.mails.contains(mail))
        };
        for (name, file) in self.files.templates().filter(|(_, file)| file.own) {
            let named = |text: &str| ['"', '\''].iter().any(|quote| text.contains(&format!("{quote}{name}{quote}")));
            let used = self.files.templates().any(|(other, file)| other != name && named(&file.text));
            if builtin.contains(&name) || of_newsletter(name) || used {
                continue;
            }
            let hint = match nearest(name, builtin.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None if name.starts_with("mail/") => "name it in [[newsletters]] template, or take it away".to_owned(),
                None => "take it away, or include it somewhere".to_owned(),
            };
            let reason = format!("nothing uses this file; {hint}");
            found.remarks.insert(TemplateFault::whole(file.shown.clone(), reason));
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
