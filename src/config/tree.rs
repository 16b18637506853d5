//! A TOML text with the place of each value, so that a fault found in a value can name its line.

use toml::de::{DeTable, DeValue};
use toml::value::{Table, Value};

use super::Fault;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On this line of the file, counted from 1.
    Line(usize),
    /// In this environment variable.
    Variable(String),
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Tree,
}

/// What a TOML text can hold.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Text(String),
    Number(i64),
    Fraction(f64),
    Flag(bool),
    Date(String),
    List(Vec<Node>),
    /// In the order of the file. The place of an entry's node is that of its key.
    Table(Vec<(String, Node)>),
}

impl Tree {
    /// What it is, for people.
    pub(super) fn says(&self) -> &'static str {
        match self {
            Tree::Text(_) => "a text",
            Tree::Number(_) | Tree::Fraction(_) => "a number",
            Tree::Flag(_) => "true or false",
            Tree::Date(_) => "a date",
            Tree::List(_) => "a list",
            Tree::Table(_) => "a table",
        }
    }

    /// The entry of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        match self {
            Tree::Table(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The nodes of a list; none for anything else.
    pub(super) fn list(&self) -> &[Node] {
        match self {
            Tree::List(nodes) => nodes,
            _ => &[],
        }
    }

    /// The name of an element of a list: its `id` or `name`.
    pub(super) fn name(&self) -> Option<&str> {
        self.get("id").or_else(|| self.get("name")).and_then(|node| node.value.text())
    }
}

impl From<Node> for Value {
    fn from(node: Node) -> Value {
        match node.value {
            Tree::Text(text) | Tree::Date(text) => Value::String(text),
            Tree::Number(number) => Value::Integer(number),
            Tree::Fraction(number) => Value::Float(number),
            Tree::Flag(flag) => Value::Boolean(flag),
            Tree::List(nodes) => Value::Array(nodes.into_iter().map(Value::from).collect()),
            Tree::Table(entries) => {
                Value::Table(entries.into_iter().map(|(k, n)| (k, Value::from(n))).collect::<Table>())
            }
        }
    }
}

/// Reads a text.
///
/// # Errors
/// Every place where it is no TOML.
pub(super) fn parse(text: &str) -> Result<Node, Vec<Fault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node { place: Place::Line(1), value: lines.table(table.get_ref()) });
    }
    let fault = |error: toml::de::Error| {
        // The error's own text shows the line, and with it a password that may stand there.
        let line = error.span().map(|span| lines.line(span.start));
        // Where a key stands twice the place is the key alone.
        let key = error.span().filter(|_| error.message() == "duplicate key").and_then(|span| text.get(span));
        let key = key.map_or(String::new(), |key| format!(" “{key}”; take one of the two away"));
        Fault { line, variable: None, key: String::new(), reason: format!("this is no TOML: {}{key}", error.message()) }
    };
    let mut faults: Vec<Fault> = errors.into_iter().map(fault).collect();
    faults.sort_by_key(|fault| fault.line);
    Err(faults)
}

/// Where each line of a text begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        Lines(std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect())
    }

    /// The line of a byte, counted from 1.
    fn line(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start <= byte)
    }

    fn table(&self, table: &DeTable<'_>) -> Tree {
        let mut entries: Vec<(usize, String, Node)> = table
            .iter()
            .map(|(key, value)| {
                let start = key.span().start;
                let node = Node { place: Place::Line(self.line(start)), value: self.value(value.get_ref()) };
                (start, key.get_ref().to_string(), node)
            })
            .collect();
        entries.sort_by_key(|(start, ..)| *start);
        Tree::Table(entries.into_iter().map(|(_, key, node)| (key, node)).collect())
    }

    fn value(&self, value: &DeValue<'_>) -> Tree {
        match value {
            DeValue::String(text) => Tree::Text(text.to_string()),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Tree::Number(number),
                Err(_) => Tree::Fraction(f64::INFINITY),
            },
            DeValue::Float(number) => Tree::Fraction(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => Tree::Flag(*flag),
            DeValue::Datetime(date) => Tree::Date(date.to_string()),
            DeValue::Array(all) => Tree::List(
                all.iter()
                    .map(|one| Node {
                        place: Place::Line(self.line(one.span().start)),
                        value: self.value(one.get_ref()),
                    })
                    .collect(),
            ),
            DeValue::Table(table) => self.table(table),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let text = "\u{feff}[site]\ntitle = \"x\"\n\n[[lists]]\nname = \"a\"\n[[lists]]\nname = \"b\"\nfile = { x = 1,\n y = 2 }\n";
        let tree = parse(text).unwrap().value;
        let line = |node: &Node| node.place.clone();
        assert_eq!(line(tree.get("site").unwrap().value.get("title").unwrap()), Place::Line(2));
        let lists = tree.get("lists").unwrap().value.list();
        assert_eq!(line(&lists[0]), Place::Line(4));
        assert_eq!(line(&lists[1]), Place::Line(6));
        assert_eq!(lists[1].value.name(), Some("b"));
        assert_eq!(line(lists[1].value.get("file").unwrap().value.get("y").unwrap()), Place::Line(9));
    }

    #[test]
    fn every_break_of_the_syntax_is_found_and_no_line_is_shown() {
        let faults = parse("a = \nb = 1\npassword = \"hunter2\nc = [1,\n").unwrap_err();
        assert!(faults.len() >= 2, "{faults:?}");
        assert_eq!(faults[0].line, Some(1));
        assert!(!format!("{faults:?}").contains("hunter2"));
        let twice = parse("a = 1\na = 2\n").unwrap_err();
        assert_eq!(twice[0].line, Some(2), "{twice:?}");
        assert!(twice[0].reason.contains("duplicate key “a”"), "{twice:?}");
    }
}
