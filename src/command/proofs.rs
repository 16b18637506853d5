//! What a manual edition, a test copy and a preview have in common: the edition as it would be now.

use chrono::{LocalResult, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use super::Usage;
use super::articles::named::named;
use crate::article::{ArticleId, Language};
use crate::calendar::instant_of;
use crate::clock::Instant;
use crate::config::{Config, Newsletter};
use crate::delivery::Plate;
use crate::edition::compose::{self, Layout, Proof, Wish};
use crate::edition::fill::Extent;
use crate::edition::fill::{Survey, nearest};
use crate::edition::slots::first_of;
use crate::edition::{due, select};
use crate::store::editions::{self, NewsletterRow, newness};
use crate::store::{Tx, subscribers};
use crate::template::Templates;

/// An edition as it would be now.
pub(super) struct Draft {
    /// The edition.
    pub proof: Proof,
    /// Who would get it.
    pub survey: Survey,
    /// Nothing is new, so these are the newest stories: to be looked at, not to be sent.
    pub stale: bool,
}

/// What is asked for.
pub(super) struct Asked<'a> {
    pub config: &'a Config,
    pub templates: &'a Templates,
    pub newsletter: &'a Newsletter,
    /// Articles that staff chose; empty: what is new.
    pub articles: &'a [ArticleId],
    pub wish: Wish,
    pub now: Instant,
    /// Where nothing is new, take the newest stories instead.
    pub or_newest: bool,
    /// How far its readers are counted.
    pub extent: Extent,
}

impl Asked<'_> {
    /// Looks, and writes nothing. `None` where there is nothing to print.
    pub(super) async fn draft(&self, tx: &mut Tx) -> anyhow::Result<Option<Draft>> {
        let row = self.row(tx).await?;
        let mut stale = false;
        let mut selected = if self.articles.is_empty() {
            select::news(tx, self.config, self.newsletter, &row, self.now).await?
        } else if let Some(until) = self.wish.advance {
            let chosen = (self.articles, until);
            select::advance(tx, self.config, self.newsletter, &row, chosen, self.now).await?
        } else {
            select::chosen(tx, self.config, self.newsletter, &row, self.articles, self.now).await?
        };
        if selected.stories.is_empty() && self.or_newest {
            // As if it were its first edition.
            let fresh = NewsletterRow { last_seq: None, ..row.clone() };
            let mut newsletter = self.newsletter.clone();
            newsletter.schedule = crate::config::Schedule::Manual;
            selected = select::news(tx, self.config, &newsletter, &fresh, self.now).await?;
            stale = true;
        }
        if selected.stories.is_empty() {
            return Ok(None);
        }
        let layout = Layout::new(self.config, self.newsletter, (&row, selected), &self.wish, self.now);
        let survey = due::survey(tx, &layout, self.extent).await?;
        let proof = compose::proof(tx, self.config, self.templates, self.newsletter, layout, &self.wish).await?;
        Ok(Some(Draft { proof, survey, stale }))
    }

    /// The newsletter as the store knows it, or as it would be noted now.
    async fn row(&self, tx: &mut Tx) -> anyhow::Result<NewsletterRow> {
        let known = editions::newsletters(tx).await?.into_iter().find(|row| row.name == self.newsletter.name);
        Ok(match known {
            Some(row) => row,
            None => NewsletterRow {
                id: 0,
                name: self.newsletter.name.clone(),
                known_since: self.now,
                known_seq: newness::last_seq(tx).await?,
                last_seq: None,
                last_slot: None,
                waiting: Vec::new(),
            },
        })
    }
}

/// A rendering of an edition that is not in the store, for the press. It has the number 0, which no edition has.
pub(super) fn plate(proof: &Proof, n: usize) -> Option<Plate> {
    let (version, rendering) = (proof.layout.versions.get(n)?, proof.renderings.get(n)?);
    let row = &proof.layout.row;
    Some(Plate {
        edition: 0,
        newsletter_id: row.id,
        newsletter: row.name.clone(),
        number: proof.number,
        title: proof.layout.settings.title.get(&version.language).unwrap_or(&row.name).clone(),
        rendering: rendering.clone(),
    })
}

/// The place of the rendering in that language, or the nearest to it, or the first.
pub(super) fn rendering_for(proof: &Proof, wanted: Option<&Language>) -> Option<usize> {
    let languages: Vec<Language> = proof.layout.versions.iter().map(|version| version.language.clone()).collect();
    let nearest = nearest(&languages, wanted);
    languages.iter().position(|language| Some(language) == nearest)
}

/// The articles that staff named, by id, the beginning of one, slug, or address.
///
/// # Errors
/// None, or several, of that name.
pub(super) async fn articles_named(tx: &mut Tx, config: &Config, names: &[String]) -> anyhow::Result<Vec<ArticleId>> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        ids.push(named(tx, config, name).await?);
    }
    Ok(ids)
}

/// The lists that `--to` names, or all of the newsletter's.
///
/// # Errors
/// One that is not the newsletter's.
pub(super) fn lists_named(newsletter: &Newsletter, to: &[String]) -> anyhow::Result<Vec<String>> {
    if let Some(other) = to.iter().find(|list| !newsletter.lists.contains(list)) {
        return Err(Usage(format!(
            "--to {other}: “{}” goes to {}; only a list of the newsletter can be named",
            newsletter.name,
            newsletter.lists.join(", ")
        ))
        .into());
    }
    Ok(if to.is_empty() { newsletter.lists.clone() } else { to.to_vec() })
}

/// When an edition by hand begins, and what each reader's own clock shows then where it goes by that.
///
/// # Errors
/// A time that cannot be read, or is over for everybody; what the store says.
pub(super) async fn when_named(
    tx: &mut Tx,
    config: &Config,
    newsletter: &Newsletter,
    at: Option<&str>,
    now: Instant,
) -> anyhow::Result<(Instant, Option<NaiveDateTime>)> {
    let site = config.site.timezone;
    let Some(text) = at else { return Ok((now, None)) };
    let wall = wall_named(text).filter(|_| newsletter.is_by_subscriber());
    let Some(wall) = wall else { return Ok((time_named(text, site, now)?, None)) };
    let mut zones = subscribers::zones(tx, &newsletter.lists).await?;
    zones.push(site);
    let last = zones.iter().map(|zone| instant_of(wall, *zone)).max();
    if last.is_none_or(|last| last < now) {
        return Err(Usage(format!("--at {text}: that is over, wherever its readers live")).into());
    }
    Ok((first_of(wall, &zones).unwrap_or(now).max(now), Some(wall)))
}

/// A time on the wall, without an offset.
fn wall_named(text: &str) -> Option<NaiveDateTime> {
    let forms = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())
}

/// The instant of `--at`: in the newsroom's time, or with an offset of its own.
///
/// # Errors
/// It cannot be read, never comes in that zone, or is over.
pub(super) fn time_named(text: &str, zone: Tz, now: Instant) -> anyhow::Result<Instant> {
    let fault = |reason: &str| {
        Usage(format!(
            "--at {text}: {reason}; write it as 2026-03-04 07:00 ({}), or as 2026-03-04T07:00+01:00",
            zone.name()
        ))
    };
    let trimmed = text.trim();
    let with_offset = ["%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%dT%H:%M%:z", "%Y-%m-%d %H:%M:%S%:z", "%Y-%m-%d %H:%M%:z"];
    let spelled = trimmed.strip_suffix('Z').map(|start| format!("{start}+00:00"));
    let spelled = spelled.as_deref().unwrap_or(trimmed);
    let at = match with_offset.iter().find_map(|form| chrono::DateTime::parse_from_str(spelled, form).ok()) {
        Some(at) => at.to_utc(),
        None => {
            let local = wall_named(trimmed).ok_or_else(|| fault("it is no time"))?;
            match zone.from_local_datetime(&local) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
                LocalResult::None => return Err(fault("the clock jumps over that time").into()),
            }
        }
    };
    if at < now {
        return Err(fault("that is over").into());
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_the_newsrooms_zone_or_with_its_offset() {
        let zone: Tz = "Europe/Belgrade".parse().unwrap();
        let now = chrono::DateTime::parse_from_rfc3339("2026-03-02T12:00:00Z").unwrap().to_utc();
        let read = |text| time_named(text, zone, now).map(|at| at.to_rfc3339());
        assert_eq!(read("2026-03-04 07:00").unwrap(), "2026-03-04T06:00:00+00:00");
        for same in ["2026-03-04T07:00+01:00", "2026-03-04T06:00Z", "2026-03-04 06:00:00+00:00"] {
            assert_eq!(read(same).unwrap(), "2026-03-04T06:00:00+00:00", "{same}");
        }
        for (wrong, reason) in
            [("2026-03-29 02:30", "jumps over"), ("2026-03-01 07:00", "is over"), ("tomorrow", "no time")]
        {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
