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
    Templates::load(Some(folder.path()))
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
    let endless =
        r#"{% for a in range(end=100000) %}{% for b in range(end=1000) %}{{ a }} and {{ b }}{% endfor %}{% endfor %}"#;
    let error = page(endless, "en").unwrap_err().to_string();
    assert!(error.contains("over 8 MiB"), "{error}");
}

#[test]
fn a_fault_is_named_with_file_and_line() {
    let error = with(&[("site/x.html", "a\n{% if %}\n")]).unwrap_err().to_string();
    assert!(error.contains("site/x.html:2: "), "{error}");
    let error = page("a\n\n{{ nobody }}", "en").unwrap_err().to_string();
    assert!(error.contains("site/x.html:3: "), "{error}");
    let error = with(&[("i18n/en.ftl", "a = b\n\n= c\n")]).unwrap_err().to_string();
    assert!(error.contains("i18n/en.ftl:3: "), "{error}");
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
