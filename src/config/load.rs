//! From a text to a checked [`Config`]:
//!
//! 1. [`tree::parse`] reads TOML and keeps the line of each value.
//! 2. [`environment::lay_over`] lays `HERALD_…` variables over it.
//! 3. [`check::check`] holds it against the shape of the types, and names every fault.
//! 4. Only what has none becomes a [`Config`].

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use url::Url;

use super::near::{nearest, or_list};
use super::{Config, ConfigError, Fault, Target, Text, check, environment, kind, tree};
use crate::audience::Address;

/// What the postal address of the sample newsroom holds.
const SAMPLE_ADDRESS: &str = "Example Street";

impl Config {
    /// The configuration in `text`, which was read from `file`, with what the environment says over it.
    ///
    /// # Errors
    /// Every fault found.
    pub fn load(
        file: &Path,
        text: &str,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let fail = |faults| ConfigError { file: file.to_owned(), faults };
        let mut root = tree::parse(text).map_err(fail)?;
        let mut faults = environment::lay_over(&mut root, env);
        faults.extend(check::check(&root));
        if !faults.is_empty() {
            return Err(fail(faults));
        }
        let mut lines = BTreeMap::new();
        check::places(&root.value, &check::Path::default(), &mut |key, place| {
            if let tree::Place::Line(line) = place {
                lines.insert(key, *line);
            }
        });
        let mut config = Config::deserialize(toml::Value::from(root)).map_err(|error| {
            let reason = error.message().to_owned();
            fail(vec![Fault { line: None, variable: None, key: String::new(), reason }])
        })?;
        config.folder = file.parent().map(Path::to_owned).unwrap_or_default();
        config.file = file.to_owned();
        config.lines = lines;
        let faults = config.find_days_off();
        if faults.is_empty() { Ok(config) } else { Err(fail(faults)) }
    }

    /// A fault of that key, with the line where it stands.
    pub fn fault(&self, key: &str, reason: impl Into<String>) -> Fault {
        Fault { line: self.lines.get(key).copied(), variable: None, key: key.to_owned(), reason: reason.into() }
    }

    /// Those faults as an error; nothing where there are none.
    ///
    /// # Errors
    /// The faults.
    pub fn refuse(&self, faults: Vec<Fault>) -> Result<(), ConfigError> {
        if faults.is_empty() { Ok(()) } else { Err(ConfigError { file: self.file.clone(), faults }) }
    }

    /// Newsletters whose template is none of `known`.
    pub fn without_template(&self, known: &[String]) -> Vec<Fault> {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let mut faults = Vec::new();
        for newsletter in self.newsletters.iter().filter(|n| !known.contains(&n.template.as_str())) {
            let hint = match nearest(&newsletter.template, known.iter().copied()) {
                Some(near) => format!("did you mean “{near}”?"),
                None => format!("there is {}", or_list(&known, "and")),
            };
            let reason = format!(
                "there is no template “{0}”; {hint} (or write {1}/mail/{0}.html)",
                newsletter.template,
                self.site.templates.display()
            );
            faults.push(self.fault(&format!("newsletters.{}.template", newsletter.name), reason));
        }
        faults
    }

    /// Secrets of `[mail]` that can't be had: a file that is not there or holds no key, a variable that is not set.
    fn without_secrets(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for relay in &self.mail.relays {
            let Err(reason) = relay.proof(&self.folder) else { continue };
            faults.push(self.without_secret(&format!("mail.relays.{}", relay.name), &reason));
        }
        if let Some(returns) = &self.mail.returns
            && let Err(reason) = returns.proof(&self.folder)
        {
            faults.push(self.without_secret("mail.returns", &reason));
        }
        let unusable = self.mail.dkim.as_ref().and_then(|dkim| dkim.signer(&self.folder, "").err());
        for (key, reason) in unusable.into_iter().flatten() {
            faults.push(self.fault(key, format!("{reason}; `herald keys dkim SELECTOR` makes one")));
        }
        faults
    }

    /// The fault of a password or token that cannot be read; `reason` begins with its key.
    fn without_secret(&self, path: &str, reason: &str) -> Fault {
        let (key, reason) = reason.split_once(' ').unwrap_or(("", reason));
        let advice = match key.trim_end_matches(':') {
            "password_file" => "write the password into that file, for Herald alone to read (chmod 600)",
            "token_file" => "whoever renews the token must write it there, for Herald alone to read (chmod 600)",
            "token_env" => "set that variable for Herald, or name a token_file",
            _ => "set that variable for Herald, or name a password_file",
        };
        self.fault(&format!("{path}.{key}"), format!("{reason}; {advice}"))
    }

    /// What `run`, `once` and `send` warn of at each start, each with what to do.
    pub fn warnings(&self) -> Vec<String> {
        let folder = |relay: &super::Relay| matches!(relay.target(&self.folder), Ok(Target::Folder(_)));
        if self.mail.returns.is_some() || self.mail.relays.iter().all(folder) {
            return Vec::new();
        }
        let to = self.mail.return_path.as_deref().unwrap_or(&self.mail.from);
        vec![format!(
            "nothing reads what comes back to {to}: addresses that are gone are written to again and again, and receivers \
             take that for spam. Name the mailbox in [mail.returns], imap = \"imaps://USER@HOST/INBOX\" with a password_file \
             or maildir = \"PATH\"; or let its mail server pipe into `herald bounces read -`, and set [mail.returns] piped = true"
        )]
    }

    /// Everything that keeps mail from leaving: settings that are not fit for it, and secrets that can't be had.
    pub fn cannot_send(&self) -> Vec<Fault> {
        let mut faults = self.fit_for_real_mail();
        faults.extend(self.without_secrets());
        faults
    }

    /// What keeps this configuration from sending real mail (DESIGN, part 7, "Real mail needs real settings"). Nothing where
    /// the first relay is a folder, or for trials (`[mail] sandbox`).
    pub fn fit_for_real_mail(&self) -> Vec<Fault> {
        let folder = |relay: &super::Relay| matches!(relay.target(&self.folder), Ok(Target::Folder(_)));
        if self.mail.sandbox || self.mail.relays.iter().all(folder) {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let mut fault = |key: &str, reason: String| {
            let end = "; mend it, or set [mail] sandbox = true for a trial";
            faults.push(self.fault(key, format!("is not fit for real mail: {reason}{end}")));
        };
        let url = Url::parse(&self.site.url).ok();
        if url.as_ref().is_none_or(|url| url.scheme() != "https") {
            fault("site.url", format!("“{}” is not https, and people are to leave and to read by it", self.site.url));
        } else if url.as_ref().and_then(Url::host).is_none_or(|host| !kind::is_public(&host)) {
            fault("site.url", format!("“{}” can be reached from inside only", self.site.url));
        }
        if let Ok((_, from)) = Address::with_name(&self.mail.from)
            && is_example(from.domain())
        {
            fault("mail.from", format!("“{from}” is the sample's"));
        }
        if let Some(path) = &self.mail.return_path
            && path.rsplit('@').next().is_some_and(is_example)
        {
            fault("mail.return_path", format!("“{path}” is the sample's"));
        }
        let sample = match &self.site.address {
            Text::One(text) => text.contains(SAMPLE_ADDRESS),
            Text::ByLanguage(all) => all.values().any(|text| text.contains(SAMPLE_ADDRESS)),
        };
        if sample {
            fault("site.address", "the postal address is the sample's".to_owned());
        }
        faults
    }
}

/// A domain of RFC 2606, which nobody has.
fn is_example(domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    let last_two = domain.rsplitn(3, '.').take(2).collect::<Vec<_>>();
    matches!(last_two.as_slice(), ["example" | "invalid" | "test", ..] | ["com" | "net" | "org", "example"])
        || domain == "example"
}
