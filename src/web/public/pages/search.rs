//! Finding news by its words. What was typed is read by [`Sought`], and nothing of it reaches a statement but letters and figures.

mod found;

use std::borrow::Cow;

use chrono::{Datelike, TimeZone};
use serde::Serialize;
use url::form_urlencoded;

use self::found::{Part, marked, piece};
use super::address::{self, Page};
use super::frame::{Frame, Section};
use super::story::Item;
use super::{PageError, Shown};
use crate::article::fold::Sought;
use crate::article::{Language, Revision};
use crate::clock::Instant;
use crate::store::search::{self, Scope};
use crate::store::{Tx, articles};
use crate::web::public::Site;

/// Results on one page.
const A_PAGE: usize = 20;
/// Characters of what was typed that are shown again.
const TYPED: usize = 200;

/// What was asked for, as the form sends it.
#[derive(Debug, Default)]
struct Form {
    typed: String,
    topic: Option<String>,
    year: Option<i32>,
    language: Option<Language>,
}

impl Form {
    fn read(query: &str) -> Form {
        let mut form = Form::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match (name.as_ref(), value) {
                ("q", value) => form.typed = value.trim().chars().filter(|c| !c.is_control()).take(TYPED).collect(),
                ("topic", value) if !value.is_empty() => form.topic = Some(value.chars().take(TYPED).collect()),
                ("year", value) => form.year = value.parse().ok().filter(|year| (1..=9_999).contains(year)),
                ("lang", value) => form.language = value.parse().ok(),
                _ => {}
            }
        }
        form
    }

    /// The same once more, for another page of results.
    fn query(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", &self.typed);
        if let Some(topic) = &self.topic {
            query.append_pair("topic", topic);
        }
        if let Some(year) = self.year {
            query.append_pair("year", &year.to_string());
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        query.finish()
    }
}

/// An article that was found.
#[derive(Serialize)]
struct Hit {
    item: Item,
    title: Vec<Part>,
    summary: Vec<Part>,
}

/// A choice of the form.
#[derive(Serialize)]
struct Choice {
    value: String,
    name: Cow<'static, str>,
    chosen: bool,
}

/// Another language in which something was found.
#[derive(Serialize)]
struct Other {
    language: Language,
    name: String,
    count: i64,
    url: String,
}

/// The form, and what was found.
pub(super) async fn page(
    site: &Site,
    language: &Language,
    query: Option<&str>,
    page: usize,
) -> Result<Shown, PageError> {
    let form = Form::read(query.unwrap_or_default());
    if let Some(other) = form.language.as_ref().filter(|l| *l != language && site.config.site.languages.contains(l)) {
        return Ok(Shown::Elsewhere(at(site, other, &form, 1)));
    }
    let sought = Sought::read(&form.typed);
    let topic = form.topic.as_deref().filter(|id| site.config.topics.iter().any(|topic| topic.id == *id));
    let within = form.year.and_then(|year| of_year(site, year));
    let scope = |language: &Language| Scope { language: language.clone(), topic: topic.map(str::to_owned), within };
    let mut tx = site.store.read().await?;
    let found = search::find(&mut tx, &sought, &scope(language), A_PAGE, (page - 1).saturating_mul(A_PAGE)).await?;
    let mut others = Vec::new();
    for other in site.config.site.languages.iter().filter(|l| *l != language) {
        let count = search::count(&mut tx, &sought, &scope(other)).await?;
        if count > 0 {
            let name = super::say(site, other, "language-self");
            others.push(Other { language: other.clone(), name, count, url: at(site, other, &form, 1) });
        }
    }
    let years = years(&mut tx, site, language, form.year).await?;
    drop(tx);
    let pages = usize::try_from(found.count).unwrap_or_default().div_ceil(A_PAGE);
    if page > pages.max(1) {
        return Ok(Shown::Missing);
    }
    let results: Vec<Hit> = found.revisions.iter().map(|revision| result(site, revision, &sought)).collect();
    let name = super::say(site, language, "site-search");
    let title = match sought.is_empty() {
        true => name.clone(),
        false => super::with(site, language, "site-search-of", &[("words", form.typed.clone().into())]),
    };
    let html = Frame::new(site, language, &title)
        .section(Section::Search)
        .elsewhere(site.config.site.languages.iter().map(|l| (l.clone(), at(site, l, &form, 1))).collect())
        .private()
        .under(super::say(site, language, "site-newsroom"), &Page::Home)
        .here(name)
        .with("typed", &form.typed)
        .with("asked", &!sought.is_empty())
        .with("results", &results)
        .with("count", &found.count)
        .with("many", &(found.count >= search::MOST))
        .with("narrowed", &(topic.is_some() || within.is_some()))
        .with("wider", &at(site, language, &Form { typed: form.typed.clone(), ..Form::default() }, 1))
        .with("others", &others)
        .with("topics", &topics(site, language, topic))
        .with("years", &years)
        .with("tongues", &tongues(site, language))
        .with("page", &page)
        .with("newer", &(page > 1).then(|| at(site, language, &form, page - 1)))
        .with("older", &(page < pages).then(|| at(site, language, &form, page + 1)))
        .render("site/search.html")?;
    Ok(Shown::Passing(html))
}

/// The search for the same in a language.
fn at(site: &Site, language: &Language, form: &Form, page: usize) -> String {
    let path = address::path(&site.config.site, language, &Page::Search);
    if form.typed.is_empty() { path } else { format!("{path}?{}", form.query(page)) }
}

fn result(site: &Site, revision: &Revision, sought: &Sought) -> Hit {
    let content = &revision.content;
    let (title, _) = marked(&content.title, sought);
    let (summary, in_summary) = marked(&content.summary, sought);
    let withdrawn = content.withdrawn.is_some();
    let piece = if in_summary || withdrawn { None } else { piece(&content.text, sought) };
    let summary = if withdrawn { Vec::new() } else { piece.unwrap_or(summary) };
    Hit { item: Item::of(site, revision), title, summary }
}

/// The first instant of a year here, and of the next.
fn of_year(site: &Site, year: i32) -> Option<(Instant, Instant)> {
    let zone = site.config.site.timezone;
    let first = |year| zone.with_ymd_and_hms(year, 1, 1, 0, 0, 0).earliest().map(|at| at.to_utc());
    Some((first(year)?, first(year + 1)?))
}

fn topics(site: &Site, language: &Language, chosen: Option<&str>) -> Vec<Choice> {
    let named = site.config.topics.iter().map(|topic| Choice {
        value: topic.id.clone(),
        name: topic.name.get(language).to_owned().into(),
        chosen: chosen == Some(&topic.id),
    });
    named.collect()
}

/// From the newest year to the first.
async fn years(tx: &mut Tx, site: &Site, language: &Language, chosen: Option<i32>) -> Result<Vec<Choice>, PageError> {
    let zone = site.config.site.timezone;
    let Some((first, last)) = articles::span(tx, language).await? else { return Ok(Vec::new()) };
    let (first, last) = (first.with_timezone(&zone).year(), last.with_timezone(&zone).year());
    let choice =
        |year: i32| Choice { value: year.to_string(), name: year.to_string().into(), chosen: chosen == Some(year) };
    Ok((first..=last).rev().take(150).map(choice).collect())
}

fn tongues(site: &Site, language: &Language) -> Vec<Choice> {
    let choice = |l: &Language| Choice {
        value: l.to_string(),
        name: super::say(site, l, "language-self").into(),
        chosen: l == language,
    };
    site.config.site.languages.iter().map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_and_written_again() {
        let form = Form::read("q=%C4%90or%C4%91e+%26&topic=rivers&year=2026&lang=sr-Latn&x=%ff&page=3");
        assert_eq!((form.typed.as_str(), form.topic.as_deref(), form.year), ("Đorđe &", Some("rivers"), Some(2026)));
        assert_eq!(form.language, "sr-Latn".parse().ok());
        assert_eq!(form.query(2), "q=%C4%90or%C4%91e+%26&topic=rivers&year=2026&page=2");
        assert_eq!(Form::read("q=%00%0a&year=-1&topic=").query(1), "q=");
        assert!(Form::read(&format!("q={}", "a".repeat(100_000))).typed.len() == TYPED);
    }
}
