//! The archive: years with counts, months, days and headlines.

use chrono::TimeZone;
use chrono_tz::Tz;
use serde::Serialize;

use super::address::{self, Page};
use super::frame::{Frame, Section};
use super::{PageError, Shown};
use crate::article::{Language, Revision};
use crate::clock::Instant;
use crate::store::articles;
use crate::web::public::Site;

/// A year with more headlines is shown by its months.
const A_YEAR: i64 = 100;
/// Headlines on one page of a month.
const A_PAGE: usize = 100;

/// A year of the list of years.
#[derive(Serialize)]
struct Year {
    year: i32,
    count: i64,
    url: String,
    current: bool,
}

/// A month, with its headlines where they are shown.
#[derive(Serialize)]
struct Month {
    month: u32,
    name: String,
    count: i64,
    url: String,
    titles: Vec<Title>,
}

/// A headline.
#[derive(Serialize)]
struct Title {
    published: Instant,
    day: u32,
    title: String,
    url: String,
    withdrawn: bool,
}

/// The years, each with its months.
pub(super) async fn all(site: &Site, language: &Language) -> Result<Shown, PageError> {
    let zone = site.config.site.timezone;
    let mut tx = site.store.read().await?;
    let counts = articles::years(&mut tx, language, zone).await?;
    let mut sections = Vec::with_capacity(counts.len());
    for (year, count) in &counts {
        let months = articles::months(&mut tx, language, *year, zone).await?;
        let months: Vec<Month> = months.into_iter().map(|(m, n)| month_of(site, language, *year, m, n)).collect();
        sections.push((year, count, address::path(&site.config.site, language, &Page::Year(*year)), months));
    }
    drop(tx);
    let title = super::say(site, language, "site-archive");
    let total: i64 = counts.iter().map(|(_, n)| n).sum();
    let html = Frame::new(site, language, &title)
        .section(Section::Archive)
        .is(&Page::Archive)
        .under(super::say(site, language, "site-newsroom"), &Page::Home)
        .here(title.as_str())
        .with("sections", &sections)
        .with("count", &total)
        .with("span", &years_between(&counts))
        .render("site/archive.html")?;
    Ok(Shown::Page(html))
}

/// `2024–2026`, or the one year there is.
fn years_between(counts: &[(i32, i64)]) -> String {
    match (counts.last(), counts.first()) {
        (Some((first, _)), Some((last, _))) if first != last => format!("{first}–{last}"),
        (Some((only, _)), _) => only.to_string(),
        _ => String::new(),
    }
}

/// One year.
pub(super) async fn year(site: &Site, language: &Language, year: i32) -> Result<Shown, PageError> {
    let zone = site.config.site.timezone;
    let mut tx = site.store.read().await?;
    let years = articles::years(&mut tx, language, zone).await?;
    let Some(count) = years.iter().find(|(y, _)| *y == year).map(|(_, n)| *n) else { return Ok(Shown::Missing) };
    let mut months = Vec::new();
    for (month, count) in articles::months(&mut tx, language, year, zone).await? {
        months.push(month_of(site, language, year, month, count));
    }
    if count <= A_YEAR {
        for month in &mut months {
            let found = articles::in_month(&mut tx, language, span(year, month.month, zone), usize::MAX, 0).await?;
            month.titles = found.iter().map(|r| title(site, r, zone)).collect();
        }
    }
    let mut spoken = Vec::new();
    for other in &site.config.site.languages {
        if articles::years(&mut tx, other, zone).await?.iter().any(|(y, _)| *y == year) {
            spoken.push(other.clone());
        }
    }
    drop(tx);
    let name = super::with(site, language, "site-archive-of", &[("when", year.to_string().into())]);
    let html = Frame::new(site, language, &name)
        .section(Section::Archive)
        .is(&Page::Year(year))
        .only_in(&spoken, Page::Archive)
        .under(super::say(site, language, "site-newsroom"), &Page::Home)
        .under(super::say(site, language, "site-archive"), &Page::Archive)
        .here(year.to_string())
        .with("years", &year_list(site, language, &years, year))
        .with("months", &months)
        .with("count", &count)
        .render("site/year.html")?;
    Ok(Shown::Page(html))
}

/// One month of a year, a page at a time.
pub(super) async fn month(
    site: &Site,
    language: &Language,
    (year, month): (i32, u32),
    page: usize,
) -> Result<Shown, PageError> {
    let zone = site.config.site.timezone;
    let mut tx = site.store.read().await?;
    let years = articles::years(&mut tx, language, zone).await?;
    if !years.iter().any(|(y, _)| *y == year) {
        return Ok(Shown::Missing);
    }
    let months = articles::months(&mut tx, language, year, zone).await?;
    let Some(place) = months.iter().position(|(m, _)| *m == month) else { return Ok(Shown::Missing) };
    let count = months.get(place).and_then(|(_, n)| usize::try_from(*n).ok()).unwrap_or_default();
    let offset = (page - 1).saturating_mul(A_PAGE);
    let found = articles::in_month(&mut tx, language, span(year, month, zone), A_PAGE, offset).await?;
    // Months beside this one, over the turn of the year too.
    let newer = match place.checked_sub(1) {
        Some(place) => months.get(place).map(|(m, n)| (year, *m, *n)),
        None => beside(&mut tx, language, &years, zone, (year, true)).await?,
    };
    let older = match months.get(place + 1) {
        Some((m, n)) => Some((year, *m, *n)),
        None => beside(&mut tx, language, &years, zone, (year, false)).await?,
    };
    let mut spoken = Vec::new();
    for other in &site.config.site.languages {
        if articles::months(&mut tx, other, year, zone).await?.iter().any(|(m, _)| *m == month) {
            spoken.push(other.clone());
        }
    }
    drop(tx);
    let pages = count.div_ceil(A_PAGE).max(1);
    if page > pages {
        return Ok(Shown::Missing);
    }
    let titles: Vec<Title> = found.iter().map(|r| title(site, r, zone)).collect();
    let this = Page::Month(year, month);
    let beside = |m: Option<(i32, u32, i64)>| m.map(|(y, m, n)| (y, month_of(site, language, y, m, n)));
    let named = month_of(site, language, year, month, 0).name;
    let name = super::with(
        site,
        language,
        "site-archive-month",
        &[("month", named.clone().into()), ("year", year.to_string().into())],
    );
    let html = Frame::new(site, language, &name)
        .section(Section::Archive)
        .is(&this)
        .only_in(&spoken, Page::Archive)
        .under(super::say(site, language, "site-newsroom"), &Page::Home)
        .under(super::say(site, language, "site-archive"), &Page::Archive)
        .under(year.to_string(), &Page::Year(year))
        .here(named)
        .with("years", &year_list(site, language, &years, year))
        .with("titles", &titles)
        .with("count", &count)
        .with("page", &page)
        .with("pages", &pages)
        .with("url", &address::path(&site.config.site, language, &this))
        .with("newer", &beside(newer))
        .with("older", &beside(older))
        .render("site/month.html")?;
    Ok(Shown::Page(html))
}

/// The last month of an earlier year, or the first of a later one.
async fn beside(
    tx: &mut crate::store::Tx,
    language: &Language,
    years: &[(i32, i64)],
    zone: Tz,
    (year, newer): (i32, bool),
) -> Result<Option<(i32, u32, i64)>, PageError> {
    let next = if newer { years.iter().rev().find(|(y, _)| *y > year) } else { years.iter().find(|(y, _)| *y < year) };
    let Some((next, _)) = next else { return Ok(None) };
    let months = articles::months(tx, language, *next, zone).await?;
    let found = if newer { months.last() } else { months.first() };
    Ok(found.map(|(month, count)| (*next, *month, *count)))
}

fn year_list(site: &Site, language: &Language, years: &[(i32, i64)], current: i32) -> Vec<Year> {
    let url = |year| address::path(&site.config.site, language, &Page::Year(year));
    years
        .iter()
        .map(|(year, count)| Year { year: *year, count: *count, url: url(*year), current: *year == current })
        .collect()
}

fn month_of(site: &Site, language: &Language, year: i32, month: u32, count: i64) -> Month {
    Month {
        month,
        name: super::say(site, language, &format!("month-{month}")),
        count,
        url: address::path(&site.config.site, language, &Page::Month(year, month)),
        titles: Vec::new(),
    }
}

fn title(site: &Site, revision: &Revision, zone: Tz) -> Title {
    Title {
        published: revision.published,
        day: chrono::Datelike::day(&revision.published.with_timezone(&zone)),
        title: revision.content.title.clone(),
        url: super::story::page_of(site, revision),
        withdrawn: revision.content.withdrawn.is_some(),
    }
}

/// The first instant of a month, and that of the next. Where the clock jumps over midnight, what UTC says.
fn span(year: i32, month: u32, zone: Tz) -> (Instant, Instant) {
    let start = |year, month| {
        let local = zone.with_ymd_and_hms(year, month, 1, 0, 0, 0).earliest().map(|at| at.to_utc());
        local.or_else(|| chrono::Utc.with_ymd_and_hms(year, month, 1, 0, 0, 0).earliest()).unwrap_or_default()
    };
    let next = if month == 12 { (year.saturating_add(1), 1) } else { (year, month + 1) };
    (start(year, month), start(next.0, next.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let (from, to) = span(2026, 12, Tz::Europe__Belgrade);
        assert_eq!(
            (from.to_rfc3339(), to.to_rfc3339()),
            ("2026-11-30T23:00:00+00:00".into(), "2026-12-31T23:00:00+00:00".into())
        );
    }
}
