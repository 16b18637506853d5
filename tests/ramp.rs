//! An edition that is much larger than those before says so, and may go out over several days.

use crate::world::{CONFIG, World, herald, json};

/// A newsroom with so many people, whose lists and articles are read.
async fn world(people: usize) -> World {
    let world = World::with(&CONFIG.replace("lists = [\"public\"]", "lists = [\"public\"]\nmax_age = \"3650d\"")).await;
    world.article("s1", "Story 1.", "en", chrono::Duration::hours(2));
    let rows: String = (1..=people)
        .map(|n| format!("r{n}@readers.test,2025-{:02}-{:02}T08:00:00Z\n", 1 + n * 7 % 12, 1 + n * 13 % 28))
        .collect();
    world.write("subscribers/public.csv", &format!("email,consent_at\n{rows}"));
    world.pass(false).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_so_and_goes_out_over_days_the_last_confirmed_first() {
    let world = world(2600).await;
    let plan = json(&world, &["--json", "send", "daily", "--dry-run"]);
    assert_eq!((&plan["unusual"], &plan["ramp"]), (&0.into(), &serde_json::json!([])), "{plan}");
    let said = stderr(&world, &["send", "daily", "--dry-run"]);
    assert!(said.contains("unusually many") && said.contains("--ramp sends 500") && said.contains("4 days"), "{said}");
    let sent = json(&world, &["--json", "send", "daily", "--ramp", "--yes"]);
    assert_eq!((&sent["counts"]["sent"], &sent["counts"]["deferred"]), (&500.into(), &2100.into()), "{sent}");
    let letters = world.outbox();
    assert_eq!(letters.len(), 500);
    // Month and day of consent by the number; those who got it confirmed no earlier than those who wait.
    let day = |n: usize| (1 + n * 7 % 12, 1 + n * 13 % 28);
    let number = |to: &str| to.trim_start_matches('r').split('@').next().and_then(|n| n.parse::<usize>().ok());
    let first: Vec<usize> = letters.iter().filter_map(|letter| number(&letter.to)).collect();
    let earliest = first.iter().map(|n| day(*n)).min().expect("somebody");
    let better = (1..=2600).filter(|n| !first.contains(n) && day(*n) > earliest).count();
    assert_eq!(better, 0, "nobody waits who confirmed later");
    let (_, shown) = herald(&world, &["editions", "show", "1"]);
    for words in ["750 deferred (ramp), from ", "1125 deferred (ramp)", "225 deferred (ramp)"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let shown = json(&world, &["--json", "editions", "show", "1"]);
    assert_eq!(shown["waits"].as_array().map(Vec::len), Some(3), "{shown}");
    assert_eq!(json(&world, &["--json", "editions", "audit", "1"])["differences"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_alert_waits_and_no_small_edition_is_unusual() {
    let world = World::with(&CONFIG.replace("schedule = \"0 7 * * *\"", "schedule = \"immediate\"")).await;
    world.pass(false).await;
    let (code, _) = herald(&world, &["send", "daily", "--ramp", "--yes"]);
    assert_eq!(code, 2);
    let small = self::world(3).await;
    let plan = json(&small, &["--json", "send", "daily", "--dry-run"]);
    assert_eq!(plan["unusual"], serde_json::Value::Null, "{plan}");
    // A breaking story in a digest is no less urgent.
    let date = small.now().to_rfc3339();
    let text = format!("---\ntitle: Flood\ndate: {date}\npriority: breaking\n---\n\nThe river rises.\n");
    small.write("articles/flood.md", &text);
    small.pass(false).await;
    assert_eq!(herald(&small, &["send", "daily", "--ramp", "--yes"]).0, 2);
    assert!(small.outbox().is_empty());
}

fn stderr(world: &World, arguments: &[&str]) -> String {
    let output = assert_cmd::Command::cargo_bin("herald")
        .expect("the binary")
        .arg("--config")
        .arg(world.path("config.toml"))
        .args(arguments)
        .output()
        .expect("it runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
