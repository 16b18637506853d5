//! The reference of `config.toml`, from the doc comments of this room: for `herald config explain` and docs/CONFIG.md.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::near::nearest;
use super::shape::{Key, Shape, sections};

/// One key of the reference.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Its path, without the names of elements: `mail.relays.url`.
    pub path: String,
    /// The header of the table it stands in: `[[mail.relays]]`.
    pub table: String,
    /// What is said about it.
    pub text: String,
    /// What it holds; `None` for a table, whose keys follow.
    pub holds: Option<String>,
    /// Whether it must be there.
    pub required: bool,
    /// What holds where it is left out, as TOML.
    pub default: Option<String>,
    /// A line of TOML.
    pub example: Option<String>,
    /// What each of its words means.
    pub words: Vec<(String, String)>,
}

/// Every key, in the order of a file.
pub fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for key in sections() {
        section(key, "", &mut entries);
    }
    entries
}

/// The entries at `path` and below it.
///
/// # Errors
/// There is no such key: the nearest path.
pub fn explain(path: &str) -> Result<Vec<Entry>, Option<String>> {
    let path = path.trim_matches(['[', ']', ' ']);
    let all = entries();
    let whole = without_name(path, &all);
    let path = whole.as_deref().unwrap_or(path);
    let below = format!("{path}.");
    let near = || {
        let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
        let exact = all.iter().find(|entry| last(&entry.path) == last(path)).map(|entry| entry.path.clone());
        exact.or_else(|| nearest(path, all.iter().map(|entry| entry.path.as_str())).map(str::to_owned))
    };
    if !all.iter().any(|entry| entry.path == path) {
        return Err(near());
    }
    Ok(all.into_iter().filter(|entry| entry.path == path || entry.path.starts_with(&below)).collect())
}

/// The path without the name of an element: `newsletters.schedule` of `newsletters.daily.schedule`, as faults name a key.
fn without_name(path: &str, all: &[Entry]) -> Option<String> {
    let parts: Vec<&str> = path.split('.').collect();
    let is = |path: &str| all.iter().any(|entry| entry.path == path);
    if is(path) {
        return None;
    }
    (1..parts.len()).find_map(|n| {
        let list = parts[..n].join(".");
        let is_list = all.iter().any(|entry| entry.path == list && entry.table.starts_with("[["));
        let whole = [&parts[..n], &parts[n + 1..]].concat().join(".");
        (is_list && is(&whole)).then_some(whole)
    })
}

/// A table, then its keys, then the tables in it.
fn section(key: &Key, before: &str, entries: &mut Vec<Entry>) {
    let path = if before.is_empty() { key.name.clone() } else { format!("{before}.{}", key.name) };
    let (table, keys): (String, Vec<(&str, &[Key])>) = match &key.shape {
        Shape::Table(keys) => (format!("[{path}]"), vec![("", keys)]),
        Shape::List(of, _) => match &**of {
            Shape::Table(keys) => (format!("[[{path}]]"), vec![("", keys)]),
            Shape::Tagged(all) => {
                (format!("[[{path}]]"), all.iter().map(|(kind, keys)| (kind.as_str(), keys.as_slice())).collect())
            }
            _ => return,
        },
        _ => return,
    };
    entries.push(Entry {
        path: path.clone(),
        table: table.clone(),
        text: key.text.clone(),
        holds: None,
        required: key.required,
        default: None,
        example: None,
        words: Vec::new(),
    });
    let mut inner = Vec::new();
    for (kind, keys) in keys {
        for key in keys {
            if is_table(&key.shape) {
                inner.push(key);
            } else {
                entries.push(entry(key, kind, &path, &table));
            }
        }
    }
    for key in inner {
        section(key, &path, entries);
    }
}

fn is_table(shape: &Shape) -> bool {
    match shape {
        Shape::Table(_) | Shape::Tagged(_) => true,
        Shape::List(of, _) => is_table(of),
        _ => false,
    }
}

fn entry(key: &Key, kind: &str, path: &str, table: &str) -> Entry {
    let default = key.default.as_ref().filter(|value| value.as_array().is_none_or(|all| !all.is_empty()));
    let example = key
        .example
        .clone()
        .or_else(|| default.filter(|value| !value.is_boolean()).cloned())
        .or_else(|| key.shape.example());
    let text = match (key.name.as_str(), kind) {
        ("kind", kind) if !kind.is_empty() => "What kind of source it is.".to_owned(),
        _ => key.text.clone(),
    };
    Entry {
        path: format!("{path}.{}", key.name),
        table: table.to_owned(),
        text,
        holds: Some(key.shape.says()),
        required: key.required,
        default: default.map(toml),
        example: example.map(|example| format!("{} = {}", key.name, toml(&example))),
        words: match &key.shape {
            Shape::Word(words) => words.iter().filter(|(_, text)| !text.is_empty()).cloned().collect(),
            _ => Vec::new(),
        },
    }
}

/// A value as TOML has it, on one line.
pub(super) fn toml(value: &Value) -> String {
    match value {
        Value::Array(all) => format!("[{}]", all.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(all) if all.is_empty() => "{}".to_owned(),
        Value::Object(all) => {
            let bare = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            let key = |key: &String| if bare(key) { key.clone() } else { toml(&Value::String(key.clone())) };
            let all: Vec<String> = all.iter().map(|(name, value)| format!("{} = {}", key(name), toml(value))).collect();
            format!("{{ {} }}", all.join(", "))
        }
        Value::String(text) => ::toml::Value::String(text.clone()).to_string(),
        other => other.to_string(),
    }
}

/// The whole reference as Markdown: docs/CONFIG.md.
pub fn markdown() -> String {
    let mut text = String::from(
        "# config.toml\n\n\
         Made from the code (`src/config/`); `herald config explain` prints the same, `herald config explain KEY` one key of it.\n\n\
         - Relative paths are taken from the folder of the file.\n\
         - Any text that people see may be a table by language: `{ en = \"…\", sr-Latn = \"…\" }`.\n\
         - Each key may also come from the environment, elements of lists by their name: `HERALD_MAIL__FROM`, \
         `HERALD_MAIL__RELAYS__OUTBOX__URL`. A list is `a,b`, or as in the file.\n\
         - Passwords stand in a file or an environment variable that the configuration names, never in it.\n\
         - An unknown key is an error that names the nearest known one. `herald check` names every fault at once.\n",
    );
    for entry in entries() {
        let _ = match &entry.holds {
            None => write!(text, "\n## `{}`\n\n{}\n\n", entry.table, entry.text),
            Some(holds) => write!(text, "- **`{}`**: {holds}{}\n  {}\n", name(&entry), status(&entry), entry.text),
        };
        for (word, meaning) in &entry.words {
            let _ = writeln!(text, "  `{word}`: {meaning}");
        }
        if let Some(example) = &entry.example {
            let _ = writeln!(text, "  Example: `{example}`");
        }
    }
    text
}

/// The same for the terminal.
pub fn plain(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries {
        match &entry.holds {
            None => {
                let _ = writeln!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, entry.table);
                wrap(&mut text, "  ", &entry.text);
                text.push('\n');
            }
            Some(holds) => {
                let _ =
                    writeln!(text, "  {}  ({}{})", name(entry), holds.replace('`', ""), status(entry).replace('`', ""));
                wrap(&mut text, "      ", &entry.text);
                for (word, meaning) in &entry.words {
                    wrap(&mut text, "        ", &format!("{word}: {meaning}"));
                }
                if let Some(example) = &entry.example {
                    let _ = writeln!(text, "      {example}");
                }
                if let [_] = entries {
                    let _ = writeln!(text, "      or from the environment: {}", variable(entry));
                }
            }
        }
    }
    text
}

/// The environment variable of a key; NAME stands for the name of an element.
pub fn variable(entry: &Entry) -> String {
    let list = entry.table.starts_with("[[");
    let parts: Vec<String> = entry.path.split('.').map(str::to_uppercase).collect();
    match parts.as_slice() {
        [table @ .., key] if list => format!("HERALD_{}__NAME__{key}", table.join("__")),
        parts => format!("HERALD_{}", parts.join("__")),
    }
}

fn name(entry: &Entry) -> &str {
    entry.path.rsplit('.').next().unwrap_or(&entry.path)
}

fn status(entry: &Entry) -> String {
    match (&entry.default, entry.required) {
        (_, true) => ", required".to_owned(),
        (Some(default), false) => format!(", `{default}` where left out"),
        (None, false) => String::new(),
    }
}

/// Appends a text in lines of at most 88 letters.
fn wrap(out: &mut String, indent: &str, text: &str) {
    let mut line = indent.to_owned();
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() > 88 && line.trim() != "" {
            out.push_str(line.trim_end());
            out.push('\n');
            line = indent.to_owned();
        }
        line.push_str(word);
        line.push(' ');
    }
    out.push_str(line.trim_end());
    out.push('\n');
}
