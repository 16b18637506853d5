//! Who wrote it: `author`, `authors`, `byline` as strings, lists, and maps.

use super::{Node, Value};

/// The names in a value, in order. A string is one name (it may hold a comma and a title), unless it is a list by `;`.
pub(super) fn names(node: &Node) -> Vec<String> {
    let mut names = Vec::new();
    collect(node, &mut names);
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn collect(node: &Node, names: &mut Vec<String>) {
    match &node.value {
        Value::Text { text, .. } => {
            names.extend(text.split(';').map(bare).filter(|name| !name.is_empty()));
        }
        Value::List(list) => list.iter().for_each(|node| collect(node, names)),
        Value::Map(map) => {
            let part = |keys: &[&str]| node.get(keys).and_then(Node::as_text).unwrap_or_default();
            if let Some(name) = node.get(&["name", "display_name", "full_name", "title", "nickname"]) {
                collect(name, names);
            } else if node.get(&["first_name", "given", "last_name", "family"]).is_some() {
                let whole = format!("{} {}", part(&["first_name", "given"]), part(&["last_name", "family"]));
                names.push(whole.trim().to_owned());
            } else {
                // A map of people by their keys: {ana: {name: Ana Jović}}.
                for (key, value) in map {
                    match &value.value {
                        Value::Map(_) => collect(value, names),
                        _ if matches!(
                            key.as_str(),
                            "email" | "url" | "link" | "twitter" | "picture" | "avatar" | "bio"
                        ) => {}
                        _ => collect(value, names),
                    }
                }
            }
        }
    }
}

/// A name without what stands around it in a byline, and without an address after it.
fn bare(text: &str) -> String {
    let text = text.trim();
    let lower = text.to_lowercase();
    let text = ["story by ", "written by ", "by "]
        .iter()
        .find(|prefix| lower.starts_with(**prefix))
        .and_then(|prefix| text.get(prefix.len()..))
        .unwrap_or(text);
    match text.split_once('<') {
        Some((name, address)) if address.contains('@') && !name.trim().is_empty() => name.trim().to_owned(),
        _ => text.trim().to_owned(),
    }
}
