//! What the environment says over the file: `HERALD_MAIL__FROM`, elements of lists by their name
//! (`HERALD_MAIL__RELAYS__OUTBOX__URL`). A value is read by the type of its key; a variable that names no key is a fault.

use super::Fault;
use super::later;
use super::near::{nearest, or_list};
use super::shape::{Key, Shape, sections};
use super::tree::{Node, Place, Tree, parse};
use crate::article::Language;

const PREFIX: &str = "HERALD_";

/// Variables of this prefix that are no keys: those of the command line, and those of our tests and benchmarks.
const OURS: [&str; 4] = ["HERALD_CONFIG", "HERALD_LOG", "HERALD_DATA", "HERALD_STAFF_TOKEN"];
const OUR_PREFIXES: [&str; 2] = ["HERALD_TEST_", "HERALD_BENCH_"];

/// Lays the environment over the file's values; every variable that names no key, or holds what its key can't be.
pub(super) fn lay_over(root: &mut Node, env: impl IntoIterator<Item = (String, String)>) -> Vec<Fault> {
    let mut unknown = Vec::new();
    let mut vars: Vec<(String, String)> = env
        .into_iter()
        .filter(|(name, _)| name.starts_with(PREFIX) && !OURS.contains(&name.as_str()))
        .filter(|(name, _)| !OUR_PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    vars.sort();
    for (name, value) in vars {
        let path: Vec<String> = name[PREFIX.len()..].split("__").map(str::to_lowercase).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let mut over = Over { name: &name, value: &value };
        if let Err(reason) = over.table(sections(), root, &path, &mut Vec::new()) {
            unknown.push(Fault { line: None, variable: Some(name.clone()), key: String::new(), reason });
        }
    }
    // A variable that some password_env or token_env names is there for its secret.
    let mut passwords = Vec::new();
    named_variables(&root.value, &mut passwords);
    unknown.retain(|fault| fault.variable.as_ref().is_none_or(|name| !passwords.contains(name)));
    unknown
}

fn named_variables(tree: &Tree, found: &mut Vec<String>) {
    match tree {
        Tree::Table(entries) => {
            for (key, node) in entries {
                match (key.as_str(), node.value.text()) {
                    ("password_env" | "token_env", Some(name)) => found.push(name.to_owned()),
                    _ => named_variables(&node.value, found),
                }
            }
        }
        Tree::List(nodes) => nodes.iter().for_each(|node| named_variables(&node.value, found)),
        _ => {}
    }
}

/// One variable on its way to its key.
struct Over<'v> {
    name: &'v str,
    value: &'v str,
}

impl Over<'_> {
    fn node(&self, value: Tree) -> Node {
        Node { place: Place::Variable(self.name.to_owned()), value }
    }

    /// Goes on in a table. `walked` is the way so far, as the variable would spell it.
    fn table(&mut self, keys: &[Key], node: &mut Node, path: &[&str], walked: &mut Vec<String>) -> Result<(), String> {
        let Some((name, rest)) = path.split_first() else { return Err("is a table; name one of its keys".to_owned()) };
        let Some(key) = keys.iter().find(|key| key.name == *name) else {
            return Err(self.no_key(keys, name, walked));
        };
        walked.push(key.name.clone());
        let Tree::Table(entries) = &mut node.value else { return Ok(()) };
        let at = entries.iter().position(|(known, _)| *known == key.name);
        if rest.is_empty() {
            let new = self.node(self.read(&key.shape)?);
            match at {
                Some(i) => entries[i].1 = new,
                None => entries.push((key.name.clone(), new)),
            }
            return Ok(());
        }
        let i = match at {
            Some(i) => i,
            None => {
                entries.push((key.name.clone(), self.node(self.begin(key)?)));
                entries.len() - 1
            }
        };
        let child = &mut entries[i].1;
        match &key.shape {
            Shape::Table(keys) => self.table(keys, child, rest, walked),
            Shape::List(of, _) => self.element(of, child, rest, walked),
            shape => self.language(shape, child, rest),
        }
    }

    /// What stands where a variable names a key below one that the file leaves out.
    fn begin(&self, key: &Key) -> Result<Tree, String> {
        match (&key.shape, key.name.as_str()) {
            // The relay that there is where none is named.
            (Shape::List(..), "relays") => {
                let text = |text: &str| self.node(Tree::Text(text.to_owned()));
                let relay = [("name", "outbox"), ("url", "folder:var/outbox")];
                let relay = relay.map(|(key, value)| (key.to_owned(), text(value)));
                Ok(Tree::List(vec![self.node(Tree::Table(relay.into()))]))
            }
            (Shape::List(..), _) => Ok(Tree::List(Vec::new())),
            _ => Ok(Tree::Table(Vec::new())),
        }
    }

    /// Goes on in an element of a list, by its name.
    fn element(&mut self, of: &Shape, node: &mut Node, path: &[&str], walked: &mut Vec<String>) -> Result<(), String> {
        let Some((name, rest)) = path.split_first() else { return Err("names no element".to_owned()) };
        let keys = match of {
            Shape::Table(keys) => keys,
            // One kind so far; the first kind that has the key is as good for any.
            Shape::Tagged(all) => {
                match all.iter().find(|(_, keys)| rest.first().is_some_and(|r| keys.iter().any(|k| k.name == *r))) {
                    Some((_, keys)) => keys,
                    None => match all.first() {
                        Some((_, keys)) => keys,
                        None => return Err("names no key".to_owned()),
                    },
                }
            }
            _ => {
                return Err(format!(
                    "{} is a list of texts; set it whole: {}=a,b",
                    walked.join("."),
                    self.spell(walked)
                ));
            }
        };
        let Tree::List(nodes) = &mut node.value else { return Ok(()) };
        let spelt = |name: &str| name.to_lowercase().replace('-', "_");
        let known: Vec<String> = nodes.iter().filter_map(|node| node.value.name().map(str::to_owned)).collect();
        let Some(element) = nodes.iter_mut().find(|node| node.value.name().is_some_and(|known| spelt(known) == *name))
        else {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let hint = match names.as_slice() {
                [] => "the file names none".to_owned(),
                names => format!("there is {}", or_list(names, "and")),
            };
            return Err(format!("no {} is named “{name}”; {hint}", walked.join(".")));
        };
        walked.push((*name).to_owned());
        self.table(keys, element, rest, walked)
    }

    /// Goes on in a text by language.
    fn language(&self, shape: &Shape, node: &mut Node, path: &[&str]) -> Result<(), String> {
        let by_language = match shape {
            Shape::Either(all) => all.iter().any(|one| matches!(one, Shape::ByLanguage(_))),
            shape => matches!(shape, Shape::ByLanguage(_)),
        };
        let [tag] = path else { return Err("names a key below one that has none".to_owned()) };
        if !by_language {
            return Err("names a key below one that has none".to_owned());
        }
        let language: Language = tag.replace('_', "-").parse().map_err(|e| format!("{e}"))?;
        let Tree::Table(entries) = &mut node.value else {
            return Err(
                "the file has one text for all languages; set it whole, or write a table by language there".to_owned()
            );
        };
        let new = self.node(Tree::Text(self.value.to_owned()));
        let same = |known: &str| known.parse::<Language>().is_ok_and(|known| known == language);
        match entries.iter_mut().find(|(known, _)| same(known)) {
            Some((_, node)) => *node = new,
            None => entries.push((language.as_str().to_owned(), new)),
        }
        Ok(())
    }

    /// The value, as the type of its key has it.
    fn read(&self, shape: &Shape) -> Result<Tree, String> {
        let text = || Tree::Text(self.value.to_owned());
        match shape {
            Shape::Text(_) | Shape::Word(_) => Ok(text()),
            Shape::Number(..) => {
                self.value.trim().parse().map(Tree::Number).map_err(|_| format!("“{}” is no whole number", self.value))
            }
            Shape::Flag => match self.value.trim() {
                "true" => Ok(Tree::Flag(true)),
                "false" => Ok(Tree::Flag(false)),
                other => Err(format!("“{other}” is neither true nor false")),
            },
            Shape::List(of, _) if matches!(**of, Shape::Table(_) | Shape::Tagged(_)) => {
                Err(format!("is a list of tables; set their keys one by one, by name: {}__NAME__KEY", self.name))
            }
            Shape::List(..) if self.value.trim_start().starts_with('[') => self.toml(),
            Shape::List(..) => {
                let parts = self.value.split(',').map(str::trim).filter(|part| !part.is_empty());
                Ok(Tree::List(parts.map(|part| self.node(Tree::Text(part.to_owned()))).collect()))
            }
            Shape::Either(all) => {
                let begins = self.value.trim_start().chars().next();
                let list = all.iter().any(|one| matches!(one, Shape::List(..)));
                let table = all.iter().any(|one| matches!(one, Shape::ByLanguage(_)));
                match begins {
                    Some('[') if list => self.toml(),
                    Some('{') if table => self.toml(),
                    _ => Ok(text()),
                }
            }
            Shape::ByDomain(_) | Shape::ByPath => self.toml(),
            Shape::Table(_) | Shape::Tagged(_) | Shape::ByLanguage(_) => {
                Err(format!("is a table; set its keys one by one: {}__KEY", self.name))
            }
        }
    }

    /// A value written as in the file.
    fn toml(&self) -> Result<Tree, String> {
        let fault = || "cannot be read; write it as in the file: [\"a\", \"b\"] or { en = \"…\" }".to_owned();
        let tree = parse(&format!("x = {}", self.value)).map_err(|_| fault())?;
        let mut node = tree.value.get("x").cloned().ok_or_else(fault)?;
        self.claim(&mut node);
        Ok(node.value)
    }

    fn claim(&self, node: &mut Node) {
        node.place = Place::Variable(self.name.to_owned());
        match &mut node.value {
            Tree::List(nodes) => nodes.iter_mut().for_each(|node| self.claim(node)),
            Tree::Table(entries) => entries.iter_mut().for_each(|(_, node)| self.claim(node)),
            _ => {}
        }
    }

    fn no_key(&self, keys: &[Key], name: &str, walked: &[String]) -> String {
        if super::check::is_secret(name) {
            return super::kind::NO_PASSWORD.to_owned();
        }
        let whole = name.replace("__", "_");
        if walked.is_empty()
            && let Some(meant) = single(&whole)
        {
            return format!("names no key; did you mean {meant}? Two underscores stand between section and key");
        }
        if later::key(&walked.join("."), name) {
            return later::says("this");
        }
        let known: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
        match nearest(name, known.iter().copied()) {
            Some(near) => {
                let mut meant = walked.to_vec();
                meant.push(near.to_owned());
                format!("names no key; did you mean {}?", self.spell(&meant))
            }
            None if walked.is_empty() => format!("names no key; sections are {}", or_list(&known, "and")),
            None => format!("names no key; {} has {}", walked.join("."), or_list(&known, "and")),
        }
    }

    fn spell(&self, path: &[String]) -> String {
        let parts: Vec<String> = path.iter().map(|part| part.to_uppercase().replace('-', "_")).collect();
        format!("{PREFIX}{}", parts.join("__"))
    }
}

/// `mail_from` as it was meant: `HERALD_MAIL__FROM`.
fn single(name: &str) -> Option<String> {
    sections().iter().find_map(|section| {
        let key = name.strip_prefix(&section.name)?.strip_prefix('_')?;
        let Shape::Table(keys) = &section.shape else { return None };
        let key = keys.iter().find(|known| known.name == key)?;
        Some(format!("{PREFIX}{}__{}", section.name.to_uppercase(), key.name.to_uppercase()))
    })
}
