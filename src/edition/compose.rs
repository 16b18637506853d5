//! From a selection to a frozen edition (DESIGN, part 7: *Editions freeze*).
//!
//! 1. [`proof`] renders it, once a language that it has content for, and writes nothing.
//! 2. [`freeze`] writes all of it in one transaction: what it prints, the renderings, what it was made with, and a hash over all
//!    that. Where somebody else was first, or an article has changed since, nothing is written and it is done again.

use std::collections::HashMap;

use crate::article::{Language, Note, Revision, topic_id};
use crate::clock::Instant;
use crate::config::{Config, Newsletter, Schedule, Site};
use crate::mail::{Choice, Links, Parts, Piece, Rendering};
use crate::store::acts::{self, Act};
use crate::store::deliveries::when::When;
use crate::store::editions::findings::{self, Decided, Finding};
use crate::store::editions::freeze::{self, Frozen};
use crate::store::editions::newsletters::move_marks;
use crate::store::editions::{NewsletterRow, Place, Settings, State, Variant};
use crate::store::{Store, Tx, articles, wish};
use crate::template::Templates;
use crate::template::issue::{self, Issue, TestBar};

use super::fill::Version;
use super::select::{Picked, Selected, languages};
use super::slots::Slot;
use super::{EditionError, approve, check, embargo};

/// What is asked of an edition beside its stories.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The lists it goes to.
    pub lists: Vec<String>,
    /// Another subject than the template's.
    pub subject: Option<String>,
    /// Also to those who already had these stories.
    pub again: bool,
    /// Also outside the hours that the newsletter goes in.
    pub any_hour: bool,
    /// What each reader's own clock shows when they get it; `None`: all at once.
    pub wall: Option<chrono::NaiveDateTime>,
    /// The day that it prints; that on which it is composed where left out.
    pub date: Option<Instant>,
    /// Over several days.
    pub ramp: bool,
    /// A test copy: for whom.
    pub test: Option<TestBar>,
    /// Staff said that pictures without alt text are decorative.
    pub decorative: Option<Decided>,
    /// It goes to accredited press: until when what it prints is under embargo.
    pub advance: Option<Instant>,
}

/// What an edition prints where, and for whom, before anything is rendered.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The newsletter as the store knew it when the stories were selected.
    pub row: NewsletterRow,
    /// What it prints.
    pub selected: Selected,
    /// When it was composed.
    pub composed_at: Instant,
    /// What it is made with.
    pub settings: Settings,
    /// One for each language that it has a story in.
    pub versions: Vec<Version>,
    /// What is printed where.
    pub articles: Vec<freeze::Choice>,
}

impl Layout {
    /// Lays out what was selected: the stories at the first positions, the notes of corrections after them.
    pub fn new(
        config: &Config,
        newsletter: &Newsletter,
        (row, selected): (&NewsletterRow, Selected),
        wish: &Wish,
        now: Instant,
    ) -> Self {
        let house = languages(config, newsletter);
        let mut versions: Vec<Version> = Vec::new();
        let mut printed = Vec::new();
        let all = || selected.stories.iter().chain(&selected.corrections);
        for language in &house {
            if !selected.stories.iter().any(|picked| picked.versions.contains_key(language)) {
                continue;
            }
            let mut holds = 0u64;
            for (position, picked) in all().enumerate() {
                let Some(version) = picked.versions.get(language) else { continue };
                holds |= 1 << position;
                printed.push(freeze::Choice {
                    language: language.clone(),
                    position,
                    story: picked.story,
                    article: version.article,
                    revision: version.revision,
                });
            }
            let number = i64::try_from(versions.len()).unwrap_or(i64::MAX);
            versions.push(Version { number, language: language.clone(), holds });
        }
        let place =
            |picked: &Picked| Place { story: picked.story, topics: picked.topics.clone(), corrects: picked.corrects };
        let settings = Settings {
            newsletter: newsletter.name.clone(),
            title: house.iter().map(|l| (l.clone(), newsletter.title.get(l).to_owned())).collect(),
            template: newsletter.template.clone(),
            lists: wish.lists.clone(),
            again: wish.again || newsletter.repeat,
            languages: house,
            places: all().map(place).collect(),
            after_seq: selected.after_seq,
            upto_seq: selected.upto_seq,
            revisions_upto: selected.revisions_upto,
            chosen: selected.chosen,
            on_unknown: newsletter.on_unknown,
            when: when(config, newsletter, wish),
            urgent: newsletter.schedule == Schedule::Immediate,
            ramp: wish.ramp,
            advance: wish.advance,
            tells: None,
        };
        Layout { row: row.clone(), selected, composed_at: now, settings, versions, articles: printed }
    }
}

/// At which hours copies may go, and to whom how often.
fn when(config: &Config, newsletter: &Newsletter, wish: &Wish) -> When {
    When {
        zone: Some(newsletter.zone(config.site.timezone)),
        by_subscriber: newsletter.is_by_subscriber(),
        wall: wish.wall,
        window: newsletter.window.filter(|_| !wish.any_hour),
        per_day: Some(config.mail.per_day).filter(|most| *most > 0),
    }
}

/// An edition as it would be, not yet written.
#[derive(Clone, Debug)]
pub struct Proof {
    /// What it prints where.
    pub layout: Layout,
    /// Its number, if it is frozen next.
    pub number: i64,
    /// One rendering for each of the layout's versions.
    pub renderings: Vec<Rendering>,
    /// The headline of each story, by position, in the first language that has it.
    pub titles: Vec<String>,
    /// What was found when it was looked at.
    pub findings: Vec<Finding>,
}

impl Proof {
    /// The subject in its first language, as a copy with all stories has it.
    pub fn subject(&self) -> String {
        self.renderings.first().map(subject).unwrap_or_default()
    }

    fn variants(&self) -> Result<Vec<Variant>, EditionError> {
        let write = |(version, rendering): (&Version, &Rendering)| {
            Ok(Variant {
                number: version.number,
                language: version.language.clone(),
                subject: subject(rendering),
                rendering: serde_json::to_string(rendering).map_err(|e| EditionError::Written(e.to_string()))?,
            })
        };
        self.layout.versions.iter().zip(&self.renderings).map(write).collect()
    }
}

fn subject(rendering: &Rendering) -> String {
    let links = Links { leave: None, preferences: None, why: "", web: false };
    rendering.subject(None, Choice::ALL, links).unwrap_or_default()
}

/// Renders what was laid out. Reads the texts, writes nothing.
///
/// # Errors
/// A template that is missing or wrong; what the store says.
pub async fn proof(
    tx: &mut Tx,
    config: &Config,
    templates: &Templates,
    newsletter: &Newsletter,
    mut layout: Layout,
    wish: &Wish,
) -> Result<Proof, EditionError> {
    let number = freeze::next_number(tx, layout.row.id).await?;
    let mut ids: Vec<i64> = layout.articles.iter().map(|printed| printed.revision).collect();
    ids.sort_unstable();
    ids.dedup();
    let revisions: HashMap<i64, Revision> =
        articles::revisions(tx, &ids).await?.into_iter().map(|revision| (revision.id, revision)).collect();
    if revisions.values().any(|revision| revision.content.breaking) {
        // What breaks goes to everybody, however much they had today.
        layout.settings.when.per_day = None;
    }
    // A note that something was wrong does not hurry, whatever it was about.
    let stories = layout.articles.iter().filter(|printed| printed.position < layout.selected.stories.len());
    layout.settings.urgent |= stories
        .filter_map(|printed| revisions.get(&printed.revision))
        .any(|revision| revision.content.breaking && revision.content.withdrawn.is_none());
    let sheet = Sheet { config, templates, newsletter, number, layout: &layout, wish, revisions: &revisions };
    let renderings: Vec<Rendering> =
        layout.versions.iter().map(|v| sheet.rendering(&v.language)).collect::<Result<_, _>>()?;
    let title = |position: usize| {
        let printed = layout.articles.iter().find(|printed| printed.position == position)?;
        revisions.get(&printed.revision).map(|revision| revision.content.title.clone())
    };
    let mut findings = check::look(tx, config, (&layout, number), &renderings, &revisions).await?;
    for finding in findings.iter_mut().filter(|finding| check::is_undescribed(finding)) {
        finding.decided.clone_from(&wish.decorative);
    }
    let titles = (0..layout.selected.stories.len()).map(|n| title(n).unwrap_or_default()).collect();
    Ok(Proof { number, renderings, titles, findings, layout })
}

/// What one issue is made of, in whatever language.
struct Sheet<'a> {
    config: &'a Config,
    templates: &'a Templates,
    newsletter: &'a Newsletter,
    number: i64,
    layout: &'a Layout,
    wish: &'a Wish,
    revisions: &'a HashMap<i64, Revision>,
}

impl Sheet<'_> {
    fn rendering(&self, language: &Language) -> Result<Rendering, EditionError> {
        let rendering = self.bare(language)?;
        Ok(match self.layout.settings.advance {
            Some(until) => embargo::marked(rendering, &self.embargo(language, until)),
            None => rendering,
        })
    }

    /// `EMBARGOED UNTIL 3 March 2026, 12:00 (Europe/Belgrade, UTC+1)`.
    fn embargo(&self, language: &Language, until: Instant) -> String {
        let zone = self.config.site.timezone;
        let time = self.templates.date(until, "inside", true, language, zone);
        let zone = format!("{}, UTC{}", zone.name(), until.with_timezone(&zone).format("%:z"));
        self.templates.catalog().say(language, "mail-embargo", &[("time", time.into()), ("zone", zone.into())])
    }

    fn bare(&self, language: &Language) -> Result<Rendering, EditionError> {
        let rendering = self.templates.mail(&self.newsletter.template, &self.issue(language))?;
        let Some(subject) = &self.wish.subject else { return Ok(rendering) };
        let subject = match self.wish.test {
            Some(_) => {
                self.templates.catalog().say(language, "mail-test-subject", &[("subject", subject.clone().into())])
            }
            None => subject.clone(),
        };
        let mut parts = Parts::from(rendering);
        for pieces in &mut parts.subjects {
            *pieces = vec![Piece::Text(subject.clone())];
        }
        Ok(parts.into())
    }

    fn issue(&self, language: &Language) -> Issue {
        let selected = &self.layout.selected;
        let site = &self.config.site;
        let name = &self.newsletter.name;
        let position = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
        let revision = |picked: &Picked| picked.versions.get(language).and_then(|v| self.revisions.get(&v.revision));
        let selected_for_all = self.layout.settings.advance.is_none();
        let count = selected.stories.len();
        let notes = selected.corrections.iter().enumerate();
        Issue {
            newsletter: issue::Newsletter { name: name.clone(), title: self.newsletter.title.get(language).to_owned() },
            number: self.number,
            date: self.wish.date.unwrap_or(self.layout.composed_at),
            timezone: self.newsletter.zone(site.timezone),
            language: language.clone(),
            publisher: site.publisher().get(language).to_owned(),
            address: site.address.get(language).to_owned(),
            site_url: site.home(language),
            // What is under embargo has no copy on the web.
            web_url: selected_for_all.then(|| web_url(site, language, name, self.number)),
            accent: site.accent.clone(),
            corrections: notes
                .filter_map(|(n, picked)| Some(self.correction(position(count + n), revision(picked)?)))
                .collect(),
            stories: selected
                .stories
                .iter()
                .enumerate()
                .filter_map(|(n, picked)| Some(self.story(position(n), revision(picked)?, language)))
                .collect(),
            telling: None,
            test: self.wish.test.clone(),
            sandbox: self.config.mail.sandbox,
        }
    }

    fn story(&self, position: u8, revision: &Revision, language: &Language) -> issue::Story {
        let site = &self.config.site;
        let content = &revision.content;
        let topic = content.topics.first().map(|label| {
            let id = topic_id(label);
            // A topic of nobody's configuration has its page where something is published under it.
            let known = self.config.topics.iter().any(|topic| topic.id == id);
            let page =
                if known || !site.languages.contains(&revision.language) { language } else { &revision.language };
            let url = site.address(&format!("{}/topics/{}", site.prefix(page), segment(&id)));
            issue::Link { label: self.templates.topic_name(label, language), url }
        });
        issue::Story {
            position,
            title: content.title.clone(),
            url: site.article(&revision.language, &revision.slug),
            summary: content.summary.clone(),
            topic,
            authors: content.authors.clone(),
            published: revision.published,
            // A picture of ours is not given out while its article is under embargo.
            picture: content.picture.clone().filter(|picture| {
                self.layout.settings.advance.is_none() || !picture.url.starts_with(&site.address("/media/"))
            }),
            language: revision.language.clone(),
            html: content.html.clone(),
            text: content.text.clone(),
            breaking: content.breaking,
            withdrawn: content.withdrawn.clone(),
        }
    }

    /// What a correction says: its note, else what was wrong and what is right, in words.
    fn words(&self, note: &Note, language: &Language) -> String {
        match (&note.note, &note.wrong, &note.right) {
            (None, Some(wrong), Some(right)) => {
                let stop = |text: &str| text.trim().trim_end_matches('.').to_owned();
                let said = [("wrong", stop(wrong).into()), ("right", stop(right).into())];
                self.templates.catalog().say(language, "site-wrong-right", &said)
            }
            _ => note.text(),
        }
    }

    fn correction(&self, position: u8, revision: &Revision) -> issue::Correction {
        let note = revision.content.corrections.first();
        issue::Correction {
            position: Some(position),
            title: revision.content.title.clone(),
            url: self.config.site.article(&revision.language, &revision.slug),
            note: note.map(|note| self.words(note, &revision.language)).unwrap_or_default(),
            at: note.map_or(revision.updated, |note| note.at),
            language: revision.language.clone(),
        }
    }
}

/// The address of an edition in a browser.
pub(super) fn web_url(site: &Site, language: &Language, newsletter: &str, number: i64) -> String {
    site.address(&format!("{}/newsletters/{}/{number}", site.prefix(language), segment(newsletter)))
}

/// A name or a topic's id as one segment of a path.
fn segment(text: &str) -> percent_encoding::PercentEncode<'_> {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT)
}

/// How an edition is to be frozen.
#[derive(Clone, Debug)]
pub struct How {
    /// Who made it: `schedule`, `now`, `staff`, a member of staff by name, or `user:NAME` of the machine.
    pub made_by: String,
    /// How many people must approve it before it goes; where there are any, it is held until they have.
    pub needs: i64,
    /// Why it is held, if it is.
    pub held: Option<String>,
    /// The slot of the schedule that it is for, or that it makes needless.
    pub slot: Option<Slot>,
    /// Nothing of it goes out before.
    pub start_at: Instant,
    /// Whether what it takes is thereby no longer new to the newsletter.
    pub takes: bool,
}

/// Why an edition that is frozen so is held, if it is.
pub fn held(how: &How) -> Option<String> {
    match (how.needs, &how.held) {
        (0, held) => held.clone(),
        (needs, None) => Some(approve::waits(0, needs)),
        (needs, Some(why)) => Some(format!("{}; {why}", approve::waits(0, needs))),
    }
}

/// Writes the edition; its id. `None` where somebody else has made one meanwhile or an article has changed: nothing is
/// written, and the proof is to be made again.
///
/// # Errors
/// What the store says.
pub async fn freeze(store: &Store, proof: &Proof, how: &How) -> Result<Option<i64>, EditionError> {
    let layout = &proof.layout;
    let variants = proof.variants()?;
    let subject = proof.subject();
    let held = held(how);
    let frozen = Frozen {
        newsletter_id: layout.row.id,
        number: proof.number,
        state: if held.is_some() { State::Held } else { State::Queued },
        reason: held,
        made_by: how.made_by.clone(),
        needs: how.needs,
        slot_at: how.slot.map(|slot| slot.at),
        composed_at: layout.composed_at,
        // Where its hours are over then, it begins with the next.
        start_at: layout.settings.when.opens(how.start_at).unwrap_or(how.start_at),
        first: layout.selected.first,
        subject,
        corrects: layout.settings.tells.as_ref().map(|tells| tells.revision),
        settings: layout.settings.clone(),
        articles: layout.articles.clone(),
        variants,
    };
    let (seq, waiting) = match how.takes {
        true => (Some(layout.selected.upto_seq), &layout.selected.waiting),
        false => (layout.row.last_seq, &layout.row.waiting),
    };
    let mut tx = store.write().await?;
    // The marks first: on PostgreSQL this makes a second one who composes the same newsletter wait, and then find them moved.
    let first =
        move_marks(&mut tx, &layout.row, seq, how.slot.map(|slot| slot.mark).or(layout.row.last_slot), waiting).await?;
    if !first
        || freeze::next_number(&mut tx, layout.row.id).await? != proof.number
        // What is told of a withdrawn article is that it is withdrawn.
        || freeze::is_stale(&mut tx, &layout.articles, layout.settings.tells.is_some(), layout.settings.advance).await?
    {
        return Ok(None);
    }
    let id = freeze::insert(&mut tx, &frozen).await?;
    let made = Act { at: layout.composed_at, who: how.made_by.clone(), what: "made it".to_owned(), why: None };
    acts::note(&mut tx, Some(id), &made).await?;
    if !proof.findings.is_empty() {
        findings::note(&mut tx, id, &proof.findings).await?;
    }
    wish(&mut tx).await?;
    tx.commit().await?;
    Ok(Some(id))
}
