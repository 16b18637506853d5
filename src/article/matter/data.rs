//! The rarer kinds: JSON front matter, and `Title: …` lines before the text.

use serde_json::Value as Json;

use super::{MatterError, Node, Value};

/// Reads JSON front matter.
pub(super) fn json(text: &str, first: usize) -> Result<Node, MatterError> {
    let value: Json = serde_json::from_str(text).map_err(|error| MatterError {
        line: first + error.line().saturating_sub(1),
        reason: format!("broken JSON: {error}"),
    })?;
    Ok(node(&value, first))
}

/// serde_json gives no lines, and stops at a depth of 128 by itself.
fn node(value: &Json, line: usize) -> Node {
    match value {
        Json::Null => Node::text(line, "", false),
        Json::Bool(decision) => Node::text(line, decision.to_string(), false),
        Json::Number(number) => Node::text(line, number.to_string(), false),
        Json::String(text) => Node::text(line, text, true),
        Json::Array(list) => Node { line, value: Value::List(list.iter().map(|item| node(item, line)).collect()) },
        Json::Object(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone(), node(value, line))).collect();
            Node { line, value: Value::Map(entries) }
        }
    }
}

/// Reads `Title: …` lines (Pelican, MultiMarkdown); a line that begins with spaces goes on with the one before it.
pub(super) fn lines(text: &str, first: usize) -> Node {
    let mut entries: Vec<(String, Node)> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, Node { value: Value::Text { text, .. }, .. })) = entries.last_mut() {
                text.push(' ');
                text.push_str(line.trim());
            }
        } else if let Some((key, value)) = line.split_once(':') {
            entries.push((key.trim().to_owned(), Node::text(first + n, value.trim(), false)));
        }
    }
    // These say several things in one line.
    for (key, node) in &mut entries {
        if let (true, Some(text)) =
            (matches!(key.to_lowercase().as_str(), "tags" | "authors" | "categories"), node.as_text())
        {
            let line = node.line;
            let parts = text.split([',', ';']).map(|part| Node::text(line, part.trim(), false)).collect();
            node.value = Value::List(parts);
        }
    }
    Node { line: first, value: Value::Map(entries) }
}
