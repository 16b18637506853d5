//! The functions and filters that templates may use beside Tera's own. `docs/TEMPLATES.md` describes each.

use std::sync::PoisonError;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tera::{Error, Kwargs, Map, State, Tera, TeraResult, Value};

use super::catalog::Argument;
use super::surroundings::{Surroundings, current};
use super::{dates, textual};
use crate::article::Language;
use crate::mail::{Hole, Marks, Syntax, When};

/// Puts them into `tera`.
pub(super) fn register(tera: &mut Tera) {
    tera.register_function("t", |kwargs: Kwargs, _: &State| translated(&kwargs));
    tera.register_function("has_message", |kwargs: Kwargs, _: &State| {
        let around = current()?;
        Ok::<bool, Error>(around.catalog.has(&around.language, kwargs.must_get::<&str>("key")?))
    });
    tera.register_function("range", |kwargs: Kwargs, _: &State| range(&kwargs));
    tera.register_function("recipient", |kwargs: Kwargs, _: &State| {
        let default = kwargs.get::<String>("default")?.unwrap_or_default();
        hole(Hole::Recipient { field: kwargs.must_get::<String>("field")?, default })
    });
    tera.register_function("unsubscribe_url", |_: Kwargs, _: &State| hole(Hole::Unsubscribe));
    tera.register_function("preferences_url", |_: Kwargs, _: &State| hole(Hole::Preferences));
    tera.register_function("why", |_: Kwargs, _: &State| hole(Hole::Why));
    tera.register_function("subject", |_: Kwargs, _: &State| hole(Hole::Subject));
    tera.register_function("story_begin", |kwargs: Kwargs, state: &State| {
        let position = kwargs.must_get::<u8>("position")?;
        let from = kwargs.get::<u8>("from")?.unwrap_or(1);
        let to = kwargs.get::<u8>("to")?.unwrap_or(u8::MAX);
        edge(state, |marks, syntax| marks.begin(When::Story { position, from, to }, syntax))
    });
    tera.register_function("story_end", |_: Kwargs, state: &State| edge(state, Marks::end));
    tera.register_function("only_begin", |kwargs: Kwargs, state: &State| {
        let when = match kwargs.must_get::<&str>("when")? {
            "unsubscribe" => When::Unsubscribe,
            "preferences" => When::Preferences,
            "mail" => When::Mail,
            "web" => When::Web,
            other => {
                let text = format!("only_begin(when=\"{other}\"): there are unsubscribe, preferences, mail, web");
                return Err(Error::message(text));
            }
        };
        edge(state, |marks, syntax| marks.begin(when, syntax))
    });
    tera.register_function("only_end", |_: Kwargs, state: &State| edge(state, Marks::end));

    tera.register_filter("date", |value: &Value, kwargs: Kwargs, _: &State| dated(value, &kwargs, false));
    tera.register_filter("datetime", |value: &Value, kwargs: Kwargs, _: &State| dated(value, &kwargs, true));
    tera.register_filter("iso", |value: &Value, kwargs: Kwargs, _: &State| {
        let at = instant(value)?.with_timezone(&zone(&current()?, &kwargs)?);
        let pattern = if kwargs.get::<bool>("day")?.unwrap_or(false) { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M%:z" };
        Ok::<String, Error>(at.format(pattern).to_string())
    });
    tera.register_filter("number", |value: f64, kwargs: Kwargs, _: &State| {
        let around = current()?;
        Ok::<String, Error>(dates::number(&around.catalog, &language(&around, &kwargs)?, value))
    });
    tera.register_filter("topic_name", |label: &str, kwargs: Kwargs, _: &State| {
        let around = current()?;
        Ok::<String, Error>(around.house.topic_name(label, &language(&around, &kwargs)?).to_owned())
    });
    tera.register_filter("topic_id", |label: &str, _: Kwargs, _: &State| crate::article::topic_id(label));
    tera.register_filter("language_name", |tag: &str, kwargs: Kwargs, _: &State| {
        let around = current()?;
        let language = language(&around, &kwargs)?;
        Ok::<String, Error>(
            around.catalog.find(&language, &format!("language-{tag}"), &[]).unwrap_or_else(|| tag.to_owned()),
        )
    });
    tera.register_filter("direction", |tag: &str, _: Kwargs, _: &State| {
        tag.parse::<Language>().map(|l| textual::direction(&l)).map_err(Error::message)
    });
    tera.register_filter("upper_first", |text: &str, _: Kwargs, _: &State| {
        let mut signs = text.chars();
        signs.next().map_or_else(String::new, |first| first.to_uppercase().chain(signs).collect())
    });
    tera.register_filter("no_break", |text: &str, _: Kwargs, _: &State| text.replace(' ', "\u{a0}"));
    tera.register_filter("stop", |text: &str, _: Kwargs, _: &State| {
        let text = text.trim_end();
        if text.ends_with(['.', '?', '!', '…', ':']) { text.to_owned() } else { format!("{text}.") }
    });
    tera.register_filter("no_stop", |text: &str, _: Kwargs, _: &State| {
        text.trim_end().strip_suffix('.').filter(|short| !short.ends_with('.')).unwrap_or(text.trim_end()).to_owned()
    });
    tera.register_filter("host", |url: &str, _: Kwargs, _: &State| {
        url::Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
    });
    tera.register_filter("one_line", |text: &str, _: Kwargs, _: &State| crate::mail::one_line(text));
    tera.register_filter("linked", |text: &str, kwargs: Kwargs, _: &State| {
        let (words, url) = (kwargs.must_get::<&str>("text")?, kwargs.must_get::<&str>("url")?);
        Ok::<String, Error>(linked(text, words, url, kwargs.get::<&str>("lang")?))
    });
    tera.register_filter("shorten", |text: &str, kwargs: Kwargs, _: &State| {
        Ok::<String, Error>(textual::shorten(text, kwargs.must_get::<usize>("length")?))
    });
    tera.register_filter("lines", |text: &str, _: Kwargs, _: &State| {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect::<Vec<String>>()
    });
    tera.register_filter("paragraphs", |text: &str, _: Kwargs, _: &State| textual::paragraphs(text));
    tera.register_filter("wrap", |text: &str, kwargs: Kwargs, _: &State| {
        let columns = kwargs.get::<usize>("columns")?.unwrap_or(textual::COLUMNS);
        let indent = kwargs.get::<String>("indent")?.unwrap_or_default();
        let wrap = if kwargs.get::<bool>("balance")?.unwrap_or(false) { textual::balanced } else { textual::wrap };
        Ok::<String, Error>(wrap(text, columns, &indent))
    });
    tera.register_filter("fit", |picture: &Map, kwargs: Kwargs, _: &State| fit(picture, &kwargs));
}

/// A sentence as HTML in which the first of these words is a link.
fn linked(sentence: &str, words: &str, url: &str, language: Option<&str>) -> String {
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let language = language.map(|tag| format!(" lang=\"{}\"", escaped(tag))).unwrap_or_default();
    let link = format!("<a class=\"accent onward-link\" href=\"{}\"{language}>{}</a>", escaped(url), escaped(words));
    match sentence.split_once(words).filter(|_| !words.is_empty()) {
        Some((before, after)) => format!("{}{link}{}", escaped(before), escaped(after)),
        None => escaped(sentence),
    }
}

/// So many numbers `range` makes at most. Tera's own makes 100,000, and two loops in each other do not end.
const RANGE: usize = 1000;

/// `range(start=0, end=5, step_by=1)`: numbers to go through.
fn range(kwargs: &Kwargs) -> TeraResult<Vec<i64>> {
    // A rendering that nobody waits for ends here.
    current()?;
    let start = kwargs.get::<i64>("start")?.unwrap_or_default();
    let end = kwargs.must_get::<i64>("end")?;
    let step = kwargs.get::<i64>("step_by")?.unwrap_or(1);
    if step == 0 {
        return Err(Error::message("range(): with step_by=0 it never ends"));
    }
    let mut numbers = Vec::new();
    let mut next = Some(start);
    while let Some(number) = next.filter(|n| if step > 0 { *n < end } else { *n > end }) {
        if numbers.len() == RANGE {
            return Err(Error::message(format!("range() makes at most {RANGE} numbers")));
        }
        numbers.push(number);
        next = number.checked_add(step);
    }
    Ok(numbers)
}

/// `t(key="…", name=…)`: a message in the page's language.
fn translated(kwargs: &Kwargs) -> TeraResult<String> {
    let around = current()?;
    let key = kwargs.must_get::<&str>("key")?;
    let language = language(&around, kwargs)?;
    let mut arguments = Vec::new();
    for (name, value) in kwargs.iter() {
        let Some(name) = name.as_str().filter(|name| !matches!(*name, "key" | "lang")) else { continue };
        let argument = match value.as_f64() {
            Some(number) => Argument::Number(number),
            None => Argument::Text(value.to_string()),
        };
        arguments.push((name, argument));
    }
    around.catalog.find(&language, key, &arguments).ok_or_else(|| {
        Error::message(if around.catalog.has(&language, key) {
            format!("the message {key} has an argument that t() is not given")
        } else {
            format!("there is no message {key} in templates/i18n/")
        })
    })
}

fn hole(hole: Hole) -> TeraResult<String> {
    marked(|marks| marks.hole(hole))
}

fn edge(
    state: &State,
    mark: impl FnOnce(&mut Marks, Syntax) -> Result<String, crate::mail::CutError>,
) -> TeraResult<Value> {
    let syntax = if state.autoescaping_enabled() { Syntax::Html } else { Syntax::Plain };
    marked(|marks| mark(marks, syntax)).map(|text| Value::safe_string(&text))
}

fn marked(mark: impl FnOnce(&mut Marks) -> Result<String, crate::mail::CutError>) -> TeraResult<String> {
    let marks = current()?
        .marks
        .ok_or_else(|| Error::message("this function is for mails: a page has no reader whom it knows"))?;
    let mut marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
    mark(&mut marks).map_err(Error::message)
}

fn dated(value: &Value, kwargs: &Kwargs, time: bool) -> TeraResult<String> {
    let around = current()?;
    let style = kwargs.get::<&str>("style")?.unwrap_or("long");
    if !dates::STYLES.contains(&style) {
        let text = format!("no style “{style}”; there are {}", dates::STYLES.join(", "));
        return Err(Error::message(text));
    }
    let at = instant(value)?.with_timezone(&zone(&around, kwargs)?);
    Ok(dates::date(&around.catalog, &language(&around, kwargs)?, at, style, time))
}

fn instant(value: &Value) -> TeraResult<DateTime<Utc>> {
    let text = value
        .as_str()
        .ok_or_else(|| Error::message(format!("a date is text like 2026-05-19T04:45:00Z, not {}", value.name())))?;
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| Error::message(format!("“{text}” is no instant like 2026-05-19T04:45:00Z")))
}

fn language(around: &Surroundings, kwargs: &Kwargs) -> TeraResult<Language> {
    match kwargs.get::<&str>("lang")? {
        Some(tag) => tag.parse().map_err(Error::message),
        None => Ok(around.language.clone()),
    }
}

fn zone(around: &Surroundings, kwargs: &Kwargs) -> TeraResult<Tz> {
    match kwargs.get::<&str>("timezone")? {
        Some(name) => name.parse().map_err(|_| Error::message(format!("“{name}” is no time zone"))),
        None => Ok(around.zone),
    }
}

/// The size at which a picture is shown in a column of `width` pixels: never wider than it is.
fn fit(picture: &Map, kwargs: &Kwargs) -> TeraResult<Value> {
    let column = kwargs.must_get::<u64>("width")?;
    let side = |name: &'static str| picture.get(&name.into()).and_then(Value::as_u64).filter(|n| *n > 0);
    let mut size = Map::new();
    let (width, height) = match (side("width"), side("height")) {
        (Some(width), Some(height)) if width > column => (column, Some((height * column + width / 2) / width)),
        (Some(width), height) => (width.min(column), height),
        (None, _) => (column, None),
    };
    size.insert("width".into(), Value::from(width));
    size.insert("full".into(), Value::from(width == column));
    if let Some(height) = height {
        size.insert("height".into(), Value::from(height));
    }
    Ok(Value::from(size))
}
