//! The house stands as DESIGN drew it: no import up or sideways, SQL in one room, and each file says what it is.

use std::path::{Path, PathBuf};

/// The floors, lowest first. Rooms of one floor don't know each other, but for values.
const FLOORS: [&[&str]; 6] = [
    &["article", "audience", "calendar", "clock", "config", "mail", "secret", "template", "wake"],
    &["net", "store"],
    &["source", "feed", "edition", "delivery", "returns"],
    &["web"],
    &["service"],
    &["command"],
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Each file of src/ with its path under it and its text.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![src()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(src()).unwrap().to_string_lossy().replace('\\', "/");
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The lines that are neither comment nor test, with their numbers.
fn code<'t>(name: &str, text: &'t str) -> impl Iterator<Item = (usize, &'t str)> {
    let tests = name.ends_with("/tests.rs") || name.contains("/tests/");
    text.lines()
        .enumerate()
        .take_while(move |(_, line)| !tests && line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(i, line)| (i + 1, line))
}

/// The rooms that a line names by `crate::ROOM`, also in a group.
fn rooms(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in line.split("crate::").skip(1) {
        let word = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group.split(',').map(word)),
            None => found.push(word(rest)),
        }
    }
    found
}

#[test]
fn imports_go_down_only() {
    let mut wrong = Vec::new();
    for (name, text) in files() {
        let room = name.split('/').next().unwrap().trim_end_matches(".rs");
        let Some(own) = floor(room) else { continue };
        for (number, line) in code(&name, &text) {
            for named in rooms(line) {
                let Some(other) = floor(&named) else { continue };
                if named != room && (other > own || (other == own && own > 0)) {
                    wrong.push(format!("src/{name}:{number}: {room} names {named}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports go down only:\n{}", wrong.join("\n"));
}

#[test]
fn sql_stays_in_its_room() {
    let mut wrong = Vec::new();
    for (name, text) in files().iter().filter(|(name, _)| !name.starts_with("store/")) {
        wrong
            .extend(code(name, text).filter(|(_, line)| line.contains("sqlx")).map(|(n, _)| format!("src/{name}:{n}")));
    }
    assert!(wrong.is_empty(), "sqlx is named outside src/store/:\n{}", wrong.join("\n"));
}

#[test]
fn each_file_says_what_it_is() {
    let silent: Vec<String> =
        files().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(name, _)| name).collect();
    assert!(silent.is_empty(), "these files open without a //! line:\n{}", silent.join("\n"));
}

/// Long files are for the eye to judge: this prints them, and fails on none.
#[test]
fn the_ten_longest_files() {
    let mut files: Vec<(usize, String)> =
        files().into_iter().map(|(name, text)| (text.lines().count(), name)).collect();
    files.sort_by(|a, b| b.cmp(a));
    for (lines, name) in files.iter().take(10) {
        println!("{lines:5} src/{name}");
    }
}
