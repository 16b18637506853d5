//! A reader that asks for the feed and nothing else sees every entry once, and every change that is more than a slip,
//! whatever becomes of the articles: edits, new headlines, files under other names, corrections of old stories, retractions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};

use crate::world::{CONFIG, World};

/// Articles at the start; the feed shows 20 of them.
const MANY: usize = 230;
const STEPS: usize = 50;

/// An article's file.
struct File {
    name: String,
    date: DateTime<Utc>,
    title: String,
    text: String,
    /// More lines of its front matter.
    more: String,
}

impl File {
    fn write(&self, world: &World) {
        let File { name, date, title, text, more } = self;
        let date = date.to_rfc3339();
        world.write(
            &format!("articles/{name}.md"),
            &format!("---\ntitle: \"{title}\"\ndate: {date}\nlang: en\n{more}---\n\n{text}\n"),
        );
    }
}

/// What a reader knows of an entry.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    link: String,
    title: String,
    summary: String,
    updated: DateTime<Utc>,
}

/// A reader: what it knows by id.
#[derive(Default)]
struct Reader {
    known: BTreeMap<String, Known>,
    tag: String,
}

/// What one look brought: ids it had never seen, and ids whose entry had changed.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    new: Vec<String>,
    changed: Vec<String>,
}

impl Reader {
    async fn poll(&mut self, world: &World, path: &str) -> Seen {
        let answer = world.ask("GET", path, &[("If-None-Match", &self.tag)], "").await;
        if answer.status == 304 {
            return Seen::default();
        }
        assert_eq!(answer.status, 200, "{path}");
        let tag = answer.head.lines().find_map(|line| line.to_lowercase().strip_prefix("etag: ").map(str::to_owned));
        self.tag = tag.expect("a tag");
        self.read(&answer.body)
    }

    fn read(&mut self, document: &str) -> Seen {
        let read = feed_rs::parser::parse(document.as_bytes()).expect("a feed");
        let (mut seen, mut here) = (Seen::default(), BTreeSet::new());
        for entry in read.entries {
            assert!(here.insert(entry.id.clone()), "{} stands twice in one document", entry.id);
            let now = Known {
                link: entry.links[0].href.clone(),
                title: entry.title.map(|title| title.content).unwrap_or_default(),
                summary: entry.summary.map(|summary| summary.content).unwrap_or_default(),
                updated: entry.updated.expect("a date"),
            };
            match self.known.insert(entry.id.clone(), now.clone()) {
                None => seen.new.push(entry.id),
                Some(before) if before != now => seen.changed.push(entry.id),
                Some(_) => {}
            }
        }
        seen
    }

    /// The id of the article with that first address.
    fn id(&self, name: &str) -> String {
        let at = |known: &Known| known.link.ends_with(&format!("/{name}"));
        self.known.iter().find(|(_, known)| at(known)).map(|(id, _)| id.clone()).expect("an entry")
    }

    /// Everything that the archive behind the feed holds, by its links.
    async fn walk(&mut self, world: &World, path: &str) {
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = world.ask("GET", &path, &[], "").await;
            assert_eq!(answer.status, 200, "{path}");
            self.read(&answer.body);
            let parsed = roxmltree::Document::parse(&answer.body).expect("XML");
            let mut links = parsed.root_element().children().filter(|node| node.tag_name().name() == "link");
            let before = links.find(|link| link.attribute("rel") == Some("prev-archive"));
            let before = before.and_then(|link| link.attribute("href")).map(str::to_owned);
            next = before.map(|href| href.replacen("http://127.0.0.1:8080", "", 1));
        }
    }
}

/// What a step does to the newsroom, and what a reader must see of it.
enum Expect {
    New,
    /// A change of that article.
    Changed(usize),
    Nothing,
}

/// One of fifty things that happen.
fn step(world: &World, files: &mut Vec<File>, number: usize) -> Expect {
    // Old and new articles in turn, each at another place; the 200th entry is corrected in the middle of it.
    let place = if number == 25 { MANY - 200 } else { (number * 37 + 11) % MANY };
    let file = &mut files[place];
    match (number, number % 5) {
        (25, _) | (_, 0) => {
            file.more = format!("corrections:\n  - wrong: figure {number}\n    right: figure {}\n", number + 1);
            file.text = format!("The figure is now {}, and everything around it was said anew.", number + 1);
        }
        (_, 1) => file.text = format!("It was written anew at step {number}: nothing in it is as it was before."),
        (_, 2) => file.title = format!("Quite another headline {number}"),
        (_, 3) if number.is_multiple_of(2) => {
            let from = world.path(&format!("articles/{}.md", file.name));
            file.name = format!("renamed-{number}");
            std::fs::rename(from, world.path(&format!("articles/{}.md", file.name))).expect("a rename");
            return Expect::Nothing;
        }
        (_, 3) => file.more = format!("withdrawn: The source of step {number} was wrong.\n"),
        _ => {
            let name = format!("fresh-{number}");
            let (title, text) = (format!("Fresh story {number}"), format!("What happened at step {number}."));
            let fresh = File { name, date: world.now(), title, text, more: String::new() };
            fresh.write(world);
            files.push(fresh);
            return Expect::New;
        }
    }
    file.write(world);
    Expect::Changed(place)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_asks_for_the_feed_alone_sees_everything_once() {
    let config = CONFIG
        .replace("folder = \"var/site\"\n", "")
        .replace("[[feeds.feed]]\nname = \"news\"", "[feeds]\nitems = 20\n[[feeds.feed]]\nname = \"news\"");
    let world = World::with(&config).await;
    let start = world.now() - Duration::days(300);
    let mut files: Vec<File> = (0..MANY)
        .map(|n| File {
            name: format!("story-{n}"),
            date: start + Duration::days(i64::try_from(n).expect("a number")),
            title: format!("Story number {n}"),
            text: format!("This is what story {n} tells, in a sentence of its own."),
            more: String::new(),
        })
        .collect();
    files.iter().for_each(|file| file.write(&world));
    let publish = || async {
        world.newsroom.read().await.expect("sources");
        let built = world.newsroom.publish().await.expect("feeds");
        assert!(built.left_out.is_empty() && built.failed.is_empty(), "{built:?}");
    };
    publish().await;

    // Each begins with all there is, by the feed's links; from then on it knows the feed alone.
    let mut eager = Reader::default();
    eager.walk(&world, "/feeds/news.atom").await;
    assert_eq!(eager.known.len(), MANY, "the archive misses none");
    let ids: Vec<String> = files.iter().map(|file| eager.id(&file.name)).collect();
    let mut lazy = Reader { known: eager.known.clone(), tag: String::new() };
    let mut others = [("/feeds/news.rss", Reader::default()), ("/feeds/news.json", Reader::default())];
    for (_, reader) in &mut others {
        reader.known.clone_from(&eager.known);
    }

    let (mut fresh, mut touched) = (0, BTreeSet::new());
    for number in 1..=STEPS {
        world.advance(Duration::hours(3));
        let expect = step(&world, &mut files, number);
        publish().await;
        let seen = eager.poll(&world, "/feeds/news.atom").await;
        for (path, reader) in &mut others {
            assert_eq!(reader.poll(&world, path).await.new, seen.new, "step {number}: {path}");
        }
        match expect {
            Expect::New => {
                assert_eq!((seen.new.len(), seen.changed.len()), (1, 0), "step {number}: {seen:?}");
                fresh += 1;
            }
            Expect::Changed(place) => {
                assert_eq!(seen, Seen { new: vec![], changed: vec![ids[place].clone()] }, "step {number}");
                touched.insert(ids[place].clone());
                let (known, file) = (&eager.known[&ids[place]], &files[place]);
                if file.more.starts_with("withdrawn") {
                    assert!(known.title.starts_with("Withdrawn: "), "step {number}: {known:?}");
                } else {
                    assert_eq!(known.title, file.title, "step {number}");
                }
                if file.more.starts_with("corrections") {
                    assert!(known.summary.starts_with("Correction: "), "step {number}: {known:?}");
                }
            }
            Expect::Nothing => assert_eq!(seen, Seen::default(), "step {number}"),
        }
    }
    assert!(fresh >= 9 && touched.len() >= 30, "{fresh}, {}", touched.len());

    // Who looks once a fortnight sees every change in the feed; what is new and has left it stands behind it.
    let seen = lazy.poll(&world, "/feeds/news.atom").await;
    assert_eq!(seen.changed.into_iter().collect::<BTreeSet<_>>(), touched);
    lazy.walk(&world, "/feeds/news.atom").await;
    assert_eq!((lazy.known.len(), &lazy.known), (MANY + fresh, &eager.known));

    // And the archive shows the same as the feed did.
    let mut again = Reader::default();
    again.walk(&world, "/feeds/news.atom").await;
    assert_eq!(again.known, eager.known);
}
