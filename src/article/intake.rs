//! From a file's bytes to a draft, in two steps, because links between articles need every article's address first.
//!
//! 1. [`Head::read`]: text, front matter, language, slug, id. Cheap: nothing is rendered.
//! 2. [`Head::draft`]: the rest, once its own address and its neighbours' are known ([`Around`]).
//!
//! Nothing here reads or writes; the source does.

mod doubts;
mod page;
#[cfg(test)]
mod tests;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use uuid::Uuid;

use super::decode::decode;
use super::markup::{self, Around, Asset, Ground};
use super::matter::{self, Complaints, Matter, Node, Settings};
use super::place::{Aside, Markup, Place};
use super::spoken::{self, Said};
use super::{ArticleId, Content, Draft, Fault, Language, Picture, date, latin, slug, topic_id};
use crate::clock::Instant;

/// What every article of a source has around it: the newsroom's settings.
#[derive(Clone, Debug)]
pub struct House {
    /// The source's name.
    pub source: String,
    /// Public base of the site, without a slash at the end.
    pub site_url: String,
    /// The site's languages, the default one first.
    pub languages: Vec<Language>,
    /// The language of files that name none, where the source's settings say so.
    pub language: Option<Language>,
    /// Whether what is in Serbian Cyrillic is offered in Latin letters too, where it does not say so itself.
    pub transliterate: bool,
    /// The zone of dates that name none.
    pub zone: Tz,
    /// The present.
    pub now: Instant,
    /// Ids of known topics, each with the names people see in any language.
    pub topics: Vec<(String, Vec<String>)>,
}

impl House {
    /// The article that a front matter's `id` means, where that is no UUID. It may be the same in each translation.
    pub fn named(&self, id: &str, language: &Language) -> ArticleId {
        ArticleId::named(&self.source, &format!("{id}\0{language}"))
    }
}

/// Why a file gives no article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is none.
    Aside(Aside),
    /// It cannot be read; what is wrong with it.
    Faults(Vec<Fault>),
}

/// What a file says before its text is rendered.
#[derive(Debug)]
pub struct Head {
    /// Its path under the folder.
    pub key: String,
    /// What its path says.
    pub place: Place,
    /// Its front matter.
    pub matter: Matter,
    /// Its language.
    pub language: Language,
    /// The headline.
    pub title: String,
    /// The slug it asks for.
    pub slug: String,
    /// The id it brings: its own UUID, or one made of what it has for an id.
    pub id: Option<ArticleId>,
    /// The line that names the id.
    pub id_line: Option<usize>,
    text: String,
    body: usize,
    body_line: usize,
    /// Whether the title was found in the text.
    heading: bool,
    complaints: Complaints,
}

/// A draft with what was said about its file.
#[derive(Debug)]
pub struct Intake {
    /// The article.
    pub draft: Draft,
    /// What there is to warn of.
    pub faults: Vec<Fault>,
    /// Files it uses.
    pub assets: Vec<Asset>,
    /// Whether something it names was not there.
    pub unsettled: bool,
}

impl Head {
    /// Reads a file. `key` is its path under the source's folder, with `/`; `defaults` are the data files of its folder
    /// (Eleventy), the nearest first.
    ///
    /// # Errors
    /// [`Unread`]: it is no article, or cannot be read.
    pub fn read(key: &str, bytes: &[u8], house: &House, defaults: &[Node]) -> Result<Head, Unread> {
        let place = Place::of(key, &house.languages).map_err(Unread::Aside)?;
        let mut complaints = Complaints::of(key);
        let decoded = match decode(bytes) {
            Ok(decoded) => decoded,
            Err(error) => return Err(refused(complaints, None, error.to_string())),
        };
        if let Some(encoding) = decoded.converted_from {
            complaints.warn(None, format!("saved as {encoding}; it was read as such, save it as UTF-8 to be sure"));
        }
        if let Some(line) = decoded.forbidden {
            complaints.warn(line, "control characters that no feed may hold were taken out");
        }
        let text = decoded.text;
        let split = match matter::split(&text) {
            Ok(split) => split,
            Err(error) => return Err(refused(complaints, Some(error.line), error.reason)),
        };
        let name = key.rsplit('/').next().unwrap_or(key).to_ascii_lowercase();
        let is_note = ["readme", "license", "licence", "contributing", "changelog", "code_of_conduct"]
            .iter()
            .any(|known| name.split('.').next() == Some(known));
        if split.block.is_none() && is_note {
            return Err(Unread::Aside(Aside::House));
        }
        let root = match split.block.map(|block| matter::parse(&block, &mut complaints)) {
            None => Node::map(1),
            Some(Ok(root)) => root,
            Some(Err(error)) => return Err(refused(complaints, Some(error.line), error.reason)),
        };
        let found = (place.markup == Markup::Html).then(|| page::meta(split.body, split.body_line));
        let around: Vec<&Node> = defaults.iter().chain(found.as_ref()).collect();
        let settings = Settings { zone: house.zone, now: house.now };
        let matter = Matter::read(&root, &around, settings, &mut complaints);
        if complaints.is_refused() {
            return Err(Unread::Faults(complaints.into_faults()));
        }
        let (title, heading) = title(&matter, split.body, &place);
        let nameless = matter.title.is_none() && !heading && matter.withdrawn.is_none();
        if nameless && doubts::is_no_article(&root, split.body, &place, &mut complaints) {
            return Err(Unread::Faults(complaints.into_faults()));
        }
        let sample = format!("{title}\n{}", head_of(split.body, 20_000));
        let said =
            Said { matter: matter.language.as_ref(), path: place.language.as_ref(), source: house.language.as_ref() };
        let language = spoken::language(said, &sample, &house.languages);
        doubts::foreign(&language, matter.language_line, house, &mut complaints);
        let slug = own_slug(&matter, &place, &title);
        let id = matter.id.as_ref().map(|(_, text)| match Uuid::parse_str(text.trim_start_matches("urn:uuid:")) {
            Ok(uuid) => ArticleId(uuid),
            Err(_) => house.named(text, &language),
        });
        let id_line = matter.id.as_ref().map(|(line, _)| *line);
        let (body, body_line) = (text.len() - split.body.len(), split.body_line);
        Ok(Head {
            key: key.to_owned(),
            place,
            matter,
            language,
            title,
            slug,
            id,
            id_line,
            text,
            body,
            body_line,
            heading,
            complaints,
        })
    }

    /// Makes the draft: `page` is the article's own address.
    pub fn draft(self, house: &House, page: &str, around: &dyn Around) -> Intake {
        let Head {
            key, place, matter, language, title, slug, id, text, body, body_line, heading, mut complaints, ..
        } = self;
        let ground = Ground { site_url: &house.site_url, page, title: &title, around };
        let source = markup::Source { markup: place.markup, body: &text[body..], line: body_line };
        let mut rendered = markup::render(source, &ground, &mut complaints);
        let published = date_of(&matter, &place, house.zone);
        if published.is_none() && !matter.draft && !place.draft {
            complaints.warn(
                None,
                "no date in the front matter or in the name; the time of the first reading is taken, write `date:`",
            );
        }
        if rendered.heading.as_deref().is_some_and(|h| heading || h == title) {
            rendered.html = without_heading(&rendered.html);
            rendered.text = markup::text(&rendered.html);
        }
        if rendered.text.is_empty() && matter.withdrawn.is_none() {
            complaints.warn(None, "the article has no text");
        }
        let mut assets = rendered.assets;
        let mut unsettled = rendered.unsettled;
        let mut decorative = std::mem::take(&mut rendered.decorative);
        let picture = matter.lead.as_ref().and_then(|lead| {
            let found = markup::picture(&lead.src, lead.line, &ground, &mut complaints);
            unsettled |= found.unsettled;
            let asset = found.asset;
            if let Some(asset) = asset.as_ref().filter(|asset| !assets.contains(asset)) {
                assets.push(asset.clone());
            }
            let said = |text: &Option<String>| text.as_deref().map(markup::line).filter(|text| !text.is_empty());
            let url = found.url?;
            match lead.alt.as_deref() {
                Some("") if !decorative.contains(&url) => decorative.push(url.clone()),
                Some(_) => {}
                None => complaints.warn(
                    lead.line,
                    "nobody said what the picture shows, and a mail with it is held; write `image_alt:`, or `image_alt: \"\"` where it is decorative",
                ),
            }
            Some(Picture {
                url,
                alt: said(&lead.alt).unwrap_or_default(),
                caption: said(&lead.caption),
                credit: said(&lead.credit),
                media_type: asset.as_ref().map(|a| a.media_type.clone()),
                bytes: asset.as_ref().map(|a| a.bytes),
                width: asset.as_ref().and_then(|a| a.size).map(|(width, _)| width),
                height: asset.as_ref().and_then(|a| a.size).map(|(_, height)| height),
            })
        });
        let summary = match &matter.summary {
            Some(summary) => markup::shorten(&markup::words(summary, &ground), GIVEN_SUMMARY),
            None => rendered.summary,
        };
        let mut content = Content {
            title,
            summary,
            html: rendered.html,
            text: rendered.text,
            topics: topics(&matter, house),
            authors: matter.authors.iter().map(|name| markup::line(name)).filter(|name| !name.is_empty()).collect(),
            picture,
            decorative,
            canonical: matter.canonical.clone(),
            corrections: matter.corrections.clone(),
            updates: matter.updates.clone(),
            checked: None,
            withdrawn: matter.withdrawn.as_deref().map(markup::line),
            breaking: matter.breaking,
        };
        if let Some(reason) = content.withdrawn.clone() {
            content.withdraw(&reason);
            assets.clear();
        }
        let latin = latin::language(&language, &content).filter(|latin| house.languages.contains(latin));
        if let (Some((line, true)), None) = (matter.transliterate, &latin) {
            complaints.warn(line, doubts::no_latin(house));
        }
        let wanted = matter.transliterate.map_or(house.transliterate, |(_, wanted)| wanted);
        let draft = Draft {
            key,
            id,
            guid: matter.guid.as_deref().map(markup::line).filter(|guid| !guid.is_empty() && guid.len() <= 1000),
            slug,
            language,
            translation_key: matter.translation_key,
            translation_of: None,
            place: Some(place.alike),
            published,
            updated: matter.updated,
            embargo: matter.embargo,
            draft: matter.draft || place.draft,
            transliterate: wanted && latin.is_some(),
            change: matter.change,
            media: assets.iter().map(|asset| asset.name.clone()).collect(),
            content,
        };
        Intake { draft, faults: complaints.into_faults(), assets, unsettled }
    }

    /// A warning about it, from the one who reads it.
    pub fn warn(&mut self, line: Option<usize>, reason: String) {
        self.complaints.warn(line, reason);
    }

    /// When it says it was published, in the front matter or in its name.
    pub fn date(&self, house: &House) -> Option<Instant> {
        date_of(&self.matter, &self.place, house.zone)
    }

    /// The words of its text for comparing it with another, raw.
    pub fn body(&self) -> &str {
        &self.text[self.body..]
    }
}

/// The most characters of a summary that its author wrote.
const GIVEN_SUMMARY: usize = 1000;

fn refused(mut complaints: Complaints, line: Option<usize>, reason: String) -> Unread {
    complaints.refuse(line, reason);
    Unread::Faults(complaints.into_faults())
}

fn head_of(text: &str, longest: usize) -> &str {
    text.char_indices().nth(longest).map_or(text, |(at, _)| &text[..at])
}

/// The headline, and whether it was found in the text: the front matter's, the first heading, else the file's name.
fn title(matter: &Matter, body: &str, place: &Place) -> (String, bool) {
    if let Some(title) = matter.title.as_deref().map(markup::line).filter(|title| !title.is_empty()) {
        return (title, false);
    }
    let first = body.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("<!--"));
    if let Some(heading) = first.and_then(|line| line.strip_prefix("# ")) {
        let heading = markup::line(heading.trim_end_matches('#').trim().trim_matches(['*', '_']));
        if !heading.is_empty() {
            return (heading, true);
        }
    }
    // A heading underlined with `===`.
    let mut lines = body.lines().skip_while(|line| line.trim().is_empty());
    if let (Some(heading), Some(rule)) = (lines.next(), lines.next())
        && rule.len() >= 3
        && rule.trim_end().bytes().all(|b| b == b'=')
    {
        return (markup::line(heading), true);
    }
    let words = place.stem.replace(['-', '_'], " ");
    let mut letters = words.trim().chars();
    let name: String = letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default();
    (if name.is_empty() { "…".to_owned() } else { name }, false)
}

/// The slug: the one it asks for, its file's name, its title; a name of digits alone says nothing.
fn own_slug(matter: &Matter, place: &Place, title: &str) -> String {
    let asked = matter.slug.as_deref().map(slug).unwrap_or_default();
    if !asked.is_empty() {
        return asked;
    }
    let named = slug(&place.stem);
    if named.chars().any(char::is_alphabetic) { named } else { slug(title) }
}

/// The date of the front matter, of an address (`2017/09/18/x`), or of the file's name and folders.
fn date_of(matter: &Matter, place: &Place, zone: Tz) -> Option<Instant> {
    matter.published.or_else(|| path_date(matter, place, zone))
}

fn path_date(matter: &Matter, place: &Place, zone: Tz) -> Option<Instant> {
    let in_path = matter.path.as_deref().and_then(|path| {
        let parts: Vec<&str> = path.split('/').collect();
        parts.windows(3).find_map(|three| match three {
            [year, month, day] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => {
                NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
            }
            _ => None,
        })
    });
    date::at_zone(in_path.or(place.date)?.and_time(NaiveTime::MIN), zone)
}

/// Topics as written; those that the newsroom has names for, by their ids.
fn topics(matter: &Matter, house: &House) -> Vec<String> {
    let known = |label: &str| {
        let id = topic_id(label);
        house.topics.iter().find(|(known, names)| topic_id(known) == id || names.iter().any(|n| topic_id(n) == id))
    };
    let mut topics: Vec<String> = Vec::new();
    let mut put = |label: &str| {
        let topic = known(label).map_or_else(|| label.to_owned(), |(known, _)| known.clone());
        if !topic_id(&topic).is_empty() && !topics.contains(&topic) {
            topics.push(topic);
        }
    };
    for written in &matter.topics {
        let label = markup::line(written);
        if matter.spaced.contains(written) && known(&label).is_none() {
            label.split(' ').for_each(&mut put);
        } else {
            put(&label);
        }
    }
    topics
}

/// The text without the heading that says its title a second time.
fn without_heading(html: &str) -> String {
    let (Some(start), Some(end)) = (html.find("<h1"), html.find("</h1>")) else { return html.to_owned() };
    if end < start {
        return html.to_owned();
    }
    format!("{}{}", &html[..start], html[end + "</h1>".len()..].trim_start())
}
