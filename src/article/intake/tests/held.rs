//! What holds an article back, in the words of every kind of site; and what was meant to.
use super::*;

fn faults_of(key: &str, text: &str) -> (Option<Draft>, Vec<String>) {
    let said = |faults: Vec<Fault>| faults.iter().map(|f| format!("{}{f}", if f.fatal { "!" } else { "" })).collect();
    match Head::read(key, text.as_bytes(), &house(), &[]) {
        Ok(head) => {
            let got = head.draft(&house(), "https://n.example/articles/a", &Alone);
            (Some(got.draft), said(got.faults))
        }
        Err(Unread::Faults(faults)) => (None, said(faults)),
        Err(Unread::Aside(aside)) => panic!("{key}: {aside:?}"),
    }
}

fn with(lines: &str) -> (Option<Draft>, Vec<String>) {
    faults_of("a.md", &format!("---\ntitle: A\ndate: 2026-05-01\n{lines}\n---\nText."))
}

fn day(year: i32, month: u32, day: u32) -> Option<Instant> {
    Utc.with_ymd_and_hms(year, month, day, 0, 0, 0).single()
}

#[test]
fn of_two_dates_the_later_holds_it_and_the_first_is_shown() {
    for name in ["publishDate", "publishdate", "publish_date"] {
        let (draft, said) = with(&format!("{name}: 2026-07-01"));
        let draft = draft.unwrap();
        assert_eq!((draft.published, draft.embargo, said), (day(2026, 5, 1), day(2026, 7, 1), vec![]), "{name}");
    }
    let dates = |lines: &str| {
        let (draft, said) = faults_of("a.md", &format!("---\ntitle: A\n{lines}\n---\nText."));
        assert_eq!(said, Vec::<String>::new(), "{lines}");
        draft.map(|draft| (draft.published, draft.embargo)).unwrap()
    };
    assert_eq!(dates("date: 2026-08-01\npublishDate: 2026-07-01"), (day(2026, 8, 1), day(2026, 7, 1)));
    assert_eq!(dates("publishDate: 2026-07-01"), (day(2026, 7, 1), None), "its only date");
    assert_eq!(dates("date: 2026-05-01\npublishDate: 2026-04-01"), (day(2026, 5, 1), None), "both have passed");
    assert_eq!(
        dates("date: 2026-05-01\npublishDate: 2026-07-01\nembargo: 2026-06-15"),
        (day(2026, 5, 1), day(2026, 7, 1)),
        "the embargo does not shorten it"
    );
    assert_eq!(dates("publishDate: 2026-06-15\nembargo: 2026-07-01"), (day(2026, 6, 15), day(2026, 7, 1)));
}

#[test]
fn each_site_has_its_own_words_for_not_publishing() {
    for (line, said) in [
        ("expiryDate: 2026-05-31", "`expiryDate: 2026-05-31` holds the article back"),
        ("published: false", "`published: false` holds the article back"),
        ("eleventyExcludeFromCollections: true", "`eleventyExcludeFromCollections: true` holds the article back"),
        ("permalink: false", "`permalink: false` holds the article back"),
        ("build: {render: never}", "`build` holds the article back"),
        ("_build:\n  list: never", "`_build` holds the article back"),
        ("headless: true", "`headless: true` holds the article back"),
        ("render: false", "`render: false` holds the article back"),
        ("draft: maybe", "`draft` wants yes or no; “maybe” is written here, and the article is held back"),
        ("draft: [x]", "`draft` wants yes or no; a list is written here, and the article is held back"),
    ] {
        let (draft, faults) = with(line);
        assert!(draft.unwrap().draft, "{line}");
        let at = if line.contains('\n') { 5 } else { 4 };
        assert_eq!(faults, [format!("a.md:{at}: {said}")], "{line}");
    }
    for line in ["published: true", "permalink: /x/", "headless: false", "build: {render: always}", "draft: no"] {
        let (draft, faults) = with(line);
        assert!(!draft.unwrap().draft && faults.is_empty(), "{line}: {faults:?}");
    }
    let (draft, faults) = with("expiryDate: 2026-12-31");
    assert!(!draft.unwrap().draft && faults[0].contains("no clock takes an article back"), "{faults:?}");
}

#[test]
fn a_misspelt_key_never_publishes_what_it_was_to_hold() {
    for (line, meant) in [
        ("dratf: true", "draft"),
        ("Drafft: yes", "draft"),
        ("drfat: soon", "draft"),
        ("embargoo: 2026-07-01", "embargo"),
        ("embrago: next week", "embargo"),
        ("publishd: false", "published"),
        ("publsihDate: 2026-07-01", "publish_date"),
        ("dtae: 2026-07-01", "date"),
        ("withdrwan: It was wrong.", "withdrawn"),
        ("staus: draft", "status"),
        ("params:\n  dratf: true", "draft"),
    ] {
        let (draft, faults) = with(line);
        let key = line.rsplit_once('\n').map_or(line, |(_, line)| line.trim()).split(':').next().unwrap();
        let at = if line.contains('\n') { 5 } else { 4 };
        assert!(draft.is_none(), "{line} is out");
        assert!(
            faults[0].starts_with(&format!("!a.md:{at}: the key `{key}` is not known; if it means `{meant}`")),
            "{faults:?}"
        );
    }
    for (line, meant) in [
        ("dratf: false", "draft"),
        ("embargoo: 2026-01-01", "embargo"),
        ("titel: B", "title"),
        ("sumary: B", "summary"),
        ("athor: B", "author"),
        ("langauge: en", "language"),
        ("translaton_key: k", "translation_key"),
    ] {
        let (draft, faults) = with(line);
        let key = line.split(':').next().unwrap();
        let wanted = format!("a.md:4: the key `{key}` is not known, and says nothing; did you mean `{meant}`?");
        assert_eq!((draft.is_some(), faults), (true, vec![wanted]), "{line}");
    }
    for line in [
        "layout: post",
        "weight: 3",
        "aliases: [/x/]",
        "publisher: The House",
        "data: {a: b}",
        "section: news",
        "eleventyNavigation: {key: x}",
        "in_search_index: true",
        "dates: 5 to 7 May",
        "our_own_word: 7",
        "params:\n  titel: B",
    ] {
        let (draft, faults) = with(line);
        assert!(draft.is_some() && faults.is_empty(), "{line}: {faults:?}");
    }
}

#[test]
fn a_folder_that_misspells_what_holds_its_files_lets_none_of_them_go() {
    let says = Node { line: 1, value: matter::Value::Map(vec![("dratf".into(), Node::text(1, "true", false))]) };
    let got = Head::read("a.md", b"---\ntitle: A\n---\nText", &house(), &[says]);
    let Err(Unread::Faults(faults)) = got else { panic!("{got:?}") };
    assert!(faults[0].fatal && faults[0].reason.contains("whole folder: the key `dratf`"), "{faults:?}");
}

#[test]
fn a_value_of_another_kind_is_named_with_what_was_wanted() {
    for (line, said) in [
        ("headline: [a, b]", "`headline` wants a text; a list is written here, and it is left out of account"),
        (
            "topics: {a: b}",
            "`topics` wants words or a list of them; a map is written here, and it is left out of account",
        ),
        (
            "tags:\n  - x\n  - {a: b}",
            "`tags` wants words or a list of them; a map is written here, and it is left out of account",
        ),
        ("slug: [x]", "`slug` wants a text; a list is written here, and it is left out of account"),
        ("lang: [en, fr]", "`lang` wants a language; a list is written here, and it is left out of account"),
        ("updated: [x]", "`updated` wants a date; a list is written here, and it is left out of account"),
        ("breaking: maybe", "`breaking` wants yes or no; “maybe” is written here, and it is taken for no"),
        ("summary: {en: x}", "`summary` wants a text; a map is written here, and it is left out of account"),
        ("canonical: there", "`canonical` wants a web address; “there” is written here, and it is left out of account"),
    ] {
        let text = format!("---\n{line}\ndate: 2026-05-01\n---\n# A heading\n\nText.");
        let (draft, faults) = faults_of("a.md", &text);
        let at = if line.contains('\n') { 4 } else { 2 };
        assert_eq!(faults, [format!("a.md:{at}: {said}")], "{line}");
        let content = draft.unwrap().content;
        let topics = if line.starts_with("tags") { vec!["x".to_owned()] } else { Vec::new() };
        assert_eq!((content.title.as_str(), content.topics), ("A heading", topics), "{line}");
    }
}

#[test]
fn a_file_without_title_and_text_is_no_article_and_is_named() {
    for (key, text, said) in [
        (
            "index.md",
            "---\nlayout: home\n---\n",
            "index.md: no title and no text: it is no article, and is passed over",
        ),
        (
            "index.html",
            "---\nlayout: home\n---\n<ul>{% for post in site.posts %}<li>x</li>{% endfor %}</ul>\n",
            "index.html: no title: it is no article, and is passed over",
        ),
        (
            "a.md",
            "---\ndate: 2026-05-01\n---\n\n",
            "!a.md: no title and no text: it is no article, and is passed over; write both, or take the file away",
        ),
    ] {
        let (draft, faults) = faults_of(key, text);
        assert_eq!((draft.is_none(), faults), (true, vec![said.to_owned()]), "{key}");
    }
    for text in ["---\ntitle: A\ndate: 2026-05-01\n---\n", "---\ndate: 2026-05-01\nwithdrawn: It was wrong.\n---\n"] {
        assert!(faults_of("a.md", text).0.is_some(), "{text}");
    }
}

#[test]
fn a_language_that_the_newsroom_does_not_have_is_named() {
    let said = "its language is de, and the newsroom has en, sr-Latn, sr-Cyrl, fr ([site] languages); it has a page of its \
                own all the same. Add the language there, or correct it here";
    let (draft, faults) = with("lang: de");
    assert_eq!((draft.unwrap().language.as_str(), faults), ("de", vec![format!("a.md:4: {said}")]));
    let (draft, faults) = faults_of("a.de.md", "---\ntitle: A\ndate: 2026-05-01\n---\nText.");
    assert_eq!((draft.unwrap().language.as_str(), faults), ("de", vec![format!("a.de.md: {said}")]));
    for line in ["lang: fr", "lang: en-GB", "lang: sr"] {
        assert_eq!(with(line).1, Vec::<String>::new(), "{line}");
    }
}

#[test]
fn words_between_spaces_are_topics_where_jekyll_has_them_so() {
    let topics = |line: &str| with(line).0.unwrap().content.topics;
    assert_eq!(topics("categories: news update"), ["news", "update"]);
    assert_eq!(topics("categories: \"news update\""), ["news update"]);
    assert_eq!(topics("categories: [news update]"), ["news update"]);
    assert_eq!(topics("categories: news update, sport"), ["news update", "sport"]);
    assert_eq!(topics("tags: foreign policy"), ["foreign policy"]);
    let mut here = house();
    here.topics.push(("field".into(), vec!["Field work".into()]));
    let head = Head::read("a.md", b"---\ntitle: A\ncategories: field work\n---\nText", &here, &[]).unwrap();
    assert_eq!(head.draft(&here, "https://n.example/a", &Alone).draft.content.topics, ["field"]);
}
