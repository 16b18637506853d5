//! Tests of the templates.

use super::*;

fn language(tag: &str) -> Language {
    tag.parse().unwrap()
}

/// Templates with these files over the built-in ones.
fn with(files: &[(&str, &str)]) -> Result<Templates, TemplateError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    load::assemble(Some(folder.path()), House::default())
}

/// Faults and remarks of `check`.
fn said(templates: &Templates) -> (Vec<String>, Vec<String>) {
    let beside = Beside { mails: ["used".to_owned()].into(), columns: ["rank".to_owned()].into() };
    let found = templates.check(&beside);
    let lines = |all: std::collections::BTreeSet<TemplateFault>| all.iter().map(ToString::to_string).collect();
    (lines(found.faults), lines(found.remarks))
}

fn page(template: &str, tag: &str) -> Result<String, TemplateError> {
    with(&[("site/x.html", template)])?.page("site/x.html", &tera::Context::new(), &language(tag))
}

#[test]
fn a_page_speaks_the_readers_language() {
    let template = r#"{{ language }} {{ dir }} {{ t(key="mail-number", number=1204) }} {{ "2026-05-19T22:30:00Z" | date(style="full", timezone="Europe/Belgrade") }}"#;
    assert_eq!(page(template, "en").unwrap(), "en ltr No. 1,204 Wednesday, 20 May 2026");
    assert_eq!(page(template, "sr-Latn").unwrap(), "sr-Latn ltr Broj 1.204 sreda, 20. maj 2026.");
    assert_eq!(page(template, "sr-Cyrl").unwrap(), "sr-Cyrl ltr Број 1.204 среда, 20. мај 2026.");
}

#[test]
fn what_is_printed_is_escaped_and_bounded() {
    assert_eq!(page(r#"{{ "<b>" }}"#, "en").unwrap(), "&lt;b&gt;");
    let long = "x".repeat(10_000);
    let endless = format!("{{% for a in range(end=1000) %}}{long}{{% endfor %}}");
    let error = page(&endless, "en").unwrap_err().to_string();
    assert!(error.contains("over 8 MiB"), "{error}");
}

#[test]
fn what_never_ends_is_given_up_and_not_begun_again() {
    let error = page("{% for i in range(end=1001) %}{% endfor %}", "en").unwrap_err().to_string();
    assert!(error.contains("site/x.html:1: ") && error.contains("at most 1000"), "{error}");
    let loops = "{% set many = range(end=1000) %}{% for a in many %}{% for b in many %}{% for c in many %}{% endfor %}{% endfor %}{% endfor %}";
    let mut templates = with(&[("mail/x.html", loops), ("mail/x.subject", "x"), ("mail/y.html", "y")]).unwrap();
    templates.watch = Arc::new(Watch::new(std::time::Duration::from_millis(300)));
    let issue = samples::full(&language("en"));
    for _ in 0..20 {
        let error = templates.mail("x", &issue).unwrap_err().to_string();
        assert!(error.contains("mail/x.html: ") && error.contains("loops within loops"), "{error}");
    }
    assert!(templates.page("mail/y.html", &tera::Context::new(), &language("en")).is_ok());
}

#[test]
fn parts_that_call_each_other_for_ever_come_to_an_end() {
    let tree = "{% component more() %}{{<more />}}{{<more />}}{% endcomponent more %}{{<more />}}";
    let error = page(tree, "en").unwrap_err().to_string();
    assert!(error.contains("site/x.html") && error.contains("recursion"), "{error}");
}

#[test]
fn a_fault_is_named_with_file_and_line() {
    let error = page("a\n{% if %}\n", "en").unwrap_err().to_string();
    assert!(error.contains("site/x.html:2: "), "{error}");
    let error = page("a\n\n{{ nobody }}", "en").unwrap_err().to_string();
    assert!(error.contains("site/x.html:3: "), "{error}");
    let faults = said(&with(&[("i18n/en.ftl", "a = b\n\n= c\n")]).unwrap()).0;
    assert!(faults.iter().any(|fault| fault.contains("i18n/en.ftl:3: ")), "{faults:?}");
}

#[test]
fn samples_can_be_looked_at() {
    let templates = Templates::load(None).unwrap();
    let Some(folder) = std::env::var_os("HERALD_LOOK").map(std::path::PathBuf::from) else { return };
    for tag in ["en", "sr-Latn", "sr-Cyrl"] {
        for (name, issue) in samples::all(&language(tag)) {
            for template in ["digest", "alert"] {
                let rendering = templates.mail(template, &issue).unwrap();
                let links = crate::mail::Links {
                    leave: Some("https://newsroom.example/unsubscribe/TOKEN"),
                    preferences: Some("https://newsroom.example/preferences/TOKEN"),
                    ..Default::default()
                };
                let write = |kind: &str, text: String| {
                    std::fs::write(folder.join(format!("{template}-{name}-{tag}.{kind}")), text).unwrap()
                };
                write("html", rendering.html(None, crate::mail::Choice::ALL, links).unwrap());
                write("txt", rendering.text(None, crate::mail::Choice::ALL, links).unwrap());
            }
        }
    }
}

#[test]
fn our_own_templates_have_no_fault() {
    let languages = ["en", "sr-Latn", "sr-Cyrl"].map(language).to_vec();
    let templates = Templates::load_for(None, House { languages, ..House::default() }).unwrap();
    assert_eq!(templates.check(&Beside::default()), Checked::default());
}

#[test]
fn check_names_what_is_wrong_with_a_newsrooms_own() {
    let templates = with(&[
        (
            "mail/own.html",
            "<html><body>\n{% if stories and nobody %}x{% endif %}\n{{ t(key=\"no-such\") }}</body></html>",
        ),
        ("mail/own.subject", "{{ newsletter.titel }}"),
        ("mail/cut.html", "<html><body>{{ story_begin(position=0) }}</body></html>"),
        ("mail/cut.subject", "x"),
        ("mail/low.html", "<html></html>"),
        ("mail/low.subject", "{{ recipient(field=\"name\") | lower }}"),
        ("i18n/en.ftl", "mail-number = No. { $nummer }\n"),
    ])
    .unwrap();
    let faults = said(&templates).0;
    let said = |file: &str, reason: &str| {
        let found = faults.iter().any(|fault| fault.contains(file) && fault.contains(reason));
        assert!(found, "{file} {reason} is not in {faults:#?}");
    };
    said("mail/own.html:2: ", "“nobody”");
    said("mail/own.html:3: ", "no-such");
    said("mail/own.subject:1: ", "titel");
    said("mail/cut.html: ", "story_end()");
    said("mail/low.subject:1: ", "through the filter lower");
    let doubled = faults.iter().filter(|fault| fault.contains("mail/low.subject")).count();
    assert_eq!(doubled, 1, "{faults:#?}");
}

/// A mail that can be sent, with `more` in it.
fn mail(more: &str) -> String {
    format!("<html><body><a href=\"{{{{ unsubscribe_url() }}}}\">x</a>\n{more}</body></html>")
}

#[test]
fn check_names_what_would_reach_nobody_as_it_was_meant() {
    let templates = with(&[
        ("mail/short.html", &mail("{{ unsubscribe_url() | shorten(length=10) }}")),
        ("mail/short.subject", "x"),
        ("mail/counted.html", &mail("{{ recipient(field=\"name\", default=\"a) |\") | length }}")),
        ("mail/counted.subject", "{% if stories | length > 1 %}x{% endif %}"),
        ("mail/hidden.html", &mail("{% set url = unsubscribe_url() %}\n{{ url | shorten(length=15) }}")),
        ("mail/hidden.subject", "x"),
        ("mail/stuck.html", "<html><body>nothing to click</body></html>"),
        ("mail/stuck.subject", "x"),
        ("mail/used.html", &mail("{{ recipient(field=\"nmae\") }}{{ recipient(field=\"rank\") | safe }}")),
        ("mail/used.subject", "x"),
        ("mail/digset.html", &mail("")),
        ("mail/digset.subject", "x"),
        ("site/hom.html", "x"),
        ("site/mine.html", "x"),
        ("site/home.html", "{% include \"site/mine.html\" %}"),
        ("i18n/en.ftl", "mail-nubmer = N\nmy-own = x\n"),
        ("i18n/de.ftl", "mail-number = Nr. { $number }\n"),
    ])
    .unwrap();
    let (faults, remarks) = said(&templates);
    for (lines, file, reason) in [
        (&faults, "mail/short.html:2: ", "unsubscribe_url() goes through the filter shorten"),
        (&faults, "mail/counted.html:2: ", "recipient() goes through the filter length"),
        (&faults, "mail/counted.subject: ", "subject is empty (with the bare sample"),
        (&faults, "mail/stuck.html: ", "no way to leave"),
        (&faults, "i18n/en.ftl:1: ", "no such message as mail-nubmer; did you mean mail-number?"),
        (&remarks, "mail/used.html:2: ", "“nmae”, so everybody gets the default; did you mean “name”?"),
        (&remarks, "mail/digset.html: ", "did you mean mail/digest.html?"),
        (&remarks, "site/hom.html: ", "did you mean site/home.html?"),
        (&remarks, "i18n/de.ftl: ", "none of the newsroom's languages"),
    ] {
        let found = lines.iter().filter(|line| line.contains(file) && line.contains(reason)).count();
        assert_eq!(found, 1, "{file} {reason} in {faults:#?} {remarks:#?}");
    }
    let wrong = |word: &str| faults.iter().chain(&remarks).any(|line| line.contains(word));
    assert!(!wrong("rank") && !wrong("site/mine") && !wrong("sr-Cyrl"), "{faults:#?} {remarks:#?}");
}

#[test]
fn a_value_that_a_filter_cut_short_reaches_nobody() {
    let hidden = mail("{% set url = unsubscribe_url() %}\n{{ url | shorten(length=15) }}");
    let templates = with(&[("mail/hidden.html", &hidden), ("mail/hidden.subject", "x")]).unwrap();
    let error = templates.mail("hidden", &samples::full(&language("en"))).unwrap_err().to_string();
    assert!(error.contains("mail/hidden.html: ") && error.contains("changed by a filter"), "{error}");
}

#[test]
fn what_tera_finds_is_one_fault_with_file_and_line() {
    let templates = with(&[
        ("mail/a.html", "<html>\n{{ stories | uper }}</html>"),
        ("mail/a.subject", "x"),
        ("mail/parts/one.html", "a\n{% include \"mail/parts/two.html\" %}"),
        ("mail/parts/two.html", "{% include \"mail/parts/one.html\" %}"),
        ("mail/parts/base.html", "{% if %}"),
        ("mail/bytes.txt", "x"),
    ])
    .unwrap();
    let faults = said(&templates).0;
    let count = |file: &str, reason: &str| {
        faults.iter().filter(|fault| fault.contains(file) && fault.contains(reason) && !fault.contains('\n')).count()
    };
    assert_eq!(count("mail/a.html:2: ", "Unknown filter `uper`"), 1, "{faults:#?}");
    assert_eq!(count("mail/parts/one.html:2: ", "it includes itself"), 1, "{faults:#?}");
    assert_eq!(count("mail/parts/base.html:1: ", ""), 1, "{faults:#?}");
    assert_eq!(faults.len(), 3, "what is made of them has no fault of its own: {faults:#?}");
}

#[test]
fn a_mail_that_cannot_be_made_stops_itself_alone() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("mail/digest.html", "\n{% if %}");
    let templates = Templates::load(Some(folder.path())).unwrap();
    let issue = samples::full(&language("en"));
    let error = templates.mail("digest", &issue).unwrap_err().to_string();
    assert!(error.contains("mail/digest.html:2: "), "{error}");
    assert!(templates.mail("alert", &issue).is_ok());
    write("site/home.html", "{% if %}");
    let error = Templates::load(Some(folder.path())).unwrap_err().to_string();
    assert!(error.contains("site/home.html:1: "), "{error}");
}

#[test]
fn a_page_without_a_value_is_found_by_its_sample() {
    let templates = with(&[("site/x.html", "{% if gone %}{{ gone }}{% endif %}{{ here }}")]).unwrap();
    let mut context = tera::Context::new();
    context.insert("here", "x");
    let faults = templates.check_pages(&[Sample { template: "site/x.html".into(), context }]);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].reason.contains("“gone”"), "{faults:?}");
}

/// Latin to Cyrillic, letter by letter; what stands in braces is left as it is.
fn cyrillic(latin: &str) -> String {
    let pairs = [
        ("lj", "љ"),
        ("Lj", "Љ"),
        ("LJ", "Љ"),
        ("nj", "њ"),
        ("Nj", "Њ"),
        ("NJ", "Њ"),
        ("dž", "џ"),
        ("Dž", "Џ"),
        ("DŽ", "Џ"),
    ];
    let (from, to) = (
        "abcčćdđefghijklmnoprsštuvzžABCČĆDĐEFGHIJKLMNOPRSŠTUVZŽ",
        "абцчћдђефгхијклмнопрсштувзжАБЦЧЋДЂЕФГХИЈКЛМНОПРСШТУВЗЖ",
    );
    let mut out = String::new();
    for (index, part) in latin.split('{').enumerate() {
        // What stands in braces is left as it is; a selector's brace closes on another line.
        let part = match part.split_once('}') {
            _ if index == 0 => part,
            Some((inside, after)) => {
                out += &format!("{{{inside}}}");
                after
            }
            None => {
                out += &format!("{{{part}");
                ""
            }
        };
        let mut part = part.to_owned();
        // Names that have no Cyrillic form of their own.
        let kept = ["RSS", "Atom", "JSON Feed", "JSON", "OPML", "Herald", "EN 301", "WCAG", "AA"];
        for (n, name) in kept.iter().enumerate() {
            part = part.replace(name, &format!("\u{1}{n}\u{2}"));
        }
        for (latin, letter) in pairs {
            part = part.replace(latin, letter);
        }
        part = part
            .chars()
            .map(|c| from.chars().position(|f| f == c).and_then(|n| to.chars().nth(n)).unwrap_or(c))
            .collect();
        for (n, name) in kept.iter().enumerate() {
            part = part.replace(&format!("\u{1}{n}\u{2}"), name);
        }
        out += &part;
    }
    out
}

/// Keys, plural forms and texts of a file of messages, in order.
fn lines(tag: &str) -> Vec<(String, String)> {
    let files = files::Files::load(None).unwrap();
    let text = files.messages().iter().find(|(t, _)| t == tag).map(|(_, f)| f.text.clone()).unwrap();
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        // A line is `key = text`, `    [form] text`, or text that goes on.
        let at = match line.find(if line.starts_with(' ') { ']' } else { '=' }) {
            Some(at) if !line.starts_with(' ') || line.trim_start().starts_with(['[', '*']) => at + 1,
            // `key = { $count ->` begins a choice, `}` ends it: no words in either.
            _ if line.trim() == "}" => line.len(),
            _ => 0,
        };
        let at = if line.trim_end().ends_with("->") { line.len() } else { at };
        lines.push((line[..at].to_owned(), line[at..].to_owned()));
    }
    lines
}

#[test]
fn the_two_serbian_scripts_say_the_same() {
    let (latin, cyrillic_lines) = (lines("sr-Latn"), lines("sr-Cyrl"));
    for ((key, text), (other_key, other)) in latin.iter().zip(&cyrillic_lines) {
        assert_eq!(key, other_key);
        // The language's own name is in its own script.
        assert_eq!(&cyrillic(text), other, "{key}");
    }
    assert_eq!(latin.len(), cyrillic_lines.len());
}

#[test]
fn every_language_has_the_same_messages_with_the_same_arguments() {
    let templates = Templates::load(None).unwrap();
    let english = templates.catalog.entries(&language("en")).unwrap();
    for tag in ["sr-Latn", "sr-Cyrl"] {
        let own = templates.catalog.entries(&language(tag)).unwrap();
        let keys = |entries: &BTreeMap<String, catalog::Entry>| entries.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(own), keys(english), "{tag}");
        for (key, entry) in english {
            let sorted = |entry: &catalog::Entry| {
                let mut names = entry.arguments.clone();
                names.sort();
                names
            };
            assert_eq!(sorted(&own[key]), sorted(entry), "{tag} {key}");
        }
    }
}

#[test]
fn serbian_dates_stand_in_the_case_of_their_place() {
    let templates = Templates::load(None).unwrap();
    let at = "2023-04-04T10:00:00Z".parse().unwrap();
    let date = |tag: &str, style: &str| templates.date(at, style, false, &language(tag), Tz::UTC);
    assert_eq!(date("sr-Latn", "long"), "4. april 2023.");
    assert_eq!(date("sr-Latn", "inside"), "4. aprila 2023.");
    assert_eq!(date("sr-Cyrl", "inside"), "4. априла 2023.");
    assert_eq!(date("en", "inside"), "4 April 2023");
    assert_eq!(templates.date(at, "long", true, &language("en"), Tz::UTC), "4 April 2023, 10:00");
}

#[test]
fn plural_forms_follow_the_language() {
    let message = "x = { $n ->\n    [one] { $n } vest\n    [few] { $n } vesti\n   *[other] { $n } vesti i još\n}\n";
    let templates = with(&[("i18n/sr-Latn.ftl", message)]).unwrap();
    let say = |n: i64| templates.catalog.say(&language("sr-Latn"), "x", &[("n", n.into())]);
    for (n, expected) in [
        (1, "1 vest"),
        (2, "2 vesti"),
        (5, "5 vesti i još"),
        (11, "11 vesti i još"),
        (21, "21 vest"),
        (22, "22 vesti"),
        (104, "104 vesti"),
        (111, "111 vesti i još"),
        (1204, "1.204 vesti"),
    ] {
        assert_eq!(say(n), expected);
    }
}

#[test]
fn what_a_language_lacks_is_said_in_the_first() {
    let templates = with(&[("i18n/de.ftl", "mail-correction = Berichtigung\n")]).unwrap();
    let say = |key: &str| templates.catalog.say(&language("de"), key, &[]);
    assert_eq!(say("mail-correction"), "Berichtigung");
    assert_eq!(say("mail-withdrawn"), "Withdrawn");
}

#[test]
fn the_documentation_has_every_name() {
    let documented = include_str!("../../docs/TEMPLATES.md");
    let source = include_str!("functions.rs");
    let registered = ["register_function(\"", "register_filter(\""].iter().flat_map(|call| source.split(call).skip(1));
    let names = registered.filter_map(|rest| rest.split('"').next()).chain(check::MAIL_NAMES);
    let missing: Vec<&str> = names
        .filter(|name| {
            ![format!("`{name}`"), format!("`{name}("), format!("`{name}.")].iter().any(|n| documented.contains(n))
        })
        .collect();
    assert!(missing.is_empty(), "not in docs/TEMPLATES.md: {missing:?}");
}
