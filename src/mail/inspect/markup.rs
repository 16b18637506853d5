//! HTML taken apart, tag by tag: links with their words, pictures, passages of text.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// A link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchor {
    /// The position of the story in whose block it stands.
    pub position: Option<u8>,
    /// Where it leads, as written.
    pub href: String,
    /// Its words: text, `alt` of its pictures, or its `aria-label`.
    pub words: String,
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The position of the story in whose block it stands.
    pub position: Option<u8>,
    /// Its address, as written.
    pub src: String,
    /// Its alt text, where it has the attribute.
    pub alt: Option<String>,
}

/// Text between two tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// The position of the story in whose block it stands.
    pub position: Option<u8>,
    /// The text.
    pub text: String,
    /// Whether it is code, or what somebody is to type.
    pub code: bool,
    /// Whether it is no text of the page: a style, a script, the title.
    pub hidden: bool,
}

/// What HTML holds.
#[derive(Clone, Debug, Default)]
pub struct Apart {
    /// Its links.
    pub links: Vec<Anchor>,
    /// Its pictures.
    pub images: Vec<Image>,
    /// Its texts.
    pub passages: Vec<Passage>,
}

/// Takes HTML apart that comes in blocks, each with the position of the story it belongs to.
pub fn taken_apart(blocks: &[(Option<u8>, String)]) -> Apart {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    for (position, html) in blocks {
        tokenizer.sink.state.borrow_mut().enter(*position);
        input.push_back(StrTendril::from_slice(html));
        // A script would stop the tokenizer; nothing runs here, so it goes on.
        while !input.is_empty() {
            let _ = tokenizer.feed(&input);
        }
    }
    tokenizer.end();
    let mut state = tokenizer.sink.state.into_inner();
    state.end_link();
    state.end_passage();
    state.found
}

#[derive(Default)]
struct Sink {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    found: Apart,
    position: Option<u8>,
    passage: String,
    link: Option<Anchor>,
    labelled: bool,
    code: usize,
    hidden: Option<String>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return state.start(&tag),
            Token::TagToken(tag) => state.end(&tag.name),
            Token::CharacterTokens(text) => state.passage.push_str(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn get(tag: &Tag, name: &str) -> Option<String> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| attribute.value.to_string())
}

fn is_code(name: &str) -> bool {
    matches!(name, "code" | "pre" | "kbd" | "samp" | "var" | "tt")
}

impl State {
    fn enter(&mut self, position: Option<u8>) {
        self.end_passage();
        self.position = position;
    }

    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = tag.name.to_string();
        self.end_passage();
        match &*name {
            "a" | "area" => {
                self.end_link();
                if let Some(href) = get(tag, "href") {
                    let label = get(tag, "aria-label").filter(|label| !label.trim().is_empty());
                    self.labelled = label.is_some();
                    self.link = Some(Anchor { position: self.position, href, words: label.unwrap_or_default() });
                }
                if name == "area" {
                    self.image_words(get(tag, "alt"));
                    self.end_link();
                }
            }
            "img" => {
                let alt = get(tag, "alt");
                self.image_words(alt.clone());
                let src = get(tag, "src").unwrap_or_default();
                self.found.images.push(Image { position: self.position, src, alt });
            }
            "br" => self.image_words(Some(" ".to_owned())),
            name if is_code(name) && !tag.self_closing => self.code += 1,
            _ => {}
        }
        // What the tree builder would tell the tokenizer about the content of these.
        let raw = match &*name {
            "script" => RawKind::ScriptData,
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => RawKind::Rawtext,
            "title" | "textarea" => RawKind::Rcdata,
            _ => return TokenSinkResult::Continue,
        };
        self.hidden = Some(name);
        TokenSinkResult::RawData(raw)
    }

    fn end(&mut self, name: &str) {
        self.end_passage();
        if self.hidden.as_deref() == Some(name) {
            self.hidden = None;
        }
        if name == "a" {
            self.end_link();
        } else if is_code(name) {
            self.code = self.code.saturating_sub(1);
        }
    }

    /// What a link says beside its text.
    fn image_words(&mut self, words: Option<String>) {
        if let (Some(link), Some(words), false) = (&mut self.link, words, self.labelled) {
            link.words.push_str(&words);
        }
    }

    fn end_passage(&mut self) {
        let text = std::mem::take(&mut self.passage);
        if text.trim().is_empty() {
            if !text.is_empty() {
                self.image_words(Some(" ".to_owned()));
            }
            return;
        }
        let hidden = self.hidden.is_some();
        if !hidden {
            self.image_words(Some(text.clone()));
        }
        self.found.passages.push(Passage { position: self.position, text, code: self.code > 0, hidden });
    }

    fn end_link(&mut self) {
        if let Some(mut link) = self.link.take() {
            link.words = super::squeezed(&link.words);
            self.found.links.push(link);
        }
        self.labelled = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_pictures_and_texts_know_whose_they_are() {
        let blocks = [
            (None, "<title>T {{ x }}</title><style>.a{}</style><p>Hello <a href='/x'>read <b>on</b></a>".to_owned()),
            (
                Some(3),
                "<a href=\"https://a.example/?a=1&amp;b=2\"><img src=a.jpg alt=\"A boat\"></a><img src=b.jpg>"
                    .to_owned(),
            ),
            (None, "<code>{{ name }}</code></p>".to_owned()),
        ];
        let found = taken_apart(&blocks);
        let link = |position, href: &str, words: &str| Anchor { position, href: href.into(), words: words.into() };
        assert_eq!(found.links, [link(None, "/x", "read on"), link(Some(3), "https://a.example/?a=1&b=2", "A boat")]);
        let alts: Vec<_> = found.images.iter().map(|image| (image.position, image.alt.as_deref())).collect();
        assert_eq!(alts, [(Some(3), Some("A boat")), (Some(3), None)]);
        let shown: Vec<_> = found.passages.iter().filter(|p| !p.hidden).map(|p| (p.text.as_str(), p.code)).collect();
        assert_eq!(shown, [("Hello ", false), ("read ", false), ("on", false), ("{{ name }}", true)]);
    }
}
