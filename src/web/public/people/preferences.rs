//! What somebody gets: newsletters, topics, language.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::{Asked, PageError, answer, is_test};
use crate::audience::{Choices, Reason, Status};
use crate::config::{Config, Newsletter};
use crate::secret::Purpose;
use crate::store::subscribers::{self, Subscriber};
use crate::store::{Tx, editions};
use crate::web::public::Site;

/// One box to tick.
#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
    ticked: bool,
}

/// `GET /preferences/TOKEN`.
pub(super) async fn show(
    State(site): State<Site>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut asked = Asked::new(&site, "preferences", token, query.as_deref(), &headers);
    let made = shown(&mut asked).await;
    asked.done(made)
}

async fn shown(asked: &mut Asked<'_>) -> Result<Response, PageError> {
    let mut tx = asked.site.store.read().await?;
    match whose(&mut tx, asked).await? {
        Whose::Them(person) => page(asked, &person, StatusCode::OK, ""),
        Whose::Answer(response) => Ok(response),
    }
}

/// `POST /preferences/TOKEN`: keeps what was ticked.
pub(super) async fn save(
    State(site): State<Site>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let mut asked = Asked::new(&site, "preferences", token, query.as_deref(), &headers);
    let made = saved(&mut asked, &body.unwrap_or_default()).await;
    asked.done(made)
}

async fn saved(asked: &mut Asked<'_>, body: &[u8]) -> Result<Response, PageError> {
    let form = Form::of(body);
    let mut tx = asked.site.store.write().await?;
    let person = match whose(&mut tx, asked).await? {
        Whose::Them(person) => person,
        Whose::Answer(response) => return Ok(response),
    };
    // A POST that is none of our form (a program trying its luck) must not read as "nothing ticked".
    if !form.ours {
        return page(asked, &person, StatusCode::BAD_REQUEST, "");
    }
    let topics_shown = !topics(asked, &person).is_empty();
    if topics_shown && !form.everything && form.topics.is_empty() {
        return page(asked, &person, StatusCode::UNPROCESSABLE_ENTITY, "no-topic");
    }
    keep(&mut tx, asked.site, &person, &form, topics_shown).await?;
    let person = subscribers::subscriber(&mut tx, person.id).await?;
    tx.commit().await?;
    let Some(person) = person else { return asked.forgotten() };
    asked.speak_with(&person);
    page(asked, &person, StatusCode::OK, "saved")
}

/// What the form brought.
#[derive(Default)]
struct Form {
    ours: bool,
    newsletters: Vec<String>,
    everything: bool,
    topics: Vec<String>,
    language: Option<String>,
}

impl Form {
    fn of(body: &[u8]) -> Self {
        let mut form = Form::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            match name.as_ref() {
                "save" => form.ours = true,
                "newsletter" => form.newsletters.push(value.into_owned()),
                "everything" => form.everything = true,
                "topic" => form.topics.push(value.into_owned()),
                "language" => form.language = Some(value.into_owned()),
                _ => {}
            }
        }
        form
    }
}

async fn keep(tx: &mut Tx, site: &Site, person: &Subscriber, form: &Form, topics_shown: bool) -> Result<(), PageError> {
    let config = &site.config;
    let offered: Vec<&Newsletter> = offered(config, person);
    let names: Vec<&str> = offered.iter().map(|n| n.name.as_str()).collect();
    let rows = editions::ensure_newsletters(tx, &names, site.clock.now()).await?;
    let (wanted, unwanted): (Vec<_>, Vec<_>) = rows.iter().partition(|row| form.newsletters.contains(&row.name));
    let language = form.language.as_ref().and_then(|tag| config.site.languages.iter().find(|l| l.as_str() == tag));
    let mut topics: Vec<String> = form.topics.iter().take(200).cloned().collect();
    topics.sort();
    topics.dedup();
    let choices = Choices {
        language: language.or(person.chosen.as_ref().and_then(|c| c.language.as_ref())).cloned(),
        topics: match topics_shown {
            true => (!form.everything).then_some(topics),
            false => person.topics().map(<[String]>::to_vec),
        },
        newsletters: wanted.iter().map(|row| row.name.clone()).collect(),
    };
    // Who ticks a newsletter after having left everything wants it.
    if !wanted.is_empty() {
        subscribers::rejoin_all(tx, &site.keyring, person.id).await?;
    }
    let ids = |rows: &[&editions::NewsletterRow]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    subscribers::set_preferences(tx, person.id, &choices, &ids(&wanted), &ids(&unwanted), site.clock.now()).await?;
    Ok(())
}

enum Whose {
    Them(Box<Subscriber>),
    Answer(Response),
}

async fn whose(tx: &mut Tx, asked: &mut Asked<'_>) -> Result<Whose, PageError> {
    if is_test(&asked.token) {
        return Ok(Whose::Answer(asked.test()?));
    }
    let Some((_, subscriber)) = asked.site.keyring.open(Purpose::Preferences, &asked.token) else {
        return Ok(Whose::Answer(asked.lost()?));
    };
    Ok(match subscribers::subscriber(tx, subscriber).await? {
        Some(person) => {
            asked.speak_with(&person);
            Whose::Them(Box::new(person))
        }
        None => Whose::Answer(asked.forgotten()?),
    })
}

fn page(asked: &Asked<'_>, person: &Subscriber, status: StatusCode, notice: &str) -> Result<Response, PageError> {
    let config = &asked.site.config;
    let heading = asked.say("people-choices", &[("address", &person.address.masked())]);
    let newsletters: Vec<Choice> = offered(config, person)
        .into_iter()
        .map(|n| Choice {
            value: n.name.clone(),
            label: n.title.get(&asked.language).to_owned(),
            ticked: gets(person, n),
        })
        .collect();
    let reads = person.reads().map(|l| l.as_str().to_owned());
    let languages: Vec<Choice> = config
        .site
        .languages
        .iter()
        .map(|l| Choice {
            value: l.to_string(),
            label: asked.site.templates.catalog().say(l, "language-self", &[]),
            ticked: reads.as_deref() == Some(l.as_str()),
        })
        .collect();
    let page = asked
        .frame(&heading)
        .with("notice", notice)
        .with("newsletters", &newsletters)
        .with("everything", &person.topics().is_none())
        .with("topics", &topics(asked, person))
        .with("tongues", &languages)
        .render("site/people/preferences.html")?;
    Ok(answer(status, page))
}

/// The newsletters that go to a list somebody is on.
fn offered<'c>(config: &'c Config, person: &Subscriber) -> Vec<&'c Newsletter> {
    let on = |list: &String| person.memberships.iter().any(|m| m.list == *list && m.status == Status::Active);
    config.newsletters.iter().filter(|n| n.lists.iter().any(on)).collect()
}

/// Whether somebody gets a newsletter now; the same rule as `store::subscribers::audience`.
fn gets(person: &Subscriber, newsletter: &Newsletter) -> bool {
    if person.suppressed.as_ref().is_some_and(|s| s.reason == Reason::Left)
        || person.departures.iter().any(|d| d.name == newsletter.name)
    {
        return false;
    }
    let asked = person.chosen.as_ref().is_some_and(|c| c.newsletters.contains(&newsletter.name));
    person.memberships.iter().any(|m| {
        m.status == Status::Active
            && newsletter.lists.contains(&m.list)
            && (asked || m.newsletters.as_ref().is_none_or(|names| names.contains(&newsletter.name)))
    })
}

/// The newsroom's topics, and what else somebody chose before.
fn topics(asked: &Asked<'_>, person: &Subscriber) -> Vec<Choice> {
    let config = &asked.site.config;
    let chosen = person.topics().unwrap_or_default();
    let known = config.topics.iter().map(|topic| Choice {
        ticked: chosen.contains(&topic.id),
        value: topic.id.clone(),
        label: topic.name.get(&asked.language).to_owned(),
    });
    let other = chosen.iter().filter(|id| config.topics.iter().all(|topic| topic.id != **id));
    known.chain(other.map(|id| Choice { value: id.clone(), label: id.clone(), ticked: true })).collect()
}
