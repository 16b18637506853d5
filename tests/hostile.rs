//! What the world has collected of hostile HTML, as the titles and texts of articles: read, published, opened in a real browser and
//! touched. Nothing runs, with the pages' policy or without it, nothing is asked of another host, and nothing is wider than a telephone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use herald::web::{self, public};
use tokio_util::sync::CancellationToken;

use crate::browser::browser;
use crate::world::World;

/// The collections that are markup.
const COLLECTIONS: [&str; 5] =
    ["dompurify-html.json", "owasp-xss.json", "patt-xss.json", "payloadbox-xss.json", "patt-xxe.json"];

#[tokio::test(flavor = "multi_thread")]
async fn no_article_runs_a_script_in_its_readers_browser() {
    let (Ok(node), Some(browser), Ok(data)) =
        (std::env::var("HERALD_TEST_NODE"), browser(), std::env::var("HERALD_DATA"))
    else {
        eprintln!("passed over: hostile articles in a browser (HERALD_TEST_NODE, HERALD_DATA or Chromium is missing)");
        return;
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("its address"));
    let world = World::with(&config(&base)).await;
    let written = write(&world, &PathBuf::from(data).join("hostile"));
    world.pass(true).await;
    let stop = CancellationToken::new();
    tokio::spawn(web::serve(listener, public::router(world.newsroom.site.clone()), stop.clone()));

    let mut paths = BTreeSet::from(["/".to_owned(), "/topics/hostile".to_owned(), "/search?q=script+alert".to_owned()]);
    let mut page = 1;
    loop {
        let answer = world.ask("GET", &format!("/archive/2026/02?page={page}"), &[], "").await;
        if answer.status != 200 {
            break;
        }
        let links = answer.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        paths.extend(links.filter(|link| link.starts_with("/articles/")).map(str::to_owned));
        page += 1;
    }
    assert!(paths.len() > written * 9 / 10, "{} pages of {written} articles", paths.len());
    paths.insert("/search?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E".to_owned());
    paths.insert(
        "/search?q=%27%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&topic=%22%3E%3Csvg+onload%3Dalert(1)%3E".to_owned(),
    );

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/without_scripts.js");
    let mut command = Command::new("node");
    command.arg(script).arg(browser).arg(&base).args(paths.iter().map(|path| format!("{base}{path}")));
    command.env("NODE_PATH", Path::new(&node).join("node_modules"));
    let done = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("node starts");
    stop.cancel();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let faults: Vec<(String, String)> = serde_json::from_slice(&done.stdout).expect("JSON");
    assert!(faults.is_empty(), "{faults:#?}");
}

fn config(base: &str) -> String {
    format!(
        "[site]\ntitle = \"Newsroom\"\nurl = \"{base}\"\nlanguages = [\"en\"]\naddress = \"Street 1\"\n\
         [[sources]]\nname = \"newsroom\"\nkind = \"folder\"\npath = \"articles\"\n"
    )
}

/// Writes an article for each, its payload in title, summary, caption and text, as HTML and as Markdown in turn; how many.
fn write(world: &World, folder: &Path) -> usize {
    let mut written = 0;
    for name in COLLECTIONS {
        let text = std::fs::read_to_string(folder.join(name)).expect(name);
        let all: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
        for one in all {
            let payload = one["payload"].as_str().expect("a payload");
            // A string of JSON is one of YAML.
            let quoted = serde_json::to_string(payload).expect("a string");
            let ending = if written % 2 == 0 { "md" } else { "html" };
            let article = format!(
                "---\ntitle: {quoted}\nsummary: {quoted}\nslug: hostile-{written}\nauthor: {quoted}\ntags: [hostile, {quoted}]\n\
                 date: 2026-02-0{}\n---\nBefore.\n\n{payload}\n\nAfter.\n",
                1 + written % 9
            );
            world.write(&format!("articles/hostile-{written}.{ending}"), &article);
            written += 1;
        }
    }
    written
}
