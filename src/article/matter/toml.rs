//! TOML front matter.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{MatterError, Node, Value};

/// Reads a block whose first line is line `first` of the file.
pub(super) fn parse(text: &str, first: usize) -> Result<Node, MatterError> {
    let lines =
        Lines { starts: std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect(), first };
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(first, |span| lines.of(span.start));
        let reason = error.message().replace('\n', ", ");
        MatterError { line, reason: format!("broken TOML: {reason}; texts want quotes around them, dates none") }
    })?;
    Ok(map(table.get_ref(), first, &lines))
}

struct Lines {
    starts: Vec<usize>,
    first: usize,
}

impl Lines {
    fn of(&self, offset: usize) -> usize {
        self.first + self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }
}

fn map(table: &DeTable<'_>, line: usize, lines: &Lines) -> Node {
    let mut entries: Vec<(String, Node)> =
        table.iter().map(|(key, value)| (key.get_ref().to_string(), node(value, lines))).collect();
    // The table is sorted by key; a reader of faults expects the order of the file.
    entries.sort_by_key(|(_, node)| node.line);
    Node { line, value: Value::Map(entries) }
}

fn node(value: &Spanned<DeValue<'_>>, lines: &Lines) -> Node {
    let line = lines.of(value.span().start);
    match value.get_ref() {
        DeValue::String(text) => Node::text(line, text.as_ref(), true),
        DeValue::Integer(number) => Node::text(line, number.as_str(), false),
        DeValue::Float(number) => Node::text(line, number.as_str(), false),
        DeValue::Boolean(decision) => Node::text(line, decision.to_string(), false),
        DeValue::Datetime(at) => Node::text(line, at.to_string(), false),
        DeValue::Array(list) => Node { line, value: Value::List(list.iter().map(|item| node(item, lines)).collect()) },
        DeValue::Table(table) => map(table, line, lines),
    }
}
