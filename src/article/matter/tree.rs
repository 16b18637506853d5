//! What YAML, TOML and JSON are read into: scalars as they were written, each value with its line.

/// One value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The line in the file, counted from 1.
    pub line: usize,
    /// The value.
    pub value: Value,
}

/// A value as it was written: `1.10` stays `1.10`, and a date stays text until somebody wants a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A scalar; empty where nothing was written.
    Text {
        /// What it says.
        text: String,
        /// Whether it stood in quotes or in a block: then `no` is a word and not a decision.
        quoted: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// Keys with their values, in order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// A scalar.
    pub fn text(line: usize, text: impl Into<String>, quoted: bool) -> Self {
        Node { line, value: Value::Text { text: text.into(), quoted } }
    }

    /// A map without keys.
    pub fn map(line: usize) -> Self {
        Node { line, value: Value::Map(Vec::new()) }
    }

    /// The value of the first of these keys that is there and says something. Keys are compared without regard to
    /// case, hyphens and underscores: `image-alt`, `image_alt` and `imageAlt` are one key.
    pub fn get(&self, keys: &[&str]) -> Option<&Node> {
        self.entry(keys).map(|(_, node)| node)
    }

    /// The same, with the key as it is written.
    pub fn entry(&self, keys: &[&str]) -> Option<(&str, &Node)> {
        let Value::Map(entries) = &self.value else { return None };
        let found = |key: &&str| entries.iter().find(|(name, node)| same_key(name, key) && !node.is_empty());
        keys.iter().find_map(found).map(|(name, node)| (name.as_str(), node))
    }

    /// An empty text, where one of these keys has one in quotes: somebody meant it, as nobody does who leaves the value out.
    pub fn said_empty(&self, keys: &[&str]) -> Option<String> {
        let Value::Map(entries) = &self.value else { return None };
        let meant = |node: &Node| matches!(&node.value, Value::Text { text, quoted: true } if text.trim().is_empty());
        let found = entries.iter().any(|(name, node)| meant(node) && keys.iter().any(|key| same_key(name, key)));
        found.then(String::new)
    }

    /// What is written, for a message: the words of a short text, else what kind of thing it is.
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Text { text, .. } => format!("“{}”", text.trim().chars().take(40).collect::<String>()),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }

    /// Whether it says nothing: an empty text, list or map.
    pub fn is_empty(&self) -> bool {
        match &self.value {
            Value::Text { text, .. } => text.trim().is_empty(),
            Value::List(list) => list.iter().all(Node::is_empty),
            Value::Map(map) => map.is_empty(),
        }
    }

    /// What a scalar says, trimmed; `None` for lists, maps and nothing.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text { text, .. } => Some(text.trim()).filter(|t| !t.is_empty()),
            _ => None,
        }
    }

    /// What a scalar decides: `true`, `yes`, `on`, `1`, or their opposites.
    pub fn as_bool(&self) -> Option<bool> {
        match self.as_text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" | "y" => Some(true),
            "false" | "no" | "off" | "0" | "n" => Some(false),
            _ => None,
        }
    }

    /// The scalars in it, in order, whatever lists and maps they stand in; of a map that has a name, the name.
    pub fn texts(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect(&self, found: &mut Vec<(usize, String)>) {
        match &self.value {
            Value::Text { .. } => found.extend(self.as_text().map(|text| (self.line, text.to_owned()))),
            Value::List(list) => list.iter().for_each(|node| node.collect(found)),
            Value::Map(map) => match self.get(&["name", "title", "label", "slug", "id"]) {
                Some(name) => name.collect(found),
                None => map.iter().for_each(|(_, node)| node.collect(found)),
            },
        }
    }
}

/// Whether two keys are the same but for case, hyphens and underscores.
pub fn same_key(a: &str, b: &str) -> bool {
    fn plain(key: &str) -> impl Iterator<Item = u8> {
        key.bytes().filter(|b| !matches!(b, b'-' | b'_' | b' ')).map(|b| b.to_ascii_lowercase())
    }
    plain(a).eq(plain(b))
}

/// A key without case, hyphens and underscores.
pub(super) fn plain_key(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}
