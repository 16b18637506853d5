//! The words that feeds add to an article, in its language: from the catalogue of messages.

use super::content::Correction;
use super::text;
use crate::article::Language;
use crate::clock::Instant;
use crate::config::Config;
use crate::template::Templates;

/// The words of one language.
pub(super) struct Words<'a> {
    pub(super) templates: &'a Templates,
    pub(super) config: &'a Config,
    pub(super) language: &'a Language,
}

impl Words<'_> {
    fn say(&self, key: &str, arguments: &[(&str, &str)]) -> String {
        let arguments: Vec<_> = arguments.iter().map(|(name, value)| (*name, (*value).into())).collect();
        text::line(&self.templates.catalog().say(self.language, key, &arguments))
    }

    fn date(&self, at: Instant, with_time: bool) -> String {
        self.templates.date(at, "long", with_time, self.language, self.config.site.timezone)
    }

    /// What was wrong and what is right, as sentences.
    pub(super) fn wrong_and_right(&self, wrong: &str, right: &str) -> String {
        self.say("feed-wrong-right", &[("wrong", without_stop(wrong)), ("right", without_stop(right))])
    }

    /// `Correction: the note (4 April 2023, 10:15).`
    pub(super) fn correction(&self, correction: &Correction) -> String {
        self.noted("mail-correction", correction)
    }

    /// `Update: the note (4 April 2023, 10:15).`
    pub(super) fn update(&self, note: &Correction) -> String {
        self.noted("mail-update", note)
    }

    fn noted(&self, word: &str, note: &Correction) -> String {
        let (word, date) = (self.say(word, &[]), self.date(note.at, true));
        format!("{word}: {} ({date}).", without_stop(&note.note)).replace(":  (", ": (")
    }

    /// [`Words::correction`] as a paragraph.
    pub(super) fn correction_html(&self, correction: &Correction) -> String {
        self.noted_html("mail-correction", correction)
    }

    /// [`Words::update`] as a paragraph.
    pub(super) fn update_html(&self, note: &Correction) -> String {
        self.noted_html("mail-update", note)
    }

    fn noted_html(&self, word: &str, note: &Correction) -> String {
        format!(
            "<p><strong>{}:</strong> {} (<time datetime=\"{}\">{}</time>).</p>\n",
            text::html(&self.say(word, &[])),
            text::html(without_stop(&note.note)),
            note.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            text::html(&self.date(note.at, true)),
        )
    }

    /// The headline of a notice; also what a tombstone says, with the reason.
    pub(super) fn withdrawn_title(&self, headline: &str) -> String {
        let word = self.say("mail-withdrawn", &[]);
        if headline.is_empty() { word } else { format!("{word}: {headline}") }
    }

    /// A headline without the word of the notice, where it already bears it.
    pub(super) fn without_withdrawn<'t>(&self, title: &'t str) -> &'t str {
        let word = format!("{}: ", self.say("mail-withdrawn", &[]));
        title.strip_prefix(word.as_str()).unwrap_or(title)
    }

    /// The notice itself (notes on words, 8).
    pub(super) fn withdrawn(&self, headline: &str, published: Instant, reason: &str) -> String {
        let date = self.date(published, false);
        let arguments = [("headline", headline), ("date", date.as_str()), ("reason", without_stop(reason))];
        format!("{}. {}", self.say("mail-withdrawn", &[]), self.say("mail-withdrawn-text", &arguments))
    }

    /// What the last entry of a feed says that has ended: its headline and its text.
    pub(super) fn ended(&self, title: &str, at: Instant) -> (String, String) {
        let date = self.date(at, false);
        let arguments = [("title", title), ("date", date.as_str())];
        (self.say("feed-ended", &arguments), self.say("feed-ended-text", &arguments))
    }

    /// Links to the same story in other languages, as a paragraph; empty without any.
    pub(super) fn translations_html(&self, others: &[(Language, String)]) -> String {
        if others.is_empty() {
            return String::new();
        }
        let link = |(language, url): &(Language, String)| {
            let (tag, name) = (language.as_str(), language.own_name());
            format!("<a href=\"{}\" hreflang=\"{tag}\" lang=\"{tag}\">{}</a>", text::html(url), text::html(name))
        };
        let links = others.iter().map(link).collect::<Vec<_>>().join(" · ");
        format!("\n<p>{} {links}</p>", text::html(&self.say("feed-also-in", &[])))
    }
}

/// A text without its full stop, for the inside of a sentence of ours.
fn without_stop(text: &str) -> &str {
    match text.strip_suffix('.') {
        Some(short) if !short.ends_with('.') => short,
        _ => text,
    }
}
