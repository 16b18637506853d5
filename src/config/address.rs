//! The addresses of pages: a path read as a page, and a page written as a path. Nothing else in the
//! house knows how they are spelt, so a link that we print is a page that we serve.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::article::Language;
use crate::config;

/// What a segment of a path keeps unescaped (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// No segment of ours is longer; what is longer is nobody's.
const LONGEST: usize = 1_000;

/// A page of the public site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// The latest news.
    Home,
    /// One article, by its slug.
    Article(String),
    /// The years of the archive.
    Archive,
    /// One year of it.
    Year(i32),
    /// One month of a year, 1 to 12.
    Month(i32, u32),
    /// What was published under a topic, by its id.
    Topic(String),
    /// What can be subscribed to.
    Feeds,
    /// One feed, by its name.
    Feed(String),
    /// An edition of a newsletter in a browser: the newsletter's name, and the number of the edition.
    Edition(String, i64),
    /// What is kept of people.
    Privacy,
    /// Finding news by its words.
    Search,
    /// For whom these pages are made, and what is missing.
    Accessibility,
}

/// What a path asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// In which language.
    pub language: Language,
    /// Which page.
    pub page: Page,
}

/// The path part of `[site] url`: what stands before each path of ours where the newsroom is not at the root of its host.
pub fn base(site: &config::Site) -> String {
    url::Url::parse(&site.url).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
}

/// A page as a path, with what stands before it: `/sr-latn/archive/2026`.
pub fn path(site: &config::Site, language: &Language, page: &Page) -> String {
    let rest = match page {
        Page::Home => "/".to_owned(),
        Page::Article(slug) => format!("/articles/{}", segment(slug)),
        Page::Archive => "/archive/".to_owned(),
        Page::Year(year) => format!("/archive/{year:04}"),
        Page::Month(year, month) => format!("/archive/{year:04}/{month:02}"),
        Page::Topic(id) => format!("/topics/{}", segment(id)),
        Page::Feeds => "/feeds/".to_owned(),
        Page::Feed(name) => format!("/feeds/{}/", segment(name)),
        Page::Edition(newsletter, number) => format!("/newsletters/{}/{number}", segment(newsletter)),
        Page::Privacy => "/privacy".to_owned(),
        Page::Search => "/search".to_owned(),
        Page::Accessibility => "/accessibility".to_owned(),
    };
    format!("{}{}{rest}", base(site), site.prefix(language))
}

/// The page that a path asks for, `None` where it asks for none of ours. A slash too many or too few, and a language
/// in capitals, are understood; [`path`] says how it should have been written.
pub fn read(site: &config::Site, path: &str) -> Option<Asked> {
    let base = base(site);
    let path = path.strip_prefix(&base).filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let segments: Vec<Cow<'_, str>> = path
        .strip_prefix('/')?
        .trim_end_matches('/')
        .split('/')
        .map(|s| percent_decode_str(s).decode_utf8().ok().filter(|s| s.len() <= LONGEST && !s.contains('\0')))
        .collect::<Option<_>>()?;
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    let (first, rest) = segments.split_first()?;
    let tongue = site.languages.iter().skip(1).find(|l| l.path().eq_ignore_ascii_case(first));
    if let Some(language) = tongue {
        return Some(Asked { language: language.clone(), page: within(rest)? });
    }
    // An article in a language that the newsroom does not list has its page all the same.
    if let ["articles", slug] = rest
        && let Ok(language) = first.parse::<Language>()
        && !slug.is_empty()
    {
        return Some(Asked { language, page: Page::Article((*slug).to_owned()) });
    }
    let language = site.languages.first().cloned().unwrap_or_default();
    Some(Asked { language, page: within(&segments)? })
}

fn within(segments: &[&str]) -> Option<Page> {
    let page = match segments {
        [] | [""] => Page::Home,
        ["articles", slug] => Page::Article((*slug).to_owned()),
        ["archive"] => Page::Archive,
        ["archive", year] => Page::Year(year_of(year)?),
        ["archive", year, month] => {
            let month = number(month, 2).filter(|m| (1..=12).contains(m))?;
            Page::Month(year_of(year)?, u32::try_from(month).ok()?)
        }
        ["topics", id] => Page::Topic((*id).to_owned()),
        ["feeds"] => Page::Feeds,
        ["feeds", name] => Page::Feed((*name).to_owned()),
        ["newsletters", name, edition] => {
            Page::Edition((*name).to_owned(), edition.parse().ok().filter(|n: &i64| *n > 0)?)
        }
        ["privacy"] => Page::Privacy,
        ["search"] => Page::Search,
        ["accessibility"] => Page::Accessibility,
        _ => return None,
    };
    let named = match &page {
        Page::Article(name) | Page::Topic(name) | Page::Feed(name) | Page::Edition(name, _) => !name.is_empty(),
        _ => true,
    };
    named.then_some(page)
}

/// A year in four figures.
fn year_of(text: &str) -> Option<i32> {
    number(text, 4).filter(|_| text.len() == 4)
}

/// A number of at most so many digits, and nothing but digits.
fn number(text: &str, digits: usize) -> Option<i32> {
    let plain = !text.is_empty() && text.len() <= digits && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(url: &str) -> config::Site {
        let text = format!(
            "title = \"T\"\nurl = \"{url}\"\nlanguages = [\"en\", \"sr-Latn\", \"sr-Cyrl\"]\naddress = \"A\"\n"
        );
        toml::from_str(&text).unwrap()
    }

    fn pages() -> Vec<Page> {
        vec![
            Page::Home,
            Page::Article("new-bridge".into()),
            Page::Article("мост 50% / пола?#".into()),
            Page::Archive,
            Page::Year(2026),
            Page::Month(2026, 3),
            Page::Topic("цивилна-заштита".into()),
            Page::Feeds,
            Page::Feed("news".into()),
            Page::Edition("daily".into(), 97),
            Page::Privacy,
            Page::Search,
            Page::Accessibility,
        ]
    }

    #[test]
    fn a_path_that_we_write_is_the_page_that_we_read() {
        for url in ["http://127.0.0.1:8080", "https://host.example/news/"] {
            let site = site(url);
            for page in pages() {
                for language in &site.languages {
                    let path = path(&site, language, &page);
                    let asked = read(&site, &path).unwrap_or_else(|| panic!("{path} is a page"));
                    assert_eq!((asked.language, asked.page), (language.clone(), page.clone()), "{path}");
                }
            }
        }
    }

    #[test]
    fn the_first_language_stands_at_the_root() {
        let site = site("http://127.0.0.1:8080");
        assert_eq!(path(&site, &site.languages[0], &Page::Home), "/");
        assert_eq!(path(&site, &site.languages[2], &Page::Month(2026, 3)), "/sr-cyrl/archive/2026/03");
        assert_eq!(read(&site, "/SR-Latn").map(|a| a.language), Some(site.languages[1].clone()));
        let french = read(&site, "/fr/articles/pont").map(|a| a.language.to_string());
        assert_eq!(french.as_deref(), Some("fr"), "a language that is not listed");
    }

    #[test]
    fn what_is_no_page_is_none() {
        let site = site("http://127.0.0.1:8080");
        for path in [
            "",
            "articles",
            "/articles/",
            "/articles/a/b",
            "/archive/20x6",
            "/archive/2026/13",
            "/archive/2026/0",
            "/archive/99999",
            "/archive/-1",
            "//host.example/",
            "/%ff",
            "/articles/%00",
            "/sr-latn/nothing",
            "/en/x",
            "/newsletters/daily/-1",
            "/newsletters/daily/99999999999999999999",
            "/../etc/passwd",
            "/fr/archive/2026",
        ] {
            assert_eq!(read(&site, path), None, "{path}");
        }
        assert_eq!(read(&site, &format!("/articles/{}", "a".repeat(2_000))), None, "endless");
    }
}
