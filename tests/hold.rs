//! An edition sent by hand waits a while, in which it can be stopped.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::{CONFIG, World, herald, json};

async fn world(hold: &str) -> World {
    let world = World::with(&CONFIG.replace("hold = \"0s\"", &format!("hold = \"{hold}\""))).await;
    world.article("s1", "Story 1.", "en", chrono::Duration::hours(2));
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    world.pass(false).await;
    world
}

/// `send` as its own process; returns once its edition, of that number, is there.
async fn sending(world: &World, number: u64) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("herald"));
    command.arg("--config").arg(world.path("config.toml")).args(["send", "daily", "--yes"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let waiting = || json(world, &["--json", "editions", "list"]);
    for _ in 0..100 {
        let list = waiting();
        let newest = &list[0];
        if newest["id"] == number && newest["filled"] == true {
            return child;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let _ = child.kill();
    let _ = child.wait();
    panic!("there is no edition: {}", waiting());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_when_its_time_is_over_and_not_before() {
    let world = world("3s").await;
    let begun = Instant::now();
    let mut child = sending(&world, 1).await;
    assert_eq!(herald(&world, &["once"]).0, 0);
    if begun.elapsed() < Duration::from_secs(2) {
        assert!(world.outbox().is_empty(), "a pass in between does not send it");
    }
    assert!(child.wait().expect("its end").success());
    assert!(begun.elapsed() >= Duration::from_secs(3));
    assert_eq!(world.outbox().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_or_another_command_stops_it_and_its_stories_are_new_again() {
    let world = world("60s").await;
    let mut child = sending(&world, 1).await;
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(told.success());
    assert_eq!(child.wait().expect("its end").code(), Some(1));
    let shown = json(&world, &["--json", "editions", "show", "1"]);
    assert_eq!((&shown["state"], &shown["counts"]["cancelled"]), (&"cancelled".into(), &1.into()), "{shown}");
    let mut child = sending(&world, 2).await;
    // The story is new again.
    assert_eq!(herald(&world, &["editions", "cancel", "2", "--yes"]).0, 0);
    assert_eq!(child.wait().expect("its end").code(), Some(1));
    assert!(world.outbox().is_empty(), "nothing left");
}
