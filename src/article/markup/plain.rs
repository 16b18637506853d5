//! The words of sanitised HTML, without its marks: for mail, search, summaries, and for telling a slip from news.
//!
//! Our own and not a renderer's, so that one line stays one line however long it is, and the words of an unchanged article never
//! change with somebody's new version: each would be a revision.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// Sends every tag and text of an HTML text to `take`.
pub(in crate::article) fn walk(html: &str, take: impl FnMut(Piece<'_>)) {
    let tokenizer = Tokenizer::new(Walker { take: RefCell::new(take) }, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
}

/// A piece of HTML.
pub(in crate::article) enum Piece<'t> {
    Start(&'t Tag),
    End(&'t str),
    Text(&'t str),
}

struct Walker<F> {
    take: RefCell<F>,
}

impl<F: FnMut(Piece<'_>)> TokenSink for Walker<F> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut take = self.take.borrow_mut();
        match &token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => take(Piece::Start(tag)),
            Token::TagToken(tag) => take(Piece::End(&tag.name)),
            Token::CharacterTokens(text) => take(Piece::Text(text)),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// The words of sanitised HTML: paragraphs with empty lines between, items with hyphens or numbers, quotes with `>`.
pub fn text(html: &str) -> String {
    let mut writer = Writer::default();
    walk(html, |piece| writer.take(piece));
    writer.break_block(1);
    writer.out.trim().to_owned()
}

#[derive(Default)]
struct Writer {
    out: String,
    /// The line being written, its spaces collapsed.
    line: String,
    /// What the next line begins with, once: a hyphen, a number.
    bullet: String,
    /// For each list that is open, the number of its next item; `None` for one without numbers.
    lists: Vec<Option<u64>>,
    quotes: usize,
    verbatim: bool,
    first_cell: bool,
}

impl Writer {
    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Text(text) if self.verbatim => {
                for (n, part) in text.split('\n').enumerate() {
                    if n > 0 {
                        self.end_line(true);
                    }
                    self.line.push_str(part);
                }
            }
            Piece::Text(text) => {
                for c in text.chars() {
                    if c.is_ascii_whitespace() {
                        if !self.line.is_empty() && !self.line.ends_with(' ') {
                            self.line.push(' ');
                        }
                    } else if c != '\u{AD}' {
                        self.line.push(c);
                    }
                }
            }
            Piece::Start(tag) => self.start(tag),
            Piece::End(name) => self.end(name),
        }
    }

    fn start(&mut self, tag: &Tag) {
        match &*tag.name {
            "br" => self.end_line(true),
            "hr" => {
                self.break_block(1);
                self.line.push_str("* * *");
                self.break_block(1);
            }
            "ul" => {
                self.break_block(usize::from(self.lists.is_empty()));
                self.lists.push(None);
            }
            "ol" => {
                self.break_block(usize::from(self.lists.is_empty()));
                let start = tag.attrs.iter().find(|a| &*a.name.local == "start").and_then(|a| a.value.parse().ok());
                self.lists.push(Some(start.unwrap_or(1)));
            }
            "li" => {
                self.break_block(0);
                self.bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
            }
            "blockquote" => {
                self.break_block(1);
                self.quotes += 1;
            }
            "pre" => {
                self.break_block(1);
                self.verbatim = true;
            }
            "tr" => {
                self.break_block(0);
                self.first_cell = true;
            }
            "td" | "th" => {
                if !self.first_cell {
                    self.line.truncate(self.line.trim_end().len());
                    self.line.push_str(" | ");
                }
                self.first_cell = false;
            }
            name if is_block(name) => self.break_block(1),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "ul" | "ol" => {
                self.lists.pop();
                self.break_block(usize::from(self.lists.is_empty()));
            }
            "blockquote" => {
                self.break_block(1);
                self.quotes = self.quotes.saturating_sub(1);
            }
            "pre" => {
                self.break_block(1);
                self.verbatim = false;
            }
            "li" | "tr" => self.break_block(0),
            name if is_block(name) => self.break_block(1),
            _ => {}
        }
    }

    fn end_line(&mut self, even_empty: bool) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_end();
        if line.is_empty() && !even_empty {
            return;
        }
        for _ in 0..self.quotes.min(8) {
            self.out.push_str("> ");
        }
        let deeper = self.lists.len().saturating_sub(1).min(8);
        let indent = if self.bullet.is_empty() && !self.lists.is_empty() { deeper + 1 } else { deeper };
        for _ in 0..indent {
            self.out.push_str("  ");
        }
        self.out.push_str(&std::mem::take(&mut self.bullet));
        self.out.push_str(line);
        while self.out.ends_with(' ') {
            self.out.pop();
        }
        self.out.push('\n');
    }

    /// Ends a block, with so many empty lines after it.
    fn break_block(&mut self, empty: usize) {
        self.end_line(false);
        // Inside a list, blocks follow each other closely.
        let empty = if self.lists.is_empty() { empty } else { 0 };
        if !self.out.is_empty() && empty > 0 && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "figure"
            | "figcaption"
            | "table"
            | "caption"
            | "section"
            | "aside"
            | "details"
            | "summary"
            | "dl"
            | "dt"
            | "dd"
    )
}

/// The words of the first heading of the first rank, where nothing stands before it.
pub(super) fn first_heading(html: &str) -> Option<String> {
    let (mut inside, mut done, mut words) = (false, false, String::new());
    walk(html, |piece| match piece {
        Piece::Start(tag) if &*tag.name == "h1" && !done => inside = true,
        Piece::End("h1") => {
            inside = false;
            done = true;
        }
        Piece::Text(text) if inside => words.push_str(text),
        Piece::Text(text) if !text.trim().is_empty() => done = true,
        _ => {}
    });
    Some(words.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|words| !words.is_empty())
}

/// A title or a name on one line: tags of HTML taken away (`a < b` and `<reka>` are none), entities read, spaces single.
pub fn line(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with('<') { tag_length(rest) } else { None };
        if let Some(length) = taken {
            if rest[1..length].trim_start_matches('/').starts_with("br") {
                plain.push(' ');
            }
            rest = &rest[length..];
        } else if let Some((c, length)) = entity(rest) {
            plain.push_str(&c);
            rest = &rest[length..];
        } else {
            plain.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    plain.push_str(rest);
    let plain: String = plain.chars().filter(|c| *c != '\u{AD}' && !crate::article::decode::is_forbidden(*c)).collect();
    let words = plain.split(|c: char| c.is_whitespace() && c != '\u{A0}' && c != '\u{202F}').filter(|w| !w.is_empty());
    super::bidi::tame(&words.collect::<Vec<_>>().join(" "))
}

/// The length of the HTML tag at the beginning of a text.
fn tag_length(text: &str) -> Option<usize> {
    const INLINE: &[&str] = &[
        "a", "abbr", "b", "bdi", "br", "cite", "code", "del", "div", "em", "font", "h1", "h2", "h3", "i", "img", "ins",
        "kbd", "mark", "p", "q", "s", "script", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
        "wbr",
    ];
    let inner = text.get(1..)?.trim_start_matches('/');
    let name = inner.split(|c: char| !c.is_ascii_alphanumeric()).next()?.to_ascii_lowercase();
    let end = text.find('>').filter(|end| *end < 400)?;
    INLINE.contains(&name.as_str()).then_some(end + 1)
}

/// The character reference at the beginning of a text, and its length.
fn entity(text: &str) -> Option<(String, usize)> {
    let end = text.find(';').filter(|end| (2..=32).contains(end))?;
    let name = &text[1..end];
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#') {
        return None;
    }
    let mut decoded = String::new();
    walk(&text[..=end], |piece| {
        if let Piece::Text(text) = piece {
            decoded.push_str(text);
        }
    });
    (decoded != text[..=end]).then_some((decoded, end + 1))
}
