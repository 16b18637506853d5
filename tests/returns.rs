//! What comes back is understood: three hundred real reports, and `herald bounces read` from every way in.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use herald::clock::Clock;
use herald::mail::about::{About, Verdict};
use herald::mail::report::{Kind, Report};
use herald::secret::Purpose;
use herald::store::keys;

use crate::world::{CONFIG, World, stores};

/// Collected reports, where they are: `HERALD_DATA/bounces`.
#[allow(clippy::print_stderr)]
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("HERALD_DATA").map(|data| Path::new(&data).join("bounces"));
    let found = folder.filter(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("passed over: real reports (HERALD_DATA names no folder with bounces/)");
    }
    found
}

/// Whether a verdict does what the collector's reason asks for. Theirs has no word for whom it is about; most of them say it all
/// the same.
fn fits(reason: &str, verdict: Verdict) -> bool {
    let Verdict { about, lasting } = verdict;
    match reason {
        "userunknown" | "hostunknown" | "hasmoved" | "notaccept" | "suspend" => about == About::Person,
        "mailboxfull" => about == About::Person && !lasting,
        // Their word for what a server refused after it had seen the mail, mostly because nobody is there.
        "filtered" => matches!(about, About::Person | About::Message),
        // Our name, address, signature, rights.
        "authfailure" | "requireptr" | "blocked" | "badreputation" | "norelaying" | "failedstarttls" | "rejected" => {
            about == About::Us
        }
        // Of a mail that is taken for spam, its text or its sender may be to blame.
        "spamdetected" => matches!(about, About::Us | About::Message),
        "virusdetected" | "contenterror" | "mesgtoobig" | "exceedlimit" | "notcompliantrfc" => about == About::Message,
        "policyviolation" | "securityerror" => matches!(about, About::Us | About::Message),
        // A server that cannot be reached, or a mailbox or domain that is not there for now.
        "networkerror" | "systemerror" | "systemfull" | "mailererror" | "expired" => {
            about == About::Relay || (about == About::Person && !lasting)
        }
        "toomanyconn" => matches!(about, About::Us | About::Relay),
        _ => !(about == About::Person && lasting),
    }
}

/// Those that we read otherwise, each with why.
const OTHERWISE: &[(&str, &str)] = &[
    ("lhost-amazonses-10.eml", "a notice in JSON by mail; such come by webhook"),
    ("lhost-amazonses-11.eml", "the same, of a complaint"),
    ("lhost-exim-35.eml", "“550 Access denied” does not say of whom"),
    ("lhost-exim-49.eml", "“550 Rejected” does not say why"),
    (
        "lhost-googlegroups-01.eml",
        "no such group, or no right to write to it: it does not say which, and in a language of many",
    ),
    ("lhost-googlegroups-05.eml", "the same"),
    ("lhost-googlegroups-08.eml", "the same"),
    ("lhost-googlegroups-10.eml", "the same"),
    ("lhost-googlegroups-11.eml", "the same"),
    ("lhost-googlegroups-12.eml", "the same"),
    ("lhost-googlegroups-13.eml", "the same"),
    ("lhost-postfix-47.eml", "“554 Transaction failed” does not say why"),
    ("lhost-postfix-49.eml", "a notice that says nothing but that it failed"),
    ("lhost-postfix-54.eml", "“5.7.1 Access denied” does not say of whom"),
    ("lhost-v5sendmail-05.eml", "several recipients in prose: none of them is given up"),
    ("lhost-v5sendmail-07.eml", "the same, and one of the replies is about the sender's server"),
    ("lhost-x6-01.eml", "a loop, in prose that speaks of an attachment"),
    ("rfc3464-35.eml", "two recipients, and words about one of them"),
    ("rhost-franceptt-07.eml", "says nothing at all"),
    ("lhost-exim-31.eml", "says that the domain may not exist, or be blacklisted: the reader is spared"),
    ("lhost-fml-02.eml", "a letter of a mailing list"),
    ("lhost-postfix-01.eml", "the mail system itself says 5.1.1, no such user"),
    ("lhost-sendmail-14.eml", "a report that a person passed on: a letter"),
    ("lhost-sendmail-57.eml", "5.7.27 is about the sender's domain (RFC 7505 §4.2), whatever its words say"),
    ("rfc3464-01.eml", "its status part says 5.1.1, user unknown, of both"),
    ("rhost-google-02.eml", "has no Content-Type of its own: what it holds cannot be taken apart"),
    ("rhost-messagelabs-03.eml", "“542 Rejected” does not say that it is about the reader"),
    ("rhost-outlook-03.eml", "5.5.0, a domain that is not reachable: not for good"),
];

#[test]
fn every_real_report_is_read_as_it_is_meant_or_named() {
    let Some(folder) = corpus() else { return };
    let mut wanted: BTreeMap<String, Vec<(String, String, String)>> = BTreeMap::new();
    let table = std::fs::read_to_string(folder.join("expected.csv")).expect("expected.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let head = reader.headers().expect("headings").clone();
    let column = |name: &str| head.iter().position(|one| one == name).expect("a column");
    for row in reader.records().map(|row| row.expect("a row")) {
        let cell = |name: &str| row[column(name)].to_owned();
        wanted.entry(cell("file")).or_default().push((cell("kind"), cell("reason"), cell("feedback_type")));
    }
    assert!(wanted.len() > 300, "{} files", wanted.len());
    let (mut wrong, mut right) = (Vec::new(), 0);
    for (file, rows) in &wanted {
        let report = Report::read(&std::fs::read(folder.join("eml").join(file)).expect("a report"));
        let other = OTHERWISE.iter().any(|(name, _)| name == file);
        let mut faults = Vec::new();
        for (i, (kind, reason, feedback)) in rows.iter().enumerate() {
            let meant = match kind.as_str() {
                "bounce" => Kind::Failure,
                // A signature that failed is reported by machines, not by people (RFC 6591).
                "complaint" if feedback == "auth-failure" => Kind::Feedback,
                "complaint" => Kind::Complaint,
                "auto-reply" => Kind::AutoReply,
                "delivered" => Kind::Delivered,
                _ => Kind::Letter,
            };
            if report.kind != meant {
                faults.push(format!("{file}: {kind} read as {:?}", report.kind));
            } else if let Some(failure) = report.failures.get(i.min(report.failures.len().saturating_sub(1)))
                && !fits(reason, failure.verdict)
            {
                faults.push(format!("{file}: {reason} read as {:?} ({})", failure.verdict, failure.line));
            }
        }
        match (faults.is_empty(), other) {
            (true, true) => wrong.push(format!("{file} is read as it is meant: no longer one of OTHERWISE")),
            (true, false) => right += 1,
            (false, true) => {}
            (false, false) => wrong.append(&mut faults),
        }
    }
    assert!(wrong.is_empty(), "{right} as meant, and:\n{}", wrong.join("\n"));
}

#[test]
fn ends_of_line_make_no_difference_and_what_nobody_labelled_is_read() {
    let Some(folder) = corpus() else { return };
    let files = |name: &str| {
        let entries =
            std::fs::read_dir(folder.join(name)).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.collect::<Vec<_>>()
    };
    let verdicts = |report: &Report| report.failures.iter().map(|f| f.verdict).collect::<Vec<_>>();
    let mut count = 0;
    for path in files("newline-variants/dos").into_iter().chain(files("newline-variants/mac")) {
        let same = folder.join("eml").join(path.file_name().expect("a name"));
        let Ok(original) = std::fs::read(&same) else { continue };
        let (one, other) = (Report::read(&original), Report::read(&std::fs::read(&path).expect("a report")));
        assert_eq!((one.kind, verdicts(&one)), (other.kind, verdicts(&other)), "{}", path.display());
        count += 1;
    }
    assert!(count > 40, "{count}");
    for path in files("unlabelled").into_iter().chain(files("webhook-json")) {
        Report::read(&std::fs::read(path).expect("a report"));
    }
}

fn report(token: &str, recipient: &str, said: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.test\nTo: <bounces+{token}@office.test>\nMessage-ID: <{recipient}-1@mx.test>\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n\
         Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; {said}\n\n--b--\n"
    )
}

/// What `herald bounces read …` says: exit code, standard output, standard error.
fn read(world: &World, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_herald"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HERALD_")) {
        command.env_remove(name);
    }
    command.current_dir(world.path("")).args(["bounces", "read"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("herald runs");
    // Who refuses before reading closes the pipe.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let done = child.wait_with_output().expect("herald ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap_or(-1), text(&done.stdout), text(&done.stderr))
}

#[tokio::test]
async fn reports_come_in_by_pipe_maildir_and_mbox_and_count_once() {
    for store in stores().await {
        let section = store.map_or(String::new(), |url| format!("[store]\nurl = \"{url}\"\n"));
        count_once(World::with(&CONFIG.replacen("[[sources]]", &format!("{section}[[sources]]"), 1)).await).await;
    }
}

async fn count_once(world: World) {
    // The command has the system's time, and what is too old hurts nobody.
    world.advance(Clock::system().now() - world.now());
    let names = ["ana", "bo", "ce"];
    world.write("subscribers/public.csv", "email\nana@readers.test\nbo@readers.test\nce@readers.test\n");
    world.article("one", "One", "en", chrono::Duration::hours(1));
    world.pass(true).await;
    let letters = world.outbox();
    assert_eq!(letters.len(), 3);
    // The token is taken from the mail that went out, as a server would send it back.
    let token = |name: &str| {
        let mail = letters.iter().find(|mail| mail.to.starts_with(name)).expect("a mail");
        let at = mail.raw.find("Message-ID: <").expect("a Message-ID") + 13;
        mail.raw[at..].split('@').next().expect("a token").to_owned()
    };
    let ring = keys::ring(&mut world.newsroom.site.store.read().await.expect("a store")).await.expect("keys");
    assert!(ring.open(Purpose::Delivery, &token("ana")).is_some());
    let gone = |name: &str| report(&token(name), &format!("{name}@readers.test"), "550 5.1.1 no such user");
    // A trial changes nothing.
    let (code, out, err) = read(&world, &["--dry-run", "-"], &gone("ana"));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("1 suppressed") && out.contains("Nothing was changed"), "{out}");
    assert!(out.contains("a…@readers.test") && !out.contains("ana@readers.test"), "{out}");
    for (times, words) in [(1, "1 suppressed"), (2, "1 known before")] {
        let (code, out, err) = read(&world, &["-"], &gone("ana"));
        assert_eq!(code, 0, "{err}");
        assert!(out.contains(words), "time {times}: {out}");
    }
    world.write("mail/cur/1:2,S", &report(&token("bo"), "bo@readers.test", "554 5.7.1 blocked using zen.spamhaus.org"));
    world.write("mail/new/2", "From: x@y.test\nSubject: Automatic reply\n\nAway");
    world.write("mail/tmp/3", "not yet");
    let mark = "From MAILER-DAEMON Tue Mar  3 06:00:00 2026\n";
    world.write("returns.mbox", &format!("{mark}{}\n{mark}{}", gone("ce"), gone("ce")));
    let (code, out, err) = read(&world, &["mail", "returns.mbox", "missing.eml"], "");
    assert_eq!(code, 3, "{out}");
    assert!(err.contains("missing.eml"), "{err}");
    for words in ["us, for good", "auto-reply", "returns.mbox#2", "1 suppressed", "1 kept", "1 of machines", "1 known"]
    {
        assert!(out.contains(words), "{words}: {out}");
    }
    let (code, out, _) = read(&world, &["mail", "returns.mbox"], "");
    assert_eq!(code, 0);
    assert!(out.contains("3 known before"), "{out}");
    let shown = crate::world::json(&world, &["--json", "editions", "show", "1"]);
    assert_eq!(shown["reports"], serde_json::json!({"suppressed": 2, "kept": 1}), "{shown}");
    // The next edition goes to whoever is left.
    world.clear_outbox();
    world.article("two", "Two", "en", chrono::Duration::minutes(1));
    world.pass(true).await;
    let to: Vec<String> = world.outbox().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["bo@readers.test"], "of {names:?}");
}

#[tokio::test]
async fn a_pipe_that_cannot_be_served_is_told_to_come_again() {
    let world = World::new().await;
    let (code, out, _) = read(&world, &["-", "--config", "missing.toml"], "x");
    assert_eq!(code, 75, "a mail server gives up a report at any other code: {out}");
    let (code, ..) = read(&world, &["x", "--config", "missing.toml"], "");
    assert_eq!(code, 2);
    let (code, ..) = read(&world, &["-"], "");
    assert_eq!(code, 0, "nothing came");
    std::fs::remove_file(world.path("config.toml")).expect("a file");
    let broken = "[site]\ntitle = \"T\"\nurl = \"http://127.0.0.1:1\"\nlanguages = [\"en\"]\naddress = \"A\"\n[store]\nurl = \"sqlite://config.toml/x.db\"\n";
    world.write("config.toml", broken);
    let (code, _, err) = read(&world, &["-"], "x");
    assert_eq!(code, 75, "{err}");
}
