//! Plain text: wrapping, and text made of HTML.

use crate::article::Language;

/// Columns of a line of plain text.
pub(super) const COLUMNS: usize = 72;

/// Sign by which a browser's inbox preview is filled up; nothing to read.
const FILLERS: [char; 2] = ['\u{34f}', '\u{200c}'];

/// `ltr` or `rtl`.
pub(super) fn direction(language: &Language) -> &'static str {
    if language.is_right_to_left() { "rtl" } else { "ltr" }
}

/// `text` in lines of at most `columns` signs, broken at white space only, so that an address stays whole. Line breaks
/// of the text stay, no-break spaces hold, and each line after the first of a paragraph begins with `indent`.
pub(super) fn wrap(text: &str, columns: usize, indent: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 40);
    for (index, paragraph) in text.trim().lines().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let mut column = 0;
        for word in paragraph.split([' ', '\t']).filter(|w| !w.is_empty()) {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > columns {
                out.push('\n');
                out.push_str(indent);
                column = indent.chars().count();
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
    }
    out
}

/// Text made of HTML, for a template that has no text of its own. `edge` finds the marks of blocks, which are comments and
/// would be lost: the text is made of what stands between them.
pub(super) fn of_html(html: &str, word: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = html;
    loop {
        let start = rest.find(&format!("<!--{word}"));
        let (part, mark, next) = match start.and_then(|at| rest[at..].find("-->").map(|end| (at, at + end))) {
            Some((at, end)) => (&rest[..at], &rest[at + 4..end], &rest[end + 3..]),
            None => (rest, "", ""),
        };
        let text = html2text::config::plain()
            .raw_mode(true)
            .no_link_wrapping()
            .string_from_read(part.as_bytes(), COLUMNS)
            .map_err(|e| format!("no text could be made of it: {e}"))?;
        out.push_str(&text.replace(FILLERS, ""));
        out.push_str(mark);
        if mark.is_empty() {
            return Ok(squeezed(&out));
        }
        rest = next;
    }
}

/// At most one empty line in a row, none at the start, no white space at line ends.
pub(super) fn squeezed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 2;
    for line in text.lines().map(|line| line.trim_end_matches([' ', '\t', '\u{a0}'])) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}
