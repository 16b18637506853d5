//! References to addresses: what is written in an article becomes what leads there from anywhere.

use std::borrow::Cow;
use std::cell::RefCell;

use percent_encoding::percent_decode_str;
use url::Url;

use super::{Asset, Found, Ground, Told};

/// Schemes that a link may lead to.
const SCHEMES: &[&str] = &["http", "https", "mailto", "tel", "geo", "xmpp", "sip", "sms", "ftp"];

/// What stands before an id, so that an article's ids never meet those of the page around it.
pub(in crate::article::markup) const ID_PREFIX: &str = "t-";

pub(super) struct Addresses<'a> {
    pub(super) ground: &'a Ground<'a>,
    pub(super) told: &'a RefCell<Told>,
    pub(super) assets: Vec<Asset>,
}

impl Addresses<'_> {
    /// Where a link leads, absolute; `None` where it leads nowhere that a reader may be sent.
    pub(super) fn link(&mut self, written: &str) -> Option<String> {
        let reference = clean(written);
        if let Some(fragment) = reference.strip_prefix('#') {
            return Some(self.on_page(fragment));
        }
        if let Some(name) = reference.strip_prefix("x-page:") {
            let (name, tail) = cut(name);
            return match self.ground.around.named(&decode(name)) {
                Found::Page(url) => Some(url + tail),
                _ => {
                    let name = decode(name).into_owned();
                    self.missing(
                        &name,
                        format!("the link leads to “{name}”, and no article of this source is called so"),
                    );
                    Some(self.join(&name))
                }
            };
        }
        if let Some(absolute) = self.absolute(&reference) {
            return absolute.ok();
        }
        let (path, tail) = cut(&reference);
        match self.ground.around.find(&decode(path)) {
            Found::Page(url) => Some(url + tail),
            Found::Asset(asset) => Some(self.keep(asset).url + tail),
            Found::Refused(reason) => {
                self.told.borrow_mut().about(written.trim(), format!("“{path}”: {reason}"));
                None
            }
            Found::Nothing => {
                let reason = || format!("the link leads to “{path}”, which is not there");
                if path.starts_with("@/") || [".md", ".markdown"].iter().any(|end| path.ends_with(end)) {
                    self.missing(written.trim(), reason());
                } else if path.ends_with(".pdf") {
                    self.told.borrow_mut().about(written.trim(), reason());
                }
                Some(self.join(&reference))
            }
        }
    }

    /// Where a picture is shown from, absolute, and its file where it is ours.
    pub(super) fn picture(&mut self, written: &str) -> Option<(String, Option<Asset>)> {
        let reference = clean(written);
        if reference.starts_with('#') || reference.is_empty() {
            return None;
        }
        if let Some(absolute) = self.absolute(&reference) {
            return absolute.ok().filter(|url| url.starts_with("http")).map(|url| (url, None));
        }
        let (path, _) = cut(&reference);
        match self.ground.around.find(&decode(path)) {
            Found::Asset(asset) => {
                let asset = self.keep(asset);
                Some((asset.url.clone(), Some(asset)))
            }
            Found::Refused(reason) => {
                self.told.borrow_mut().about(written.trim(), format!("the picture “{path}” is left out: {reason}"));
                None
            }
            Found::Page(_) | Found::Nothing => {
                // No article that comes changes that; the file does, and is waited for by its name.
                self.told.borrow_mut().about(written.trim(), format!("the picture “{path}” is not there"));
                Some((self.join(&reference), None))
            }
        }
    }

    /// A `srcset`: each address absolute, each with its width or density.
    pub(super) fn set(&mut self, written: &str) -> String {
        let mut set = Vec::new();
        for candidate in written.split(", ").flat_map(|part| part.split(",\n")).map(str::trim).filter(|c| !c.is_empty())
        {
            let mut parts = candidate.split_whitespace();
            let Some(url) = parts.next() else { continue };
            let size = parts.next().filter(|s| s.len() < 12 && s.ends_with(['w', 'x', 'h'])).unwrap_or_default();
            if let Some((url, _)) = self.picture(url.trim_end_matches(',')) {
                set.push(format!("{url} {size}").trim_end().replace(',', "%2C"));
            }
        }
        set.join(", ")
    }

    /// Whether a reference is absolute already, and then what it is: an error for one that no reader may follow.
    fn absolute(&self, reference: &str) -> Option<Result<String, ()>> {
        if let Some(rest) = reference.strip_prefix("//") {
            return Some(Url::parse(&format!("https://{rest}")).map(String::from).map_err(|_| ()));
        }
        let (scheme, _) = reference.split_once(':')?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        // `a.md:12` is a file; so is `C: drive`, which no link means.
        if !is_scheme || scheme.contains('.') {
            return None;
        }
        if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
            return Some(Err(()));
        }
        Some(Url::parse(reference).map(String::from).map_err(|_| ()))
    }

    fn on_page(&self, fragment: &str) -> String {
        let mut url = self.ground.page.to_owned();
        if !fragment.is_empty() {
            url.push('#');
            if !fragment.starts_with(ID_PREFIX) {
                url.push_str(ID_PREFIX);
            }
            url.push_str(&fragment.replace(' ', "%20").replace('"', "%22"));
        }
        url
    }

    /// An address relative to the article's page, or from the root of the site.
    fn join(&self, reference: &str) -> String {
        let absolute = match reference.strip_prefix('/') {
            Some(path) => format!("{}/{path}", self.ground.site_url),
            None => {
                let reference = reference.strip_prefix("@/").unwrap_or(reference);
                // Without the dot a colon in a file's name would make a scheme of it.
                let dotted = if reference.starts_with('?') { reference.to_owned() } else { format!("./{reference}") };
                match Url::parse(self.ground.page).and_then(|page| page.join(&dotted)) {
                    Ok(url) => return url.into(),
                    Err(_) => return self.ground.page.to_owned(),
                }
            }
        };
        Url::parse(&absolute).map_or_else(|_| self.ground.page.to_owned(), String::from)
    }

    fn keep(&mut self, asset: Asset) -> Asset {
        if !self.assets.contains(&asset) {
            self.assets.push(asset.clone());
        }
        asset
    }

    fn missing(&self, written: &str, reason: String) {
        let mut told = self.told.borrow_mut();
        told.about(written, reason);
        told.unsettled = true;
    }
}

/// A reference as browsers read it: without spaces around it, without line breaks and tabs in it, strokes the right way.
fn clean(written: &str) -> String {
    let reference: String =
        written.trim().chars().filter(|c| !matches!(c, '\t' | '\n' | '\r') && !c.is_control()).collect();
    if reference.contains('\\') && !reference.contains("://") { reference.replace('\\', "/") } else { reference }
}

/// A reference without query and fragment, and these.
fn cut(reference: &str) -> (&str, &str) {
    reference.split_at(reference.find(['?', '#']).unwrap_or(reference.len()))
}

fn decode(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8().unwrap_or(Cow::Borrowed(path))
}
