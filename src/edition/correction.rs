//! Telling those who were sent an earlier text that it was corrected or withdrawn (DESIGN, part 7: *Corrections*).
//!
//! 1. [`plan`] finds the newest correction of an article, and the newsletters that printed it as it was before.
//! 2. [`survey`] counts who was sent that, who can be told, and why the others cannot; a stretch of subscribers at a time.
//! 3. [`proof`] renders what they are told: for each newsletter one edition of its own, outside the once-only rule.
//! 4. [`copies`] says, while the edition is filled, to whom it goes. Suppression is asked there, and once more in each claim.
//!
//! A person is told once: by the first of the newsletters that may still write to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::article::{ArticleId, Language, Note, Revision, RevisionKind};
use crate::clock::Instant;
use crate::config::{Config, Newsletter};
use crate::mail::Rendering;
use crate::store::deliveries::when::When;
use crate::store::editions::corrections::{self, Printing, Route, Source, Telling, Tells};
use crate::store::editions::fill::Copy;
use crate::store::editions::{self, NewsletterRow, Place, Settings, freeze, newness};
use crate::store::{Tx, articles};
use crate::template::issue::{self, Issue, TestBar};
use crate::template::{CORRECTION, Templates};

use super::compose::{Layout, Proof};
use super::fill::{Chunk, Version};
use super::select::Selected;
use super::{EditionError, check, compose};

/// Subscribers that are looked at in one statement.
pub const STRETCH: i64 = 4_000;

/// Of what is to be told, and by which newsletters.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The article as it is now.
    pub article: Revision,
    /// The correction or retraction: its revision.
    pub revision: i64,
    /// Whether it is a retraction.
    pub retraction: bool,
    /// When it was made.
    pub at: Instant,
    /// What has been corrected since people were last told, newest first.
    pub notes: Vec<Note>,
    /// Where the earlier text was printed, by newsletter in the order of its configuration.
    pub ways: Vec<Way>,
    /// Editions that told of it before.
    pub told: Vec<Telling>,
    /// Newsletters that printed it and are not in the configuration any more: nobody can be written to in their name.
    pub lost: Vec<String>,
    /// Editions whose ledger is not kept any more: nobody knows who was sent them.
    pub forgotten: usize,
}

/// One newsletter that printed the earlier text.
#[derive(Clone, Debug)]
pub struct Way {
    /// Its name.
    pub newsletter: String,
    /// Its number.
    pub id: i64,
    /// Where it printed it.
    pub printings: Vec<Printing>,
}

impl Way {
    fn route(&self) -> Route {
        let lists: BTreeSet<&String> = self.printings.iter().flat_map(|printing| &printing.lists).collect();
        let source = |printing: &Printing| Source {
            edition: printing.edition,
            variant: printing.variant,
            position: printing.position,
            language: printing.language.clone(),
        };
        Route {
            newsletter: self.id,
            lists: lists.into_iter().cloned().collect(),
            sources: self.printings.iter().map(source).collect(),
        }
    }

    /// The languages in which it was sent, in the order of the newsroom's.
    fn languages(&self, config: &Config) -> Vec<Language> {
        let all: BTreeSet<&Language> = self.printings.iter().map(|printing| &printing.language).collect();
        let mut all: Vec<Language> = all.into_iter().cloned().collect();
        let place = |l: &Language| config.site.languages.iter().position(|own| own == l).unwrap_or(usize::MAX);
        all.sort_by_key(place);
        all
    }
}

/// Finds what is to be told of an article. `None` where it was never corrected or withdrawn.
///
/// # Errors
/// What the store says.
pub async fn plan(tx: &mut Tx, config: &Config, article: ArticleId) -> Result<Option<Plan>, EditionError> {
    let Some(now) = articles::by_id(tx, article).await? else { return Ok(None) };
    let withdrawn = now.content.withdrawn.is_some();
    let Some((revision, retraction, at)) = corrections::newest(tx, article, withdrawn).await? else { return Ok(None) };
    let told = corrections::told(tx, revision).await?;
    let mut ways: BTreeMap<usize, Way> = BTreeMap::new();
    let mut lost: BTreeSet<String> = BTreeSet::new();
    let mut forgotten = BTreeSet::new();
    let mut oldest = i64::MAX;
    for printing in corrections::printed_before(tx, article, revision).await? {
        oldest = oldest.min(printing.revision);
        let place = config.newsletters.iter().position(|newsletter| newsletter.name == printing.newsletter);
        match place {
            _ if printing.forgotten => drop(forgotten.insert(printing.edition)),
            None => drop(lost.insert(printing.newsletter)),
            Some(place) => {
                let (newsletter, id) = (printing.newsletter.clone(), printing.newsletter_id);
                let way = ways.entry(place).or_insert_with(|| Way { newsletter, id, printings: Vec::new() });
                way.printings.push(printing);
            }
        }
    }
    let notes = notes(tx, &now, revision, oldest).await?;
    let ways = ways.into_values().collect();
    let lost = lost.into_iter().collect();
    Ok(Some(Plan { article: now, revision, retraction, at, notes, ways, told, lost, forgotten: forgotten.len() }))
}

/// The corrections that those who have the earlier text do not know of.
async fn notes(tx: &mut Tx, now: &Revision, revision: i64, oldest: i64) -> Result<Vec<Note>, EditionError> {
    let history = articles::history::states(tx, now.article).await?;
    let mut known: Vec<Note> = Vec::new();
    let mut before: Vec<i64> = Vec::new();
    for state in &history {
        if state.revision.id < revision && state.revision.kind == RevisionKind::Correction {
            before.push(state.revision.id);
        }
    }
    // What an earlier mail has told of need not be told again; else what was printed first decides.
    let mut told = None;
    for earlier in before.into_iter().rev() {
        if !corrections::told(tx, earlier).await?.is_empty() {
            told = Some(earlier);
            break;
        }
    }
    let base = told.unwrap_or(oldest);
    known.extend(
        history
            .iter()
            .filter(|state| state.revision.id == base)
            .flat_map(|state| state.revision.content.corrections.clone()),
    );
    let fresh = now.content.corrections.iter().filter(|note| !known.iter().any(|known| known.says_the_same(note)));
    Ok(fresh.cloned().collect())
}

impl Plan {
    /// Whom an edition of the way numbered `n` tells. `again`: also those who were told before.
    pub fn tells(&self, n: usize, again: bool) -> Tells {
        let told = if again { Vec::new() } else { self.told.iter().map(|telling| telling.edition).collect() };
        Tells { revision: self.revision, routes: self.ways.iter().take(n + 1).map(Way::route).collect(), told }
    }

    /// The whole of it: every way.
    fn all(&self, again: bool) -> Tells {
        self.tells(self.ways.len().saturating_sub(1), again)
    }
}

/// What telling would come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Survey {
    /// Who was sent the earlier text, as far as the ledger is kept.
    pub sent: i64,
    /// Who has been told already.
    pub told: i64,
    /// Who is told now, by newsletter in the plan's order.
    pub to_tell: Vec<i64>,
    /// The same by language.
    pub languages: BTreeMap<String, i64>,
    /// Why the others cannot be told, with how many.
    pub barred: BTreeMap<String, i64>,
}

impl Survey {
    /// How many are told now.
    pub fn copies(&self) -> i64 {
        self.to_tell.iter().sum()
    }
}

/// Counts who was sent the earlier text and what becomes of them; writes nothing.
///
/// # Errors
/// What the store says.
pub async fn survey(tx: &mut Tx, plan: &Plan, again: bool) -> Result<Survey, EditionError> {
    let tells = plan.all(again);
    let mut survey = Survey { to_tell: vec![0; plan.ways.len()], ..Survey::default() };
    let last = corrections::last_subscriber(tx).await?;
    let mut after = 0;
    while after < last && !plan.ways.is_empty() {
        let sorted = corrections::sort(tx, &tells, (after, after + STRETCH)).await?;
        survey.sent += sorted.sent;
        survey.told += sorted.told;
        for (n, people) in sorted.to_tell.iter().enumerate() {
            survey.to_tell[n] += i64::try_from(people.len()).unwrap_or(i64::MAX);
            for (_, language) in people {
                *survey.languages.entry(language.to_string()).or_default() += 1;
            }
        }
        for (why, many) in sorted.barred {
            *survey.barred.entry(why).or_default() += many;
        }
        after += STRETCH;
    }
    Ok(survey)
}

/// The copies of a correction's edition for the next subscribers.
///
/// # Errors
/// What the store says.
pub(super) async fn chunk(tx: &mut Tx, edition: &editions::Edition, tells: &Tells) -> Result<Chunk, EditionError> {
    let (after, last) = (edition.filled_to, edition.audience_upto);
    let to = (after + STRETCH).min(last).max(after);
    let languages = editions::languages(tx, edition.id).await?;
    let mut sorted = corrections::sort(tx, tells, (after, to)).await?;
    let people = sorted.to_tell.pop().unwrap_or_default();
    let copy = |(subscriber, language): (i64, Language)| {
        let (variant, _) = languages.iter().find(|(_, own)| *own == language)?;
        Some(Copy { subscriber, variant: *variant, choice: 1, not_before: None })
    };
    Ok(Chunk { copies: people.into_iter().filter_map(copy).collect(), to, last: to >= last })
}

/// How it is to be sent.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Also to those who were told before.
    pub again: bool,
    /// Also outside the hours that the newsletter goes in.
    pub any_hour: bool,
    /// A test copy: for whom.
    pub test: Option<TestBar>,
}

/// Renders what the readers of one newsletter are told. Reads the store, writes nothing.
///
/// # Errors
/// A template that is missing or wrong; what the store says.
pub async fn proof(
    tx: &mut Tx,
    (config, templates): (&Config, &Templates),
    plan: &Plan,
    n: usize,
    wish: &Wish,
    now: Instant,
) -> Result<Proof, EditionError> {
    let way = &plan.ways[n];
    let (Some(newsletter), Some(row)) =
        (config.newsletter(&way.newsletter), editions::newsletters(tx).await?.into_iter().find(|row| row.id == way.id))
    else {
        return Err(EditionError::Busy(way.newsletter.clone()));
    };
    let number = freeze::next_number(tx, row.id).await?;
    let languages = way.languages(config);
    let tells = plan.tells(n, wish.again);
    let layout = layout(tx, (config, newsletter, row), plan, &languages, tells, wish, now).await?;
    let sheet = Sheet { config, newsletter, number, plan, way, wish, date: now };
    let renderings: Vec<Rendering> =
        languages.iter().map(|l| templates.mail(CORRECTION, &sheet.issue(l))).collect::<Result<_, _>>()?;
    let revisions = HashMap::from([(plan.article.id, plan.article.clone())]);
    let findings = check::look(tx, config, (&layout, number), &renderings, &revisions).await?;
    Ok(Proof { number, renderings, titles: vec![plan.article.content.title.clone()], findings, layout })
}

/// What is printed where, for whom: one article at one position in each language in which the earlier text was sent.
async fn layout(
    tx: &mut Tx,
    (config, newsletter, row): (&Config, &Newsletter, NewsletterRow),
    plan: &Plan,
    languages: &[Language],
    tells: Tells,
    wish: &Wish,
    now: Instant,
) -> Result<Layout, EditionError> {
    // It takes nothing that is new, and looks at no corrections: the next edition goes on where the last one ended.
    let last = editions::latest(tx, row.id).await?.map(|last| last.settings).unwrap_or_default();
    let revisions_upto = if last.revisions_upto > 0 { last.revisions_upto } else { newness::last_revision(tx).await? };
    let articles = languages.iter().map(|language| freeze::Choice {
        language: language.clone(),
        position: 0,
        story: plan.article.story,
        article: plan.article.article,
        revision: plan.article.id,
    });
    let version = |(number, language): (usize, &Language)| Version {
        number: i64::try_from(number).unwrap_or(i64::MAX),
        language: language.clone(),
        holds: 1,
    };
    let settings = Settings {
        newsletter: newsletter.name.clone(),
        title: languages.iter().map(|l| (l.clone(), newsletter.title.get(l).to_owned())).collect(),
        template: CORRECTION.to_owned(),
        lists: tells.routes.last().map(|route| route.lists.clone()).unwrap_or_default(),
        again: true,
        languages: languages.to_vec(),
        places: vec![Place { story: plan.article.story, topics: Vec::new(), corrects: None }],
        after_seq: last.after_seq,
        upto_seq: last.upto_seq,
        revisions_upto,
        chosen: true,
        on_unknown: newsletter.on_unknown,
        when: When {
            zone: Some(newsletter.zone(config.site.timezone)),
            by_subscriber: newsletter.is_by_subscriber(),
            wall: None,
            window: newsletter.window.filter(|_| !wish.any_hour),
            // Whoever has the wrong text is told, however much they had today.
            per_day: None,
        },
        tells: Some(tells),
        ..Settings::default()
    };
    Ok(Layout {
        row,
        selected: Selected { chosen: true, ..Selected::default() },
        composed_at: now,
        settings,
        versions: languages.iter().enumerate().map(version).collect(),
        articles: articles.collect(),
    })
}

/// What the mail is made of, in whatever language.
struct Sheet<'a> {
    config: &'a Config,
    newsletter: &'a Newsletter,
    number: i64,
    plan: &'a Plan,
    way: &'a Way,
    wish: &'a Wish,
    date: Instant,
}

impl Sheet<'_> {
    fn issue(&self, language: &Language) -> Issue {
        let site = &self.config.site;
        let article = &self.plan.article;
        let printed = self.way.printings.iter().filter(|printing| printing.language == *language);
        let first = printed.clone().map(|printing| printing.sent).min();
        let web_url = printed
            .filter(|printing| printing.on_web)
            .max_by_key(|printing| printing.edition)
            .map(|printing| compose::web_url(site, language, &self.newsletter.name, printing.number));
        Issue {
            newsletter: issue::Newsletter {
                name: self.newsletter.name.clone(),
                title: self.newsletter.title.get(language).to_owned(),
            },
            number: self.number,
            date: self.date,
            timezone: self.newsletter.zone(site.timezone),
            language: language.clone(),
            publisher: site.publisher().get(language).to_owned(),
            address: site.address.get(language).to_owned(),
            site_url: site.home(language),
            web_url,
            accent: site.accent.clone(),
            corrections: Vec::new(),
            stories: Vec::new(),
            telling: Some(issue::Telling {
                title: article.content.title.clone(),
                url: site.article(&article.language, &article.slug),
                language: article.language.clone(),
                sent: first.unwrap_or(self.date),
                published: article.published,
                retraction: article.content.withdrawn.is_some(),
                withdrawn: article.content.withdrawn.clone(),
                notes: self.plan.notes.clone(),
            }),
            test: self.wish.test.clone(),
            sandbox: self.config.mail.sandbox,
        }
    }
}
