//! What a file's path says of its article: a date, a language, a slug, whether it is one at all.

use chrono::NaiveDate;

use super::Language;

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    /// Markdown, with HTML in it.
    Markdown,
    /// HTML.
    Html,
}

/// What a path says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What the file is written in.
    pub markup: Markup,
    /// The name without extension, date and language; of an `index` file, its folder's.
    pub stem: String,
    /// The date in the name, or in the folders above it.
    pub date: Option<NaiveDate>,
    /// The language in the name, or of a folder above it.
    pub language: Option<Language>,
    /// The path without extension and language: what translations that lie beside each other share.
    pub alike: String,
    /// Whether it lies in a folder for drafts.
    pub draft: bool,
}

/// What a file is that is no article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// Not Markdown or HTML: a picture, a licence.
    Other,
    /// The page of a section (`_index.md`), not an article of it.
    Section,
    /// A template, a partial, a note to those who work here.
    House,
}

/// Folders of a site's own machinery, and of what a generator made of the articles: its pages are no articles again.
const HOUSE: &[&str] = &[
    "_includes",
    "_layouts",
    "_data",
    "_sass",
    "_site",
    "_cache",
    "archetypes",
    "layouts",
    "node_modules",
    "partials",
    "bower_components",
];

/// Two-letter words that folders are called for other reasons than a language.
const AMBIGUOUS: &[&str] = &[
    "am", "as", "be", "co", "do", "ga", "ha", "he", "hi", "ho", "ia", "id", "ie", "ii", "io", "is", "it", "la", "lb",
    "mg", "mi", "ms", "my", "na", "no", "om", "or", "os", "pa", "ps", "se", "so", "ss", "st", "ta", "te", "th", "to",
    "tv", "ty", "ve", "vo",
];

/// Three-letter languages that files are marked with.
const THREE: &[&str] =
    &["ast", "cnr", "dsb", "fil", "frp", "gsw", "hsb", "kab", "nds", "rup", "sco", "szl", "yue", "ckb", "ext"];

impl Place {
    /// What the path `path` (under the source's folder, with `/`) says.
    ///
    /// # Errors
    /// [`Aside`] for what is no article.
    pub fn of(path: &str, site: &[Language]) -> Result<Place, Aside> {
        let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
        let (name, extension) = file.rsplit_once('.').ok_or(Aside::Other)?;
        let markup = match extension.to_ascii_lowercase().as_str() {
            "md" | "markdown" | "mdown" | "mkd" | "mdx" => Markup::Markdown,
            "html" | "htm" | "xhtml" => Markup::Html,
            _ => return Err(Aside::Other),
        };
        let (mut name, mut language) = match name.rsplit_once('.') {
            Some((base, mark)) if !base.is_empty() => match file_mark(mark, site) {
                Some(language) => (base, Some(language)),
                None => (name, None),
            },
            _ => (name, None),
        };
        if name == "_index" {
            return Err(Aside::Section);
        }
        if name.starts_with('_') || name.ends_with(".11tydata") || matches!(name, "404" | "search") {
            return Err(Aside::House);
        }
        let mut kept: Vec<&str> = Vec::new();
        let mut draft = false;
        for folder in folders.split('/').filter(|f| !f.is_empty()) {
            if HOUSE.contains(&folder) || folder.starts_with('.') {
                return Err(Aside::House);
            }
            draft |= matches!(folder, "_drafts" | "drafts");
            match folder_mark(folder, site) {
                Some(found) => language = language.or(Some(found)),
                None => kept.push(folder),
            }
        }
        let (in_name, rest) = date_in(name);
        let index = matches!(name, "index" | "page" | "article");
        let stem = if index {
            // `news/2025-10-09-release/index.md`: the folder is the name; its date is found with the folders' below.
            kept.last().map_or("", |folder| date_in(folder).1)
        } else {
            rest
        };
        let date = in_name.or_else(|| folder_date(&kept));
        if index {
            name = "";
        }
        let alike = kept.iter().copied().chain(Some(name)).filter(|p| !p.is_empty()).collect::<Vec<_>>().join("/");
        Ok(Place { markup, stem: stem.to_owned(), date, language, alike, draft })
    }
}

/// The language that a file's name is marked with: `name.fr.md`.
fn file_mark(mark: &str, site: &[Language]) -> Option<Language> {
    let language = Language::read(mark).ok().filter(|_| mark.len() <= 12 && mark.is_ascii())?;
    let known = site.iter().any(|l| l.primary() == language.primary())
        || language.is_well_known()
        || THREE.contains(&language.primary());
    // `read` also knows names and locales; a mark is a tag.
    let is_tag = mark.split(['-', '_', '@']).next().is_some_and(|p| p.eq_ignore_ascii_case(language.primary()));
    (known && is_tag).then_some(language)
}

/// The language that a folder is for: `content/fr/`.
fn folder_mark(folder: &str, site: &[Language]) -> Option<Language> {
    let language = file_mark(folder, site)?;
    let listed = site.iter().any(|l| l.primary() == language.primary());
    (listed || !AMBIGUOUS.contains(&folder.to_ascii_lowercase().as_str())).then_some(language)
}

/// The date at the beginning of a name, and the name after it.
fn date_in(name: &str) -> (Option<NaiveDate>, &str) {
    let bytes = name.as_bytes();
    let is = |at: usize, test: fn(&u8) -> bool| bytes.get(at).is_some_and(test);
    let digit = |b: &u8| b.is_ascii_digit();
    let joint = |b: &u8| matches!(b, b'-' | b'_' | b'.');
    let shape: &[(usize, usize, usize, usize)] = &[(4, 5, 7, 8), (4, 4, 6, 6)];
    for &(year_end, month, month_end, day) in shape {
        let spaced = month > year_end;
        let digits = (0..4).chain(month..month + 2).chain(day..day + 2).all(|at| is(at, digit));
        let joints = !spaced || is(year_end, joint) && is(month_end, joint);
        let end = day + 2;
        let ended = name.len() == end || is(end, |b| matches!(b, b'-' | b'_' | b'.' | b' ' | b'T'));
        if digits && joints && ended {
            let number = |from: usize, to: usize| name.get(from..to).and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
            let year = i32::try_from(number(0, 4)).unwrap_or(0);
            if let Some(date) = NaiveDate::from_ymd_opt(year, number(month, month + 2), number(day, day + 2)) {
                let rest = name.get(end..).unwrap_or_default().trim_start_matches(['-', '_', '.', ' ']);
                return (Some(date).filter(|_| year >= 1000), rest);
            }
        }
    }
    (None, name)
}

/// The date of the folders: `2014/05/16`, `2014/05`, or one that begins with a date.
fn folder_date(folders: &[&str]) -> Option<NaiveDate> {
    if let Some(date) = folders.iter().rev().find_map(|folder| date_in(folder).0) {
        return Some(date);
    }
    let number = |text: &str, length: std::ops::RangeInclusive<usize>| {
        (length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u32>().ok())?
    };
    (0..folders.len()).rev().find_map(|at| {
        let year = number(folders[at], 4..=4).filter(|y| (1900..2200).contains(y))?;
        let month = number(folders.get(at + 1)?, 1..=2)?;
        let day = folders.get(at + 2).and_then(|day| number(day, 1..=2)).filter(|d| (1..=31).contains(d)).unwrap_or(1);
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Vec<Language> {
        ["en", "sr-Latn"].iter().map(|l| l.parse().unwrap()).collect()
    }

    #[test]
    fn paths_of_every_kind_of_site_are_understood() {
        for (path, stem, date, language, alike) in [
            ("2014-05-16-slides.md", "slides", "2014-05-16", "", "2014-05-16-slides"),
            ("_posts/2014-05-16-slides.markdown", "slides", "2014-05-16", "", "_posts/2014-05-16-slides"),
            ("news/2025-10-09/1/index.md", "1", "2025-10-09", "", "news/2025-10-09/1"),
            ("2012/07/a.md", "a", "2012-07-01", "", "2012/07/a"),
            ("2012/07/09/a.md", "a", "2012-07-09", "", "2012/07/09/a"),
            ("content/fr/post/a.md", "a", "", "fr", "content/post/a"),
            ("content/en/post/a/index.md", "a", "", "en", "content/post/a"),
            ("a.sr-Cyrl.md", "a", "", "sr-Cyrl", "a"),
            ("privacy/index.pt-BR.md", "privacy", "", "pt-BR", "privacy"),
            ("privacy/index.gsw.md", "privacy", "", "gsw", "privacy"),
            ("it/a.md", "a", "", "", "it/a"),
            ("notes.old.md", "notes.old", "", "", "notes.old"),
            ("Rust-1.30.0.md", "Rust-1.30.0", "", "", "Rust-1.30.0"),
            ("20140516_a.html", "a", "2014-05-16", "", "20140516_a"),
            ("2014-13-16-a.md", "2014-13-16-a", "", "", "2014-13-16-a"),
            ("žena-и-öl.md", "žena-и-öl", "", "", "žena-и-öl"),
        ] {
            let place = Place::of(path, &site()).unwrap();
            let said = place.date.map(|d| d.to_string()).unwrap_or_default();
            let lang = place.language.map(|l| l.to_string()).unwrap_or_default();
            assert_eq!(
                (place.stem.as_str(), said.as_str(), lang.as_str(), place.alike.as_str()),
                (stem, date, language, alike),
                "{path}"
            );
        }
        assert!(Place::of("_drafts/a.md", &site()).unwrap().draft);
    }

    #[test]
    fn what_is_no_article_is_told_apart() {
        for (path, aside) in [
            ("a.jpg", Aside::Other),
            ("LICENSE", Aside::Other),
            ("news/_index.sr.md", Aside::Section),
            ("_index.md", Aside::Section),
            ("_includes/head.html", Aside::House),
            ("_site/2026/05/18/ferry/index.html", Aside::House),
            ("blog/_site/ferry.html", Aside::House),
            ("node_modules/marked/README.md", Aside::House),
            (".git/notes.md", Aside::House),
            ("blog/.jekyll-cache/a.html", Aside::House),
            ("404.html", Aside::House),
        ] {
            assert_eq!(Place::of(path, &site()), Err(aside), "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_path_makes_it_panic(path in "\\PC{0,30}", dated in "[0-9_.šи-]{0,14}(/[0-9]{1,4}){0,3}\\.md") {
            let _ = Place::of(&path, &site());
            let _ = Place::of(&dated, &site());
        }
    }
}
