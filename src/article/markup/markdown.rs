//! Markdown to HTML (CommonMark and GitHub's tables, footnotes, strikethrough), with what a newsroom needs besides:
//! a picture alone in its paragraph with a title is a figure with that caption; `> [!pull]` begins a pull quote.

use comrak::nodes::{Ast, AstNode, NodeHtmlBlock, NodeValue};
use comrak::options::Extension;
use comrak::{Arena, Options, format_html, parse_document};

use super::interview;

/// Renders Markdown. The HTML is not sanitised yet.
pub(super) fn render(text: &str) -> String {
    let mut options = Options {
        extension: Extension {
            strikethrough: true,
            table: true,
            autolink: true,
            footnotes: true,
            description_lists: true,
            ..Extension::default()
        },
        ..Options::default()
    };
    options.render.r#unsafe = true;
    // Headings get ids only where something in the text leads to them.
    if text.contains("](#") || text.contains("href=\"#") {
        options.extension.header_id_prefix = Some(String::new());
    }
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options);
    figures(root);
    unsaid(root);
    interview::mark(&arena, root);
    let mut html = String::with_capacity(text.len() * 2);
    match format_html(root, &options, &mut html) {
        Ok(()) => html,
        // Writing into a String does not fail.
        Err(_) => String::new(),
    }
}

/// Pictures alone in their paragraph, with a title, become figures.
fn figures<'a>(root: &'a AstNode<'a>) {
    for block in root.children() {
        let NodeValue::Paragraph = block.data.borrow().value else { continue };
        let Some(only) = only_child(block) else { continue };
        let figure = match &only.data.borrow().value {
            NodeValue::Image(image) => figure(only, &image.url, &image.title, None),
            NodeValue::Link(link) => only_child(only).and_then(|inner| match &inner.data.borrow().value {
                NodeValue::Image(image) => {
                    let caption = if image.title.is_empty() { &link.title } else { &image.title };
                    figure(inner, &image.url, caption, Some(&link.url))
                }
                _ => None,
            }),
            _ => None,
        };
        if let Some(literal) = figure {
            only.detach();
            block.data.borrow_mut().value = NodeValue::HtmlBlock(NodeHtmlBlock { block_type: 6, literal });
        }
    }
}

fn only_child<'a>(node: &'a AstNode<'a>) -> Option<&'a AstNode<'a>> {
    let mut children = node.children();
    children.next().filter(|_| children.next().is_none())
}

fn figure<'a>(image: &'a AstNode<'a>, url: &str, caption: &str, link: Option<&str>) -> Option<String> {
    if caption.trim().is_empty() {
        return None;
    }
    let mut img = picture(url, &words(image), "");
    if let Some(link) = link {
        img = format!("<a href=\"{}\">{img}</a>", attribute(link));
    }
    Some(format!("<figure>{img}<figcaption>{}</figcaption></figure>\n", attribute(caption)))
}

/// Pictures of which nobody said what they show get no `alt`: an empty one is for HTML, where somebody wrote it.
fn unsaid<'a>(root: &'a AstNode<'a>) {
    for node in root.descendants() {
        let literal = match &node.data.borrow().value {
            NodeValue::Image(image) if words(node).trim().is_empty() => picture(&image.url, "", &image.title),
            _ => continue,
        };
        node.children().collect::<Vec<_>>().into_iter().for_each(AstNode::detach);
        node.data.borrow_mut().value = NodeValue::HtmlInline(literal);
    }
}

/// A picture as HTML; without words it has no `alt`, and without a title no `title`.
fn picture(url: &str, words: &str, title: &str) -> String {
    let mut html = format!("<img src=\"{}\"", attribute(url));
    for (name, text) in [("alt", words), ("title", title)] {
        if !text.trim().is_empty() {
            html.push_str(&format!(" {name}=\"{}\"", attribute(text)));
        }
    }
    html + ">"
}

/// Text as an attribute's value, which does for an element's text too.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The words in a node, without their marks.
pub(super) fn words<'a>(node: &'a AstNode<'a>) -> String {
    let mut words = String::new();
    for part in node.descendants() {
        match &part.data.borrow().value {
            NodeValue::Text(text) => words.push_str(text),
            NodeValue::Code(code) => words.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => words.push(' '),
            _ => {}
        }
    }
    words
}

/// A new node with a value.
pub(super) fn node<'a>(arena: &'a Arena<'a>, value: NodeValue) -> &'a AstNode<'a> {
    arena.alloc(AstNode::new(std::cell::RefCell::new(Ast::new(value, (0, 0).into()))))
}
