//! Every page of a small newsroom, asked for as a browser does.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{Duration, TimeZone, Utc};

use super::*;
use crate::article::{Content, Draft, Note, Picture};
use crate::clock::{Clock, Instant};
use crate::config::Config;
use crate::feed::Shelf;
use crate::store::{Store, articles, keys, search};
use crate::template::Templates;
use crate::wake::Wake;

const CONFIG: &str = r#"
[site]
title = "Newsroom"
url = "http://127.0.0.1:8080"
languages = ["en", "sr-Latn", "sr-Cyrl"]
timezone = "Europe/Belgrade"
publisher = "Office"
address = "Office, Street 1, 11000 Belgrade"
contact = "press@newsroom.example, +381 11 555 01 00"

[accessibility]
status = "full"
prepared = "3 March 2026"
authority = { en = "The Ombudsman, Street 2", sr-Latn = "Ombudsman, Ulica 2" }

[[topics]]
id = "rivers"
name = { en = "Rivers", sr-Latn = "Reke", sr-Cyrl = "Реке" }

[[feeds.feed]]
name = "news"
title = "All news"
description = "Everything"

[[lists]]
name = "public"
origin = "the register"

[[newsletters]]
name = "daily"
title = "Daily digest"
lists = ["public"]
schedule = "0 7 * * *"
"#;

fn now() -> Instant {
    Utc.with_ymd_and_hms(2026, 11, 23, 6, 0, 0).single().expect("an instant")
}

fn draft(key: &str, language: &str, title: &str, published: Instant) -> Draft {
    Draft {
        key: format!("{key}.{language}.md"),
        slug: key.to_owned(),
        language: language.parse().expect("a language"),
        translation_key: Some(key.to_owned()),
        published: Some(published),
        content: Content {
            title: title.to_owned(),
            summary: format!("Summary of {title}"),
            html: format!("<p>The text of {title}.</p>"),
            text: format!("The text of {title}."),
            topics: vec!["rivers".to_owned()],
            authors: vec!["Ana Petrović".to_owned()],
            ..Content::default()
        },
        ..Draft::default()
    }
}

/// A newsroom with three stories and one that is held back; keep the folder as long as the site.
async fn newsroom() -> (tempfile::TempDir, Site) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::load(&folder.path().join("config.toml"), CONFIG, std::iter::empty::<(String, String)>())
        .expect("a configuration");
    let store = Store::open("sqlite://herald.db", folder.path()).await.expect("a store");
    let clock = Clock::standing(now());
    let mut bridge = draft("bridge", "en", "New bridge <opens> & closes", now() - Duration::days(3));
    bridge.content.corrections = vec![Note {
        at: now() - Duration::days(1),
        note: Some("240 metres, not 420.".into()),
        wrong: None,
        right: None,
    }];
    bridge.content.picture = Some(Picture {
        url: "http://127.0.0.1:8080/media/bridge.jpg".into(),
        alt: "A bridge".into(),
        caption: Some("At dusk.".into()),
        credit: Some("Office".into()),
        width: Some(1120),
        height: Some(630),
        ..Picture::default()
    });
    bridge.media = vec!["bridge.jpg".to_owned()];
    let most = draft("bridge", "sr-Cyrl", "Нови мост", now() - Duration::days(3));
    let old = draft("ferry", "en", "The ferry ends", now() - Duration::days(700));
    let mut lost = draft("lost", "en", "Timetable of the exercise", now() - Duration::days(30));
    lost.content.withdrawn = Some("The dates were wrong".into());
    let mut secret = draft("secret", "en", "Under embargo", now() + Duration::days(1));
    secret.embargo = Some(now() + Duration::days(1));
    secret.media = vec!["secret.jpg".to_owned()];
    let mut tx = store.write().await.expect("a transaction");
    for draft in [bridge, most, old, lost, secret] {
        articles::take_in(&mut tx, "newsroom", &draft, now()).await.expect("taken in");
    }
    articles::release_due(&mut tx, now()).await.expect("released");
    while search::index_some(&mut tx).await.expect("words") > 0 {}
    let keyring = keys::ring(&mut tx).await.expect("a keyring");
    tx.commit().await.expect("committed");
    let site = Site {
        templates: Arc::new(Templates::for_config(&config).expect("templates")),
        config: Arc::new(config),
        store,
        clock,
        keyring: Arc::new(keyring),
        shelf: Arc::new(Shelf::new()),
        wake: Wake::new(),
        guests: Arc::default(),
    };
    (folder, site)
}

async fn response(site: &Site, path: &str) -> Response {
    let uri: Uri = path.parse().expect("a path");
    let request = Request {
        method: Method::GET,
        path: uri.path().to_owned(),
        query: uri.query().map(str::to_owned),
        headers: HeaderMap::new(),
    };
    serve(site, &Seen::new(now()), &request).await
}

async fn ask(site: &Site, path: &str) -> (StatusCode, String) {
    let response = response(site, path).await;
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
}

/// The paths of ours that a page links to.
fn links(html: &str) -> BTreeSet<String> {
    html.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|l| l.starts_with('/'))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_link_leads_to_a_page_and_no_page_lacks_a_word() {
    let (_folder, site) = newsroom().await;
    let mut waiting = vec!["/".to_owned(), "/sr-latn/".to_owned(), "/sr-cyrl/".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        let is_file = path.starts_with("/feeds") && path.contains('.') || path.starts_with("/assets/");
        if is_file || !seen.insert(path.clone()) {
            continue;
        }
        let (status, html) = ask(&site, &path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(!html.contains("site-") || !has_bare_key(&html), "{path} shows a key: {html}");
        assert!(!html.contains("Under embargo"), "{path} shows what is held back");
        assert!(html.len() < 30_000, "{path} is {} bytes", html.len());
        assert!(runs_nothing(&html), "{path}");
        waiting.extend(links(&html));
    }
    let linked = [
        "/articles/bridge",
        "/archive/2026/11",
        "/topics/rivers",
        "/feeds/news/",
        "/sr-cyrl/privacy",
        "/sr-latn/search",
        "/accessibility",
    ];
    for path in linked {
        assert!(seen.contains(path), "{path} is linked from somewhere; seen: {seen:?}");
    }
}

/// Whether a page has no script but the one that is no program (HTML, section 4.12.1: a data block).
fn runs_nothing(html: &str) -> bool {
    let all = html.matches("<script").count();
    all <= 1 && all == html.matches("<script type=\"application/ld+json\">").count()
}

/// Whether a message's key stands where its words should.
fn has_bare_key(html: &str) -> bool {
    html.match_indices("site-").any(|(at, _)| matches!(html[..at].chars().next_back(), Some('>' | ' ' | '"')))
}

#[tokio::test]
async fn an_article_says_what_there_is_to_say() {
    let (_folder, site) = newsroom().await;
    let (_, html) = ask(&site, "/articles/bridge").await;
    for said in [
        "New bridge &lt;opens&gt; &amp; closes</h1>",
        "Story by Ana Petrović",
        "240 metres, not 420.",
        "At dusk. <small>Photo: Office</small>",
        "src=\"/media/bridge.jpg\" width=\"1120\"",
        "href=\"/sr-cyrl/articles/bridge\"",
        "(not yet corrected)",
        "22 November 2026",
        "Street 1",
    ] {
        assert!(html.contains(said), "{said}\n{html}");
    }
    let (_, html) = ask(&site, "/sr-cyrl/articles/bridge").await;
    assert!(html.contains("Ова верзија још није исправљена"), "{html}");
    let (_, html) = ask(&site, "/articles/lost").await;
    assert!(html.contains("The dates were wrong") && !html.contains("The text of"), "{html}");
}

#[tokio::test]
async fn what_is_not_there_is_said_and_never_breaks() {
    let (_folder, site) = newsroom().await;
    for path in [
        "/articles/secret",
        "/articles/none",
        "/archive/1999",
        "/archive/2026/10/1",
        "/archive/2026/02",
        "/topics/none",
        "/topics/rivers?page=99999",
        "/feeds/none/",
        "/newsletters/daily/1",
        "/newsletters/none/9223372036854775807",
        "/articles/%27%20OR%201=1--",
        "/articles/%F0%9F%98%80",
        "/%00",
        "/wp-login.php",
    ] {
        let (status, html) = ask(&site, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            html.contains("<h1>") && html.contains("href=\"/archive/\"") || html.contains("/sr-latn/archive/"),
            "{path}"
        );
    }
    for path in ["/?page=0", "/?page=-1&x=%ff", "/topics/rivers?page=x", "/archive/2026/11?page=1"] {
        assert_eq!(ask(&site, path).await.0, StatusCode::OK, "{path}");
    }
    for (path, there) in
        [("/archive", "/archive/"), ("/sr-latn", "/sr-latn/"), ("/en/articles/bridge", "/articles/bridge")]
    {
        let request = Request { method: Method::GET, path: path.into(), query: None, headers: HeaderMap::new() };
        let response = serve(&site, &Seen::new(now()), &request).await;
        assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT, "{path}");
        assert_eq!(response.headers()[header::LOCATION], there);
    }
    for (path, there) in
        [("/sr-latn/articles/bridge", "/articles/bridge"), ("/sr-cyrl/articles/ferry", "/articles/ferry")]
    {
        let response = response(&site, path).await;
        assert_eq!(
            (response.status(), &response.headers()[header::LOCATION]),
            (StatusCode::FOUND, &HeaderValue::from_static(there))
        );
    }
    let (status, html) = ask(&site, "/nowhere").await;
    assert!(
        status == StatusCode::NOT_FOUND
            && html.contains("href=\"/articles/ferry\"")
            && html.contains("action=\"/search\""),
        "{html}"
    );
    let mut tx = site.store.read().await.expect("a transaction");
    assert!(articles::is_shown(&mut tx, "bridge.jpg").await.expect("an answer"));
    assert!(!articles::is_shown(&mut tx, "secret.jpg").await.expect("an answer"), "a picture under embargo");
}

#[tokio::test]
async fn the_newsroom_says_how_accessible_it_is_and_who_watches_over_that() {
    let (_folder, site) = newsroom().await;
    let (_, html) = ask(&site, "/accessibility").await;
    for said in
        ["2.2 in full.", "<p>3 March 2026</p>", "You can turn to: The Ombudsman, Street 2", "press@newsroom.example"]
    {
        assert!(html.contains(said), "{said}\n{html}");
    }
    assert!(!html.contains("pictures that came to us"), "{html}");
    assert!(ask(&site, "/sr-latn/accessibility").await.1.contains("Možete da se obratite: Ombudsman, Ulica 2"));
}

#[tokio::test]
async fn an_empty_newsroom_has_pages_too() {
    let (_folder, site) = newsroom().await;
    let (status, html) = ask(&site, "/sr-latn/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("Ovde još ništa nije objavljeno."), "{html}");
    assert_eq!(ask(&site, "/sr-latn/archive/").await.0, StatusCode::OK);
    assert_eq!(ask(&site, "/sr-latn/topics/rivers").await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_search_finds_in_any_alphabet_and_teaches_where_it_finds_nothing() {
    let (_folder, site) = newsroom().await;
    let (status, html) = ask(&site, "/sr-cyrl/search?q=novi+most").await;
    assert_eq!(status, StatusCode::OK);
    for said in ["<mark>Нови</mark> <mark>мост</mark></a></h3>", "1 вест", "value=\"novi most\"", "noindex"]
    {
        assert!(html.contains(said), "{said}\n{html}");
    }
    let (_, html) = ask(&site, "/search?q=bridge").await;
    assert!(html.contains("New <mark>bridge</mark> &lt;opens&gt; &amp; closes"), "{html}");
    assert!(html.contains("<b>Correction:</b> 240 metres, not 420."), "{html}");
    let (_, html) = ask(&site, "/sr-latn/search?q=bridge&year=2026").await;
    assert!(html.contains("Ništa nije nađeno") && html.contains("href=\"/search?q=bridge&amp;year=2026\""), "{html}");
    assert!(
        html.contains("href=\"/sr-latn/archive/\"") && html.contains("href=\"/sr-latn/search?q=bridge\""),
        "{html}"
    );
    // A notice is found by what it says, not by what was withdrawn; what is held back is not found at all.
    let (_, html) = ask(&site, "/search?q=dates+wrong").await;
    assert!(html.contains("href=\"/articles/lost\""), "{html}");
    for nothing in ["embargo", "\"text of timetable\"", "%22%22%22*", "%00%ff)(:^-AND"] {
        let (status, html) = ask(&site, &format!("/search?q={}", nothing.replace(' ', "+").replace('"', "%22"))).await;
        assert!(status == StatusCode::OK && !html.contains("<li class=\"story"), "{nothing}: {html}");
    }
    let (_, html) = ask(&site, "/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22%3E").await;
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
    assert_eq!(ask(&site, "/search?q=bridge&page=2").await.0, StatusCode::NOT_FOUND);
    let other = response(&site, "/search?q=most&lang=sr-Cyrl").await;
    assert_eq!(other.headers()[header::LOCATION], "/sr-cyrl/search?q=most");
}

#[tokio::test]
async fn an_article_says_to_machines_what_it_says_to_people() {
    let (_folder, site) = newsroom().await;
    let (_, html) = ask(&site, "/articles/bridge").await;
    let text = html.split("<script type=\"application/ld+json\">").nth(1).and_then(|t| t.split("</script>").next());
    let linked: serde_json::Value = serde_json::from_str(text.expect("linked data")).expect("JSON");
    let (way, article) = (&linked["@graph"][0], &linked["@graph"][1]);
    assert_eq!(way["itemListElement"][1]["item"], "http://127.0.0.1:8080/archive/");
    assert_eq!(article["headline"], "New bridge <opens> & closes");
    assert_eq!(article["correction"][0]["text"], "240 metres, not 420.");
    assert_eq!(article["author"][0]["name"], "Ana Petrović");
    assert_eq!(article["image"][0]["url"], "http://127.0.0.1:8080/media/bridge.jpg");
    assert_eq!(article["workTranslation"][0]["inLanguage"], "sr-Cyrl");
    assert_eq!(article["dateModified"], "2026-11-22T07:00:00+01:00");
    for said in [
        "<link rel=\"canonical\" href=\"http://127.0.0.1:8080/articles/bridge\">",
        "hreflang=\"en\" href=\"http://127.0.0.1:8080/articles/bridge\">",
        "hreflang=\"sr-Cyrl\" href=\"http://127.0.0.1:8080/sr-cyrl/articles/bridge\">",
        "<meta property=\"og:title\" content=\"New bridge &lt;opens&gt; &amp; closes\">",
        "<meta property=\"og:image\" content=\"http://127.0.0.1:8080/media/bridge.jpg\">",
        "content=\"summary_large_image\"",
    ] {
        assert!(html.replace("&#x2F;", "/").contains(said), "{said}\n{html}");
    }
    let (_, html) = ask(&site, "/articles/lost").await;
    assert!(html.contains("\"creativeWorkStatus\":\"Withdrawn\"") && !html.contains("The text of"), "{html}");
}

/// A file of the site's, as text.
async fn file(site: &Site, kept: &Kept, path: &str) -> Option<String> {
    let file = File::at(path).expect("a file");
    let response = sitemap::serve(site, kept, file, &Method::GET, &HeaderMap::new()).await?;
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    Some(String::from_utf8(body.to_vec()).expect("UTF-8"))
}

#[tokio::test]
async fn search_engines_are_told_what_is_public_and_no_more() {
    let (_folder, site) = newsroom().await;
    let kept = Kept::default();
    let robots = file(&site, &kept, "/robots.txt").await.expect("a file");
    assert!(robots.contains("Disallow: /search\n") && robots.contains("Disallow: /sr-cyrl/search\n"), "{robots}");
    assert!(robots.contains("Sitemap: http://127.0.0.1:8080/sitemap.xml\n"), "{robots}");
    let paths = fixed_paths(&site).await.expect("paths");
    assert_eq!(paths, ["/robots.txt", "/sitemap.xml", "/sitemap-news.xml", "/sitemap-pages.xml", "/sitemap-1.xml"]);
    for path in &paths[1..] {
        let text = file(&site, &kept, path).await.expect("a file");
        roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(!text.contains("secret"), "{path}");
    }
    let part = file(&site, &kept, "/sitemap-1.xml").await.expect("a part");
    assert!(
        part.contains("<loc>http://127.0.0.1:8080/articles/bridge</loc><lastmod>2026-11-20T06:00:00Z</lastmod>"),
        "{part}"
    );
    assert!(part.contains("hreflang=\"sr-Cyrl\" href=\"http://127.0.0.1:8080/sr-cyrl/articles/bridge\"/>"), "{part}");
    let index = file(&site, &kept, "/sitemap.xml").await.expect("an index");
    assert!(index.contains("<loc>http://127.0.0.1:8080/sitemap-1.xml</loc><lastmod>"), "{index}");
    let news = file(&site, &kept, "/sitemap-news.xml").await.expect("the news");
    assert!(!news.contains("bridge"), "three days old: {news}");
    assert_eq!(file(&site, &kept, "/sitemap-2.xml").await, None);
    // What is public changes: the part is another at once, and the news too.
    site.clock.advance(Duration::days(1));
    let mut tx = site.store.write().await.expect("a transaction");
    articles::release_due(&mut tx, site.clock.now()).await.expect("released");
    tx.commit().await.expect("committed");
    assert!(file(&site, &kept, "/sitemap-1.xml").await.expect("a part").contains("/articles/secret"));
    let news = file(&site, &kept, "/sitemap-news.xml").await.expect("the news");
    assert!(
        news.contains("<news:title>Under embargo</news:title>") && news.contains("<news:language>en</news:language>"),
        "{news}"
    );
}
