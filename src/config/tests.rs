//! Whole configurations: what loads, and what is said of each fault.

use std::path::Path;

use super::*;

/// The sample of the design, as it stands there.
const SAMPLE: &str = r##"
[site]
title = "Public Affairs Newsroom"        # any text people see may be a table: { en = "…", sr-Latn = "…", sr-Cyrl = "…" }
url = "http://127.0.0.1:8080"            # public base of every link
languages = ["en", "sr-Latn", "sr-Cyrl"] # the first is the default
folder = "var/site"                      # static copy, kept up to date; leave out for none
timezone = "Europe/Belgrade"
publisher = "Public Affairs Office"
address = "Public Affairs Office, Example Street 1, 11000 Belgrade, Serbia"  # under every mail

[store]
url = "sqlite://var/herald.db"           # or postgres://user@host/db

[listen]
public = "127.0.0.1:8080"                # feeds, archive, sign-up, hub
staff  = "127.0.0.1:8081"                # staff pages, API, metrics

[[sources]]
name = "newsroom"
kind = "folder"                          # folder | feed | page | wordpress | ghost | api
path = "articles"
every = "1m"                             # a folder is also watched

[feeds]
items = 50                               # and everything of the last `hours`
hours = 48
[[feeds.feed]]
name = "news"
title = "All news"

[[lists]]
name = "public"
file = "subscribers/public.sample.csv"
sign_up = true

[[newsletters]]
name = "daily"
title = "Daily digest"
lists = ["public"]
schedule = "0 7 * * 1-5"                 # five fields, POSIX meaning; "immediate" for alerts; or a choice for readers:
timezone = "Europe/Belgrade"             # or "subscriber": 07:00 wherever they are
template = "digest"
approval = "none"                        # none | other (one who did not make it) | two (two such)

[mail]
from = "Public Affairs Office <news@newsroom.example>"
reply_to = "press@newsroom.example"
return_path = "bounces@newsroom.example" # becomes bounces+TOKEN@… for each delivery
[[mail.relays]]
name = "outbox"
url = "folder:var/outbox"                # or smtp://, smtps://, with user; password_file or password_env beside it
"##;

fn load_with(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Path::new("/house/config.toml"), text, env)
}

fn load(text: &str) -> Result<Config, ConfigError> {
    load_with(text, &[])
}

/// The sample with one line put for another.
fn with(from: &str, to: &str) -> String {
    assert!(SAMPLE.contains(from), "{from}");
    SAMPLE.replacen(from, to, 1)
}

/// Loads a text with one fault, and looks for words in what is said.
fn says(text: &str, words: &[&str]) {
    let error = load(text).expect_err(&format!("{words:?}"));
    let said = error.to_string();
    for word in words {
        assert!(said.contains(word), "“{word}” is not in: {said}");
    }
    assert_eq!(error.faults.len(), 1, "{said}");
}

fn line_of(text: &str, part: &str) -> String {
    let at = text.find(part).unwrap();
    format!("config.toml:{}:", text[..at].matches('\n').count() + 1)
}

#[test]
fn the_sample_of_the_design_loads() {
    let config = load(SAMPLE).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.folder, Path::new("/house"));
    assert!(config.lists[0].sign_up);
    assert_eq!(config.newsletters[0].late, Span::hours(2));
    assert_eq!(config.language().as_str(), "en");
    assert!(config.fit_for_real_mail().is_empty(), "a folder is no real mail");
}

#[test]
fn the_least_configuration_loads_with_defaults() {
    let config =
        load("[site]\ntitle = \"N\"\nurl = \"https://n.example\"\nlanguages = [\"en\"]\naddress = \"Here 1\"\n")
            .unwrap();
    assert_eq!(config.mail.relays[0].url, "folder:var/outbox");
    assert_eq!(config.listen.staff.port(), 8081);
    assert_eq!(config.feeds.items, 50);
}

#[test]
fn an_unknown_key_names_line_and_nearest() {
    for (from, to, words) in [
        (
            "timezone = \"Europe/Belgrade\"\npub",
            "time_zone = \"Europe/Belgrade\"\npub",
            ["site.time_zone", "“timezone”"],
        ),
        ("schedule = ", "shedule = ", ["newsletters.daily.shedule", "“schedule”"]),
        ("url = \"folder", "ur1 = \"folder", ["mail.relays.outbox.ur1", "“url”"]),
        ("every = ", "evry = ", ["sources.newsroom.evry", "“every”"]),
        ("[store]", "[stroe]", ["stroe", "“store”"]),
        ("title = \"All news\"", "titel = \"All news\"", ["feeds.feed.news.titel", "“title”"]),
    ] {
        let text = with(from, to);
        let error = load(&text).expect_err(to).to_string();
        let place = line_of(&text, to.lines().next().unwrap());
        assert!(error.contains(&place) && words.iter().all(|word| error.contains(word)), "{place} {words:?}: {error}");
    }
    says(&with("folder = \"var/site\"", "schedule = \"0 7 * * *\""), &["site.schedule", "it belongs in [newsletters]"]);
    says(&with("folder = \"var/site\"", "quux = 1"), &["it has title, url"]);
}

#[test]
fn who_is_called_is_an_address_that_can_be_called() {
    says(&with("[store]", "[alerts]\nto = [\"desk\"]\n[store]"), &["alerts.to", "no address"]);
    says(&with("[store]", "[alerts]\nwebhook = \"http://x.example/\"\n[store]"), &["alerts.webhook", "https://"]);
    says(&with("[store]", "[staff]\nurl = \"desk\"\n[store]"), &["staff.url", "no web address"]);
}

#[test]
fn inline_tables_and_arrays_are_looked_into() {
    let relays = "relays = [{ name = \"a\", url = \"folder:x\", pasword_file = \"x\" }]";
    let text = format!("{}{relays}\n", SAMPLE.split("[[mail.relays]]").next().unwrap());
    says(&text, &["mail.relays.a.pasword_file", "“password_file”"]);
}

#[test]
fn wrong_types_and_bad_values_name_their_key() {
    for (from, to, words) in [
        ("items = 50", "items = \"50\"", ["feeds.items", "a whole number"]),
        ("items = 50", "items = 0", ["feeds.items", "from 1 to 1000"]),
        ("hours = 48", "hours = -1", ["feeds.hours", "0 or more"]),
        ("sign_up = true", "sign_up = \"yes\"", ["lists.public.sign_up", "true or false"]),
        ("title = \"All news\"", "title = 7", ["feeds.feed.news.title", "a text in quotes or a table by language"]),
        ("lists = [\"public\"]", "lists = \"public\"", ["newsletters.daily.lists", "a list"]),
        ("lists = [\"public\"]", "lists = []", ["newsletters.daily.lists", "at least 1"]),
        ("lists = [\"public\"]", "lists = [\"pubic\"]", ["newsletters.daily.lists", "did you mean “public”"]),
        (
            "\"Europe/Belgrade\"             #",
            "\"Europe/Belgrad\" #",
            ["newsletters.daily.timezone", "Europe/Belgrade"],
        ),
        (
            "schedule = \"0 7 * * 1-5\"",
            "ready = \"15h\"\nschedule = \"manual\"",
            ["newsletters.daily.ready", "has none"],
        ),
        ("\"0 7 * * 1-5\"", "\"0 25 * * 1-5\"", ["newsletters.daily.schedule", "hour “25”"]),
        ("\"0 7 * * 1-5\"", "\"0 0 30 2 *\"", ["newsletters.daily.schedule", "never comes"]),
        ("\"0 7 * * 1-5\"", "\"imediate\"", ["newsletters.daily.schedule", "five"]),
        ("every = \"1m\"", "every = \"often\"", ["sources.newsroom.every", "60s"]),
        ("\"sr-Latn\", \"sr-Cyrl\"", "\"sr-Latin\", \"sr-Cyrl\"", ["site.languages", "sr-Latn"]),
        ("\"sr-Latn\", \"sr-Cyrl\"", "\"sr-Latn\", \"sr-Latn\"", ["site.languages", "twice"]),
        ("public = \"127.0.0.1:8080\"", "public = \"localhost:80\"", ["listen.public", "IP address"]),
        ("staff  = \"127.0.0.1:8081\"", "staff = \"127.0.0.1:8080\"", ["listen.staff", "ports of their own"]),
        ("kind = \"folder\"", "kind = \"foldr\"", ["sources.newsroom.kind", "“folder”"]),
        ("Office <news@newsroom.example>", "Office <news@>", ["mail.from", "no address"]),
        ("reply_to = \"press@newsroom.example\"", "reply_to = \"press\"", ["mail.reply_to", "no @"]),
        ("approval = \"none\"", "approval = \"nobody\"", ["newsletters.daily.approval", "none"]),
        ("url = \"http://127.0.0.1:8080\"", "url = \"127.0.0.1:8080\"", ["site.url", "https://"]),
        ("name = \"daily\"", "name = \"daily news\"", ["daily news", "hyphens"]),
        ("template = \"digest\"", "sources = [\"newsrom\"]", ["newsletters.daily.sources", "“newsroom”"]),
        ("template = \"digest\"", "languages = [\"de\"]", ["newsletters.daily.languages", "en, sr-Latn and sr-Cyrl"]),
        ("template = \"digest\"", "min_items = 30", ["newsletters.daily.min_items", "more than max_items, 20"]),
        ("template = \"digest\"", "max_items = 61", ["newsletters.daily.max_items", "60"]),
        ("folder = \"var/site\"", "accent = \"blue\"", ["site.accent", "#1f4e79"]),
        ("title = \"Daily digest\"", "title = { en = \"x\", serbian = \"y\" }", ["daily.title.serbian", "its code"]),
        ("title = \"Public Affairs Newsroom\"", "", ["site.title", "is missing"]),
    ] {
        let text = with(from, to);
        let error = load(&text).expect_err(to);
        let said = error.to_string();
        assert!(words.iter().all(|word| said.contains(word)), "{to}: {words:?}: {said}");
        if !to.is_empty() {
            let place = line_of(&text, to);
            assert!(said.contains(&place), "{place}: {said}");
        }
        assert_eq!(error.faults.len(), 1, "{said}");
    }
}

#[test]
fn topics_are_free_until_some_are_named() {
    let text = with("template = \"digest\"", "topics = [\"Exercises\", \"help\"]");
    assert!(load(&text).is_ok());
    let text = format!("{text}\n[[topics]]\nid = \"exercises\"\nname = \"Exercises\"\n");
    says(&text, &["newsletters.daily.topics", "no topic “help”", "exercises"]);
}

#[test]
fn all_faults_are_found_at_once() {
    let text = SAMPLE
        .replace("items = 50", "item = 50")
        .replace("0 7 * * 1-5", "0 7 * * 9")
        .replace("lists = [\"public\"]", "lists = [\"press\"]")
        .replace("\"Europe/Belgrade\"\npub", "\"Europe/Nowhere\"\npub");
    let error = load(&text).unwrap_err();
    assert_eq!(error.faults.len(), 4, "{error}");
    let lines: Vec<_> = error.faults.iter().map(|fault| fault.line).collect();
    assert!(lines.is_sorted(), "{error}");
}

#[test]
fn names_are_there_once() {
    let text = format!(
        "{SAMPLE}[[newsletters]]\nname = \"daily\"\ntitle = \"x\"\nlists = [\"public\"]\nschedule = \"manual\"\n"
    );
    says(&text, &["newsletters.daily", "is there already, on line"]);
}

#[test]
fn what_is_not_there_yet_is_named_as_such() {
    for (from, to) in [
        ("schedule = \"0 7 * * 1-5\"", "schedule = { daily = \"0 7 * * *\" }"),
        ("[store]", "[staff]\nlanguages = [\"en\"]\n[store]"),
        ("sign_up = true", "web_copy = true"),
        ("kind = \"folder\"", "kind = \"wordpress\""),
        ("[store]", "[privacy]\n[store]"),
        ("[store]", "[keep]\nlogs = \"30 days\"\n[store]"),
        ("folder = \"var/site\"", "logo = \"x.svg\""),
    ] {
        says(&with(from, to), &["does not have", "yet"]);
    }
}

#[test]
fn what_comes_back_needs_one_place_and_one_secret() {
    let returns = |lines: &str| with("[store]", &format!("[mail.returns]\n{lines}\n[store]"));
    let url = "imap = \"imaps://b@h.example/INBOX\"";
    for (lines, words) in [
        ("", &["mail.returns", "names no mailbox"][..]),
        ("piped = false", &["names no mailbox"]),
        ("imap = \"imap://b@h.example\"\npassword_file = \"p\"", &["mail.returns.imap", "in the clear"]),
        (url, &["mail.returns.imap", "no password"]),
        (
            &format!("{url}\npassword_file = \"p\"\ntoken_file = \"t\""),
            &["mail.returns.token_file", "beside password_file"],
        ),
        ("maildir = \"m\"\nmove_to = \"x\"", &["mail.returns.move_to", "belongs to imap"]),
        ("maildir = \"m\"\nevery = \"often\"", &["mail.returns.every"]),
        ("maildir = \"m\"\npassword = \"hunter2\"", &["mail.returns.password", "password_file"]),
    ] {
        says(&returns(lines), words);
    }
    for lines in ["piped = true", "maildir = \"m\"", &format!("{url}\ntoken_env = \"T\"\nmove_to = \"Herald/read\"")] {
        assert!(load(&returns(lines)).is_ok(), "{lines}");
    }
}

#[test]
fn a_pace_is_a_number_for_a_domain_that_mail_goes_to() {
    let per_domain = |value: &str| {
        with("url = \"folder:var/outbox\"", &format!("url = \"folder:var/outbox\"\nper_domain = {value}"))
    };
    let config = load(&per_domain("{ \"gmail.com\" = 20, \"*\" = 5, \"пошта.срб\" = 1 }")).expect("a configuration");
    assert_eq!(config.mail.relays[0].per_domain.len(), 3);
    says(&per_domain("{ gmail = 20 }"), &[":52:", "per_domain.gmail", "no domain that mail goes to"]);
    says(&per_domain("{ \"gmail.com\" = -1 }"), &[":52:", "per_domain.gmail.com", "0"]);
    says(&per_domain("20"), &[":52:", "per_domain", "a table by domain"]);
    let resolver = |value: &str| with("[[mail.relays]]", &format!("resolver = {value}\n[[mail.relays]]"));
    assert_eq!(load(&resolver("\"[::1]:5353\"")).unwrap().mail.resolver(), Resolver::At("[::1]:5353".parse().unwrap()));
    says(&resolver("\"127.0.0.1\""), &["resolver", "127.0.0.1:53"]);
}

#[test]
fn the_ledger_is_kept_for_as_long_as_a_story_is_news() {
    let keep = |value: &str| with("[store]", &format!("[keep]\ndeliveries = {value}\n[store]"));
    assert_eq!(load(SAMPLE).unwrap().keep.deliveries, Span::months(13));
    assert_eq!(load(&keep("\"2 years\"")).unwrap().keep.deliveries, Span::months(24));
    let line = line_of(&keep("\"soon\""), "deliveries");
    says(&keep("\"soon\""), &[&line, "keep.deliveries", "13 months"]);
    says(&keep("13"), &[&line, "keep.deliveries"]);
    says(&keep("\"1d\""), &[&line, "keep.deliveries", "at least 3d"]);
    says(&keep("\"10d\""), &[&line, "keep.deliveries", "newsletters.daily", "14d"]);
}

#[test]
fn no_secret_is_taken_or_shown() {
    for (from, to) in [
        ("folder:var/outbox", "smtp://herald:hunter2@mail.newsroom.example"),
        ("sqlite://var/herald.db", "postgres://herald:hunter2@db/herald"),
        ("url = \"folder:var/outbox\"", "url = \"folder:var/outbox\"\npassword = \"hunter2\""),
        ("[store]", "[store]\npassword = \"hunter2\""),
    ] {
        let error = load(&with(from, to)).expect_err(to);
        let said = format!("{error} {error:?}");
        assert!(said.contains("password_file") && !said.contains("hunter2"), "{said}");
    }
    let error = load("url = \"smtp//u:hunter2@host\"\nx = \"hunter2").unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"));
    let relay =
        |key: &str| with("url = \"folder:var/outbox\"", &format!("url = \"smtp://u@mail.newsroom.example\"\n{key}"));
    says(&relay(""), &["mail.relays.outbox.url", "names a user and no password"]);
    says(&relay("password_file = \"a\"\npassword_env = \"B\""), &["mail.relays.outbox.password_env", "beside"]);
    assert!(load(&relay("password_env = \"RELAY\"")).is_ok());
}

#[test]
fn the_environment_is_laid_over_the_file() {
    let config = load_with(
        SAMPLE,
        &[
            ("HERALD_MAIL__FROM", "Desk <desk@newsroom.rs>"),
            ("HERALD_MAIL__SANDBOX", "true"),
            ("HERALD_MAIL__RELAYS__OUTBOX__URL", "smtp://127.0.0.1:2525"),
            ("HERALD_MAIL__RELAYS__OUTBOX__CONNECTIONS", "4"),
            ("HERALD_SITE__LANGUAGES", "en, sr-Latn"),
            ("HERALD_SITE__TITLE", "{ en = \"News\", sr-Latn = \"Vesti\" }"),
            ("HERALD_FEEDS__ITEMS", "20"),
            ("HERALD_FEEDS__FEED__NEWS__LANGUAGE", "[\"sr-Latn\", \"en\"]"),
            ("HERALD_NEWSLETTERS__DAILY__LATE", "30m"),
            ("HERALD_SOURCES__NEWSROOM__PATH", "elsewhere"),
            ("HERALD_TEST_POSTGRES", "x"),
            ("HERALD_CONFIG", "x"),
            ("PATH", "x"),
        ],
    )
    .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.mail.from, "Desk <desk@newsroom.rs>");
    assert!(config.mail.sandbox);
    assert_eq!(config.mail.relays[0].url, "smtp://127.0.0.1:2525");
    assert_eq!(config.mail.relays[0].connections, Some(4));
    assert_eq!(config.site.languages.len(), 2);
    assert_eq!(config.site.title.get(&"sr-Latn".parse().unwrap()), "Vesti");
    assert_eq!(config.feeds.items, 20);
    assert_eq!(config.feeds.feed[0].languages(&config.language()).len(), 2);
    assert_eq!(config.newsletters[0].late, Span::minutes(30));
}

#[test]
fn the_relay_that_is_not_written_can_be_set() {
    let text = SAMPLE.split("[[mail.relays]]").next().unwrap();
    let config = load_with(text, &[("HERALD_MAIL__RELAYS__OUTBOX__URL", "folder:elsewhere")]).unwrap();
    assert_eq!(config.mail.relays[0].url, "folder:elsewhere");
}

#[test]
fn a_variable_that_is_no_key_is_a_fault_that_names_it() {
    for (name, value, word) in [
        ("HERALD_MAIL__FORM", "x@y.example", "HERALD_MAIL__FROM"),
        ("HERALD_MAIL_FROM", "x@y.example", "HERALD_MAIL__FROM"),
        ("HERALD_MAILS__FROM", "x@y.example", "HERALD_MAIL"),
        ("HERALD_MAIL__RELAYS__INBOX__URL", "folder:x", "there is outbox"),
        ("HERALD_MAIL__RELAYS__OUTBOX__PASSWORD", "hunter2", "password_file"),
        ("HERALD_MAIL__SANDBOX", "perhaps", "neither true nor false"),
        ("HERALD_FEEDS__ITEMS", "many", "no whole number"),
        ("HERALD_FEEDS__ITEMS", "0", "from 1 to 1000"),
        ("HERALD_LISTS", "x", "list of tables"),
        ("HERALD_SITE", "x", "is a table"),
        ("HERALD_SITE__TIMEZONE", "Europe/Begrade", "Europe/Belgrade"),
        ("HERALD_SITE__TITLE__EN", "x", "one text for all languages"),
        ("HERALD_SITE__URL__X", "x", "below one that has none"),
        ("HERALD_PRIVACY__NOTICE", "x", "does not have"),
        ("HERALD_ALERTS__TO", "x", "no address"),
        ("HERALD_STORE__URL", "postgres://u:hunter2@h/d", "password_file"),
        ("HERALD_", "x", "names no key"),
    ] {
        let error = load_with(SAMPLE, &[(name, value)]).expect_err(name).to_string();
        assert!(error.contains(name) && error.contains(word), "{name}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let text =
        with("url = \"folder:var/outbox\"", "url = \"smtp://u@h.example\"\npassword_env = \"HERALD_RELAY_PASSWORD\"");
    assert!(load_with(&text, &[("HERALD_RELAY_PASSWORD", "x")]).is_ok(), "a variable that the file names");
}

#[test]
fn real_mail_needs_real_settings() {
    let smtp = with("folder:var/outbox", "smtp://mail.newsroom.rs");
    let keys =
        |text: &str| -> Vec<String> { load(text).unwrap().fit_for_real_mail().into_iter().map(|f| f.key).collect() };
    assert_eq!(keys(&smtp), ["site.url", "mail.from", "mail.return_path", "site.address"]);
    assert!(load(&smtp).unwrap().fit_for_real_mail()[0].line.is_some());
    assert!(keys(&smtp.replace("[mail]", "[mail]\nsandbox = true")).is_empty());
    let real = smtp
        .replace("http://127.0.0.1:8080\"            #", "https://news.office.rs\" #")
        .replace("@newsroom.example", "@office.rs")
        .replace("Example Street 1", "Kneza Miloša 33");
    assert!(keys(&real).is_empty(), "{:?}", keys(&real));
    assert_eq!(keys(&real.replace("https://news.office.rs", "https://10.0.0.1")), ["site.url"]);
}

#[test]
fn a_version_in_latin_letters_needs_its_language() {
    let text = with("kind = \"folder\"", "kind = \"folder\"\ntransliterate = true");
    assert!(load(&text).is_ok());
    let error = load(&text.replace("\"sr-Latn\", \"sr-Cyrl\"", "\"sr-Cyrl\"")).expect_err("no sr-Latn").to_string();
    assert!(error.contains("sources.newsroom.transliterate") && error.contains("sr-Latn"), "{error}");
}

#[test]
fn a_schedule_outside_its_hours_is_worth_a_look() {
    let now = crate::clock::from_micros(1_800_000_000_000_000);
    let said = |hours: &str, schedule: &str| {
        let text = with("template = \"digest\"", &format!("template = \"digest\"\nwindow = \"{hours}\""));
        let text = text.replace("0 7 * * 1-5", schedule);
        load(&text)
            .unwrap()
            .doubtful_newsletters(now)
            .into_iter()
            .map(|fault| fault.reason)
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(said("06:00-21:00", "0 7 * * 1-5"), "");
    assert!(said("08:00-21:00", "0 7 * * 1-5").contains("at 07:00, outside 08:00-21:00"));
    assert!(said("06:00-21:00", "immediate").contains("alerts wait"));
    assert_eq!(said("06:00-21:00", "manual"), "");
}

#[test]
fn an_advance_list_is_one_that_only_staff_fill() {
    let press = "[[lists]]\nname = \"press\"\nfile = \"press.csv\"\n[[newsletters]]";
    let text =
        with("[[newsletters]]", press).replace("template = \"digest\"", "template = \"digest\"\nadvance = [\"press\"]");
    assert_eq!(load(&text).unwrap().newsletters[0].advance, ["press"]);
    says(
        &text.replace("name = \"press\"", "name = \"press\"\nsign_up = true"),
        &["newsletters.daily.advance", "anybody"],
    );
    says(&text.replace("advance = [\"press\"]", "advance = [\"pres\"]"), &["newsletters.daily.advance", "press"]);
}

#[test]
fn a_template_that_is_not_there_is_named() {
    let config = load(&with("template = \"digest\"", "template = \"digset\"")).unwrap();
    let faults = config.without_template(&["digest".to_owned(), "alert".to_owned()]);
    assert_eq!(faults.len(), 1);
    assert!(faults[0].line.is_some() && faults[0].reason.contains("did you mean “digest”"), "{faults:?}");
}

#[test]
fn the_reference_says_every_key() {
    let one = reference::plain(&reference::explain("mail.from").ok().unwrap());
    assert!(one.contains("from") && one.contains("news@newsroom.example"), "{one}");
    assert_eq!(reference::explain("mail.form").err().unwrap().as_deref(), Some("mail.from"));
    assert_eq!(reference::explain("schedule").err().unwrap().as_deref(), Some("newsletters.schedule"));
    let named = reference::explain("newsletters.daily.schedule").ok().unwrap();
    assert_eq!(named[0].path, "newsletters.schedule", "as a fault names it");
    assert_eq!(reference::explain("mail.relays.outbox.url").ok().unwrap()[0].path, "mail.relays.url");
    assert!(reference::explain("[[mail.relays]]").ok().unwrap().len() > 5);
}

/// docs/CONFIG.md is made here: where it is stale it is written anew, and the test fails so that somebody commits it.
#[test]
fn the_reference_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CONFIG.md");
    let wanted = reference::markdown();
    if std::fs::read_to_string(&file).unwrap_or_default() != wanted {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, wanted).unwrap();
        panic!("docs/CONFIG.md was stale; it is written anew: commit it");
    }
}

#[test]
fn wrong_values_of_the_listener_are_named() {
    for (line, words) in [
        ("trusted_proxies = [\"localhost\"]", ["listen.trusted_proxies", "10.0.0.0/8"]),
        ("trusted_proxies = [\"10.0.0.0/40\"]", ["listen.trusted_proxies", "up to 32"]),
        ("tls = { cert = \"a.pem\" }", ["listen.tls.key", "is missing"]),
        ("tls = \"a.pem\"", ["listen.tls", "a table"]),
        ("limits = { serch = 5 }", ["listen.limits.serch", "“search”"]),
        ("limits = { search = -1 }", ["listen.limits.search", "from 0 to"]),
    ] {
        let text = with("[listen]", &format!("[listen]\n{line}"));
        says(&text, &words);
        assert!(load(&text).unwrap_err().to_string().contains(&line_of(&text, line)), "{line}");
    }
}
