//! The last word on what an article may hold. Everything that comes out of here is safe to print anywhere.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::rewrite::ID_PREFIX;

/// Elements that an article may hold.
const TAGS: &[&str] = &[
    "a",
    "abbr",
    "aside",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Elements that go with all they hold.
const WITH_CONTENT: &[&str] = &[
    "script",
    "style",
    "template",
    "iframe",
    "object",
    "embed",
    "noembed",
    "noframes",
    "svg",
    "math",
    "select",
    "option",
    "textarea",
    "button",
    "title",
    "head",
    "canvas",
    "audio",
    "video",
    "plaintext",
    "xmp",
    "listing",
];

/// Attributes of single elements.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href", "hreflang"]),
    ("blockquote", &["cite"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("del", &["cite", "datetime"]),
    ("img", &["src", "srcset", "sizes", "alt", "width", "height"]),
    ("ins", &["cite", "datetime"]),
    ("li", &["value"]),
    ("ol", &["start", "reversed"]),
    ("q", &["cite"]),
    ("td", &["align", "colspan", "rowspan"]),
    ("th", &["align", "colspan", "rowspan", "scope"]),
    ("time", &["datetime"]),
];

/// Classes that our look knows.
const CLASSES: &[(&str, &[&str])] =
    &[("p", &["question", "answer"]), ("b", &["who"]), ("strong", &["who"]), ("blockquote", &["pull"])];

thread_local! {
    /// Made once a thread: its tables cost more than a short text.
    static BUILDER: RefCell<Builder<'static>> = RefCell::new(builder());
}

fn builder() -> Builder<'static> {
    let set = |names: &'static [&'static str]| names.iter().copied().collect::<HashSet<_>>();
    let map = |pairs: &'static [(&'static str, &'static [&'static str])]| {
        pairs.iter().map(|(name, values)| (*name, set(values))).collect::<HashMap<_, _>>()
    };
    let mut builder = Builder::empty();
    builder
        .tags(set(TAGS))
        .clean_content_tags(set(WITH_CONTENT))
        .tag_attributes(map(ATTRIBUTES))
        .generic_attributes(set(&["lang", "dir", "title", "id"]))
        .allowed_classes(map(CLASSES))
        .url_schemes(set(&["http", "https", "mailto", "tel", "geo", "xmpp", "sip", "sms", "ftp"]))
        .id_prefix(Some(ID_PREFIX))
        .link_rel(None)
        .strip_comments(true);
    builder
}

/// Sanitises HTML. What is relative still is made absolute against `page`.
pub(super) fn clean(html: &str, page: &str) -> String {
    let relative = match Url::parse(page) {
        Ok(base) => UrlRelative::RewriteWithBase(base),
        Err(_) => UrlRelative::Deny,
    };
    let clean = BUILDER.with_borrow_mut(|builder| builder.url_relative(relative).clean(html).to_string());
    clean.trim().to_owned()
}
