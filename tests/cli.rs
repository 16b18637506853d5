//! The command line as people meet it: exit codes, words, and what stands on which output.

use std::path::Path;

use assert_cmd::Command;

const CONFIG: &str = r#"[site]
title = "N"
url = "http://127.0.0.1:8080"
languages = ["en"]
address = "Here 1"

[[lists]]
name = "public"

[[newsletters]]
name = "daily"
title = "Daily"
lists = ["public"]
schedule = "0 7 * * *"
"#;

fn herald(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("herald").unwrap();
    command.current_dir(folder);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HERALD_")) {
        command.env_remove(name);
    }
    command
}

/// Runs it, and gives its exit code, standard output and standard error.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn folder_with(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), config).unwrap();
    folder
}

#[test]
fn no_configuration_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run(herald(folder.path()).args(["newsletters", "list"]));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.lines().last().unwrap().contains("herald init"), "{err}");
}

#[test]
fn faults_of_the_configuration_end_with_two_and_name_line_key_and_nearest() {
    for (from, to, words) in [
        ("schedule =", "shedule =", ["config.toml:14", "newsletters.daily.shedule", "“schedule”"]),
        (
            "address =",
            "timezone = \"Europe/Belgrad\"\naddress =",
            ["config.toml:5", "site.timezone", "Europe/Belgrade"],
        ),
        ("[\"public\"]", "[\"pubic\"]", ["config.toml:13", "newsletters.daily.lists", "“public”"]),
        (
            "schedule =",
            "template = \"digets\"\nschedule =",
            ["config.toml:14", "newsletters.daily.template", "“digest”"],
        ),
        ("0 7 *", "0 25 *", ["config.toml:14", "newsletters.daily.schedule", "hour “25”"]),
    ] {
        let folder = folder_with(&CONFIG.replace(from, to));
        for arguments in [&["newsletters", "list"][..], &["once"], &["check"]] {
            let (code, out, err) = run(herald(folder.path()).args(arguments));
            let said = format!("{out}{err}");
            assert_eq!(code, 2, "{said}");
            assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
        }
    }
}

#[test]
fn the_environment_counts_and_a_wrong_variable_is_named() {
    let folder = folder_with(CONFIG);
    let (code, _, err) = run(herald(folder.path()).args(["newsletters", "list"]).env("HERALD_SITE__TITEL", "x"));
    assert_eq!(code, 2);
    assert!(err.contains("HERALD_SITE__TITEL") && err.contains("HERALD_SITE__TITLE"), "{err}");
    let (code, out, err) =
        run(herald(folder.path()).arg("check").env("HERALD_NEWSLETTERS__DAILY__SCHEDULE", "0 7 * *"));
    assert_eq!(code, 2, "{err}");
    assert!(out.contains("HERALD_NEWSLETTERS__DAILY__SCHEDULE"), "{out}");
}

#[test]
fn wrong_usage_ends_with_two() {
    let folder = folder_with(CONFIG);
    for arguments in [&["sent"][..], &[], &["send"], &["config", "explain", "mail.form"], &["editions", "show", "x"]] {
        assert_eq!(run(herald(folder.path()).args(arguments)).0, 2, "{arguments:?}");
    }
}

#[test]
fn the_reference_explains_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, _) = run(herald(folder.path()).args(["config", "explain", "newsletters.schedule"]));
    assert_eq!(code, 0);
    assert!(out.contains("five cron fields") && out.contains("0 7 * * 1-5"), "{out}");
    let (_, out, _) = run(herald(folder.path()).args(["--json", "config", "explain"]));
    assert!(serde_json::from_str::<serde_json::Value>(&out).unwrap().as_array().unwrap().len() > 50);
}

#[test]
fn a_newsroom_of_ones_own_passes_its_check() {
    let folder = tempfile::tempdir().unwrap();
    let init = [
        "init",
        "mine",
        "--title",
        "Вести \"x\"",
        "--url",
        "https://news.example/",
        "--languages",
        "sr-Cyrl,en",
        "--yes",
    ];
    let (code, out, err) = run(herald(folder.path()).args(init));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Next:") && out.contains("herald run"), "{out}");
    let mine = folder.path().join("mine");
    for name in ["config.toml", "articles/welcome.md", "subscribers/public.csv", ".gitignore"] {
        assert!(mine.join(name).exists(), "{name}");
    }
    let (code, out, err) = run(herald(&mine).arg("check"));
    assert_eq!(code, 0, "{out}{err}");
    let before = std::fs::read_to_string(mine.join("config.toml")).unwrap();
    let (code, _, err) = run(herald(folder.path()).args(["init", "mine", "--yes"]));
    assert_eq!(code, 2);
    assert!(err.contains("config.toml is there already"), "{err}");
    assert_eq!(std::fs::read_to_string(mine.join("config.toml")).unwrap(), before);
}

#[test]
fn init_asks_nobody_where_nobody_is() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = run(herald(folder.path()).arg("init").write_stdin(""));
    assert_eq!(code, 2);
    assert!(err.contains("--title") && err.lines().last().unwrap().contains("--yes"), "{err}");
    let (code, _, err) = run(herald(folder.path()).args(["init", "--languages", "english", "--yes"]));
    assert_eq!(code, 2);
    assert!(err.contains("--languages") && err.contains("en for English"), "{err}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

#[test]
fn init_says_at_once_that_there_is_a_newsroom_and_last_what_is_to_be_made() {
    let folder = folder_with(CONFIG);
    let (code, _, err) = run(herald(folder.path()).arg("init").write_stdin(""));
    assert_eq!(code, 2);
    assert!(err.contains("config.toml is there already") && !err.contains("--title"), "{err}");
    let folder = tempfile::tempdir().unwrap();
    let init = ["init", "--relay", "smtp://desk@mail.newsroom.example", "--title", "N\u{1b}[Dews", "--yes"];
    let (code, out, err) = run(herald(folder.path()).args(init));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("var/relay-password") && out.contains("600"), "{out}");
    let config = std::fs::read_to_string(folder.path().join("config.toml")).unwrap();
    assert!(
        config.contains("title = \"News\"") && config.contains("password_file = \"var/relay-password\""),
        "{config}"
    );
    let (code, out, _) = run(herald(folder.path()).arg("check"));
    assert_eq!(code, 2);
    assert!(out.contains("mail.relays.outbox.password_file"), "{out}");
}

/// Where `--json` is asked for, standard output is one document, whatever happens.
#[test]
fn a_failure_is_a_document_too() {
    let folder = folder_with(CONFIG);
    for arguments in [
        &["newsletters", "show", "nope"][..],
        &["articles", "show", "nope"],
        &["editions", "show", "7"],
        &["editions", "show", "x"],
        &["subscribers", "show", "nobody@reader.example"],
        &["subscribers", "remove", "nobody@reader.example", "--list", "public"],
        &["subscribers", "unsuppress", "nobody@reader.example", "--yes"],
        &["preview", "nope"],
        &["publish"],
        &["init"],
        &["sent"],
    ] {
        let (code, out, err) = run(herald(folder.path()).args(arguments).arg("--json"));
        let failure: serde_json::Value =
            serde_json::from_str(&out).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {out}"));
        assert_eq!(code, 2, "{arguments:?}: {out}");
        assert!(!failure["error"].as_str().unwrap().is_empty() && !err.is_empty(), "{arguments:?}: {failure}");
    }
    let folder = folder_with(&CONFIG.replace("schedule =", "shedule ="));
    let (code, out, _) = run(herald(folder.path()).args(["--json", "once"]));
    let failure: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &failure["faults"][0]["line"]), (2, &14.into()), "{failure}");
}

#[test]
fn nothing_that_matches_is_not_nothing_at_all() {
    let folder = folder_with(
        &CONFIG.replace("[[lists]]", "[[sources]]\nname = \"n\"\nkind = \"folder\"\npath = \"articles\"\n\n[[lists]]"),
    );
    std::fs::create_dir(folder.path().join("articles")).unwrap();
    for n in 1..=3 {
        let text = format!("---\ntitle: Story {n}\ndate: 2026-03-0{n}\n---\n\nText {n}.\n");
        std::fs::write(folder.path().join(format!("articles/s{n}.md")), text).unwrap();
    }
    let (code, out, err) = run(herald(folder.path()).arg("once"));
    assert_eq!(code, 0, "{out}{err}");
    let list = |more: &[&str]| run(herald(folder.path()).args(["articles", "list"]).args(more));
    assert!(list(&["--topic", "nope"]).1.contains("No article is of that kind"));
    let (_, out, err) = list(&["--limit", "1"]);
    assert_eq!(out.matches("Story").count(), 1, "{out}");
    assert!(err.contains("2 more; --limit 0 shows all."), "{err}");
    assert_eq!(list(&["--limit", "0"]).1.matches("Story").count(), 3);
    let (code, out, err) = run(herald(folder.path()).args(["preview", "daily"]));
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("var/preview/daily-1-en.eml") && folder.path().join("var/preview/daily-1-en.html").exists(),
        "{out}"
    );
}

#[test]
fn the_demo_passes_its_check() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = run(herald(folder.path()).args(["init", "--demo"]));
    assert_eq!(code, 0, "{err}");
    let (code, out, _) = run(herald(folder.path()).args(["check", "--json"]));
    let found: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0, "{found:#}");
    assert_eq!(found["configuration"], serde_json::json!([]));
}

#[test]
fn a_check_changes_nothing_and_names_bad_rows() {
    let folder = folder_with(&CONFIG.replace("name = \"public\"", "name = \"public\"\nfile = \"public.csv\""));
    std::fs::write(folder.path().join("public.csv"), "email\nana@newsroom.example\nnobody\n").unwrap();
    let (code, out, _) = run(herald(folder.path()).arg("check"));
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("public.csv:3:"), "{out}");
    assert!(!folder.path().join("var").exists(), "nothing was written");
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("herald"))
        .args(["config", "explain"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn help_completions_and_manual_name_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(herald(folder.path()).arg("--help")).1;
    let man = run(herald(folder.path()).arg("man")).1;
    let completions = run(herald(folder.path()).args(["completions", "bash"])).1;
    for command in [
        "init",
        "run",
        "once",
        "publish",
        "articles",
        "newsletters",
        "send",
        "preview",
        "editions",
        "subscribers",
        "check",
        "config",
        "completions",
        "man",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))), "{command}: {help}");
        assert!(man.contains(&format!("HERALD-{}", command.to_uppercase())), "{command} is not in the manual");
        assert!(completions.contains(command), "{command} is not completed");
        assert_eq!(run(herald(folder.path()).args([command, "--help"])).0, 0, "{command} --help");
    }
    insta::assert_snapshot!("help", help);
}

#[test]
fn the_manual_goes_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = run(herald(folder.path()).args(["man", "pages"]));
    assert_eq!(code, 0, "{err}");
    assert!(folder.path().join("pages/herald-subscribers-import.1").exists());
}
