//! Each test over both stores: what a GET leaves alone, what a POST does, and what no file undoes.

use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::*;
use crate::audience::csv::{Encoding, Reader};
use crate::clock::{Clock, from_micros};
use crate::config::Config;
use crate::feed::Shelf;
use crate::secret::{Keyring, Purpose};
use crate::store::subscribers::{self, Batches};
use crate::store::tests::stores;
use crate::store::{Store, editions};
use crate::template::Templates;
use crate::wake::Wake;

const CONFIG: &str = r#"
    [site]
    title = "Newsroom"
    url = "http://127.0.0.1:8080"
    languages = ["en", "sr-Latn", "sr-Cyrl"]
    address = "Example Street 1"
    [[topics]]
    id = "exercises"
    name = { en = "Exercises", sr-Cyrl = "Вежбе" }
    [[topics]]
    id = "interviews"
    name = "Interviews"
    [[lists]]
    name = "public"
    [[newsletters]]
    name = "daily"
    title = { en = "Daily digest", sr-Latn = "Dnevni pregled", sr-Cyrl = "Дневни преглед" }
    lists = ["public"]
    schedule = "0 7 * * *"
    [[newsletters]]
    name = "weekly"
    title = "Weekly"
    lists = ["public"]
    schedule = "0 7 * * 1"
"#;

const FILE: &str = "email,language,status\nana@newsroom.example,,active\nbo@newsroom.example,sr-Cyrl,active\n";

struct World {
    site: Site,
    daily: i64,
}

impl World {
    async fn of(store: &Store) -> World {
        let config = Config::load(std::path::Path::new("config.toml"), CONFIG, []).unwrap();
        let clock = Clock::standing(from_micros(1_700_000_000_000_000));
        let mut tx = store.write().await.unwrap();
        let rows = editions::ensure_newsletters(&mut tx, &["daily", "weekly"], clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let site = Site {
            templates: Arc::new(Templates::for_config(&config).unwrap()),
            config: Arc::new(config),
            store: store.clone(),
            clock,
            keyring: Arc::new(Keyring::new([(1, [7; 32])])),
            shelf: Arc::new(Shelf::default()),
            wake: Wake::new(),
            guests: Arc::default(),
        };
        let daily = rows.iter().find(|row| row.name == "daily").unwrap().id;
        let world = World { site, daily };
        world.import().await;
        world
    }

    /// Takes the list's file in.
    async fn import(&self) {
        let mut reader = Reader::new(FILE.as_bytes(), Encoding::Utf8, &["daily", "weekly"]).unwrap();
        let mut rows = Vec::new();
        while let Some(line) = reader.line() {
            rows.push(line.row.unwrap());
        }
        let mut tx = self.site.store.write().await.unwrap();
        let id = subscribers::ensure_lists(&mut tx, &["public"]).await.unwrap()["public"];
        let mut batches = Batches::new(id, reader.columns());
        batches.take(&mut tx, &self.site.keyring, &rows, self.site.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn id(&self, address: &str) -> i64 {
        let mut tx = self.site.store.read().await.unwrap();
        subscribers::by_address(&mut tx, &address.parse().unwrap()).await.unwrap().unwrap()
    }

    async fn token(&self, address: &str) -> String {
        self.site.keyring.token(Purpose::Leave, self.daily, self.id(address).await)
    }

    /// To how many the daily and the weekly would go.
    async fn readers(&self) -> (i64, i64) {
        let mut tx = self.site.store.read().await.unwrap();
        let lists = ["public".to_owned()];
        let daily = subscribers::audience_count(&mut tx, self.daily, &lists, "daily").await.unwrap();
        let weekly = editions::newsletter_id(&mut tx, "weekly").await.unwrap().unwrap();
        (daily, subscribers::audience_count(&mut tx, weekly, &lists, "weekly").await.unwrap())
    }

    async fn get(&self, token: &str, query: &str) -> (StatusCode, String) {
        let query = RawQuery(Some(query.to_owned()));
        read(leave::show(State(self.site.clone()), Path(token.to_owned()), query, HeaderMap::new()).await).await
    }

    async fn post(&self, token: &str, body: &str) -> (StatusCode, String) {
        let (site, body) = (State(self.site.clone()), Ok(Bytes::from(body.to_owned())));
        read(leave::take(site, Path(token.to_owned()), RawQuery(None), HeaderMap::new(), body).await).await
    }

    async fn choose(&self, token: &str, body: Option<&str>) -> (StatusCode, String) {
        let (site, token) = (State(self.site.clone()), Path(token.to_owned()));
        match body {
            None => read(preferences::show(site, token, RawQuery(None), HeaderMap::new()).await).await,
            Some(body) => {
                let body = Ok(Bytes::from(body.to_owned()));
                read(preferences::save(site, token, RawQuery(None), HeaderMap::new(), body).await).await
            }
        }
    }
}

async fn read(response: Response) -> (StatusCode, String) {
    let headers = response.headers();
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
    assert_eq!(headers["x-robots-tag"], "noindex");
    assert!(headers.get(header::SET_COOKIE).is_none() && headers.get(header::LOCATION).is_none());
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

const MULTIPART: &str =
    "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";

#[tokio::test]
async fn looking_changes_nothing_and_one_click_leaves_for_good() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::of(store).await;
        let ana = world.token("ana@newsroom.example").await;
        let (status, page) = world.get(&ana, "").await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("Leave “Daily digest”?") && page.contains("a…@newsroom.example"), "{page}");
        assert!(!page.contains("ana@"), "the address is masked");
        assert_eq!(world.readers().await, (2, 2), "a GET changes nothing");
        for body in ["List-Unsubscribe=One-Click", MULTIPART, "List-Unsubscribe=One-Click"] {
            let (status, page) = world.post(&ana, body).await;
            assert_eq!(status, StatusCode::OK);
            assert!(page.contains("You have left “Daily digest”"), "{page}");
            assert_eq!(world.readers().await, (1, 2));
        }
        world.import().await;
        assert_eq!(world.readers().await, (1, 2), "no file brings them back");
        let (_, page) = world.get(&ana, "").await;
        assert!(page.contains("value=\"undo\"") && page.contains("value=\"leave-all\""));
    }
}

#[tokio::test]
async fn leaving_everything_and_taking_it_back() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::of(store).await;
        let bo = world.token("bo@newsroom.example").await;
        let (_, page) = world.post(&bo, "action=leave").await;
        assert!(page.contains("Отказали сте претплату на билтен „Дневни преглед”"), "{page}");
        assert!(page.contains("<html lang=\"sr-Cyrl\""), "{page}");
        let (_, page) = world.get(&bo, "lang=en").await;
        assert!(page.contains("You have left “Daily digest”"), "{page}");
        world.post(&bo, "action=leave-all").await;
        assert_eq!(world.readers().await, (1, 1));
        world.import().await;
        assert_eq!(world.readers().await, (1, 1));
        world.post(&bo, "action=undo-all").await;
        assert_eq!(world.readers().await, (1, 2), "the newsletter that was left first stays left");
        world.post(&bo, "action=undo").await;
        assert_eq!(world.readers().await, (2, 2));
    }
}

#[tokio::test]
async fn links_that_are_not_ours_of_a_test_or_of_nobody() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::of(store).await;
        let ana = world.token("ana@newsroom.example").await;
        let wrong_kind = world.site.keyring.token(Purpose::Preferences, 0, world.id("ana@newsroom.example").await);
        for token in ["x", &ana[..ana.len() - 1], &wrong_kind] {
            let (get, post) = (world.get(token, "").await, world.post(token, "List-Unsubscribe=One-Click").await);
            assert_eq!((get.0, post.0), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
            assert!(get.1.contains("This link does not work"));
        }
        assert_eq!(world.readers().await, (2, 2));
        let (status, page) = world.post("test-abc", "List-Unsubscribe=One-Click").await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("do nothing in a test copy"));
        let mut tx = store.write().await.unwrap();
        let address = "ana@newsroom.example".parse().unwrap();
        subscribers::forget(&mut tx, &world.site.keyring, &address, world.site.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        for (status, page) in [world.get(&ana, "").await, world.post(&ana, "List-Unsubscribe=One-Click").await] {
            assert_eq!(status, StatusCode::OK);
            assert!(page.contains("Nothing more is sent"), "{page}");
        }
    }
}

#[tokio::test]
async fn preferences_are_kept_and_win_over_the_file() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::of(store).await;
        let id = world.id("ana@newsroom.example").await;
        let token = world.site.keyring.token(Purpose::Preferences, 0, id);
        let (status, page) = world.choose(&token, None).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("Your choices for a…@newsroom.example") && !page.contains("ana@"), "{page}");
        assert_eq!(page.matches(" checked").count(), 3, "both newsletters and every topic: {page}");
        assert_eq!(world.choose(&token, Some("List-Unsubscribe=One-Click")).await.0, StatusCode::BAD_REQUEST);
        let none = world.choose(&token, Some("save=yes&newsletter=daily&language=en")).await;
        assert_eq!(none.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(world.readers().await, (2, 2));
        let wish = "save=yes&newsletter=weekly&topic=exercises&language=sr-Cyrl";
        let (status, page) = world.choose(&token, Some(wish)).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("Сачувано.") && page.contains("Ваш избор за адресу a…@newsroom.example"), "{page}");
        world.import().await;
        assert_eq!(world.readers().await, (1, 2));
        let mut tx = store.read().await.unwrap();
        let ana = subscribers::subscriber(&mut tx, id).await.unwrap().unwrap();
        assert_eq!(ana.topics(), Some(["exercises".to_owned()].as_slice()));
        assert_eq!(ana.reads().unwrap().as_str(), "sr-Cyrl");
        drop(tx);
        world.choose(&token, Some("save=yes&newsletter=daily&newsletter=weekly&everything=yes")).await;
        assert_eq!(world.readers().await, (2, 2));
    }
}
