//! Tag by tag through the HTML before it is sanitised: every address absolute, embeds to links, pictures counted and measured.
//! What this lets through is still foreign; [`super::sanitise`] comes after it and trusts nothing.

mod address;

pub(super) use address::ID_PREFIX;

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::{Asset, Found, Ground, Told};
use address::Addresses;

/// Elements within each other; what lies deeper loses its tags and keeps its words.
const DEPTH: usize = 150;

/// HTML after the rewriting.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    /// The HTML.
    pub(super) html: String,
    /// The files it uses.
    pub(super) assets: Vec<Asset>,
    /// Addresses of pictures that their author calls decorative: with an `alt` that is there and empty.
    pub(super) decorative: Vec<String>,
}

/// Rewrites HTML.
pub(super) fn rewrite<'a>(html: &str, ground: &'a Ground<'a>, told: &'a RefCell<Told>) -> Rewritten {
    let state = State {
        out: String::with_capacity(html.len() + html.len() / 4),
        addresses: Addresses { ground, told, assets: Vec::new() },
        skipping: None,
        embed: None,
        depth: 0,
        paragraph: None,
        quote: None,
        decorative: Vec::new(),
    };
    let sink = Sink { state: RefCell::new(state) };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // A script would stop the tokenizer; nothing runs here, so it goes on.
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
    let mut state = tokenizer.sink.state.into_inner();
    state.end_embed();
    Rewritten { html: state.out, assets: state.addresses.assets, decorative: state.decorative }
}

/// Where one picture is shown from, and its file where that is ours.
pub(super) fn picture<'a>(
    reference: &str,
    ground: &'a Ground<'a>,
    told: &'a RefCell<Told>,
) -> Option<(String, Option<Asset>)> {
    Addresses { ground, told, assets: Vec::new() }.picture(reference)
}

struct Sink<'a> {
    state: RefCell<State<'a>>,
}

struct State<'a> {
    out: String,
    addresses: Addresses<'a>,
    /// The element whose whole content is left out, and how many of its kind are open.
    skipping: Option<(String, usize)>,
    /// A film or a recording whose sources are being read.
    embed: Option<Embed>,
    depth: usize,
    /// Where the last `<p` and `<blockquote` stand in `out`, before their `>`.
    paragraph: Option<usize>,
    quote: Option<usize>,
    decorative: Vec<String>,
}

struct Embed {
    element: String,
    src: Option<String>,
    poster: Option<String>,
    title: Option<String>,
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::TagToken(tag) => state.tag(&tag),
            Token::CharacterTokens(text) => {
                if state.skipping.is_none() && state.embed.is_none() {
                    push_text(&mut state.out, &text);
                }
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }
}

fn get(tag: &Tag, name: &str) -> Option<String> {
    tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| a.value.trim().to_owned()).filter(|v| !v.is_empty())
}

impl State<'_> {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = tag.name.to_ascii_lowercase();
        match tag.kind {
            TagKind::StartTag => {
                self.start(&name, tag);
                // What the tree builder would tell the tokenizer about the content of these.
                match &*name {
                    "script" => TokenSinkResult::RawData(RawKind::ScriptData),
                    "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
                    "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
                    _ => TokenSinkResult::Continue,
                }
            }
            TagKind::EndTag => {
                self.end(&name);
                TokenSinkResult::Continue
            }
        }
    }

    fn start(&mut self, name: &str, tag: &Tag) {
        if let Some((element, open)) = &mut self.skipping {
            if element == name && !tag.self_closing {
                *open += 1;
            }
            return;
        }
        if let Some(embed) = &mut self.embed {
            if name == "source" {
                embed.src = embed.src.take().or_else(|| get(tag, "src"));
            }
            return;
        }
        match name {
            "script" | "style" | "template" | "svg" | "math" | "select" | "textarea" | "button" | "title"
            | "noembed" | "noframes" => {
                if !tag.self_closing
                    || matches!(name, "script" | "style" | "title" | "textarea" | "noembed" | "noframes")
                {
                    self.skipping = Some((name.to_owned(), 1));
                }
            }
            "iframe" | "embed" | "frame" | "object" => {
                let target = get(tag, "src").or_else(|| get(tag, "data-src")).or_else(|| get(tag, "data"));
                self.link_to(target, None, get(tag, "title"));
                if name == "iframe" {
                    self.skipping = Some((name.to_owned(), 1));
                }
            }
            "video" | "audio" => {
                self.embed = Some(Embed {
                    element: name.to_owned(),
                    src: get(tag, "src"),
                    poster: get(tag, "poster"),
                    title: get(tag, "title").or_else(|| get(tag, "aria-label")),
                });
            }
            "x-class" => self.class(&get(tag, "name").unwrap_or_default()),
            // The link that a heading has to itself.
            "a" if get(tag, "data-heading-content").is_some() => {}
            "html" | "head" | "body" | "meta" | "base" | "form" | "input" | "picture" | "source" | "track"
            | "param" | "noscript" => {}
            _ => self.open(name, tag),
        }
    }

    fn open(&mut self, name: &str, tag: &Tag) {
        let void = matches!(name, "img" | "br" | "hr" | "wbr" | "col" | "area" | "link");
        if !void {
            self.depth += 1;
            if self.depth > DEPTH {
                return;
            }
        }
        let mut attributes: Vec<(String, String)> = Vec::new();
        for attribute in &tag.attrs {
            let key = attribute.name.local.to_ascii_lowercase().to_string();
            let value = attribute.value.to_string();
            if attributes.iter().all(|(known, _)| *known != key) {
                attributes.push((key, value));
            }
        }
        if name == "img" && !self.picture(&mut attributes) {
            return;
        }
        for (key, value) in &mut attributes {
            match (name, key.as_str()) {
                ("a" | "area", "href") | ("blockquote" | "q" | "ins" | "del", "cite") => {
                    *value = self.addresses.link(value).unwrap_or_default();
                }
                _ => {}
            }
        }
        attributes.retain(|(key, value)| !(value.is_empty() && matches!(key.as_str(), "href" | "cite" | "srcset")));
        self.out.push('<');
        self.out.push_str(name);
        match name {
            "p" => self.paragraph = Some(self.out.len()),
            "blockquote" => self.quote = Some(self.out.len()),
            _ => {}
        }
        for (key, value) in &attributes {
            push_attribute(&mut self.out, key, value);
        }
        self.out.push('>');
    }

    /// Makes a picture's attributes what they are to be; false where there is nothing to show.
    fn picture(&mut self, attributes: &mut Vec<(String, String)>) -> bool {
        let find = |attributes: &[(String, String)], key: &str| {
            attributes.iter().find(|(k, v)| k == key && !v.trim().is_empty()).map(|(_, v)| v.trim().to_owned())
        };
        // Pages that load pictures late keep the true address beside.
        let late = ["data-src", "data-lazy-src", "data-original"].iter().find_map(|key| find(attributes, key));
        let early = find(attributes, "src").filter(|src| !src.starts_with("data:"));
        let Some(src) = late.or(early) else {
            if find(attributes, "src").is_some() {
                self.addresses.told.borrow_mut().about(
                    "data:image",
                    "a picture written into the text itself (`data:`) is left out; save it as a file".to_owned(),
                );
            }
            return false;
        };
        let Some((url, asset)) = self.addresses.picture(&src) else { return false };
        let srcset = find(attributes, "srcset").map(|set| self.addresses.set(&set)).filter(|set| !set.is_empty());
        let measured = attributes.iter().any(|(k, _)| k == "width" || k == "height");
        attributes.retain(|(k, _)| !matches!(k.as_str(), "src" | "srcset"));
        match attributes.iter().find(|(k, _)| k == "alt") {
            Some((_, alt)) if alt.trim().is_empty() && !self.decorative.contains(&url) => {
                self.decorative.push(url.clone());
            }
            Some(_) => {}
            None => attributes.push(("alt".to_owned(), String::new())),
        }
        attributes.insert(0, ("src".to_owned(), url));
        attributes.extend(srcset.map(|set| ("srcset".to_owned(), set)));
        if let (Some((width, height)), false) = (asset.and_then(|a| a.size), measured) {
            attributes.push(("width".to_owned(), width.to_string()));
            attributes.push(("height".to_owned(), height.to_string()));
        }
        true
    }

    fn end(&mut self, name: &str) {
        if let Some((element, open)) = &mut self.skipping {
            if element == name {
                *open -= 1;
                if *open == 0 {
                    self.skipping = None;
                }
            }
            return;
        }
        if let Some(embed) = &self.embed {
            if embed.element == name {
                self.end_embed();
            }
            return;
        }
        match name {
            "html" | "head" | "body" | "form" | "picture" | "noscript" | "x-class" | "object" | "iframe" | "embed" => {}
            _ => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth < DEPTH {
                    self.out.push_str("</");
                    self.out.push_str(name);
                    self.out.push('>');
                }
                if name == "p" {
                    self.paragraph = None;
                }
            }
        }
    }

    fn end_embed(&mut self) {
        if let Some(embed) = self.embed.take() {
            self.link_to(embed.src, embed.poster, embed.title);
        }
    }

    /// An embed becomes a link, with its poster where it has one.
    fn link_to(&mut self, target: Option<String>, poster: Option<String>, title: Option<String>) {
        let Some(url) = target.and_then(|target| self.addresses.link(&watchable(&target))) else { return };
        let poster = poster.and_then(|poster| self.addresses.picture(&poster)).map(|(url, _)| url);
        let label = title.unwrap_or_else(|| {
            let label = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            label.strip_prefix("www.").unwrap_or(label).to_owned()
        });
        let inside = self.paragraph.is_some();
        self.out.push_str(if inside { "<a" } else { "<p><a" });
        push_attribute(&mut self.out, "href", &url);
        self.out.push('>');
        if let Some(poster) = poster {
            // What it is a picture of, the link beside it says.
            self.out.push_str("<img");
            push_attribute(&mut self.out, "src", &poster);
            push_attribute(&mut self.out, "alt", "");
            self.decorative.push(poster.clone());
            self.out.push_str("><br>");
        }
        push_text(&mut self.out, &label);
        self.out.push_str(if inside { "</a>" } else { "</a></p>" });
    }

    /// Gives the paragraph or the quote that was begun last a class.
    fn class(&mut self, class: &str) {
        let at = if class == "pull" { self.quote } else { self.paragraph };
        if let (Some(at), "question" | "answer" | "pull") = (at, class) {
            let attribute = format!(" class=\"{class}\"");
            self.out.insert_str(at, &attribute);
            self.paragraph = self.paragraph.map(|p| if p > at { p + attribute.len() } else { p });
        }
    }
}

/// The page on which a film can be watched, of the address that is made to be embedded.
fn watchable(src: &str) -> String {
    let bare = src
        .trim_start_matches("https:")
        .trim_start_matches("http:")
        .trim_start_matches("//")
        .trim_start_matches("www.");
    let id = |rest: &str| rest.split(['?', '&', '/', '#']).next().unwrap_or_default().to_owned();
    for host in ["youtube.com/embed/", "youtube-nocookie.com/embed/"] {
        if let Some(rest) = bare.strip_prefix(host) {
            return format!("https://www.youtube.com/watch?v={}", id(rest));
        }
    }
    match bare.strip_prefix("player.vimeo.com/video/") {
        Some(rest) => format!("https://vimeo.com/{}", id(rest)),
        None => src.to_owned(),
    }
}

fn push_attribute(out: &mut String, key: &str, value: &str) {
    // A name that could end the tag is none that anybody wrote in earnest.
    if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':')) {
        return;
    }
    out.push(' ');
    out.push_str(key);
    out.push_str("=\"");
    for c in value.chars() {
        match c {
            '"' => out.push_str("&quot;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if crate::article::decode::is_forbidden(c) => {}
            c => out.push(c),
        }
    }
}
