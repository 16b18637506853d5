//! One article.

use chrono::Datelike;

use super::address::{self, Page};
use super::frame::{Frame, Section};
use super::linked::{self, Card};
use super::story::{Story, page_of};
use super::{PageError, Shown};
use crate::article::Language;
use crate::store::articles::{self, addresses};
use crate::web::public::Site;

/// So much of a headline is the last step of the way to it.
const STEP: usize = 60;

/// The article at a slug; one that was there and is no more is said to be gone.
pub(super) async fn page(site: &Site, language: &Language, slug: &str) -> Result<Shown, PageError> {
    let mut tx = site.store.read().await?;
    let Some(revision) = articles::by_slug(&mut tx, language, slug).await? else {
        if let Some((language, slug)) = articles::moved_to(&mut tx, language, slug).await? {
            return Ok(Shown::Moved(address::path(&site.config.site, &language, &Page::Article(slug))));
        }
        if articles::was_public(&mut tx, language, slug).await? {
            return Ok(Shown::Gone);
        }
        // Asked for under another language's address: that is not for ever, for a translation may come to stand here.
        let theirs = addresses::language_of(&mut tx, &site.config.site.languages, slug).await?;
        return Ok(theirs.map_or(Shown::Missing, |theirs| {
            Shown::Elsewhere(address::path(&site.config.site, &theirs, &Page::Article(slug.to_owned())))
        }));
    };
    let siblings = articles::siblings(&mut tx, revision.story).await?;
    drop(tx);
    let year = revision.published.with_timezone(&site.config.site.timezone).year();
    let mut elsewhere: Vec<_> = siblings.iter().map(|s| (s.language.clone(), page_of(site, s))).collect();
    if !elsewhere.iter().any(|(l, _)| l == language) {
        elsewhere.push((language.clone(), page_of(site, &revision)));
    }
    let title = &revision.content.title;
    let frame = Frame::new(site, language, title)
        .section(Section::None)
        .is(&Page::Article(revision.slug.clone()))
        .elsewhere(elsewhere)
        .under(super::say(site, language, "site-newsroom"), &Page::Home)
        .under(super::say(site, language, "site-archive"), &Page::Archive)
        .under(year.to_string(), &Page::Year(year))
        .here(shortened(title));
    let html = frame
        .with("description", &revision.content.summary)
        .with("story", &Story::of(site, &revision, &siblings))
        .with("follow", &super::following::follow(site, language))
        .card(Card::of(site, &revision))
        .linked(linked::article(site, &revision, &siblings))
        .render("site/article.html")?;
    Ok(Shown::Page(html))
}

/// A headline cut at a word.
fn shortened(title: &str) -> String {
    if title.chars().count() <= STEP {
        return title.to_owned();
    }
    let cut: String = title.chars().take(STEP).collect();
    let end = cut.rfind(char::is_whitespace).filter(|end| *end > 0).unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end_matches([',', ':', ';', '–', '-', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_headline_is_cut_at_a_word() {
        assert_eq!(shortened("Short"), "Short");
        let long = "Спасиоци из шест земаља вежбали на Сави, а искуства улазе у заједнички приручник";
        assert_eq!(shortened(long), "Спасиоци из шест земаља вежбали на Сави, а искуства улазе у…");
    }
}
