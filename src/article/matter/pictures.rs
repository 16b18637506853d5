//! The lead picture, by the many names it goes by.

use super::keys::{ALT, CAPTION, CREDIT, Key, PICTURE};
use super::{Node, Value};

/// The lead picture as the file names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lead {
    /// Its address or path, as written.
    pub src: String,
    /// The line that names it.
    pub line: usize,
    /// What it shows; empty where somebody wrote `image_alt: ""`: it is decorative.
    pub alt: Option<String>,
    /// The caption.
    pub caption: Option<String>,
    /// Who made it.
    pub credit: Option<String>,
}

const SRC: &[&str] = &["src", "url", "image", "path", "file", "href", "relative_src", "teaser", "overlay_image"];

/// The lead picture among the keys of these maps, the first map first.
pub(super) fn lead(maps: &[&Node]) -> Option<Lead> {
    let (map, mut lead) = maps
        .iter()
        .find_map(|map| PICTURE.names.iter().find_map(|key| picture(map.get(&[key])?)).map(|lead| (*map, lead)))?;
    let beside = |key: &Key| map.get(key.names).and_then(Node::as_text).map(str::to_owned);
    lead.alt = lead.alt.or_else(|| beside(&ALT)).or_else(|| map.said_empty(ALT.names));
    lead.caption = lead.caption.or_else(|| beside(&CAPTION));
    lead.credit = lead.credit.or_else(|| beside(&CREDIT));
    Some(lead)
}

fn picture(node: &Node) -> Option<Lead> {
    match &node.value {
        Value::Text { .. } => {
            let src = node.as_text()?;
            // A key of some asset library is no address.
            src.contains(['/', '.']).then(|| Lead { src: src.to_owned(), line: node.line, ..Lead::default() })
        }
        Value::List(list) => list.iter().find_map(picture),
        Value::Map(_) => {
            let inner = SRC.iter().find_map(|key| picture(node.get(&[key])?))?;
            let text = |keys: &[&str]| node.get(keys).and_then(Node::as_text).map(str::to_owned);
            Some(Lead {
                alt: text(&["alt", "alt_text", "image_alt", "description"])
                    .or(inner.alt)
                    .or_else(|| node.said_empty(&["alt", "alt_text", "image_alt"])),
                caption: text(&["caption", "title", "image_caption"]).or(inner.caption),
                credit: text(&["credit", "credits", "photographer", "source", "author"]).or(inner.credit),
                ..inner
            })
        }
    }
}
