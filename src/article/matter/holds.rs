//! What holds an article back besides a date, and what takes it away again. Each way that is not plain to see in its own
//! word (`draft: true`) is told, for whoever wonders why a story does not appear.

use super::fields::{Entry, Reader, wanted};
use super::keys::{BUILD, DRAFT, EXPIRY, HIDDEN, PERMALINK, PUBLISHED, RENDER, STATUS, WITHDRAWN};
use super::{Complaints, Matter, Node, Value, times};

/// Decides whether it is held, and whether it is withdrawn.
pub(super) fn read(reader: &Reader<'_>, matter: &mut Matter, complaints: &mut Complaints) {
    // What is written there and means nothing was written to hold it all the same.
    for key in [&DRAFT, &HIDDEN] {
        for entry in key.names.iter().filter_map(|name| reader.entry(&[name])) {
            match entry.node.as_bool() {
                Some(false) => continue,
                None => wanted(entry, key, "the article is held back", complaints),
                Some(true) if key.names == DRAFT.names => {}
                Some(true) => held(entry, complaints),
            }
            matter.draft = true;
        }
    }
    for key in [&PUBLISHED, &PERMALINK, &RENDER] {
        let no = key.names.iter().filter_map(|name| reader.entry(&[name]));
        for entry in no.filter(|entry| entry.node.as_bool() == Some(false)) {
            held(entry, complaints);
            matter.draft = true;
        }
    }
    let status = reader.scalar(&STATUS, complaints).and_then(|entry| entry.node.as_text()).unwrap_or_default();
    matter.draft |= matches!(status.to_lowercase().as_str(), "draft" | "private" | "hidden" | "pending" | "skip");
    if let Some(entry) = reader.entry(BUILD.names)
        && ["render", "list"].iter().filter_map(|key| entry.node.get(&[key])).any(is_never)
    {
        held(entry, complaints);
        matter.draft = true;
    }
    expiry(reader, matter, complaints);
    withdrawn(reader, matter);
}

fn held(entry: Entry<'_>, complaints: &mut Complaints) {
    let name = entry.name;
    let shown = entry.node.as_text().map_or_else(|| format!("`{name}`"), |text| format!("`{name}: {text}`"));
    complaints.warn(entry.line, format!("{shown} holds the article back"));
}

/// Hugo's words for: no page of it, or on no list.
fn is_never(node: &Node) -> bool {
    node.as_bool() == Some(false) || node.as_text().is_some_and(|word| matches!(word, "never" | "link"))
}

fn expiry(reader: &Reader<'_>, matter: &mut Matter, complaints: &mut Complaints) {
    let Some(entry) = reader.scalar(&EXPIRY, complaints) else { return };
    match times::on(reader, entry, complaints) {
        Ok(at) if at <= reader.settings.now => {
            matter.draft = true;
            held(entry, complaints);
        }
        Ok(_) => complaints.warn(
            entry.line,
            format!(
                "`{}`: no clock takes an article back; write `withdrawn: why` on that day, or delete the file",
                entry.name
            ),
        ),
        Err(reason) => complaints.warn(entry.line, format!("`{}`: {reason}; it is left out of account", entry.name)),
    }
}

fn withdrawn(reader: &Reader<'_>, matter: &mut Matter) {
    let Some(Entry { node, .. }) = reader.entry(WITHDRAWN.names) else { return };
    matter.withdrawn = match (node.as_bool(), &node.value) {
        (Some(false), _) => None,
        (Some(true), _) => Some(String::new()),
        (None, Value::Map(_)) => {
            Some(node.get(&["reason", "note", "text"]).and_then(Node::as_text).unwrap_or_default().to_owned())
        }
        (None, _) => Some(node.texts().into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")),
    };
}
