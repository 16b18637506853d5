//! Holds a configuration against its shape, and names every fault: unknown keys, wrong types, bad values, names that
//! are there twice, and names that nobody has.

mod ledger;

use super::kind::Kind;
use super::later;
use super::near::{nearest, or_list};
use super::shape::{Key, Shape, sections};
use super::tree::{Node, Place, Tree};
use super::{Fault, Span, kind};
use crate::article::{Language, topic_id};

/// Words that are nobody's key but may hold a secret.
const SECRETS: [&str; 6] = ["password", "passwd", "pass", "secret", "token", "api_key"];

/// Whether a name looks like that of a secret.
pub(super) fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// Checks a text for the key at `path` (`site.url`), for a list one of its elements, before it is written into a file.
///
/// # Errors
/// What is wrong with it.
pub fn check_text(path: &str, text: &str) -> Result<(), String> {
    let mut keys = sections();
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let Some(key) = keys.iter().find(|key| key.name == part) else { return Err(format!("there is no key {path}")) };
        let shape = match &key.shape {
            Shape::List(of, _) => of,
            shape => shape,
        };
        match (shape, parts.peek()) {
            (Shape::Table(inner), Some(_)) => keys = inner,
            (Shape::Text(Some(kind)), None) => return kind.check(text),
            (_, None) if text.trim().is_empty() => return Err("it is empty".to_owned()),
            (_, None) => return Ok(()),
            _ => return Err(format!("there is no key {path}")),
        }
    }
    Ok(())
}

/// Every fault of `root`, in the order of the file.
pub(super) fn check(root: &Node) -> Vec<Fault> {
    let mut check = Check { root: &root.value, faults: Vec::new() };
    check.table(sections(), &root.value, &root.place, &Path::default());
    check.beyond_shape();
    check.faults.sort_by_key(|fault| fault.line.unwrap_or(0));
    check.faults
}

/// Where in the configuration: as it is shown (`newsletters.daily.title`), and without the names of elements.
#[derive(Clone, Default)]
pub(super) struct Path {
    pub(super) shown: String,
    plain: String,
}

impl Path {
    fn key(&self, name: &str) -> Path {
        let join = |before: &str| if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") };
        Path { shown: join(&self.shown), plain: join(&self.plain) }
    }

    /// The element of a list: by its name where it has one, else by its number.
    fn element(&self, index: usize, node: &Node) -> Path {
        let shown = match node.value.name() {
            Some(name) if !name.is_empty() => format!("{}.{name}", self.shown),
            _ => format!("{}[{}]", self.shown, index + 1),
        };
        Path { shown, plain: self.plain.clone() }
    }
}

/// Each key that is there, with its place.
pub(super) fn places(tree: &Tree, path: &Path, each: &mut impl FnMut(String, &Place)) {
    match tree {
        Tree::Table(entries) => {
            for (name, node) in entries {
                let path = path.key(name);
                each(path.shown.clone(), &node.place);
                places(&node.value, &path, each);
            }
        }
        Tree::List(nodes) => {
            for (i, node) in nodes.iter().enumerate().filter(|(_, node)| matches!(node.value, Tree::Table(_))) {
                let path = path.element(i, node);
                each(path.shown.clone(), &node.place);
                places(&node.value, &path, each);
            }
        }
        _ => {}
    }
}

struct Check<'t> {
    root: &'t Tree,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, place: &Place, path: &Path, reason: impl Into<String>) {
        self.faults.push(Fault::at(place, &path.shown, reason));
    }

    fn table(&mut self, keys: &[Key], tree: &Tree, place: &Place, path: &Path) {
        let Tree::Table(entries) = tree else {
            return self.fault(place, path, format!("must be a table, and is {}", tree.says()));
        };
        let mut meant = Vec::new();
        for (name, node) in entries {
            match keys.iter().find(|key| key.name == *name) {
                Some(key) => self.value(&key.shape, node, &path.key(name)),
                None => meant.extend(self.unknown(keys, name, node, path)),
            }
        }
        let missing = |key: &&Key| key.required && tree.get(&key.name).is_none() && !meant.contains(&key.name);
        for key in keys.iter().filter(missing) {
            let example = key.example.clone().or_else(|| key.shape.example());
            let example = example.map(|e| format!("; for example {} = {}", key.name, super::reference::toml(&e)));
            let text = key.text.trim_end_matches('.');
            self.fault(place, &path.key(&key.name), format!("is missing ({text}){}", example.unwrap_or_default()));
        }
    }

    /// Says that a table has no such key; gives the key that was probably meant.
    fn unknown(&mut self, keys: &[Key], name: &str, node: &Node, path: &Path) -> Option<String> {
        let mut meant = None;
        let reason = if is_secret(name) {
            kind::NO_PASSWORD.to_owned()
        } else if later::key(&path.plain, name) {
            later::says("this")
        } else {
            let table = if path.plain.is_empty() { "config.toml".to_owned() } else { format!("[{}]", path.plain) };
            let known: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
            match (nearest(name, known.iter().copied()), home_of(name)) {
                (Some(near), _) => {
                    meant = Some(near.to_owned());
                    format!("{table} has no key “{name}”; did you mean “{near}”?")
                }
                (None, Some(home)) => format!("{table} has no key “{name}”; it belongs in [{home}]"),
                (None, None) => format!("{table} has no key “{name}”; it has {}", or_list(&known, "and")),
            }
        };
        self.fault(&node.place, &path.key(name), reason);
        meant
    }

    fn value(&mut self, shape: &Shape, node: &Node, path: &Path) {
        let wrong = |tree: &Tree| format!("must be {}, and is {}", wanted(shape), tree.says());
        match (shape, &node.value) {
            (Shape::Table(keys), tree) => self.table(keys, tree, &node.place, path),
            (Shape::Tagged(all), tree) => self.tagged(all, tree, &node.place, path),
            (Shape::ByLanguage(of), Tree::Table(entries)) => {
                for (language, node) in entries {
                    let path = path.key(language);
                    if let Err(reason) = Kind::Language.check(language) {
                        self.fault(&node.place, &path, reason);
                    }
                    self.value(of, node, &path);
                }
                if entries.is_empty() {
                    self.fault(&node.place, path, "is empty; write a text, or one for each language");
                }
            }
            (Shape::ByDomain(of), Tree::Table(entries)) => {
                for (domain, node) in entries {
                    let path = path.key(domain);
                    if let Err(reason) = kind::domain(domain) {
                        self.fault(&node.place, &path, reason);
                    }
                    self.value(of, node, &path);
                }
            }
            (Shape::ByPath, Tree::Table(entries)) => {
                for (former, node) in entries {
                    let path = path.key(former);
                    if let Err(reason) = kind::former_path(former) {
                        self.fault(&node.place, &path, reason);
                    }
                    match node.value.text() {
                        Some(to) => self.moved_to(to, &node.place, &path),
                        None => self.fault(
                            &node.place,
                            &path,
                            format!("must be a text in quotes, and is {}", node.value.says()),
                        ),
                    }
                }
            }
            (Shape::List(of, least), Tree::List(nodes)) => self.list(of, *least, nodes, &node.place, path),
            (Shape::Text(kind), Tree::Text(text)) => self.text(*kind, text, &node.place, path),
            (Shape::Text(Some(Kind::Schedule)), Tree::Table(_)) => {
                self.fault(&node.place, path, later::says("a choice of schedules"));
            }
            (Shape::Word(words), Tree::Text(text)) => self.word(words, text, &node.place, path),
            (Shape::Number(least, most), Tree::Number(number)) => {
                if !(least..=most).contains(&number) {
                    let ends =
                        if *most == i64::MAX { format!("{least} or more") } else { format!("from {least} to {most}") };
                    self.fault(&node.place, path, format!("is {number}, and must be {ends}"));
                }
            }
            (Shape::Flag, Tree::Flag(_)) => {}
            (Shape::Either(all), tree) => match all.iter().find(|shape| takes(shape, tree)) {
                Some(shape) => self.value(shape, node, path),
                None => self.fault(&node.place, path, wrong(tree)),
            },
            (_, tree) => self.fault(&node.place, path, wrong(tree)),
        }
    }

    /// A former name of a feed is nobody's present one, and only one feed's.
    fn former_names(&mut self) {
        let feeds = self.root.get("feeds").and_then(|feeds| feeds.value.get("feed"));
        let feeds = feeds.map(|node| node.value.list()).unwrap_or_default();
        let mut taken: Vec<&str> = feeds.iter().filter_map(|feed| feed.value.name()).collect();
        let path = Path::default().key("feeds").key("feed");
        for (i, feed) in feeds.iter().enumerate() {
            let former = feed.value.get("former").map(|node| node.value.list()).unwrap_or_default();
            for (node, name) in former.iter().filter_map(|node| Some((node, node.value.text()?))) {
                if taken.contains(&name) {
                    let reason = format!(
                        "“{name}” is the name of another feed, or its former one; an address leads to one place"
                    );
                    self.fault(&node.place, &path.element(i, feed).key("former"), reason);
                }
                taken.push(name);
            }
        }
    }

    /// Where an address of a former system leads: a feed, a path, another site, or nowhere.
    fn moved_to(&mut self, to: &str, place: &Place, path: &Path) {
        if to == "gone" || (to.starts_with('/') && !to.starts_with("//") && !to.chars().any(char::is_control)) {
            return;
        }
        if to.starts_with("https://") || to.starts_with("http://") {
            if url::Url::parse(to).is_err() {
                self.fault(place, path, format!("“{to}” is no web address"));
            }
            return;
        }
        let named: Vec<String> = self
            .root
            .get("feeds")
            .map(|feeds| {
                let all = feeds.value.get("feed").map(|node| node.value.list()).unwrap_or_default();
                all.iter().filter_map(|node| node.value.name().map(str::to_owned)).collect()
            })
            .unwrap_or_default();
        let known = match to.rsplit_once('.') {
            Some((name, "rss" | "atom" | "json")) => named.is_empty() || named.iter().any(|known| known == name),
            _ => false,
        };
        if !known {
            let hint =
                named.first().map_or_else(String::new, |name| format!(": {name}.rss, {name}.atom or {name}.json"));
            self.fault(
                place,
                path,
                format!(
                    "“{to}” is no feed{hint}; write a feed's document, a path like /archive/, a web address, or gone"
                ),
            );
        }
    }

    fn tagged(&mut self, all: &[(String, Vec<Key>)], tree: &Tree, place: &Place, path: &Path) {
        let known: Vec<&str> = all.iter().map(|(kind, _)| kind.as_str()).collect();
        let Tree::Table(_) = tree else {
            return self.fault(place, path, format!("must be a table, and is {}", tree.says()));
        };
        let Some(node) = tree.get("kind") else {
            return self.fault(
                place,
                &path.key("kind"),
                format!("is missing: it says what this is, {}", or_list(&known, "or")),
            );
        };
        let at = path.key("kind");
        let Some(kind) = node.value.text() else {
            return self.fault(&node.place, &at, format!("must be a text, and is {}", node.value.says()));
        };
        match all.iter().find(|(known, _)| known == kind) {
            Some((_, keys)) => self.table(keys, tree, place, path),
            None if later::value(&at.plain, kind) => {
                self.fault(&node.place, &at, later::says(&format!("the kind “{kind}”")))
            }
            None => {
                let near = nearest(kind, known.iter().copied()).map(|near| format!("; did you mean “{near}”?"));
                let hint = near.unwrap_or_else(|| format!("; write {}", or_list(&known, "or")));
                self.fault(&node.place, &at, format!("“{kind}” is no kind of source{hint}"));
            }
        }
    }

    fn list(&mut self, of: &Shape, least: usize, nodes: &[Node], place: &Place, path: &Path) {
        if nodes.len() < least {
            self.fault(place, path, format!("is empty; it needs at least {least}"));
        }
        for (i, node) in nodes.iter().enumerate() {
            let at = if matches!(node.value, Tree::Table(_)) { path.element(i, node) } else { path.clone() };
            self.value(of, node, &at);
            let mut before = nodes[..i].iter();
            if let Some(text) = node.value.text() {
                if before.any(|other| other.value.text() == Some(text)) {
                    self.fault(&node.place, path, format!("“{text}” is there twice"));
                }
            } else if let Some(name) = node.value.name()
                && let Some(first) = before.find(|other| other.value.name() == Some(name))
            {
                let line = match &first.place {
                    Place::Line(line) => format!(", on line {line}"),
                    Place::Variable(_) => String::new(),
                };
                self.fault(
                    &node.place,
                    &at,
                    format!("“{name}” is there already{line}; give this one a name of its own"),
                );
            }
        }
    }

    fn word(&mut self, words: &[(String, String)], text: &str, place: &Place, path: &Path) {
        if words.iter().any(|(word, _)| word == text) {
            return;
        }
        if later::value(&path.plain, text) {
            return self.fault(place, path, later::says(&format!("“{text}”")));
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
        let near = nearest(text, known.iter().copied()).map(|near| format!("; did you mean “{near}”?"));
        let hint = near.unwrap_or_else(|| format!("; write {}", or_list(&known, "or")));
        self.fault(place, path, format!("“{text}” is not known here{hint}"));
    }

    fn text(&mut self, kind: Option<Kind>, text: &str, place: &Place, path: &Path) {
        let Some(kind) = kind else {
            if text.trim().is_empty() {
                self.fault(place, path, "is empty");
            }
            return;
        };
        if later::value(&path.plain, text) {
            return self.fault(place, path, later::says(&format!("“{text}”")));
        }
        if let Err(reason) = kind.check(text) {
            return self.fault(place, path, reason);
        }
        let (what, table, known) = match kind {
            Kind::OfList => ("list", "[[lists]]", self.names("lists")),
            Kind::OfSource => ("source", "[[sources]]", self.names("sources")),
            Kind::OfLanguage => ("language of the newsroom", "[site] languages", self.languages()),
            // Topics need not be named: an article's own labels are topics too. Where some are, others are slips.
            Kind::OfTopic if !self.names("topics").is_empty() => ("topic", "[[topics]]", self.names("topics")),
            _ => return,
        };
        let same = |name: &String| match kind {
            Kind::OfTopic => *name == topic_id(text),
            Kind::OfLanguage => text.parse::<Language>().is_ok_and(|language| language.as_str() == name),
            _ => name == text,
        };
        if known.iter().any(same) {
            return;
        }
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        let hint = match (nearest(text, names.iter().copied()), names.as_slice()) {
            (Some(near), _) => format!("; did you mean “{near}”?"),
            (None, []) => format!("; there is none yet: add {table}"),
            (None, names) => format!("; {table} has {}", or_list(names, "and")),
        };
        self.fault(place, path, format!("there is no {what} “{text}”{hint}"));
    }

    /// The names in the list of tables `section`.
    fn names(&self, section: &str) -> Vec<String> {
        let nodes = self.root.get(section).map(|node| node.value.list()).unwrap_or_default();
        nodes.iter().filter_map(|node| node.value.name().map(str::to_owned)).collect()
    }

    fn languages(&self) -> Vec<String> {
        let nodes = self.root.get("site").and_then(|site| site.value.get("languages"));
        let nodes = nodes.map(|node| node.value.list()).unwrap_or_default();
        nodes.iter().filter_map(|n| n.value.text()?.parse::<Language>().ok()).map(|l| l.as_str().to_owned()).collect()
    }

    /// What two keys say against each other.
    fn beyond_shape(&mut self) {
        let root = self.root;
        let part = |tree: &'_ Tree, name: &str| tree.get(name).cloned();
        if let Some(listen) = root.get("listen")
            && let (Some(public), Some(staff)) = (part(&listen.value, "public"), part(&listen.value, "staff"))
            && let (Some(a), Some(b)) = (public.value.text(), staff.value.text())
            && a == b
        {
            let path = Path::default().key("listen").key("staff");
            self.fault(&staff.place, &path, format!("“{b}” is the public listener's; the two need ports of their own"));
        }
        if let Some(store) = root.get("store") {
            self.one_secret(&store.value, &Path::default().key("store"), ("url", "[store] url"));
        }
        let relays = root.get("mail").and_then(|mail| mail.value.get("relays"));
        let path = Path::default().key("mail").key("relays");
        for (i, relay) in relays.map(|node| node.value.list()).unwrap_or_default().iter().enumerate() {
            self.one_secret(&relay.value, &path.element(i, relay), ("url", "url"));
        }
        if let Some(returns) = root.get("mail").and_then(|mail| mail.value.get("returns")) {
            self.returns(returns, &Path::default().key("mail").key("returns"));
        }
        self.long_enough();
        self.scripts();
        self.former_names();
        self.accredited();
        let newsletters = root.get("newsletters").map(|node| node.value.list()).unwrap_or_default();
        for (i, newsletter) in newsletters.iter().enumerate() {
            let number = |name: &str, usual: i64| match newsletter.value.get(name).map(|node| &node.value) {
                Some(Tree::Number(number)) => *number,
                _ => usual,
            };
            if let (Some(ready), Some(words)) = (newsletter.value.get("ready"), newsletter.value.get("schedule"))
                && let Some(word @ ("immediate" | "manual")) = words.value.text().map(str::trim)
            {
                let path = Path::default().key("newsletters").element(i, newsletter).key("ready");
                let reason = format!("an edition is drafted before its slot, and a schedule that is “{word}” has none");
                self.fault(&ready.place, &path, reason);
            }
            let (least, most) = (number("min_items", 1), number("max_items", 20));
            if least > most
                && let Some(node) = newsletter.value.get("min_items").or(newsletter.value.get("max_items"))
            {
                let path = Path::default().key("newsletters").element(i, newsletter).key("min_items");
                self.fault(
                    &node.place,
                    &path,
                    format!("is {least}, more than max_items, {most}: no edition could ever go"),
                );
            }
        }
    }

    /// Who signs up by themselves is not accredited.
    fn accredited(&mut self) {
        let root = self.root;
        let all = |name: &str| root.get(name).map(|node| node.value.list()).unwrap_or_default();
        let open = |list: &str| {
            let mut found = all("lists").iter().filter(|node| node.value.name() == Some(list));
            found.any(|node| matches!(node.value.get("sign_up").map(|node| &node.value), Some(Tree::Flag(true))))
        };
        for (i, newsletter) in all("newsletters").iter().enumerate() {
            let lists = newsletter.value.get("advance").map(|node| node.value.list()).unwrap_or_default();
            for node in lists.iter().filter(|node| node.value.text().is_some_and(open)) {
                let path = Path::default().key("newsletters").element(i, newsletter).key("advance");
                let list = node.value.text().unwrap_or_default();
                let reason = format!(
                    "anybody may put themselves on “{list}” (sign_up), and would be sent what is under embargo; name a list that \
                     only staff fill"
                );
                self.fault(&node.place, &path, reason);
            }
        }
    }

    /// A version in Latin letters needs its language.
    fn scripts(&mut self) {
        let latin = self.languages().iter().any(|language| language == "sr-Latn");
        let sources = self.root.get("sources").map(|node| node.value.list()).unwrap_or_default();
        for (i, source) in sources.iter().enumerate().filter(|_| !latin) {
            if let Some(node) = source.value.get("transliterate").filter(|node| matches!(node.value, Tree::Flag(true)))
            {
                let path = Path::default().key("sources").element(i, source).key("transliterate");
                self.fault(
                    &node.place,
                    &path,
                    "makes versions in sr-Latn, and [site] languages has none; add it there",
                );
            }
        }
    }

    /// A user needs a password or a token, these need a user, and one of them is enough. `key` names the user's URL.
    fn one_secret(&mut self, tree: &Tree, path: &Path, (key, url): (&str, &str)) {
        let there: Vec<(&str, &Node)> = ["password_file", "password_env", "token_file", "token_env"]
            .into_iter()
            .filter_map(|k| Some((k, tree.get(k)?)))
            .collect();
        for (second, node) in there.iter().skip(1) {
            let first = there.first().map_or("", |(first, _)| first);
            self.fault(&node.place, &path.key(second), format!("stands beside {first}; take one of them away"));
        }
        let parsed = tree.get(key).and_then(|node| Some((node, url::Url::parse(node.value.text()?).ok()?)));
        let user = parsed.as_ref().is_some_and(|(_, url)| !url.username().is_empty());
        match (parsed, there.first()) {
            (Some((node, parsed)), None) => {
                if matches!(parsed.scheme(), "smtp" | "smtps" | "imap" | "imaps") && user {
                    let reason =
                        "names a user and no password; name its file in password_file, or its variable in password_env";
                    self.fault(&node.place, &path.key(key), reason);
                }
            }
            (Some((_, parsed)), Some((named, node))) => {
                if !user || matches!(parsed.scheme(), "folder" | "sqlite") {
                    let what = if named.starts_with("token") { "token" } else { "password" };
                    let reason = format!("names a {what}, but {url} names no user that has one");
                    self.fault(&node.place, &path.key(named), reason);
                }
            }
            (None, _) => {}
        }
    }

    /// Somewhere must be read, and what belongs to IMAP is nobody's without it.
    fn returns(&mut self, returns: &Node, path: &Path) {
        let Tree::Table(_) = &returns.value else { return };
        self.one_secret(&returns.value, path, ("imap", "imap"));
        if returns.value.get("imap").is_some() {
            return;
        }
        let piped = returns.value.get("piped").is_some_and(|node| matches!(node.value, Tree::Flag(true)));
        if returns.value.get("maildir").is_none() && !piped {
            let reason = "names no mailbox; write imap = \"imaps://USER@HOST/FOLDER\" with a password_file, or maildir = \"PATH\", \
                          or piped = true where a mail server runs `herald bounces read -`";
            self.fault(&returns.place, path, reason);
        }
        for key in ["password_file", "password_env", "token_file", "token_env", "ca_file", "move_to"] {
            if let Some(node) = returns.value.get(key) {
                self.fault(&node.place, &path.key(key), "belongs to imap, and there is none");
            }
        }
    }
}

/// Whether a value of this kind can be of that shape at all.
fn takes(shape: &Shape, tree: &Tree) -> bool {
    matches!(
        (shape, tree),
        (Shape::Text(_) | Shape::Word(_), Tree::Text(_))
            | (
                Shape::ByLanguage(_) | Shape::ByDomain(_) | Shape::ByPath | Shape::Table(_) | Shape::Tagged(_),
                Tree::Table(_)
            )
            | (Shape::List(..), Tree::List(_))
            | (Shape::Number(..), Tree::Number(_))
            | (Shape::Flag, Tree::Flag(_))
    )
}

/// What a shape wants, for people.
fn wanted(shape: &Shape) -> String {
    match shape {
        Shape::Text(_) | Shape::Word(_) => "a text in quotes".to_owned(),
        Shape::Number(..) => "a whole number".to_owned(),
        Shape::Flag => "true or false".to_owned(),
        Shape::List(..) => "a list".to_owned(),
        Shape::ByLanguage(_) => "a table by language".to_owned(),
        Shape::ByDomain(_) => "a table by domain".to_owned(),
        Shape::ByPath => "a table by path".to_owned(),
        Shape::Table(_) | Shape::Tagged(_) => "a table".to_owned(),
        Shape::Either(all) => all.iter().map(wanted).collect::<Vec<_>>().join(" or "),
    }
}

/// The one table that has a key of that name.
fn home_of(name: &str) -> Option<String> {
    fn search(keys: &[Key], path: &str, name: &str, found: &mut Vec<String>) {
        for key in keys {
            if key.name == name && !path.is_empty() {
                found.push(path.to_owned());
            }
            let path = if path.is_empty() { key.name.clone() } else { format!("{path}.{}", key.name) };
            let inner = match &key.shape {
                Shape::List(of, _) => of,
                shape => shape,
            };
            match inner {
                Shape::Table(keys) => search(keys, &path, name, found),
                Shape::Tagged(all) => all.iter().for_each(|(_, keys)| search(keys, &path, name, found)),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    search(sections(), "", name, &mut found);
    match found.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}
