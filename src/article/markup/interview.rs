//! The shape of interviews: paragraphs that begin with a speaker's name (`EWB: …?`, `**Head of Office:** …`) become questions
//! and answers, and a quote that repeats words of the text becomes a pull quote.
//!
//! Told by these signs together, so that an ordinary `Note: …` stays what it is: at least two speakers, each of whom begins
//! two paragraphs or more, and one of whom mostly ends with a question mark.

use std::collections::BTreeMap;

use comrak::Arena;
use comrak::nodes::{AstNode, NodeValue};

use super::markdown::{node, words};

/// A speaker's name is no longer than this.
const LONGEST: usize = 40;

/// Marks paragraphs and quotes; [`super::rewrite`] turns the marks into classes.
pub(super) fn mark<'a>(arena: &'a Arena<'a>, root: &'a AstNode<'a>) {
    speakers(arena, root);
    pull_quotes(arena, root);
}

fn speakers<'a>(arena: &'a Arena<'a>, root: &'a AstNode<'a>) {
    let turns: Vec<(&AstNode<'_>, String)> = root
        .children()
        .filter(|block| matches!(block.data.borrow().value, NodeValue::Paragraph))
        .filter_map(|block| Some((block, speaker(block)?)))
        .collect();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (block, name) in &turns {
        let count = counts.entry(name).or_default();
        count.0 += 1;
        count.1 += usize::from(words(block).trim_end().ends_with(['?', '؟', ';', '？']));
    }
    counts.retain(|_, (paragraphs, _)| *paragraphs >= 2);
    let asks = |(paragraphs, questions): (usize, usize)| questions * 2 >= paragraphs;
    if counts.len() < 2 || !counts.values().any(|count| asks(*count)) || counts.values().all(|count| asks(*count)) {
        return;
    }
    let asker = counts
        .iter()
        .max_by_key(|(_, (paragraphs, questions))| questions * 1000 / paragraphs)
        .map(|(name, _)| (*name).to_owned());
    let known: Vec<String> = counts.keys().map(|name| (*name).to_owned()).collect();
    for (block, name) in turns.iter().filter(|(_, name)| known.contains(name)) {
        let class = if Some(name) == asker.as_ref() { "question" } else { "answer" };
        take_name(block);
        let escaped = name.replace('&', "&amp;").replace('<', "&lt;");
        let raw = format!("<x-class name=\"{class}\"></x-class><b class=\"who\">{escaped}:</b> ");
        block.prepend(node(arena, NodeValue::Raw(raw)));
    }
}

/// The speaker whose name a paragraph begins with.
fn speaker<'a>(block: &'a AstNode<'a>) -> Option<String> {
    let first = block.first_child()?;
    let next = first.next_sibling();
    let (name, rest) = match &first.data.borrow().value {
        NodeValue::Text(text) => {
            let (name, rest) = text.split_once(':')?;
            (name.to_owned(), !rest.is_empty() && !rest.starts_with(' ') || rest.trim().is_empty() && next.is_none())
        }
        NodeValue::Strong | NodeValue::Emph => {
            let inner = words(first);
            match inner.strip_suffix(':') {
                Some(name) => (name.to_owned(), next.is_none()),
                None => {
                    let after = next?;
                    let NodeValue::Text(text) = &after.data.borrow().value else { return None };
                    (inner, !text.starts_with(": ") && text.as_ref() != ":")
                }
            }
        }
        _ => return None,
    };
    let name = name.trim();
    let short = name.chars().count() <= LONGEST && name.split_whitespace().count() <= 5;
    let named = name.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase());
    let plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '’' | '\'' | '„' | '“' | '”' | '&' | '/'));
    (!rest && short && named && plain).then(|| name.to_owned())
}

/// Takes the speaker's name away from the beginning of a paragraph.
fn take_name<'a>(block: &'a AstNode<'a>) {
    let Some(first) = block.first_child() else { return };
    let is_text = matches!(first.data.borrow().value, NodeValue::Text(_));
    let text = if is_text {
        Some(first)
    } else {
        let next = first.next_sibling();
        first.detach();
        next
    };
    if let Some(node) = text
        && let NodeValue::Text(text) = &mut node.data.borrow_mut().value
    {
        let rest = if is_text {
            text.split_once(':').map_or("", |(_, rest)| rest).trim_start().to_owned()
        } else {
            text.trim_start_matches(':').trim_start().to_owned()
        };
        *text = rest.into();
    }
}

fn pull_quotes<'a>(arena: &'a Arena<'a>, root: &'a AstNode<'a>) {
    let quotes: Vec<_> =
        root.children().filter(|block| matches!(block.data.borrow().value, NodeValue::BlockQuote)).collect();
    if quotes.is_empty() {
        return;
    }
    let rest: String = root
        .children()
        .filter(|block| matches!(block.data.borrow().value, NodeValue::Paragraph))
        .map(|block| bare(&words(block)) + " ")
        .collect();
    for quote in quotes {
        let Some(paragraph) = quote.first_child().filter(|p| matches!(p.data.borrow().value, NodeValue::Paragraph))
        else {
            continue;
        };
        let said = asked_for(paragraph);
        let lone = paragraph.next_sibling().is_none();
        let text = bare(&words(paragraph));
        let repeats = lone && text.split(' ').count() >= 5 && rest.contains(&text);
        if said || repeats {
            let raw = "<x-class name=\"pull\"></x-class>".to_owned();
            paragraph.prepend(node(arena, NodeValue::Raw(raw)));
        }
    }
}

/// Whether a quote begins with `[!pull]`, which is then taken away.
fn asked_for<'a>(paragraph: &'a AstNode<'a>) -> bool {
    if !words(paragraph).trim_start().to_lowercase().starts_with("[!pull]") {
        return false;
    }
    // The parser may have cut the mark into several texts.
    let mut left = "[!pull]".len();
    while let Some(first) = paragraph.first_child() {
        let gone = match &mut first.data.borrow_mut().value {
            NodeValue::Text(text) => {
                let taken = left.min(text.len());
                let rest = text.get(taken..).unwrap_or_default().trim_start().to_owned();
                left -= taken;
                let empty = rest.is_empty();
                *text = rest.into();
                empty
            }
            NodeValue::SoftBreak | NodeValue::LineBreak => true,
            _ => false,
        };
        if !gone {
            break;
        }
        first.detach();
    }
    true
}

/// Words alone, in lower case, with single spaces.
fn bare(text: &str) -> String {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join(" ")
}
