//! Lists following their files, on both databases.

use super::*;
use crate::audience::How;
use crate::clock::from_micros;
use crate::store::tests::stores;

fn config(folder: &Path) -> Config {
    let text = r#"
        [site]
        title = "Newsroom"
        url = "http://127.0.0.1:8080"
        languages = ["en"]
        address = "Example Street 1"
        [[lists]]
        name = "public"
        file = "public.csv"
        [[lists]]
        name = "press"
        file = "press.csv"
        [[newsletters]]
        name = "daily"
        title = "Daily"
        lists = ["public", "press"]
        schedule = "0 7 * * *"
    "#;
    Config::load(&folder.join("config.toml"), text, []).expect("the configuration is read")
}

fn clock() -> Clock {
    Clock::standing(from_micros(1_700_000_000_000_000))
}

fn counts(report: &ListReport) -> (u64, u64, u64, u64, u64) {
    (report.added, report.updated, report.unchanged, report.kept, report.rejected)
}

#[tokio::test]
async fn a_changed_file_is_taken_in_and_an_unchanged_one_is_not_read() {
    let (folder, stores) = stores().await;
    let (config, clock) = (config(folder.path()), clock());
    let public = folder.path().join("public.csv");
    std::fs::write(folder.path().join("press.csv"), "name\nAna\n").unwrap();
    for store in &stores {
        std::fs::write(&public, "\u{feff}email;name\r\nana@newsroom.example;Ana\r\nbroken;B\r\n").unwrap();
        let reports = sync_lists(store, &config, &clock).await.unwrap();
        assert_eq!(counts(&reports[0]), (1, 0, 0, 0, 1));
        assert_eq!(reports[0].of(Kind::Rejected).next().unwrap().line, Some(3));
        assert!(reports[1].failed.as_ref().unwrap().contains("no column is named email"), "a bad file stops no other");
        let again = sync_lists(store, &config, &clock).await.unwrap();
        assert!(again.iter().all(|report| report.unchanged_file));
        std::fs::write(&public, "email;name\r\nana@newsroom.example;Ana B.\r\nbo@newsroom.example;\r\n").unwrap();
        assert_eq!(counts(&sync_lists(store, &config, &clock).await.unwrap()[0]), (1, 1, 0, 0, 0));
        std::fs::write(&public, "email;name\r\nbo@newsroom.example;\r\n").unwrap();
        let report = &sync_lists(store, &config, &clock).await.unwrap()[0];
        assert_eq!((report.missing, report.removed, report.unchanged), (1, 0, 1));
        assert_eq!(report.of(Kind::Missing).next().unwrap().text.as_deref(), Some("ana@newsroom.example"));
        std::fs::remove_file(&public).unwrap();
        assert!(sync_lists(store, &config, &clock).await.unwrap()[0].failed.is_some());
        assert!(sync_lists(store, &config, &clock).await.unwrap()[0].unchanged_file, "told once");
    }
}

#[tokio::test]
async fn who_left_stays_out_through_every_later_file() {
    let (folder, stores) = stores().await;
    let (config, clock) = (config(folder.path()), clock());
    let public = folder.path().join("public.csv");
    for store in &stores {
        std::fs::write(&public, "email\nana@newsroom.example\nbo@newsroom.example\n").unwrap();
        sync_lists(store, &config, &clock).await.unwrap();
        let mut tx = store.write().await.unwrap();
        let daily = crate::store::editions::ensure_newsletters(&mut tx, &["daily"], clock.now()).await.unwrap()[0].id;
        let ana = subscribers::by_address(&mut tx, &"ana@newsroom.example".parse().unwrap()).await.unwrap().unwrap();
        subscribers::leave(&mut tx, daily, ana, How::OneClick, clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        std::fs::write(&public, "email,status\nAna@Newsroom.example,active\nbo@newsroom.example,active\n").unwrap();
        let report = &sync_lists(store, &config, &clock).await.unwrap()[0];
        assert_eq!(counts(report), (0, 0, 1, 1, 0));
        let press = folder.path().join("press.csv");
        std::fs::write(&press, "email,status\nana@newsroom.example,subscribed\n").unwrap();
        sync_lists(store, &config, &clock).await.unwrap();
        let lists = ["public".to_owned(), "press".to_owned()];
        let mut tx = store.read().await.unwrap();
        assert_eq!(subscribers::audience_count(&mut tx, daily, &lists, "daily").await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_says_the_same() {
    let (folder, stores) = stores().await;
    let (config, clock) = (config(folder.path()), clock());
    let file = folder.path().join("in.csv");
    let dry = Taking { dry_run: true, remove_missing: true };
    for store in &stores {
        std::fs::write(&file, "email\nana@newsroom.example\nbo@newsroom.example\nANA@newsroom.example\n").unwrap();
        let said = take_file(store, &config, &clock, "new", &file, dry, &mut |_, _| {}).await.unwrap();
        assert_eq!((said.added, said.duplicates), (2, 1));
        let mut tx = store.read().await.unwrap();
        assert!(subscribers::list_ids(&mut tx, &["new"]).await.unwrap().is_empty());
        drop(tx);
        let done = take_file(store, &config, &clock, "new", &file, Taking::default(), &mut |_, _| {}).await.unwrap();
        assert_eq!(ListReport { dry_run: false, ..said }, done);
    }
}

#[tokio::test]
async fn nobody_is_removed_by_a_file_that_could_not_be_read_whole() {
    let (folder, stores) = stores().await;
    let (config, clock) = (config(folder.path()), clock());
    let file = folder.path().join("in.csv");
    let remove = Taking { dry_run: false, remove_missing: true };
    for store in &stores {
        std::fs::write(&file, "email,status\nana@newsroom.example,\nbo@newsroom.example,\n").unwrap();
        take_file(store, &config, &clock, "public", &file, remove, &mut |_, _| {}).await.unwrap();
        std::fs::write(&file, "email,status\nana@newsroom.example,perhaps\n").unwrap();
        let report = take_file(store, &config, &clock, "public", &file, remove, &mut |_, _| {}).await.unwrap();
        assert_eq!((report.rejected, report.missing, report.removed), (1, 2, 0));
        std::fs::write(&file, "email,status\nana@newsroom.example,\n").unwrap();
        let mut told = Vec::new();
        let said = Taking { dry_run: true, ..remove };
        let report = take_file(store, &config, &clock, "public", &file, said, &mut |_, _| {}).await.unwrap();
        assert_eq!((report.missing, report.removed), (1, 1));
        let report = take_file(store, &config, &clock, "public", &file, remove, &mut |a, b| told.push((a, b))).await;
        assert_eq!((report.as_ref().unwrap().missing, report.unwrap().removed), (1, 1));
        assert_eq!(told.last().map(|(read, all)| read == all), Some(true));
        let mut tx = store.read().await.unwrap();
        assert_eq!(subscribers::active_count(&mut tx, &["public"]).await.unwrap(), 1);
    }
}

#[test]
fn check_names_every_fault_of_every_list() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let text = "email;name\r\nana@newsroom.example;Šćepan Đorđević\r\nbroken;Žika\r\n";
    let (bytes, ..) = encoding_rs::WINDOWS_1250.encode(text);
    std::fs::write(folder.path().join("public.csv"), bytes).unwrap();
    let faults = check_lists(&config);
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].contains("read as Windows-1250") && !faults[0].fatal);
    assert_eq!(said[1], "public.csv:3: email: it has no @");
    assert!(said[2].starts_with("press.csv: ") && faults[2].fatal);
}
