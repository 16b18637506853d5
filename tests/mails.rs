//! A mail says in its reader's language what the edition holds for them, and any other reader of mail sees the same.

use std::path::Path;
use std::process::Command;

use herald::article::{Language, Picture};
use herald::audience::Person;
use herald::mail::{Choice, Envelope, Links, Rendering};
use herald::template::issue::{Correction, Issue, Link, Newsletter, Story};
use herald::template::{House, Templates};
use serde_json::Value;

use crate::world::{CONFIG, World};

/// The languages of the sample.
pub const LANGUAGES: [&str; 3] = ["en", "sr-Latn", "sr-Cyrl"];

fn language(tag: &str) -> Language {
    tag.parse().unwrap()
}

/// The templates that are built in.
pub fn templates() -> Templates {
    let languages = LANGUAGES.map(language).to_vec();
    Templates::load_for(None, House { languages, ..House::default() }).unwrap()
}

/// The digest of 19 May 2026 in a language.
pub fn digest(tag: &str) -> Issue {
    let all: Value = serde_json::from_str(include_str!("mails/digest.json")).unwrap();
    let issue = &all[tag];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let stories = issue["stories"].as_array().unwrap().iter().enumerate().map(|(position, story)| Story {
        position: position as u8,
        title: text(&story["title"]),
        url: text(&story["url"]),
        summary: text(&story["summary"]),
        topic: Some(Link { label: text(&story["topic"]), url: text(&story["topic_url"]) }),
        authors: vec![text(&story["author"])],
        published: format!("{}+02:00", text(&story["at"]).trim_end_matches("+02:00").to_owned() + ":00")
            .parse()
            .unwrap(),
        picture: story.get("picture").map(|picture| Picture {
            url: "https://newsroom.example/media/sava-exercise.jpg".to_owned(),
            alt: text(&picture["alt"]),
            caption: Some(text(&picture["caption"])),
            credit: Some(text(&picture["credit"])),
            width: Some(1120),
            height: Some(630),
            ..Picture::default()
        }),
        language: language(tag),
        html: String::new(),
        text: text(&story["summary"]),
        breaking: false,
        withdrawn: None,
    });
    Issue {
        newsletter: Newsletter { name: "daily".to_owned(), title: text(&issue["title"]) },
        number: 97,
        date: "2026-05-19T05:00:00Z".parse().unwrap(),
        timezone: "Europe/Belgrade".parse().unwrap(),
        language: language(tag),
        publisher: text(&issue["publisher"]),
        address: text(&issue["address"]),
        site_url: "https://newsroom.example/".to_owned(),
        web_url: Some("https://newsroom.example/newsletters/daily/97".to_owned()),
        accent: "#1f4e79".to_owned(),
        corrections: vec![Correction {
            position: Some(40),
            title: text(&issue["correction"]["title"]),
            url: text(&issue["correction"]["url"]),
            note: text(&issue["correction"]["note"]),
            at: "2026-05-18T09:00:00Z".parse().unwrap(),
            language: language(tag),
        }],
        stories: stories.collect(),
        test: None,
        telling: None,
        sandbox: false,
    }
}

/// Where a copy's links lead.
pub fn links() -> Links<'static> {
    Links {
        leave: Some("https://newsroom.example/unsubscribe/TOKEN"),
        preferences: Some("https://newsroom.example/preferences/TOKEN"),
        why: "",
        web: false,
    }
}

fn person(name: Option<&str>) -> Person {
    Person {
        id: 1,
        address: "reader@reader.example".parse().unwrap(),
        name: name.map(str::to_owned),
        language: None,
        extra: Default::default(),
    }
}

fn envelope(issue: &Issue, person: &Person) -> Envelope {
    Envelope {
        from: format!("\"{}\" <news@newsroom.example>", issue.publisher).parse().expect("a mailbox"),
        reply_to: None,
        to: person.address.clone(),
        to_name: person.name.clone(),
        message_id: "1.abc@newsroom.example".to_owned(),
        date: issue.date,
        list_id: (issue.newsletter.title.clone(), "daily.newsroom.example".to_owned()),
        leave_url: links().leave.map(str::to_owned),
        preferences_url: links().preferences.map(str::to_owned),
        feedback_id: None,
        language: issue.language.clone(),
        sandbox: false,
        test: false,
        why: String::new(),
    }
}

#[test]
fn a_whole_digest_in_three_languages() {
    let templates = templates();
    for tag in LANGUAGES {
        let rendering = templates.mail("digest", &digest(tag)).unwrap();
        insta::assert_snapshot!(format!("digest-{tag}.txt"), rendering.text(None, Choice::ALL, links()).unwrap());
        insta::assert_snapshot!(format!("digest-{tag}.html"), rendering.html(None, Choice::ALL, links()).unwrap());
    }
}

#[test]
fn an_alert_in_text() {
    let mut issue = digest("en");
    issue.stories.truncate(1);
    issue.corrections.clear();
    let rendering = templates().mail("alert", &issue).unwrap();
    assert_eq!(rendering.subject(None, Choice::ALL, links()).unwrap(), issue.stories[0].title);
    insta::assert_snapshot!("alert-en.txt", rendering.text(None, Choice::ALL, links()).unwrap());
}

#[test]
fn an_alert_of_several_stories_has_one_heading_of_the_first_rank() {
    let rendering = templates().mail("alert", &digest("sr-Cyrl")).unwrap();
    for choice in [Choice::ALL, Choice::of([3]), Choice::of([1, 2, 4])] {
        let html = rendering.html(None, choice, links()).unwrap();
        assert_eq!((html.matches("<h1").count(), html.matches("</h1>").count()), (1, 1), "{choice}");
        let stories = choice.0.count_ones().min(6) as usize;
        assert_eq!(html.matches("<h2 class=\"display").count(), stories - 1, "{choice}");
    }
}

#[test]
fn a_copy_without_the_lead_begins_with_its_own_first_story() {
    let rendering = templates().mail("digest", &digest("en")).unwrap();
    let choice = Choice::of([2, 4]);
    let subject = rendering.subject(None, choice, links()).unwrap();
    assert_eq!(subject, "Daily digest: Scholarships for young scientists: applications are open until 30\u{a0}June");
    let html = rendering.html(None, choice, links()).unwrap();
    assert!(html.contains("<title>Daily digest: Scholarships"), "the title is the copy's own");
    let preheader = html.split("class=\"preheader\"").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(preheader.contains("Also: Forest-fire crews") && preheader.contains("Twelve places"), "{preheader}");
    for gone in ["Sava", "small rooms", "Medics", "240 metres"] {
        assert!(!html.contains(gone), "{gone} was not chosen");
    }
    assert_eq!(html.matches("class=\"rule line\"").count(), 1, "a line between two stories, none above the first");
    assert_eq!(html.matches("<tr").count(), html.matches("</tr").count(), "the cut leaves whole rows");
    assert_eq!(
        html.matches("<table").count() - html.matches("mso]><table").count(),
        html.matches("</tbody></table>").count() + html.matches("</tbody>\n</table>").count()
    );
    let with_note = rendering.html(None, choice.with(40), links()).unwrap();
    assert!(with_note.contains("240 metres"), "a correction is chosen by its own position");
}

#[test]
fn the_copy_in_a_browser_has_no_reader() {
    let rendering = templates().mail("digest", &digest("en")).unwrap();
    let web = Links { web: true, ..Links::default() };
    for page in [rendering.html(None, Choice::ALL, web).unwrap(), rendering.text(None, Choice::ALL, web).unwrap()] {
        for gone in ["unsubscribe", "preferences", "View this mail", "You get"] {
            assert!(!page.contains(gone), "{gone}");
        }
        assert!(page.contains("Example Street 1"));
    }
}

#[test]
fn every_link_is_absolute_and_no_picture_spies() {
    for tag in LANGUAGES {
        let html = templates().mail("digest", &digest(tag)).unwrap().html(None, Choice::ALL, links()).unwrap();
        for attribute in [" href=\"", " src=\""] {
            for target in html.split(attribute).skip(1) {
                assert!(
                    target.starts_with("https://newsroom.example/"),
                    "{}",
                    target.chars().take(60).collect::<String>()
                );
            }
        }
        assert!(!html.contains("<script") && !html.contains("<form") && !html.contains("<link"));
    }
}

#[test]
fn twenty_cyrillic_stories_are_not_cut_off() {
    let mut issue = digest("sr-Cyrl");
    let story = issue.stories[1].clone();
    for position in 6..20 {
        issue.stories.push(Story { position, ..story.clone() });
    }
    let size = templates().mail("digest", &issue).unwrap().html_bytes(&person(None), Choice::ALL, links()).unwrap();
    println!("twenty Cyrillic stories, encoded: {size} bytes");
    assert!(size < 102_000, "{size} bytes: Gmail cuts a mail off at 102 KB");
}

#[test]
fn pythons_email_sees_the_same() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("python3 is not here: this test was passed over");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let templates = templates();
    let mut expected: Vec<(std::path::PathBuf, Rendering, Issue, Person, Choice)> = Vec::new();
    for tag in LANGUAGES {
        let issue = digest(tag);
        let rendering = templates.mail("digest", &issue).unwrap();
        for (number, name) in
            [None, Some("Ана Петровић"), Some("O'Neill, \"Ann\" <b>\r\nBcc: x@y.example")].into_iter().enumerate()
        {
            for choice in [Choice::ALL, Choice::of([1, 5]), Choice::of([5])] {
                let person = person(name);
                let path = folder.path().join(format!("{tag}-{number}-{}.eml", choice.0));
                std::fs::write(&path, rendering.copy(&envelope(&issue, &person), &person, choice).unwrap()).unwrap();
                expected.push((path, rendering.clone(), issue.clone(), person, choice));
            }
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/with_email.py");
    let output = Command::new("python3").arg(script).args(expected.iter().map(|(path, ..)| path)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(seen.len(), expected.len());
    for (seen, (path, rendering, issue, person, choice)) in seen.iter().zip(&expected) {
        let path = path.display();
        let said = |name: &str| seen[name].as_str().unwrap().replace("\r\n", "\n");
        assert_eq!(seen["defects"].as_array().unwrap().len(), 0, "{path}: {}", seen["defects"]);
        assert_eq!(said("type"), "multipart/alternative", "{path}");
        assert_eq!(said("subject"), rendering.subject(Some(person), *choice, links()).unwrap(), "{path}");
        assert_eq!(said("text"), rendering.text(Some(person), *choice, links()).unwrap(), "{path}");
        assert_eq!(said("html"), rendering.html(Some(person), *choice, links()).unwrap(), "{path}");
        // Python's display names get a second space where a phrase is split into two encoded words (RFC 2047 §6.2 says none).
        let from = seen["from"][0].as_str().unwrap().replace("  ", " ");
        assert_eq!(from, issue.publisher, "{path}");
        let name = person.name.as_deref().unwrap_or_default().replace("\r\n", " ");
        assert_eq!(seen["to"][0], name, "{path}");
        assert_eq!(seen["to"][1], "reader@reader.example", "{path}");
    }
}

#[tokio::test]
async fn each_mail_says_why_its_reader_gets_it() {
    let press = "[[lists]]\nname = \"press\"\nfile = \"subscribers/press.csv\"\nbasis = \"public_task\"\n\
                 origin = { en = \"Accredited at our office\", sr-Latn = \"Akreditacija\" }\n\n[[newsletters]]";
    let config = CONFIG.replacen("[[newsletters]]", press, 1).replace("[\"public\"]", "[\"public\", \"press\"]");
    let world = World::with(&config).await;
    world.article("s1", "Story 1.", "en", chrono::Duration::hours(2));
    world.write(
        "subscribers/public.csv",
        "email,language,consent_at,consent_source\nana@r.test,en,2023-04-04T22:30:00Z,web form\n\
         ana.l@r.test,sr-Latn,2023-04-04,\nbo@r.test,en,,\"Fair in Niš <2023>\"\ncy@r.test,en,,\nboth@r.test,en,2024-01-31,\n",
    );
    world.write(
        "subscribers/press.csv",
        "email,language,consent_at\ndan@r.test,en,2022-01-01\ndan.l@r.test,sr-Latn,\nboth@r.test,en,\n",
    );
    world.pass(true).await;
    let mails = world.outbox();
    for (to, text) in [
        ("ana@r.test", "You get “Daily digest” because you signed up for it on 5 April 2023."),
        ("ana.l@r.test", "Ovo primate jer ste se 4. aprila 2023. pretplatili na bilten „Dnevni pregled”."),
        ("bo@r.test", "You get “Daily digest” because you were added to its list. Origin: Fair in Niš <2023>"),
        ("cy@r.test", "You get “Daily digest” because this address is on its list."),
        ("both@r.test", "You get “Daily digest” because you signed up for it on 31 January 2024."),
        ("dan@r.test", "You get “Daily digest” because you were added to its list. Origin: Accredited at our office"),
        ("dan.l@r.test", "Ovo primate jer ste dodati na spisak za bilten „Dnevni pregled”. Poreklo: Akreditacija"),
    ] {
        let mail = mails.iter().find(|mail| mail.to == to).unwrap_or_else(|| panic!("{to}"));
        assert!(mail.text.replace("\n", " ").contains(text), "{to}: {}", mail.text);
        let html = text.replace('<', "&lt;").replace('>', "&gt;");
        assert!(mail.html.contains(&html), "{to}: {}", mail.html);
    }
}
