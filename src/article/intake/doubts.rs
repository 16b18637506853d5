//! What speaks against a file: that it is no article, or that nobody here speaks its language.

use super::House;
use crate::article::Language;
use crate::article::matter::{Complaints, Node};
use crate::article::place::Place;

/// Whether a file without a title is no article: it has no text either, or it is the page of a list (Jekyll's `index.md`
/// at the top of a site, with a layout). That is said, for somebody may be about to write it.
pub(super) fn is_no_article(root: &Node, body: &str, place: &Place, complaints: &mut Complaints) -> bool {
    let layout = root.get(&["layout", "template"]).is_some();
    let empty = body.trim().is_empty();
    let list = layout && place.stem.is_empty();
    if !empty && !list {
        return false;
    }
    let reason = format!("no title{}: it is no article, and is passed over", if empty { " and no text" } else { "" });
    if layout {
        complaints.warn(None, reason);
    } else {
        complaints.refuse(None, format!("{reason}; write both, or take the file away"));
    }
    true
}

/// Says that a file is in a language that the newsroom does not have: nobody is sent it, and its feed has no other article.
pub(super) fn foreign(language: &Language, line: Option<usize>, house: &House, complaints: &mut Complaints) {
    if house.languages.is_empty() || house.languages.contains(language) {
        return;
    }
    let site = house.languages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let reason = format!(
        "its language is {language}, and the newsroom has {site} ([site] languages); it has a page of its own all the \
         same. Add the language there, or correct it here"
    );
    complaints.warn(line, reason);
}

/// Why an article that asks for a version in Latin letters (`transliterate: true`) has none.
pub(super) fn no_latin(house: &House) -> &'static str {
    if house.languages.iter().any(|language| language.primary() == "sr" && language.script() == Some("Latn")) {
        "`transliterate`: only Serbian in Cyrillic can be written in Latin letters by rule, and this is none; the other way \
         is not guessed"
    } else {
        "`transliterate`: the newsroom has no sr-Latn; add it to [site] languages"
    }
}
