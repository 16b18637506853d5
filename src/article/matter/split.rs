//! Where the front matter ends and the text begins.

use super::MatterError;

/// What a block is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Between `---`.
    Yaml,
    /// Between `+++`.
    Toml,
    /// Between `;;;`, or `{` to `}`.
    Json,
    /// `Title: …` lines up to the first empty one.
    Lines,
}

/// A block of front matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'t> {
    /// What it is written in.
    pub kind: Kind,
    /// What stands between its fences.
    pub text: &'t str,
    /// The line of the file on which `text` begins, counted from 1.
    pub line: usize,
}

/// A file in its two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split<'t> {
    /// The front matter, where there is one.
    pub block: Option<Block<'t>>,
    /// The text after it.
    pub body: &'t str,
    /// The line of the file on which the text begins, counted from 1.
    pub body_line: usize,
}

/// Finds the front matter of a file.
///
/// # Errors
/// [`MatterError`]: a block that is begun and not ended, or one in a language that cannot be read (JavaScript).
pub fn split(text: &str) -> Result<Split<'_>, MatterError> {
    let start = text.len() - text.trim_start_matches([' ', '\t', '\n']).len();
    // A fence stands at the very beginning of its line; empty lines before it are forgiven.
    let start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let first = 1 + text[..start].matches('\n').count();
    let rest = &text[start..];
    let whole = Split { block: None, body: text, body_line: 1 };
    let fence = rest.lines().next().unwrap_or_default().trim_end();
    match fence {
        "---" | "----" | "-----" | "---yaml" | "--- yaml" => {
            fenced(rest, first, Kind::Yaml, &["---", "----", "-----", "..."])
        }
        "+++" | "---toml" | "--- toml" => fenced(rest, first, Kind::Toml, &["+++", "---"]),
        ";;;" | "---json" | "--- json" => fenced(rest, first, Kind::Json, &[";;;", "---"]),
        "---js" | "---javascript" | "--- js" => Err(MatterError {
            line: first,
            reason: "front matter in JavaScript is not run here; write it in YAML".to_owned(),
        }),
        _ if fence.starts_with('{') && !fence.starts_with("{{") && !fence.starts_with("{%") => {
            Ok(braced(rest, first).unwrap_or(whole))
        }
        _ => Ok(headed(rest, first).unwrap_or(whole)),
    }
}

fn fenced<'t>(rest: &'t str, first: usize, kind: Kind, ends: &[&str]) -> Result<Split<'t>, MatterError> {
    let whole = Split { block: None, body: rest, body_line: first };
    let mut lines = rest.split_inclusive('\n');
    let Some(fence) = lines.next() else { return Ok(whole) };
    let mut at = fence.len();
    for (line, text) in (first + 1..).zip(lines) {
        if ends.contains(&text.trim_end()) {
            let block = Block { kind, text: &rest[fence.len()..at], line: first + 1 };
            // `---` above ordinary text is a rule, not front matter.
            if kind == Kind::Yaml && !block.text.trim().is_empty() && !looks_like_keys(block.text) {
                return Ok(whole);
            }
            return Ok(Split { block: Some(block), body: &rest[at + text.len()..], body_line: line + 1 });
        }
        at += text.len();
    }
    if kind == Kind::Yaml && !looks_like_keys(&rest[fence.len()..]) {
        return Ok(whole);
    }
    let end = ends.first().copied().unwrap_or_default();
    Err(MatterError {
        line: first,
        reason: format!("the front matter begins here and does not end; put a line `{end}` after it"),
    })
}

/// Whether a text begins as front matter does: with `key:`, a comment, or a list.
fn looks_like_keys(text: &str) -> bool {
    let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) else { return true };
    line.starts_with(['#', '{', '&', '"', '\'', '%', '*']) && !line.starts_with("# ")
        || line.split_once(':').is_some_and(|(key, value)| {
            !key.trim().is_empty()
                && key.split_whitespace().count() <= 3
                && (value.is_empty()
                    || value.starts_with([' ', '\t'])
                    || key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        })
        || line.starts_with("# ")
            && text.lines().any(|line| line.split_once(':').is_some_and(|(key, _)| key.trim() == "title"))
        || line
            .split_once('=')
            .is_some_and(|(key, _)| key.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// JSON from `{` to the `}` that ends it.
fn braced(rest: &str, first: usize) -> Option<Split<'_>> {
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<serde_json::Value>();
    values.next()?.ok()?.as_object()?;
    let end = values.byte_offset();
    let block = Block { kind: Kind::Json, text: &rest[..end], line: first };
    let body = rest[end..].strip_prefix('\n').unwrap_or(&rest[end..]);
    Some(Split { block: Some(block), body, body_line: first + rest[..rest.len() - body.len()].matches('\n').count() })
}

/// `Title: …` lines: two at least, one of them the title or the date.
fn headed(rest: &str, first: usize) -> Option<Split<'_>> {
    let mut at = 0;
    let mut count = 0;
    let mut known = false;
    for line in rest.split_inclusive('\n') {
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if !(count > 0 && text.starts_with([' ', '\t'])) {
            let (key, value) = text.split_once(':')?;
            if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
                return None;
            }
            if !value.is_empty() && !value.starts_with([' ', '\t']) {
                return None;
            }
            known |= matches!(key.to_ascii_lowercase().as_str(), "title" | "date");
            count += 1;
        }
        at += line.len();
    }
    (count >= 2 && known).then(|| {
        let block = Block { kind: Kind::Lines, text: &rest[..at], line: first };
        Split { block: Some(block), body: &rest[at..], body_line: first + rest[..at].matches('\n').count() }
    })
}
