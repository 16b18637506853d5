//! YAML front matter, from the parser's events: what was written is kept as it was written (a title `1.10` is no
//! number), every value has its line, and neither aliases nor depth can make a small file big.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, options};

use super::{Complaints, MatterError, Node, Value, keys};

/// Nodes a block may have, aliases written out.
const NODES: usize = 20_000;
/// Lists and maps within each other.
const DEPTH: usize = 32;

/// Reads a block whose first line is line `first` of the file.
pub(super) fn parse(text: &str, first: usize, complaints: &mut Complaints) -> Result<Node, MatterError> {
    let untabbed = untab(text, first, complaints);
    let text = untabbed.as_deref().unwrap_or(text);
    let mut builder = Builder { first, nodes: 0, anchors: HashMap::new(), open: Vec::new(), root: None };
    for event in Parser::new_from_str_with_options(text, options! { emit_comments: false }) {
        let (event, span) = event.map_err(|error| MatterError {
            line: first + error.marker().line().saturating_sub(1),
            reason: explain(&error.info(), text, error.marker().line()),
        })?;
        let line = first + span.start.line().saturating_sub(1);
        if !builder.take(event, line, complaints)? {
            break;
        }
    }
    Ok(builder.root.unwrap_or_else(|| Node::text(first, "", false)))
}

/// What is being built: a list, or a map whose next key may have been read.
enum Open {
    List {
        line: usize,
        anchor: usize,
        items: Vec<Node>,
    },
    Map {
        line: usize,
        anchor: usize,
        entries: Vec<(String, Node)>,
        key: Option<(String, usize)>,
        merged: Vec<(String, Node)>,
    },
}

struct Builder {
    first: usize,
    nodes: usize,
    anchors: HashMap<usize, Node>,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder {
    /// Takes the next event; false once the first document is read.
    fn take(&mut self, event: Event<'_>, line: usize, complaints: &mut Complaints) -> Result<bool, MatterError> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let quoted = style != ScalarStyle::Plain;
                let null = !quoted && matches!(&*text, "~" | "null" | "Null" | "NULL");
                let node = Node::text(line, if null { String::new() } else { text.into_owned() }, quoted);
                self.put(node, anchor, complaints)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                self.deeper(line)?;
                self.open.push(Open::List { line, anchor, items: Vec::new() });
            }
            Event::MappingStart(_, anchor, _) => {
                self.deeper(line)?;
                self.open.push(Open::Map { line, anchor, entries: Vec::new(), key: None, merged: Vec::new() });
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { line, anchor, items }) => {
                    self.put(Node { line, value: Value::List(items) }, anchor, complaints)?;
                }
                Some(Open::Map { line, anchor, mut entries, merged, .. }) => {
                    for (name, node) in merged {
                        if !entries.iter().any(|(known, _)| *known == name) {
                            entries.push((name, node));
                        }
                    }
                    self.put(Node { line, value: Value::Map(entries) }, anchor, complaints)?;
                }
                None => {}
            },
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().ok_or_else(|| MatterError {
                    line,
                    reason: "an alias (`*name`) inside what it stands for; write it out".to_owned(),
                })?;
                self.nodes += size(&node);
                self.put(node, 0, complaints)?;
            }
            Event::DocumentEnd => return Ok(false),
            _ => {}
        }
        Ok(true)
    }

    fn deeper(&self, line: usize) -> Result<(), MatterError> {
        if self.open.len() < DEPTH {
            return Ok(());
        }
        Err(MatterError { line, reason: format!("lists and maps stand more than {DEPTH} deep in each other") })
    }

    /// Puts a finished node where it belongs.
    fn put(&mut self, node: Node, anchor: usize, complaints: &mut Complaints) -> Result<(), MatterError> {
        self.nodes += 1;
        if self.nodes > NODES {
            let reason = format!("more than {NODES} values in the front matter");
            return Err(MatterError { line: node.line.max(self.first), reason });
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, merged, .. }) => match key.take() {
                None => *key = Some((node.as_text().unwrap_or_default().to_owned(), node.line)),
                // What is merged in (`<<`) gives way to what is written out.
                Some((name, _)) if name == "<<" => merged.extend(maps(node)),
                Some((name, line)) => entry(entries, name, line, node, complaints)?,
            },
        }
        Ok(())
    }
}

/// Puts a key into a map: of one written twice the last counts, unless it decides whether the article is held.
fn entry(
    entries: &mut Vec<(String, Node)>,
    name: String,
    line: usize,
    node: Node,
    complaints: &mut Complaints,
) -> Result<(), MatterError> {
    if let Some(known) = entries.iter_mut().find(|(known, _)| *known == name) {
        if known.1 == node {
            return Ok(());
        }
        if keys::may_hold(&name) {
            return Err(MatterError {
                line,
                reason: format!("`{name}` is written twice (first in line {}); keep one", known.1.line),
            });
        }
        complaints.warn(line, format!("`{name}` is written twice (first in line {}); this one counts", known.1.line));
        known.1 = node;
        return Ok(());
    }
    entries.push((name, node));
    Ok(())
}

/// The entries of a map, or of a list of maps.
fn maps(node: Node) -> Vec<(String, Node)> {
    match node.value {
        Value::Map(map) => map,
        Value::List(list) => list.into_iter().flat_map(maps).collect(),
        Value::Text { .. } => Vec::new(),
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Text { .. } => 1,
        Value::List(list) => list.iter().map(size).sum::<usize>() + 1,
        Value::Map(map) => map.iter().map(|(_, node)| size(node)).sum::<usize>() + 1,
    }
}

/// Tabs at the beginning of lines are no YAML; editors put them there all the same, and what is meant is clear.
fn untab(text: &str, first: usize, complaints: &mut Complaints) -> Option<String> {
    let starts_with_tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    let at = text.lines().position(starts_with_tab)?;
    complaints.warn(first + at, "a tab at the beginning of the line; YAML wants spaces, and it was read as such");
    let mut spaced = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        for c in line[..indent].chars() {
            spaced.push_str(if c == '\t' { "  " } else { " " });
        }
        spaced.push_str(&line[indent..]);
    }
    Some(spaced)
}

/// The parser's words, and what most probably has to be done.
fn explain(info: &str, text: &str, line: usize) -> String {
    let written = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let before = text.lines().nth(line.saturating_sub(2)).unwrap_or_default();
    let colon = |l: &str| {
        l.split_once(": ").is_some_and(|(_, value)| {
            !value.trim_start().starts_with(['"', '\'', '[', '{', '|', '>']) && value.contains(": ")
        })
    };
    let advice = if colon(written) || colon(before) {
        "; a text with a colon in it wants quotes around it"
    } else if written.matches('"').count() % 2 == 1 || written.matches('\'').count() % 2 == 1 {
        "; look at the quotes in this line"
    } else {
        "; look at the indentation and the quotes near here"
    };
    format!("broken YAML: {info}{advice}")
}
