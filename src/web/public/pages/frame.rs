//! What stands around every page: masthead, languages, sections, the way here, and the foot. The token pages use it
//! too: `Frame::new(…)`, a few words on the page, and [`Frame::render`].

use serde::Serialize;

use super::address::{self, Page};
use super::linked::{self, Card};
use super::style;
use crate::article::Language;
use crate::config::{self, Config};
use crate::template::TemplateError;
use crate::web::public::Site;

/// Which section of the masthead a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// The latest news.
    News,
    /// The archive.
    Archive,
    /// Feeds.
    Feeds,
    /// The search.
    Search,
    /// None of them.
    None,
}

/// One step of the way to a page; the last one, where we are, leads nowhere.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Crumb {
    pub(super) text: String,
    pub(super) url: Option<String>,
}

/// One language of the switch.
#[derive(Clone, Debug, Serialize)]
struct Tongue {
    tag: Language,
    name: String,
    url: String,
    /// The same as an address that works anywhere.
    absolute: String,
    /// It is the language of this page.
    current: bool,
    /// The link leads to the same page in that language; otherwise to another of its pages.
    same: bool,
}

/// A line of the foot, with where it leads if it is an address or a telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Line {
    text: String,
    url: Option<String>,
}

/// A feed that readers' programs find on the page.
#[derive(Clone, Debug, Serialize)]
struct Found {
    title: String,
    url: String,
}

/// What stands around a page.
pub struct Frame<'a> {
    site: &'a Site,
    language: Language,
    section: Section,
    title: String,
    context: tera::Context,
    crumbs: Vec<Crumb>,
    /// Where the switch leads in each language, by what this page is there.
    elsewhere: Vec<(Language, String)>,
    /// Where it leads in the others.
    otherwise: Page,
    private: bool,
    /// What is said of the page to other sites that show a link to it.
    card: Card,
    /// What the page is about, for machines.
    linked: Vec<serde_json::Value>,
}

impl<'a> Frame<'a> {
    /// The frame of a page in `language`, named `title` in the window's bar.
    pub fn new(site: &'a Site, language: &Language, title: &str) -> Self {
        Frame {
            site,
            language: language.clone(),
            section: Section::None,
            title: title.to_owned(),
            context: tera::Context::new(),
            crumbs: Vec::new(),
            elsewhere: Vec::new(),
            otherwise: Page::Home,
            private: false,
            card: Card::default(),
            linked: Vec::new(),
        }
    }

    /// How other sites show a link to this page.
    pub(super) fn card(mut self, card: Card) -> Self {
        self.card = card;
        self
    }

    /// Something that the page is about, in the words of schema.org.
    pub(super) fn linked(mut self, thing: serde_json::Value) -> Self {
        self.linked.push(thing);
        self
    }

    /// The section that the masthead marks.
    pub fn section(mut self, section: Section) -> Self {
        self.section = section;
        self
    }

    /// The page is for one reader: not for search engines, and it sends nobody its address.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Another step on the way here, from the latest news on.
    pub fn under(mut self, text: impl Into<String>, page: &Page) -> Self {
        let url = address::path(&self.site.config.site, &self.language, page);
        self.crumbs.push(Crumb { text: text.into(), url: Some(url) });
        self
    }

    /// The end of the way: this page, by name.
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.crumbs.push(Crumb { text: text.into(), url: None });
        self
    }

    /// The page is `page`: its own address, and the same page in the other languages.
    pub fn is(mut self, page: &Page) -> Self {
        let config = &self.site.config.site;
        self.elsewhere = config.languages.iter().map(|l| (l.clone(), address::path(config, l, page))).collect();
        let path = address::path(config, &self.language, page);
        self.context.insert("canonical", &absolute(config, &path));
        self
    }

    /// Where the switch leads in each language in which there is this page; in the others, to the latest news.
    pub fn elsewhere(mut self, paths: Vec<(Language, String)>) -> Self {
        self.elsewhere = paths;
        self
    }

    /// There is this page in these languages only; in the others the switch leads to `otherwise`.
    pub fn only_in(mut self, languages: &[Language], otherwise: Page) -> Self {
        self.elsewhere.retain(|(l, _)| languages.contains(l));
        self.otherwise = otherwise;
        self
    }

    /// One of the template's own values.
    pub fn with<T: Serialize + ?Sized>(mut self, name: &'static str, value: &T) -> Self {
        self.context.insert(name, value);
        self
    }

    /// The page, made of the template `name` (`site/home.html`).
    ///
    /// # Errors
    /// What is wrong with the template, with file and line.
    pub fn render(mut self, name: &str) -> Result<String, TemplateError> {
        let config = &self.site.config;
        let spoken = spoken(config, &self.language);
        let tongues: Vec<Tongue> = config.site.languages.iter().map(|l| self.tongue(l)).collect();
        let context = &mut self.context;
        context.insert("language", spoken.as_str());
        context.insert("title", &self.title);
        context.insert("section", &self.section);
        context.insert("crumbs", &self.crumbs);
        context.insert("private", &self.private);
        context.insert("languages", &tongues);
        context.insert("newsroom", config.site.title.get(&spoken));
        context.insert("publisher", config.site.publisher().get(&spoken));
        context.insert("home", &address::path(&config.site, &spoken, &Page::Home));
        context.insert("archive", &address::path(&config.site, &spoken, &Page::Archive));
        context.insert("feeds", &address::path(&config.site, &spoken, &Page::Feeds));
        context.insert("privacy", &address::path(&config.site, &spoken, &Page::Privacy));
        context.insert("search", &address::path(&config.site, &spoken, &Page::Search));
        context.insert("accessibility", &address::path(&config.site, &spoken, &Page::Accessibility));
        context.insert("card", &self.card);
        if !self.private {
            let way = linked::way(&config.site, &self.crumbs);
            context.insert("linked", &linked::script(way.into_iter().chain(self.linked)));
        }
        context.insert("stylesheet", &style::path(&self.site.templates, config)?);
        context.insert("discovery", &discovery(config, &spoken));
        context.insert("address", &lines(config.site.address.get(&spoken)));
        let contact = config.site.contact.as_ref().map_or("", |contact| contact.get(&spoken));
        let contact = lines(contact);
        context
            .insert("write_to", &contact.iter().find(|l| l.url.as_deref().is_some_and(|u| u.starts_with("mailto:"))));
        context.insert("contact", &contact);
        self.site.templates.page(name, context, &spoken)
    }

    fn tongue(&self, language: &Language) -> Tongue {
        let same = self.elsewhere.iter().find(|(l, _)| l == language).map(|(_, path)| path.clone());
        let name = self.site.templates.catalog().say(language, "language-self", &[]);
        let site = &self.site.config.site;
        let is_same = same.is_some();
        let url = same.unwrap_or_else(|| address::path(site, language, &self.otherwise));
        Tongue {
            tag: language.clone(),
            name,
            current: *language == self.language,
            same: is_same,
            absolute: absolute(site, &url),
            url,
        }
    }
}

/// The language in which the page's own words are said: its own where the newsroom speaks it, else one of the same
/// family, else the first.
fn spoken(config: &Config, language: &Language) -> Language {
    let languages = &config.site.languages;
    languages
        .iter()
        .find(|l| *l == language)
        .or_else(|| languages.iter().find(|l| l.primary() == language.primary()))
        .cloned()
        .unwrap_or_else(|| config.language())
}

/// A path of ours as an address that works anywhere.
pub fn absolute(site: &config::Site, path: &str) -> String {
    site.address(path.strip_prefix(&address::base(site)).unwrap_or(path))
}

/// The feeds that a page in `language` names: those in it, else all.
fn discovery(config: &Config, language: &Language) -> Vec<Found> {
    let default = config.language();
    let feeds = config.feeds();
    let spoken: Vec<_> = feeds.iter().filter(|f| f.languages(&default).contains(language)).collect();
    let chosen = if spoken.is_empty() { feeds.iter().collect() } else { spoken };
    let base = address::base(&config.site);
    chosen
        .into_iter()
        .map(|f| Found {
            title: f.title.get(f.languages(&default).first().unwrap_or(language)).to_owned(),
            url: format!("{base}/feeds/{}.atom", f.name),
        })
        .collect()
}

/// A text of the configuration in lines (at line ends, else at commas), mail addresses and telephone numbers as links.
fn lines(text: &str) -> Vec<Line> {
    let parts: Vec<&str> = if text.trim().contains('\n') { text.lines().collect() } else { text.split(", ").collect() };
    parts.into_iter().map(str::trim).filter(|t| !t.is_empty()).map(line).collect()
}

fn line(text: &str) -> Line {
    let digits: String = text.chars().filter(|c| c.is_ascii_digit()).collect();
    let url = if text.starts_with("https://") || text.starts_with("http://") {
        Some(text.to_owned())
    } else if text.parse::<crate::audience::Address>().is_ok() {
        Some(format!("mailto:{text}"))
    } else if digits.len() >= 6 && text.chars().all(|c| c.is_ascii_digit() || " +()-/".contains(c)) {
        Some(format!("tel:{}{digits}", if text.starts_with('+') { "+" } else { "" }))
    } else {
        None
    };
    Line { text: text.to_owned(), url }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_becomes_lines_with_links() {
        let lines = lines("press@newsroom.example, +381 11 555 01 00, weekdays 9–17");
        let urls: Vec<_> = lines.iter().map(|l| l.url.as_deref()).collect();
        assert_eq!(urls, [Some("mailto:press@newsroom.example"), Some("tel:+381115550100"), None]);
        assert_eq!(super::lines("Street 1\n11000 Belgrade, Serbia").len(), 2);
    }
}
