//! Shortcodes and tags of other sites' generators: Hugo's `{{< img >}}`, Zola's `{{ image() }}`, Jekyll's and Eleventy's
//! `{% include %}` and `{{ site.baseurl }}`, kramdown's `{: .class}`, nanoc's `<% %>`. What is known becomes HTML, what is not
//! goes with a word about it; raw braces are never left to readers. Code is left alone: there they are meant to be read.

mod element;
mod tags;

use std::cell::RefCell;

use super::{Ground, Told};

/// A tag longer than this is no tag.
const LONGEST: usize = 4_000;

/// A code span longer than this is none.
const SPAN: usize = 10_000;

/// The beginning of a text, so many bytes at most.
fn window(text: &str, longest: usize) -> &str {
    let mut end = text.len().min(longest);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Expands every tag of a text.
pub(super) fn expand<'a>(body: &'a str, ground: &'a Ground<'a>, told: &'a RefCell<Told>) -> String {
    if !body.contains('{') && !body.contains("<%") {
        return body.to_owned();
    }
    let mut scanner = Scanner { body, at: 0, out: String::with_capacity(body.len()), ground, told, fence: None };
    scanner.run();
    scanner.out
}

struct Scanner<'a> {
    body: &'a str,
    at: usize,
    out: String,
    ground: &'a Ground<'a>,
    told: &'a RefCell<Told>,
    /// The fence of the code block we are in: its sign and length.
    fence: Option<(u8, usize)>,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.body[self.at..]
    }

    fn run(&mut self) {
        let mut line_start = true;
        while self.at < self.body.len() {
            if line_start && self.code_line() {
                continue;
            }
            let rest = self.rest();
            let next = rest.find(['{', '`', '<', '\n']).unwrap_or(rest.len());
            let plain = &self.body[self.at..self.at + next];
            self.out.push_str(plain);
            self.at += next;
            line_start = false;
            match self.body.as_bytes().get(self.at) {
                None => break,
                Some(b'\n') => {
                    self.copy(1);
                    line_start = true;
                }
                Some(b'`') => self.code_span(),
                Some(b'{') if self.tag() => {}
                Some(b'<') if self.rest().starts_with("<%") && self.embedded() => {}
                Some(_) => self.copy(1),
            }
        }
    }

    fn copy(&mut self, length: usize) {
        self.out.push_str(&self.body[self.at..self.at + length]);
        self.at += length;
    }

    /// Copies a line of a fenced code block, its fences included; false for any other line.
    fn code_line(&mut self) -> bool {
        let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
        let length = line.len();
        let text = line.trim_start_matches([' ', '\t', '>']).trim_end();
        let sign = text.bytes().next().unwrap_or(0);
        let run = text.bytes().take_while(|b| *b == sign).count();
        let is_fence = matches!(sign, b'`' | b'~') && run >= 3;
        match self.fence {
            Some((open, wanted)) => {
                if is_fence && sign == open && run >= wanted && text.len() == run {
                    self.fence = None;
                }
                // Jekyll's way of saying that braces are meant to be read.
                if !matches!(text, "{% raw %}" | "{% endraw %}" | "{%- raw -%}" | "{%- endraw -%}") {
                    self.copy(length);
                } else {
                    self.at += length;
                }
                true
            }
            None if is_fence && !(sign == b'`' && text[run..].contains('`')) => {
                self.fence = Some((sign, run));
                self.copy(length);
                true
            }
            None => false,
        }
    }

    /// Copies a code span; a lone backtick is a backtick.
    fn code_span(&mut self) {
        let rest = self.rest();
        let run = rest.len() - rest.trim_start_matches('`').len();
        let fence = &rest[..run];
        // A span ends in its own paragraph, and not far away.
        let window = window(&rest[run..], SPAN);
        let paragraph = run + window.find("\n\n").unwrap_or(window.len());
        let mut from = run;
        while let Some(found) = rest[from..paragraph].find(fence) {
            let start = from + found;
            let length = rest[start..].len() - rest[start..].trim_start_matches('`').len();
            if length == run {
                self.copy(start + run);
                return;
            }
            from = start + length;
        }
        self.copy(run);
    }

    /// The text of the tag that begins here and ends with `end`, without its marks.
    fn inside(&self, open: usize, end: &str) -> Option<(String, usize)> {
        let rest = self.rest();
        let found = window(rest, LONGEST).get(open..)?.find(end)?;
        Some((rest[open..open + found].to_owned(), open + found + end.len()))
    }

    /// Whether the tag of this length has its line for itself.
    fn alone(&self, length: usize) -> bool {
        let before = self.body[..self.at].trim_end_matches([' ', '\t']);
        let after = self.body[self.at + length..].trim_start_matches([' ', '\t']);
        (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with('\n'))
    }

    fn warn(&mut self, reason: String) {
        self.told.borrow_mut().at(self.at, reason);
    }

    /// Takes the tag that begins with this brace; false where none does.
    fn tag(&mut self) -> bool {
        let rest = self.rest();
        let (open, end) = match rest.as_bytes().get(1) {
            Some(b'{') if rest.starts_with("{{<") => (3, ">}}"),
            Some(b'{') if rest.starts_with("{{%") => (3, "%}}"),
            Some(b'{') if rest.starts_with("{{{") => (3, "}}}"),
            Some(b'{') => (2, "}}"),
            Some(b'%') => (2, "%}"),
            Some(b':') => return self.attributes(),
            Some(b'#') => return self.hash(),
            _ => return false,
        };
        let Some((inner, length)) = self.inside(open, end) else { return false };
        let shortcode = open == 3 && end != "}}}";
        let alone = self.alone(length);
        if shortcode {
            self.shortcode(&inner, length, alone);
        } else if end == "%}" {
            self.liquid(&inner, length, alone);
        } else {
            self.expression(&inner, length, alone);
        }
        true
    }

    /// Puts what a tag became, a block of its own where it stood alone.
    fn put(&mut self, html: &str, length: usize, alone: bool) {
        if alone && html.starts_with('<') && !html.starts_with("<a") {
            // An HTML block ends at the first empty line.
            self.out.push_str(html);
            self.at += length;
            if self.body[self.at..].starts_with('\n') {
                self.out.push('\n');
            }
            return;
        }
        self.out.push_str(html);
        self.at += length;
    }

    /// kramdown's `{: .class #id}` and `{::comment}`: nothing of it is kept.
    fn attributes(&mut self) -> bool {
        let rest = self.rest();
        let Some(end) = rest.find('}').filter(|end| !rest[..*end].contains('\n')) else { return false };
        let inner = rest[2..end].trim();
        let known =
            inner.is_empty() || inner.starts_with(['.', '#', ':', '/']) || inner.contains('=') || inner == "toc";
        if !known {
            return false;
        }
        if inner.trim_start_matches(':') == "comment" || inner == ":comment" {
            let close = rest.find("{:/comment}").map(|at| at + "{:/comment}".len());
            self.at += close.or_else(|| rest.find("{:/}").map(|at| at + 4)).unwrap_or(end + 1);
            return true;
        }
        if inner == "toc" {
            // The line above stands only for the table of contents that would be made here.
            let kept = self.out.trim_end().rfind('\n').map_or(0, |at| at + 1);
            self.out.truncate(kept);
        }
        self.at += end + 1;
        true
    }

    /// `{#id}` at the end of a heading becomes an anchor; `{# a comment #}` goes.
    fn hash(&mut self) -> bool {
        let rest = self.rest();
        let line = rest.split('\n').next().unwrap_or_default();
        if let Some(end) = line.find('}') {
            let inner = line[2..end].trim();
            let is_id = !inner.is_empty() && !inner.contains(['#', '<', '"', ' ']);
            let heading = self.body[..self.at].rsplit('\n').next().is_some_and(|l| l.trim_start().starts_with('#'));
            if is_id && heading {
                self.out.push_str(&format!("<a id=\"{inner}\"></a>"));
                self.at += end + 1;
                return true;
            }
        }
        if let Some(end) = rest.find("#}").filter(|end| *end < LONGEST && *end >= 2) {
            self.at += end + 2;
            return true;
        }
        false
    }

    /// `<% … %>` of nanoc and others.
    fn embedded(&mut self) -> bool {
        let Some((inner, length)) = self.inside(2, "%>") else { return false };
        if !inner.starts_with('#') {
            let shown = element::shown(&inner);
            self.warn(format!("`<% {shown} %>` is not run here; it is left out"));
        }
        self.at += length;
        true
    }
}
