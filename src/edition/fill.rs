//! Who gets what of an edition (DESIGN, part 7: *Once*), a chunk of subscribers at a time.
//!
//! 1. [`Chooser`] knows the places of an edition, its variants, and where their stories were printed before.
//! 2. For each chunk of the audience the store says what these people had already, in one statement.
//! 3. Each person's copy holds the stories they chose, in their language, that they have not had. Who is left
//!    with none gets no copy.
//! 4. The chunk's deliveries and the mark are one transaction, so a fill that dies goes on where it was ([`fill`]).

use std::collections::BTreeMap;
use std::time::{Duration, Instant as Moment};

use crate::article::{Language, topic_id};
use crate::clock::Instant;
use crate::store::editions::fill::{self as ledger, Copy, Had, Printings};
use crate::store::editions::{self, Edition, Place, State, ramp as calendar};
use crate::store::subscribers::{self, Member};
use crate::store::{Store, StoreError, Tx};

use super::{EditionError, correction, ramp};

/// Subscribers a transaction: enough that it pays, and few enough that the others get their turn.
const CHUNK: i64 = 4_000;

/// Between two of them others write.
pub(super) const PAUSE: Duration = Duration::from_millis(5);

/// The language of `house` in which somebody who reads `wanted` is written to: theirs, else one in the same language
/// and another script or country, else the first.
pub fn nearest<'a>(house: &'a [Language], wanted: Option<&Language>) -> Option<&'a Language> {
    wanted
        .and_then(|wanted| {
            house.iter().find(|l| *l == wanted).or_else(|| house.iter().find(|l| l.primary() == wanted.primary()))
        })
        .or(house.first())
}

/// One rendering, as far as the choice needs it.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number.
    pub number: i64,
    /// Its language.
    pub language: Language,
    /// Bit n: it prints something at position n.
    pub holds: u64,
}

/// Decides what each person's copy holds.
#[derive(Clone, Debug)]
pub struct Chooser {
    places: Vec<Place>,
    versions: Vec<Version>,
    languages: Vec<Language>,
    again: bool,
    printings: Printings,
}

/// To whom an edition goes.
#[derive(Clone, Debug)]
pub struct Audience {
    /// The newsletter's number.
    pub newsletter_id: i64,
    /// Its name.
    pub newsletter: String,
    /// The lists.
    pub lists: Vec<String>,
    /// Who was taken in after this subscriber is not in it.
    pub upto: i64,
}

impl Audience {
    async fn page(&self, tx: &mut Tx, after: i64) -> Result<Vec<Member>, StoreError> {
        let mut page =
            subscribers::audience(tx, self.newsletter_id, &self.lists, &self.newsletter, after, CHUNK).await?;
        page.retain(|member| member.subscriber <= self.upto);
        Ok(page)
    }
}

impl Chooser {
    /// A chooser for these places and variants; `except` is the edition's own number, 0 while it has none.
    ///
    /// # Errors
    /// What the store says.
    pub async fn new(
        tx: &mut Tx,
        places: &[Place],
        versions: Vec<Version>,
        languages: &[Language],
        again: bool,
        except: i64,
    ) -> Result<Self, StoreError> {
        let printings = ledger::printings(tx, places, except).await?;
        Ok(Chooser { places: places.to_vec(), versions, languages: languages.to_vec(), again, printings })
    }

    /// The chooser of an edition that is in the store.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of(tx: &mut Tx, edition: &Edition) -> Result<Self, StoreError> {
        let mut versions: Vec<Version> = editions::languages(tx, edition.id)
            .await?
            .into_iter()
            .map(|(number, language)| Version { number, language, holds: 0 })
            .collect();
        for printed in editions::printed(tx, edition.id).await? {
            if let Some(version) = versions.iter_mut().find(|v| v.language == printed.language) {
                version.holds |= u32::try_from(printed.position).ok().and_then(|p| 1u64.checked_shl(p)).unwrap_or(0);
            }
        }
        let settings = &edition.settings;
        Chooser::new(tx, &settings.places, versions, &settings.languages, settings.again, edition.id).await
    }

    /// What this person's copy holds; `None` for no copy.
    pub fn choose(&self, member: &Member, had: Had) -> Option<Copy> {
        let language = nearest(&self.languages, member.language.as_ref())?;
        let version = self.versions.iter().find(|v| v.language == *language)?;
        let topics: Option<Vec<String>> =
            member.topics.as_ref().map(|topics| topics.iter().map(|t| topic_id(t)).collect());
        let (mut stories, mut notes) = (0u64, 0u64);
        for (n, place) in self.places.iter().enumerate() {
            let bit = 1u64 << n;
            if version.holds & bit == 0 {
                continue;
            }
            if place.corrects.is_some() {
                notes |= bit & had.story & !had.told;
            } else if (self.again || had.story & bit == 0)
                && topics.as_ref().is_none_or(|chosen| place.topics.iter().any(|topic| chosen.contains(topic)))
            {
                stories |= bit;
            }
        }
        // A correction alone makes no edition for anybody: it stands above news.
        (stories != 0).then_some(Copy {
            subscriber: member.subscriber,
            variant: version.number,
            choice: stories | notes,
            not_before: None,
        })
    }

    async fn had(&self, tx: &mut Tx, members: &[Member]) -> Result<std::collections::HashMap<i64, Had>, StoreError> {
        match (members.first(), members.last()) {
            (Some(first), Some(last)) => ledger::had(tx, &self.printings, first.subscriber - 1, last.subscriber).await,
            _ => Ok(Default::default()),
        }
    }
}

/// What an edition would do, or why it would do nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// People who may be written to.
    pub people: i64,
    /// Those who get a copy.
    pub copies: i64,
    /// Those who had some of the stories already.
    pub had_some: i64,
    /// Those who get none because they had every story that is for them.
    pub had_all: i64,
    /// Those who get none because they chose other topics, or there is nothing in their language.
    pub not_theirs: i64,
    /// Copies by language.
    pub languages: BTreeMap<Language, i64>,
    /// There are more, who were not counted.
    pub more: bool,
}

/// How far the readers of an edition are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    All,
    /// Until there is one who gets a copy.
    First,
    /// Until there is one, and this time is over.
    For(Duration),
}

/// Goes through the audience as far as `extent` says, and counts who would get what; writes nothing.
///
/// # Errors
/// What the store says.
pub async fn survey(
    tx: &mut Tx,
    chooser: &Chooser,
    audience: &Audience,
    extent: Extent,
) -> Result<Survey, EditionError> {
    let (mut survey, begun) = (Survey::default(), Moment::now());
    let mut after = 0;
    let stories = chooser.places.iter().enumerate().filter(|(_, p)| p.corrects.is_none());
    let stories = stories.fold(0u64, |bits, (n, _)| bits | 1 << n);
    loop {
        let members = audience.page(tx, after).await?;
        let Some(last) = members.last() else { return Ok(survey) };
        after = last.subscriber;
        let had = chooser.had(tx, &members).await?;
        for member in &members {
            let had = had.get(&member.subscriber).copied().unwrap_or_default();
            survey.people += 1;
            survey.had_some += i64::from(had.story & stories != 0);
            match chooser.choose(member, had) {
                Some(copy) => {
                    survey.copies += 1;
                    if let Some(version) = chooser.versions.iter().find(|v| v.number == copy.variant) {
                        *survey.languages.entry(version.language.clone()).or_default() += 1;
                    }
                }
                None if chooser.choose(member, Had::default()).is_some() => survey.had_all += 1,
                None => survey.not_theirs += 1,
            }
        }
        let is_enough = match extent {
            Extent::All => false,
            Extent::First => true,
            Extent::For(time) => begun.elapsed() >= time,
        };
        if is_enough && survey.copies > 0 {
            survey.more = members.len() as i64 == CHUNK;
            return Ok(survey);
        }
    }
}

/// Makes the deliveries of one edition that are still to be made. `progress` is told how many there are so far.
///
/// Ends early, without an error, where the edition is paused or cancelled meanwhile.
///
/// # Errors
/// What the store says.
pub async fn fill(store: &Store, edition: i64, mut progress: impl FnMut(i64)) -> Result<i64, EditionError> {
    let mut tx = store.read().await?;
    let Some(mut edition) = editions::by_id(&mut tx, edition).await? else {
        return Err(EditionError::NoEdition(edition));
    };
    drop(tx);
    if edition.filled_to == 0 && !edition.filled {
        let mut tx = store.write().await?;
        ledger::count_people(&mut tx).await?;
        tx.commit().await?;
    }
    let audience = Audience {
        newsletter_id: edition.newsletter_id,
        newsletter: edition.newsletter.clone(),
        lists: edition.settings.lists.clone(),
        upto: edition.audience_upto,
    };
    let mut spread = !edition.settings.ramp;
    while !edition.filled && matches!(edition.state, State::Queued | State::Sending) {
        let mut tx = store.write().await?;
        ledger::one_at_a_time(&mut tx).await?;
        // Another process may fill it too, each a chunk in turn; or staff have stopped it.
        let Some(now) = editions::by_id(&mut tx, edition.id).await? else { break };
        edition = now;
        if edition.filled || !matches!(edition.state, State::Queued | State::Sending) {
            break;
        }
        let Chunk { copies, to, last } = match &edition.settings.tells {
            Some(tells) => correction::chunk(&mut tx, &edition, tells).await?,
            None => chunk(&mut tx, &edition, &audience).await?,
        };
        if last && !spread {
            drop(tx);
            over_days(store, &edition).await?;
            spread = true;
            continue;
        }
        let from = edition.filled_to;
        edition.filled = last;
        if !ledger::write_chunk(&mut tx, edition.id, from, to, edition.filled, &copies).await? {
            drop(tx);
            return Ok(edition.recipients);
        }
        tx.commit().await?;
        edition.filled_to = to;
        edition.recipients += i64::try_from(copies.len()).unwrap_or(0);
        progress(edition.recipients);
        // Another process that wants to write comes in between.
        tokio::time::sleep(PAUSE).await;
    }
    Ok(edition.recipients)
}

/// Copies for the next subscribers.
pub(super) struct Chunk {
    pub(super) copies: Vec<Copy>,
    /// Up to whom.
    pub(super) to: i64,
    /// Nobody is behind them.
    pub(super) last: bool,
}

/// The next copies of an edition of news.
async fn chunk(tx: &mut Tx, edition: &Edition, audience: &Audience) -> Result<Chunk, EditionError> {
    // Where the stories stand is asked for each chunk: another edition may have been frozen meanwhile.
    let chooser = Chooser::of(tx, edition).await?;
    let members = audience.page(tx, edition.filled_to).await?;
    let had = chooser.had(tx, &members).await?;
    let copies = members.iter().filter_map(|member| {
        let copy = chooser.choose(member, had.get(&member.subscriber).copied().unwrap_or_default())?;
        let not_before = match edition.settings.ramp {
            // Its day is known once everybody is there.
            true => Some(Instant::MAX_UTC),
            false => edition.settings.when.not_before(member.timezone, edition.start_at),
        };
        Some(Copy { not_before, ..copy })
    });
    let to = members.last().map_or(edition.filled_to, |last| last.subscriber);
    Ok(Chunk { copies: copies.collect(), to, last: members.is_empty() })
}

/// Gives each copy of an edition that goes by a ramp its day, a chunk at a time. Where this broke off the next fill goes on with it.
async fn over_days(store: &Store, edition: &Edition) -> Result<(), StoreError> {
    let settings = &edition.settings;
    let days = ramp::days(edition.recipients, edition.start_at, settings.when.zone());
    let mut tx = store.read().await?;
    let last = calendar::last(&mut tx, edition.id, &settings.lists, &days).await?;
    drop(tx);
    let planned: Vec<_> = days.iter().copied().zip(last).collect();
    let mut after = 0;
    loop {
        let mut tx = store.write().await?;
        let Some(upto) = calendar::plan(&mut tx, edition.id, &settings.lists, &planned, (after, CHUNK)).await? else {
            break;
        };
        tx.commit().await?;
        after = upto;
        tokio::time::sleep(PAUSE).await;
    }
    if days.len() > 1 {
        let words = ramp::words(&days, |at| at.with_timezone(&settings.when.zone()).to_rfc3339());
        tracing::info!("edition {} goes by a ramp: {words}", edition.id);
    }
    Ok(())
}
