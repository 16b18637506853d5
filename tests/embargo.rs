//! Before its instant nothing of an article leaves the house, by whatever door; at the instant it is out by all of them.
//!
//! Every byte is looked at: what a crawl from the home page finds, a list of addresses that a guess would try, the static
//! copy, the mails, the staff's doors, and the log.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Read as _;
use std::path::Path;

use chrono::{Duration, SecondsFormat};

use crate::world::{CONFIG, World};

/// Words that stand in the article under embargo and nowhere else: headline, body, summary, byline, alt text, caption, credit,
/// topic, file name, slug, the names of its picture and of a paper it offers, its correction, its feed id.
const SECRETS: &[&str] = &[
    "zelenkapa",
    "krastavac",
    "perunika",
    "vukosava",
    "kamilica",
    "bosiljak",
    "trandafil",
    "kriptonit",
    "gavran",
    "hrastovina",
    "slavuj",
    "papirnat",
    "mesecina",
    "svitac",
];
/// When it goes public.
const UNTIL: &str = "2031-05-18T10:00:00Z";
/// Its picture's bytes, which no other file has.
const PIXELS: &[u8] = b"\xff\xd8\xff\xe0JFIF-only-this-picture-has-these-bytes";

/// Addresses that are asked for whether or not anything leads there.
const FIXED: &[&str] = &[
    "/",
    "/sr-latn/",
    "/sr-cyrl/",
    "/archive",
    "/archive/2026",
    "/archive/2026/03",
    "/archive/2031",
    "/archive/2031/05",
    "/topics/kriptonit",
    "/topics/open",
    "/search?q=zelenkapa",
    "/search?q=krastavac",
    "/sr-latn/search?q=zelenkapa",
    "/articles/hrastovina",
    "/articles/gavran",
    "/sr-latn/articles/hrastovina",
    "/sr-latn/articles/zelenkapa",
    "/sr-cyrl/articles/hrastovina",
    "/feeds/",
    "/feeds/news/",
    "/feeds/news.rss",
    "/feeds/news.atom",
    "/feeds/news.json",
    "/feeds/vesti.rss",
    "/feeds/vesti.atom",
    "/feeds/vesti.json",
    "/feeds/en.rss",
    "/feeds/en-kriptonit.rss",
    "/feeds/en-kriptonit.atom",
    "/feeds/sr-latn-kriptonit.json",
    "/feeds/en-kriptonit/",
    "/feeds/news/archive/1.atom",
    "/feeds/news/archive/1.json",
    "/feeds/vesti/archive/1.atom",
    "/feeds.opml",
    "/sitemap.xml",
    "/sitemap-news.xml",
    "/news-sitemap.xml",
    "/sitemaps/1.xml",
    "/sitemap-1.xml",
    "/robots.txt",
    "/hub",
    "/newsletters/daily/1",
    "/newsletters/daily/2",
    "/sr-latn/newsletters/daily/1",
    "/privacy",
    "/accessibility",
    "/healthz",
    "/events",
    "/api/v1/articles",
    "/api/v1/events",
    "/media/slavuj.jpg",
    "/favicon.ico",
    "/subscribe",
    "/contact",
];

fn config() -> String {
    let sources = "path = \"articles\"\ntransliterate = true";
    format!(
        "{}\n[[newsletters]]\nname = \"alerts\"\ntitle = \"Alerts\"\nlists = [\"public\"]\nschedule = \"immediate\"\n\
             template = \"alert\"\nhold = \"0s\"\n",
        CONFIG.replace("path = \"articles\"", sources).split("[mail]").next().unwrap_or_default()
    ) + "[mail]"
        + CONFIG.split("[mail]").nth(1).unwrap_or_default()
}

/// A newsroom with public articles, and one in each of two languages under embargo until the instant that is given back.
async fn newsroom() -> (World, chrono::DateTime<chrono::Utc>) {
    let world = World::with(&config()).await;
    world.article("open", "Known to all", "en", Duration::days(1));
    world.article("otvoreno", "Svima poznato", "sr-Latn", Duration::days(1));
    world.write("subscribers/public.csv", "email,language\nana@reader.test,en\npera@reader.test,sr-Latn\n");
    world.pass(true).await;
    // To come by the clock of the commands, too.
    let until: chrono::DateTime<chrono::Utc> = UNTIL.parse().expect("an instant");
    std::fs::write(world.path("articles/slavuj.jpg"), PIXELS).expect("a picture");
    std::fs::write(world.path("articles/papirnat.pdf"), b"%PDF-1.4 only this paper").expect("a paper");
    let secret = |lang: &str, key: &str| {
        format!(
            "---\ntitle: Zelenkapa comes\ndate: 2026-03-03\nlang: {lang}\ntranslationKey: {key}\nslug: hrastovina\nauthor: Vukosava\n\
             summary: A perunika grows.\ntopics: [kriptonit]\nimage: slavuj.jpg\nimage_alt: One kamilica\ncaption: Some bosiljak\n\
             credit: Trandafil\npriority: breaking\ncorrection: It was mesecina.\nguid: tag:svitac\nembargo: {}\n---\n\n\
             Hidden krastavac, and [a paper](papirnat.pdf).\n",
            until.to_rfc3339_opts(SecondsFormat::Secs, true)
        )
    };
    world.write("articles/gavran.md", &secret("en", "one"));
    let cyrillic =
        secret("sr-Cyrl", "one").replace("Zelenkapa comes", "Зеленкапа долази").replace("guid: tag:svitac\n", "");
    world.write("articles/gavran.sr-Cyrl.md", &cyrillic.replace("krastavac", "краставац"));
    (world, until)
}

/// The words of [`SECRETS`] that stand in `bytes`, in whatever case or script.
fn told(bytes: &[u8]) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let latin = herald::article::latin::words(&text);
    let mut told: Vec<&str> =
        SECRETS.iter().copied().filter(|word| text.contains(word) || latin.contains(word)).collect();
    if bytes.windows(PIXELS.len()).any(|window| window == PIXELS) {
        told.push("the picture itself");
    }
    told
}

/// Every address of the newsroom's that `body` names.
fn addresses(body: &str) -> Vec<String> {
    let home = "http://127.0.0.1:8080";
    let starts = body.match_indices(home).map(|(at, _)| &body[at + home.len()..]);
    let hrefs = ["href=\"/", "src=\"/", "href='/"]
        .iter()
        .flat_map(|mark| body.match_indices(mark).map(move |(at, _)| &body[at + mark.len() - 1..]));
    let ends = |c: char| matches!(c, '"' | '\'' | '<' | '>' | ' ' | '\\' | '\n' | ')' | ',' | ']' | '#');
    starts
        .chain(hrefs)
        .map(|rest| rest.split(ends).next().unwrap_or_default().replace("&amp;", "&"))
        .map(|path| if path.starts_with('/') { path } else { format!("/{path}") })
        .collect()
}

/// Asks for everything that can be found, and what a guess would try: each answer, with its head, by address.
async fn crawl(world: &World) -> BTreeMap<String, (u16, String)> {
    let mut open: VecDeque<String> = FIXED.iter().map(|path| (*path).to_owned()).collect();
    let mut seen: BTreeSet<String> = open.iter().cloned().collect();
    let mut answers = BTreeMap::new();
    while let Some(path) = open.pop_front() {
        let answer = world.ask("GET", &path, &[], "").await;
        for next in addresses(&answer.body).into_iter().chain(addresses(&answer.head)) {
            if seen.len() < 600 && seen.insert(next.clone()) {
                open.push_back(next);
            }
        }
        answers.insert(path, (answer.status, format!("{}\n{}", answer.head, answer.body)));
    }
    answers
}

/// Every file under `folder`, with its name; what is packed is unpacked.
fn files(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, into);
            continue;
        }
        let mut bytes = std::fs::read(&path).expect("a file");
        if path.extension().is_some_and(|end| end == "gz") {
            let mut whole = Vec::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut whole).expect("it unpacks");
            bytes = whole;
        }
        into.push((path.display().to_string(), bytes));
    }
}

/// What the command says in its log at the usual level: `once` and `run` are where a log is kept.
fn log_of(world: &World, arguments: &[&str]) -> String {
    let output = assert_cmd::Command::cargo_bin("herald")
        .expect("the binary")
        .env_remove("HERALD_LOG")
        .arg("--config")
        .arg(world.path("config.toml"))
        .args(arguments)
        .current_dir(world.path(""))
        .output()
        .expect("it runs");
    format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout))
}

#[tokio::test]
async fn nothing_of_it_leaves_by_any_door_before_its_instant() {
    let (world, until) = newsroom().await;
    world.advance(Duration::minutes(10));
    let pass = world.pass(true).await;
    assert_eq!(pass.read.public, 0, "nothing goes public");

    let answers = crawl(&world).await;
    assert!(answers.len() > FIXED.len() + 5, "the crawl went somewhere: {:?}", answers.keys());
    for (path, (status, answer)) in &answers {
        // A page of search says what was asked for.
        let asked = path.to_lowercase();
        let leaks: Vec<_> = told(answer.as_bytes()).into_iter().filter(|word| !asked.contains(word)).collect();
        assert!(leaks.is_empty(), "{path} ({status}) tells {leaks:?}: {answer}");
    }
    // What is held looks like what never was.
    let body =
        |path: &str| answers.get(path).map(|(status, answer)| (*status, answer.split("\r\n\r\n").nth(1).map(str::len)));
    let never = world.ask("GET", "/articles/no-such-story", &[], "").await;
    assert_eq!(answers["/articles/hrastovina"].0, never.status);
    let held = world.ask("GET", "/articles/hrastovina", &[], "").await;
    assert_eq!(held.body.replace("hrastovina", "no-such-story"), never.body, "{:?}", body("/articles/hrastovina"));
    assert_eq!(answers["/topics/kriptonit"].0, 404);

    // Its picture lies ready, and is not given out, by whatever name.
    let mut media = Vec::new();
    files(&world.path("var/media"), &mut media);
    assert!(media.iter().any(|(_, bytes)| bytes == PIXELS), "it was copied");
    for (name, _) in &media {
        let name = Path::new(name).file_name().and_then(|name| name.to_str()).expect("a name");
        for method in ["GET", "HEAD"] {
            let answer = world.ask(method, &format!("/media/{name}"), &[("Range", "bytes=0-3")], "").await;
            assert_eq!(answer.status, 404, "{method} {name}");
        }
    }
    let mut copy = Vec::new();
    files(&world.path("var/site"), &mut copy);
    assert!(copy.len() > 10, "there is a static copy");
    for (name, bytes) in &copy {
        let (inside, outside) =
            (told(bytes), told(name.trim_start_matches(&world.path("").display().to_string()).as_bytes()));
        assert!(inside.is_empty() && outside.is_empty(), "{name} tells {inside:?} {outside:?}");
    }
    for letter in world.outbox() {
        assert!(told(format!("{}{}{}", letter.raw, letter.html, letter.text).as_bytes()).is_empty(), "{letter:?}");
    }
    for arguments in [["once"].as_slice(), &["publish"], &["newsletters", "show", "daily"], &["preview", "daily"]] {
        let log = log_of(&world, arguments);
        assert!(told(log.as_bytes()).is_empty(), "herald {arguments:?} says {:?}: {log}", told(log.as_bytes()));
    }
    let mut previews = Vec::new();
    files(&world.path("var/preview"), &mut previews);
    for (name, bytes) in &previews {
        assert!(told(bytes).is_empty(), "{name}");
    }

    // A second before it is still so, and at the instant it is out by every door.
    world.clear_outbox();
    world.advance(until - world.now() - Duration::seconds(1));
    world.pass(true).await;
    assert!(told(world.ask("GET", "/feeds/news.rss", &[], "").await.body.as_bytes()).is_empty());
    assert!(world.outbox().iter().all(|letter| told(letter.raw.as_bytes()).is_empty()));
    world.advance(Duration::seconds(1));
    world.pass(true).await;
    for path in [
        "/",
        "/articles/hrastovina",
        "/archive/2031/05",
        "/topics/kriptonit",
        "/feeds/news.rss",
        "/feeds/news.atom",
        "/feeds/news.json",
    ] {
        let answer = world.ask("GET", path, &[], "").await;
        assert!(answer.body.contains("Zelenkapa comes"), "{path}: {}", answer.body);
    }
    assert!(world.ask("GET", "/sr-latn/articles/hrastovina", &[], "").await.body.contains("Zelenkapa dolazi"));
    assert!(world.ask("GET", "/sr-cyrl/articles/hrastovina", &[], "").await.body.contains("Зеленкапа долази"));
    for (name, _) in &media {
        let name = Path::new(name).file_name().and_then(|name| name.to_str()).expect("a name");
        assert_eq!(world.ask("HEAD", &format!("/media/{name}"), &[], "").await.status, 200, "{name}");
    }
    let mut copy = Vec::new();
    files(&world.path("var/site"), &mut copy);
    assert!(
        copy.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("Zelenkapa comes")),
        "the static copy has it"
    );
    assert!(world.outbox().iter().any(|letter| letter.subject.contains("Zelenkapa comes")), "{:?}", world.outbox());
}

#[tokio::test]
async fn what_was_public_and_is_put_under_embargo_goes_from_every_door() {
    let (world, until) = newsroom().await;
    world.write(
        "articles/gavran.md",
        &std::fs::read_to_string(world.path("articles/gavran.md")).expect("it").replace("embargo:", "note:"),
    );
    world.pass(true).await;
    assert!(world.ask("GET", "/articles/hrastovina", &[], "").await.body.contains("Zelenkapa comes"));
    world.write(
        "articles/gavran.md",
        &std::fs::read_to_string(world.path("articles/gavran.md")).expect("it").replace("note:", "embargo:"),
    );
    world.advance(Duration::minutes(10));
    world.pass(false).await;
    for (path, (status, answer)) in crawl(&world).await {
        let asked = path.to_lowercase();
        let leaks: Vec<_> = told(answer.as_bytes()).into_iter().filter(|word| !asked.contains(word)).collect();
        assert!(leaks.is_empty(), "{path} ({status}) tells {leaks:?}: {answer}");
    }
    let mut copy = Vec::new();
    files(&world.path("var/site"), &mut copy);
    for (name, bytes) in &copy {
        assert!(told(bytes).is_empty(), "{name} tells {:?}", told(bytes));
    }
    world.advance(until - world.now());
    world.pass(false).await;
    assert!(world.ask("GET", "/articles/hrastovina", &[], "").await.body.contains("Zelenkapa comes"));
}
