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

/// As [`wrap`], in as many lines, but as even ones as can be: for titles.
pub(super) fn balanced(text: &str, columns: usize, indent: &str) -> String {
    let widest = wrap(text, columns, indent);
    let lines = widest.lines().count();
    (columns / 2..columns)
        .map(|narrower| wrap(text, narrower, indent))
        .find(|narrower| {
            narrower.lines().count() == lines && narrower.lines().all(|line| line.chars().count() <= columns)
        })
        .unwrap_or(widest)
}

/// `text` cut after a word so that it has at most `length` signs, with `…` for the rest.
pub(super) fn shorten(text: &str, length: usize) -> String {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(length) else { return text.to_owned() };
    let head = text.char_indices().nth(length.saturating_sub(1)).map_or(text, |(before, _)| &text[..before]);
    let cut = match text[..end].rfind(char::is_whitespace) {
        Some(space) if space * 2 > head.len() => &text[..space],
        _ => head,
    };
    format!("{}…", cut.trim_end_matches(|c: char| c.is_whitespace() || ",;:.–—-".contains(c)))
}

/// The paragraphs of a plain text, each on one line: they stand between empty lines.
pub(super) fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines().map(str::trim) {
        match paragraphs.last_mut() {
            Some(last) if !line.is_empty() => {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(line);
            }
            Some(last) if !last.is_empty() => paragraphs.push(String::new()),
            _ => {}
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
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
            return Ok(squeezed(&out, 1));
        }
        rest = next;
    }
}

/// At most `most` empty lines in a row, none at the start, no white space at line ends.
pub(super) fn squeezed(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = most;
    for line in text.lines().map(|line| line.trim_end_matches([' ', '\t', '\u{a0}'])) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty <= most {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}
