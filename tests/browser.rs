//! The sample newsroom in a real browser: every kind of page and every mail, at phone and desk width, light and dark, in
//! three scripts, with axe-core. What is wider than its window, or logs an error, or breaks a rule of WCAG, is named.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use herald::clock::Clock;
use herald::config::Config;
use herald::service::Newsroom;
use herald::store::Store;
use herald::web;
use mail_parser::MessageParser;
use tokio_util::sync::CancellationToken;

/// Pages of each language, after its prefix.
const PAGES: [&str; 14] = [
    "/",
    "/archive/",
    "/archive/2026",
    "/archive/2026/11",
    "/topics/civil-protection",
    "/topics/culture",
    "/feeds/",
    "/feeds/news/",
    "/search",
    "/search?q=most+bridge&year=2026",
    "/search?q=nothing-of-this-kind",
    "/privacy",
    "/accessibility",
    "/nowhere",
];

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_mails_stand_in_a_browser_as_wcag_wants_them() {
    let (Ok(node), Some(browser)) = (std::env::var("HERALD_TEST_NODE"), browser()) else {
        eprintln!(
            "passed over: pages and mails in a browser (HERALD_TEST_NODE names no folder with node_modules, or no Chromium)"
        );
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("its address"));
    let newsroom = sample(folder.path(), &base).await;
    newsroom.pass(true, CancellationToken::new()).await.expect("a pass");
    let stop = CancellationToken::new();
    tokio::spawn(web::serve_public(listener, None, newsroom.site.clone(), stop.clone()));

    let mut addresses = BTreeSet::new();
    for prefix in ["", "/sr-latn", "/sr-cyrl"] {
        addresses.extend(PAGES.iter().map(|page| format!("{base}{prefix}{page}")));
    }
    let mails = mails(&folder.path().join("var/outbox"));
    assert!(mails.len() >= 6, "the sample's mails");
    for (name, html) in &mails {
        let file = folder.path().join(format!("{name}.html"));
        std::fs::write(&file, html).expect("a mail");
        addresses.insert(format!("file://{}", file.display()));
        // Stories, the web copy, leaving and choosing, of each reader.
        addresses.extend(links(html).filter(|link| link.starts_with(&base)));
    }
    let stories = addresses.iter().filter(|address| address.contains("/articles/")).count();
    assert!(stories >= 6, "the sample's stories: {addresses:#?}");

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/with_browser.js");
    let mut command = Command::new("node");
    command.arg(script).arg(browser).args(&addresses).env("NODE_PATH", Path::new(&node).join("node_modules"));
    let done = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("node starts");
    stop.cancel();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let faults: Vec<(String, u32, String, String)> = serde_json::from_slice(&done.stdout).expect("JSON");
    let said: BTreeSet<String> = faults
        .into_iter()
        .map(|(address, width, scheme, fault)| format!("{address} ({width}, {scheme}): {fault}"))
        .collect();
    assert!(said.is_empty(), "{said:#?}");
}

/// Chromium, where it is installed.
pub fn browser() -> Option<&'static str> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .find(|path| Path::new(path).exists())
}

/// The sample newsroom in a folder of its own, at the address `base`.
async fn sample(folder: &Path, base: &str) -> Newsroom {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in ["articles", "subscribers"] {
        for entry in walkdir::WalkDir::new(ours.join(part)) {
            let entry = entry.expect("an entry");
            let to = folder.join(entry.path().strip_prefix(ours).expect("a part of it"));
            match entry.file_type().is_dir() {
                true => std::fs::create_dir_all(to).expect("a folder"),
                false => std::fs::copy(entry.path(), to).map(|_| ()).expect("a copy"),
            }
        }
    }
    let config = std::fs::read_to_string(ours.join("config.toml")).expect("config.toml");
    let config = config.replace("http://127.0.0.1:8080", base);
    let file = folder.join("config.toml");
    let config = Config::load(&file, &config, std::iter::empty::<(String, String)>()).expect("a configuration");
    let store = Store::open(&config.store.url, folder).await.expect("a store");
    Newsroom::open(Arc::new(config), store, Clock::system()).await.expect("a newsroom")
}

/// The HTML of each mail in a folder, by its file's name.
fn mails(outbox: &Path) -> Vec<(String, String)> {
    let mut mails = Vec::new();
    for entry in std::fs::read_dir(outbox).expect("an outbox") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|end| end == "eml") {
            let raw = std::fs::read(&path).expect("a mail");
            let message = MessageParser::default().parse(&raw).expect("a mail that parses");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            mails.push((name, message.body_html(0).expect("HTML").into_owned()));
        }
    }
    mails
}

/// Where links of a mail lead.
fn links(html: &str) -> impl Iterator<Item = String> {
    html.split("href=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(link, _)| link.replace("&amp;", "&"))
}
