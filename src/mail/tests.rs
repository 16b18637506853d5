//! Copies, as other readers of mail see them.

use chrono::DateTime;
use mail_parser::{HeaderValue, MessageParser};
use proptest::prelude::*;

use super::*;
use crate::audience::Person;

/// What a rendering of this test is made of: text with stories, and the same written out for one copy.
struct Plan {
    stories: Vec<String>,
    intro: String,
}

impl Plan {
    fn rendering(&self) -> (Rendering, String) {
        let mut marks = Marks::new(&format!("{:?}{}", self.stories, self.intro)).unwrap();
        let name = marks.hole(Hole::Recipient { field: "name".into(), default: "reader <&>".into() }).unwrap();
        let leave = marks.hole(Hole::Unsubscribe).unwrap();
        let why = marks.hole(Hole::Why).unwrap();
        let mut text = format!("{}Dear {name},\n", self.intro);
        let mut html = format!("<html><body title=\"{name}\">{}<p>Dear {name}!</p>", escape(&self.intro));
        let mut subjects = Vec::new();
        for (position, story) in self.stories.iter().enumerate() {
            let when = When::Story { position: position as u8, from: 1, to: u8::MAX };
            text += &marks.begin(when, Syntax::Plain).unwrap();
            text += story;
            text += "\n";
            text += &marks.end(Syntax::Plain).unwrap();
            html += &marks.begin(when, Syntax::Html).unwrap();
            html += &format!("<h2>{}</h2>", escape(story));
            html += &marks.end(Syntax::Html).unwrap();
            subjects.push(format!("Digest: {story} for {name}"));
        }
        text += &format!("{why} {leave}");
        html += &format!("<p>{why}</p><a href=\"{leave}\">leave</a></body></html>");
        let positions = (0..self.stories.len() as u8).collect();
        let rendering = Rendering::cut(
            &marks,
            "sr-Latn".parse().unwrap(),
            positions,
            &subjects,
            &text,
            &html,
            "Zato što ste na spisku.".into(),
        )
        .unwrap();
        (rendering, marks.word().to_owned())
    }

    /// The same without any splice: what the copy must say.
    fn written_out(&self, person: &Person, choice: Choice, envelope: &Envelope) -> (String, String, String) {
        let name = person.name.as_deref().map(one_line).filter(|n| !n.is_empty()).unwrap_or("reader <&>".into());
        let leave = envelope.leave_url.clone().unwrap_or_default();
        let chosen: Vec<&String> =
            self.stories.iter().enumerate().filter(|(n, _)| choice.holds(*n as u8)).map(|(_, s)| s).collect();
        let why = "Zato što ste na spisku.";
        let mut text = format!("{}Dear {name},\n", self.intro);
        let mut html = format!("<html><body title=\"{0}\">{1}<p>Dear {0}!</p>", escape(&name), escape(&self.intro));
        for story in &chosen {
            text += &format!("{story}\n");
            html += &format!("<h2>{}</h2>", escape(story));
        }
        text += &format!("{why} {leave}");
        html += &format!("<p>{why}</p><a href=\"{}\">leave</a></body></html>", escape(&leave));
        let subject = one_line(&format!("Digest: {} for {name}", chosen[0]));
        (subject, text, html)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn envelope(name: Option<&str>) -> Envelope {
    Envelope {
        from: "Канцеларија за односе с јавношћу, Београд <news@newsroom.example>".parse().unwrap(),
        reply_to: Some("press@newsroom.example".parse().unwrap()),
        to: "ana@reader.example".parse().unwrap(),
        to_name: name.map(str::to_owned),
        message_id: "abc.def@newsroom.example".into(),
        date: DateTime::from_timestamp(1_779_166_800, 0).unwrap(),
        list_id: ("Дневни преглед, „прво” издање".into(), "daily.newsroom.example".into()),
        leave_url: Some("https://newsroom.example/unsubscribe/abcdefghijklmnopqrstuvwxyz234567?a=1&b=2".into()),
        preferences_url: Some("https://newsroom.example/preferences/abc".into()),
        feedback_id: Some("97:daily:newsroom:herald".into()),
        language: "sr-Latn".parse().unwrap(),
        sandbox: true,
        test: false,
        why: String::new(),
    }
}

fn person(name: Option<&str>) -> Person {
    Person {
        id: 7,
        address: "ana@reader.example".parse().unwrap(),
        name: name.map(str::to_owned),
        language: None,
        extra: Default::default(),
    }
}

/// Names of the header fields of a message, in lower case, with how often each stands there.
fn fields(bytes: &[u8]) -> std::collections::BTreeMap<String, usize> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut fields = std::collections::BTreeMap::new();
    for line in text.split("\r\n").take_while(|line| !line.is_empty()).filter(|line| !line.starts_with(' ')) {
        *fields.entry(line.split(':').next().unwrap().to_ascii_lowercase()).or_default() += 1;
    }
    fields
}

/// What holds for the bytes of every copy.
fn sound(bytes: &[u8], word: &str) -> Result<(), TestCaseError> {
    let text = std::str::from_utf8(bytes).map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert!(text.is_ascii(), "eight bits where seven were promised");
    prop_assert!(text.ends_with("\r\n"));
    prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "a bare CR or LF");
    prop_assert!(!text.contains(word), "a mark was left");
    let longest = text.split("\r\n").max_by_key(|line| line.len()).unwrap_or_default();
    let machine = longest.starts_with("List-Unsubscribe:") || longest.starts_with(" <https");
    prop_assert!(longest.len() <= 78 || machine, "{} bytes: {longest}", longest.len());
    let counted = fields(bytes);
    prop_assert_eq!(counted.len(), 17, "{:?}", counted);
    prop_assert!(counted.values().all(|n| *n == 1), "{:?}", counted);
    Ok(())
}

fn lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn check(plan: &Plan, name: Option<&str>, bits: u64) -> Result<(), TestCaseError> {
    let all = (1u64 << plan.stories.len()) - 1;
    let choice = Choice(if bits & all == 0 { all } else { bits & all });
    let (rendering, word) = plan.rendering();
    // A rendering waits in the store as JSON.
    let rendering: Rendering = serde_json::from_str(&serde_json::to_string(&rendering).unwrap()).unwrap();
    let (envelope, person) = (envelope(name), person(name));
    let bytes = rendering.copy(&envelope, &person, choice).unwrap();
    sound(&bytes, &word)?;
    prop_assert_eq!(&bytes, &rendering.copy(&envelope, &person, choice).unwrap(), "a copy made again is the same");
    let (subject, text, html) = plan.written_out(&person, choice, &envelope);
    let message = MessageParser::default().parse(&bytes).unwrap();
    prop_assert_eq!(message.subject().unwrap_or_default(), subject);
    prop_assert_eq!(message.text_body_count(), 1);
    prop_assert_eq!(lf(&message.body_text(0).unwrap()), lf(&format!("{}\n", text.trim_end())));
    prop_assert_eq!(lf(&message.body_html(0).unwrap()), lf(&format!("{}\n", html.trim_end())));
    let to = message.to().unwrap().first().unwrap();
    prop_assert_eq!(to.address(), Some("ana@reader.example"));
    prop_assert_eq!(to.name().unwrap_or_default(), name.map(one_line).unwrap_or_default());
    Ok(())
}

#[test]
fn names_that_try_to_break_out_do_not() {
    let plan = Plan {
        stories: vec!["Prva vest".into(), "Друга „вест” & <остало>".into()],
        intro: "Šta ima novo.\n".into(),
    };
    for name in [
        "Ana Petrović",
        "Ана \"Ана\" Петровић",
        "x\r\nBcc: all@reader.example\r\n\r\n<script>",
        "\"><script>alert(1)</script>",
        "=?utf-8?q?x?=",
        "a=3Db=\r\n--=_boundary--",
        "Very Long Name That Goes On And On Until It Is Longer Than Any Line Of A Header May Be, And Then Some More",
        "Веома дугачко име које се протеже и протеже докле год не пређе сваку меру реда у заглављу поруке",
        "(comment) <other@reader.example>, second@reader.example;",
        "\u{202e}obrnuto\u{2028}novi red\u{85}",
        "  ",
        "🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈🎈",
        "\\",
        "a\\\"b",
        "dot. and, comma",
    ] {
        for bits in 0..4 {
            check(&plan, Some(name), bits).unwrap_or_else(|e| panic!("{name:?}: {e}"));
        }
    }
    check(&plan, None, 3).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn a_copy_is_what_would_have_been_rendered_for_it_alone(
        stories in prop::collection::vec("[^\u{0}-\u{1f}\u{7f}-\u{9f}]{1,90}", 1..5),
        intro in "[ -~\r\nа-шčćžšđ€.=]{0,200}",
        name in prop::option::of("(?s).{0,60}"),
        bits in any::<u64>(),
    ) {
        check(&Plan { stories, intro }, name.as_deref(), bits)?;
    }
}

#[test]
fn the_headers_of_a_copy() {
    let plan = Plan { stories: vec!["Vest".into()], intro: String::new() };
    let (rendering, _) = plan.rendering();
    let bytes = rendering.copy(&envelope(Some("Ана Петровић")), &person(None), Choice::ALL).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let head =
        text.split("\r\n\r\n").next().unwrap().replace(&rendering_boundary(&text), "BOUNDARY").replace("\r\n", "\n");
    insta::assert_snapshot!(head);
    let message = MessageParser::default().parse(&bytes).unwrap();
    let from = message.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("Канцеларија за односе с јавношћу, Београд"));
    assert_eq!(from.address(), Some("news@newsroom.example"));
    assert_eq!(message.message_id(), Some("abc.def@newsroom.example"));
    assert_eq!(message.date().unwrap().to_rfc3339(), "2026-05-19T05:00:00Z");
    assert!(!matches!(message.list_id(), HeaderValue::Empty));
}

fn rendering_boundary(text: &str) -> String {
    text.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn one_click_leaving_is_offered_only_with_https() {
    let plan = Plan { stories: vec!["Vest".into()], intro: String::new() };
    let (rendering, _) = plan.rendering();
    let mut envelope = envelope(None);
    let has = |envelope: &Envelope, name: &str| {
        fields(&rendering.copy(envelope, &person(None), Choice::ALL).unwrap()).contains_key(name)
    };
    assert!(has(&envelope, "list-unsubscribe") && has(&envelope, "list-unsubscribe-post"));
    envelope.leave_url = Some("http://127.0.0.1:8080/unsubscribe/abc".into());
    assert!(has(&envelope, "list-unsubscribe") && !has(&envelope, "list-unsubscribe-post"));
    envelope.leave_url = None;
    assert!(!has(&envelope, "list-unsubscribe"));
}

#[test]
fn a_copy_without_stories_is_not_made() {
    let plan = Plan { stories: vec!["Vest".into()], intro: String::new() };
    let (rendering, _) = plan.rendering();
    let copy = rendering.copy(&envelope(None), &person(None), Choice::of([5]));
    assert!(matches!(copy, Err(MailError::Empty)));
}

#[test]
fn values_of_the_envelope_cannot_start_a_header() {
    let plan = Plan { stories: vec!["Vest".into()], intro: String::new() };
    let (rendering, word) = plan.rendering();
    let mut envelope = envelope(Some("A\r\nX-Evil: yes"));
    envelope.message_id = "a\r\nX-Evil: yes@b".into();
    envelope.leave_url = Some("https://x.example/\r\nX-Evil: yes".into());
    envelope.feedback_id = Some("a\r\nX-Evil: yes".into());
    envelope.list_id = ("T\r\nX-Evil: yes".into(), "i\r\nX-Evil: yes".into());
    envelope.why = "Because\r\n.\r\nX-Evil: yes".into();
    let bytes = rendering.copy(&envelope, &person(None), Choice::ALL).unwrap();
    sound(&bytes, &word).unwrap();
    assert!(!fields(&bytes).contains_key("x-evil"));
    assert!(matches!("A\r\nX-Evil: yes <a@b.example>".parse::<Mailbox>(), Err(MailError::Mailbox { .. })));
}

/// The encodings of the text and the HTML part.
fn encodings(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let name = "Content-Transfer-Encoding: ";
    text.lines().filter_map(|line| line.strip_prefix(name)).map(str::to_owned).collect()
}

#[test]
fn each_part_leaves_in_the_smaller_encoding() {
    let copy = |story: &str, choice| {
        let plan = Plan { stories: vec![story.to_owned(), "Second.".to_owned()], intro: String::new() };
        for bits in 1..4 {
            check(&plan, Some("Ана Петровић"), bits).unwrap();
        }
        encodings(&plan.rendering().0.copy(&envelope(None), &person(None), choice).unwrap())
    };
    assert_eq!(copy("Šest zemalja vežba na Savi, a čamci čekaju.", Choice::ALL), ["quoted-printable"; 2]);
    let cyrillic = "Шест земаља вежба на Сави, а чамци чекају.".repeat(20);
    assert_eq!(copy(&cyrillic, Choice::ALL), ["base64"; 2]);
    assert_eq!(copy(&cyrillic, Choice::of([1])), ["base64"; 2], "one decision for all copies of a rendering");
}

#[test]
fn a_rendering_that_was_kept_by_an_earlier_herald_is_read() {
    let kept = r#"{"language":"sr-Cyrl","positions":[0],"subjects":[[{"text":"Дневни преглед"}]],
        "text":[{"block":[{"story":{"position":0,"from":1,"to":255}},[{"text":"Спасиоци вежбају на Сави ноћу.\n"}]]},
        {"hole":"unsubscribe"},{"text":"\n"}],"html":[{"text":"<p>Спасиоци</p>\n"}],"why":"","boundary":"=_abc"}"#;
    let rendering: Rendering = serde_json::from_str(kept).unwrap();
    let bytes = rendering.copy(&envelope(None), &person(None), Choice::ALL).unwrap();
    let message = MessageParser::default().parse(&bytes).unwrap();
    let leave = envelope(None).leave_url.unwrap();
    assert_eq!(lf(&message.body_text(0).unwrap()), format!("Спасиоци вежбају на Сави ноћу.\n{leave}\n"));
    assert_eq!(encodings(&bytes)[0], "base64");
}
