//! A list comes in from a file that another program wrote, as far as it can be read; what people decided stays.

use std::path::Path;

use assert_cmd::Command;

const CONFIG: &str = r#"
[site]
title = "Test newsroom"
url = "http://127.0.0.1:8080"
languages = ["en", "sr-Latn", "sr-Cyrl"]
address = "Test office, Street 1, 11000 Belgrade"

[[lists]]
name = "public"

[[newsletters]]
name = "daily"
title = "Daily digest"
lists = ["public"]
schedule = "0 7 * * *"
"#;

/// With a byte order mark, semicolons, quotes, a repeated and two broken addresses, and a status nobody knows.
const FILE: &str = "\u{feff}E-mail;Ime;Status;Grad\r\n\
    ana@newsroom.example;\"Ana; \"\"Ani\"\"\";subscribed;Beograd\r\n\
    \u{a0}bo@newsroom.example\u{200b};=1+1;;Ниш\r\n\
    broken@;X;;\r\n\
    ANA@newsroom.example;Ana;;\r\n\
    ce@newsroom.example;Ce;cleaned;\r\n\
    de@newsroom.example;De;perhaps;\r\n";

/// What `herald subscribers …` says: exit code, standard output, standard error.
fn herald(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("herald").expect("herald is built");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HERALD_")) {
        command.env_remove(name);
    }
    let done = command.current_dir(folder).arg("subscribers").args(arguments).output().expect("herald runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap_or(-1), text(&done.stdout), text(&done.stderr))
}

fn newsroom() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("config.toml"), CONFIG).expect("config.toml");
    std::fs::write(folder.path().join("in.csv"), FILE).expect("in.csv");
    folder
}

#[test]
fn a_file_with_every_fault_comes_in_as_far_as_it_can() {
    let folder = newsroom();
    let import = ["import", "in.csv", "--list", "public"];
    let (code, said, _) = herald(folder.path(), &[&import[..], &["--dry-run"]].concat());
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("2 added, 1 suppressed, 1 repeated, 2 rejected"), "{said}");
    let (code, said, _) = herald(folder.path(), &import);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("2 added, 1 suppressed, 1 repeated, 2 rejected"), "a dry run changed nothing: {said}");
    for line in ["line 4: ", "line 5: ", "line 6: ", "line 7: "] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let (code, said, _) = herald(folder.path(), &["export", "--list", "public", "--excel"]);
    assert_eq!(code, 0);
    assert!(said.starts_with("\u{feff}email;name;") && said.contains(";'=1+1;"), "{said}");
    let (code, _, fault) = herald(folder.path(), &["import", "in.csv", "--list", "nobody"]);
    assert_eq!(code, 2, "{fault}");
}

#[test]
fn whoever_was_taken_off_or_forgotten_is_not_brought_back_by_the_file() {
    let folder = newsroom();
    let import = ["import", "in.csv", "--list", "public"];
    herald(folder.path(), &import);
    assert_eq!(herald(folder.path(), &["remove", "ana@newsroom.example", "--list", "public"]).0, 0);
    assert_eq!(herald(folder.path(), &["forget", "bo@newsroom.example"]).0, 2, "nobody was there to say yes");
    assert_eq!(herald(folder.path(), &["forget", "bo@newsroom.example", "--yes"]).0, 0);
    for file in ["var/herald.db", "var/herald.db-wal"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap_or_default();
        let address = b"bo@newsroom.example";
        assert!(
            !bytes.windows(address.len()).any(|window| window.eq_ignore_ascii_case(address)),
            "forgotten, and in {file}"
        );
    }
    let (_, said, _) = herald(folder.path(), &import);
    assert!(said.contains("1 kept as they decided, 2 suppressed"), "{said}");
    let (code, _, fault) = herald(folder.path(), &["show", "bo@newsroom.example"]);
    assert!(code == 2 && fault.contains("was forgotten"), "{fault}");
    let (_, said, _) = herald(folder.path(), &["list", "--list", "public"]);
    assert!(!said.contains("bo@") && said.lines().any(|l| l.contains("ana@") && l.ends_with("left")), "{said}");
    assert_eq!(herald(folder.path(), &["add", "ana@newsroom.example", "--list", "public"]).0, 0);
    let (_, said, _) = herald(folder.path(), &import);
    assert!(said.contains("1 unchanged") || said.contains("1 updated"), "{said}");
}

#[test]
fn a_file_that_brings_more_people_misses_nobody_and_an_export_is_one_document() {
    let folder = newsroom();
    let list = "email,name\nana@reader.example,Ana\nbo@reader.example,Bo\n";
    std::fs::write(folder.path().join("list.csv"), list).expect("list.csv");
    std::fs::write(folder.path().join("more.csv"), "email\nce@reader.example\n").expect("more.csv");
    let own = CONFIG.replace("name = \"public\"", "name = \"public\"\nfile = \"list.csv\"");
    std::fs::write(folder.path().join("config.toml"), own).expect("config.toml");
    let import =
        |file: &str, more: &[&str]| herald(folder.path(), &[&["import", file, "--list", "public"], more].concat());
    assert_eq!(import("list.csv", &[]).0, 0);
    let (code, said, _) = import("more.csv", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 row of") && !said.contains("issing"), "{said}");
    assert!(import("more.csv", &["--remove-missing", "--dry-run"]).1.contains("2 missing"));
    assert!(import("list.csv", &[]).1.contains("1 missing"), "its own file says who is on it");
    let (code, said, _) = herald(folder.path(), &["export", "--list", "public", "--json"]);
    let people: serde_json::Value = serde_json::from_str(&said).expect("one JSON document");
    assert_eq!((code, people.as_array().map(Vec::len), &people[0]["name"]), (0, Some(3), &"Ana".into()), "{people}");
}
