//! DKIM: what leaves is signed so that somebody else's verifier is content, whatever stands in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use assert_cmd::Command;
use chrono::Duration;
use serde_json::Value;

use crate::world::{CONFIG, World};

fn herald(world: &World, arguments: &[&str]) -> (i32, String, String) {
    let done = Command::cargo_bin("herald")
        .expect("the binary")
        .current_dir(world.path(""))
        .args(arguments)
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap_or(-1), text(&done.stdout), text(&done.stderr))
}

/// Makes a key, and gives the name and text of its record.
fn key(world: &World, arguments: &[&str]) -> (String, String) {
    let (code, said, fault) = herald(world, &[&["--json", "keys", "dkim"], arguments].concat());
    assert_eq!(code, 0, "{fault}");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let text = |key: &str| said[key].as_str().expect("a text").to_owned();
    (text("name"), text("value"))
}

fn outbox(world: &World) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(world.path("var/outbox")).expect("an outbox");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "eml"));
    paths.sort();
    paths
}

const KEYS: &str = "[mail.dkim]\nselector = \"one\"\nkey_file = \"var/keys/one.pem\"\n\
                    [mail.dkim.ed25519]\nselector = \"two\"\nkey_file = \"var/keys/two.pem\"\n";

/// A newsroom whose two copies are signed by both keys, with the records of these. Its mails, and with other words, a second Subject
/// and other white space the first of them: those that are not as we signed them come third and fourth.
async fn signed() -> (World, BTreeMap<String, String>, Vec<PathBuf>) {
    let config = CONFIG.replace("http://127.0.0.1:8080", "https://news.office.test");
    let world = World::with(&config).await;
    let records = BTreeMap::from([key(&world, &["one"]), key(&world, &["two", "--ed25519"])]);
    assert!(records.contains_key("one._domainkey.office.test"), "{records:?}");
    world.write("config.toml", &format!("{config}{KEYS}"));
    world.article("bridge", "Мост отворен “a  b” & <c>", "en", Duration::days(1));
    world.write(
        "subscribers/public.csv",
        "email,name,language\nana@reader.test,\"Ана, \"\"Н\"\"  Петровић\",sr-Cyrl\nbo@reader.test,,en\n",
    );
    let (code, _, fault) = herald(&world, &["once", "--now"]);
    assert_eq!(code, 0, "{fault}");
    let mut mails = outbox(&world);
    assert_eq!(mails.len(), 2);
    let raw = std::fs::read_to_string(&mails[0]).expect("a mail");
    for (name, text) in [
        ("changed", raw.replacen("Street 1", "Street 2", 1)),
        ("second", format!("Subject: Another\r\n{raw}")),
        (
            "spaces",
            format!("{}  \r\n\r\n", raw.trim_end().replacen("\r\nPrecedence: bulk", "\r\nPrecedence:   bulk", 1)),
        ),
    ] {
        world.write(&format!("{name}.eml"), &text);
        mails.push(world.path(&format!("{name}.eml")));
    }
    (world, records, mails)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_copy_bears_two_signatures_that_dkimpy_accepts_and_a_changed_one_does_not() {
    let Ok(python) = std::env::var("HERALD_TEST_PYTHON") else {
        eprintln!("passed over: dkimpy (HERALD_TEST_PYTHON names no Python that has it)");
        return;
    };
    let (world, records, mails) = signed().await;
    world.write("records.json", &serde_json::to_string(&records).expect("JSON"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/with_dkimpy.py");
    let done = Process::new(python).arg(script).arg(world.path("records.json")).args(&mails).output().expect("Python");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let answers: Vec<Vec<(String, bool, Vec<String>)>> = serde_json::from_slice(&done.stdout).expect("JSON");
    for (number, signatures) in answers.iter().enumerate() {
        let algorithms: Vec<&str> = signatures.iter().map(|(algorithm, ..)| algorithm.as_str()).collect();
        assert_eq!(algorithms, ["rsa-sha256", "ed25519-sha256"]);
        for (algorithm, holds, fields) in signatures {
            // Only the first two and the one with other spaces are what we signed.
            assert_eq!(*holds, number < 2 || number == 4, "{algorithm} of message {number}");
            let times = |name: &str| fields.iter().filter(|field| *field == name).count();
            assert_eq!((times("from"), times("subject")), (2, 2), "one more than there are");
            assert_eq!(
                (times("list-unsubscribe"), times("list-unsubscribe-post")),
                (1, 1),
                "RFC 8058 wants them signed"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stderr)]
async fn opendkim_accepts_both_signatures_too_and_not_those_of_a_changed_mail() {
    let Some(program) =
        ["/usr/sbin/opendkim", "/usr/local/sbin/opendkim"].into_iter().find(|at| Path::new(at).exists())
    else {
        eprintln!("passed over: OpenDKIM (install opendkim)");
        return;
    };
    let (world, records, mails) = signed().await;
    let records: String = records.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
    world.write("keys", &records);
    world.write("opendkim.conf", &format!("Mode v\nTestPublicKeys {}\n", world.path("keys").display()));
    for (number, mail) in mails.iter().enumerate() {
        // Its test mode: the milter as it is, without a mail server, DNS out of a file.
        let done = Process::new(program)
            .arg("-x")
            .arg(world.path("opendkim.conf"))
            .arg("-vvv")
            .arg("-t")
            .arg(mail)
            .output()
            .expect("OpenDKIM");
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        let ours = number < 2 || number == 4;
        for (algorithm, selector) in [("rsa-sha256", "one"), ("ed25519-sha256", "two")] {
            let about = format!("header.a={algorithm} header.s={selector}");
            let line = said.lines().find(|line| line.contains(&about)).unwrap_or_else(|| panic!("{algorithm}: {said}"));
            assert_eq!(line.contains("dkim=pass"), ours, "{algorithm} of message {number}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_once_is_secret_and_is_succeeded_in_order() {
    let world = World::new().await;
    let made = key(&world, &["one"]);
    assert_eq!(key(&world, &["one"]), made, "the same key, not another");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(world.path("var/keys/one.pem")).expect("a key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let (code, said, _) = herald(&world, &["keys", "dkim", "one"]);
    assert!(code == 0 && said.contains("one._domainkey.office.test. IN TXT ( \"v=DKIM1"), "{said}");
    assert!(said.lines().all(|line| line.len() < 300) && !said.contains("PRIVATE"), "{said}");
    assert_eq!(herald(&world, &["keys", "rotate"]).0, 2, "there is none to replace yet");
    world.write("config.toml", &format!("{CONFIG}[mail.dkim]\nselector = \"one\"\nkey_file = \"var/keys/one.pem\"\n"));
    let (code, said, fault) = herald(&world, &["keys", "rotate"]);
    assert!(code == 0 && said.contains("one2._domainkey") && said.contains("A week later"), "{said}{fault}");
    // A key that is none stops the mail before it leaves, and says which file.
    world.write("var/keys/one.pem", "secret words");
    let (code, _, fault) = herald(&world, &["once", "--now"]);
    assert!(code != 0 && fault.contains("one.pem") && fault.contains("no private key"), "{fault}");
    assert!(!fault.contains("secret words"), "{fault}");
}
