//! Leaving one newsletter, or everything.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{Asked, PageError, answer, is_test};
use crate::audience::{How, Reason};
use crate::secret::Purpose;
use crate::store::subscribers::{self, Subscriber};
use crate::store::{Tx, editions};
use crate::web::public::Site;

/// What a POST asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Leave,
    Undo,
    LeaveAll,
    UndoAll,
}

impl Action {
    /// The button of our page that was pressed. Anything else, in any form, is a wish to leave: what mail programs
    /// send (`List-Unsubscribe=One-Click`, RFC 8058 §3.1) as much as what they should not have sent.
    fn of(body: &[u8]) -> (Self, How) {
        let pressed = url::form_urlencoded::parse(body).find(|(name, _)| name == "action");
        match pressed.as_ref().map(|(_, value)| value.as_ref()) {
            Some("undo") => (Action::Undo, How::Page),
            Some("leave-all") => (Action::LeaveAll, How::Page),
            Some("undo-all") => (Action::UndoAll, How::Page),
            Some("leave") => (Action::Leave, How::Page),
            _ => (Action::Leave, How::OneClick),
        }
    }
}

/// `GET /unsubscribe/TOKEN`: where the person stands, with the buttons that change it.
pub(super) async fn show(
    State(site): State<Site>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut asked = Asked::new(&site, "unsubscribe", token, query.as_deref(), &headers);
    let made = shown(&mut asked).await;
    asked.done(made)
}

async fn shown(asked: &mut Asked<'_>) -> Result<Response, PageError> {
    let mut tx = asked.site.store.read().await?;
    match whose(&mut tx, asked).await? {
        Whose::Them(newsletter, person) => page(asked, &newsletter, &person, None),
        Whose::Answer(response) => Ok(response),
    }
}

/// `POST /unsubscribe/TOKEN`: leaves, or takes it back. Twice is once; answered 200, and never sent elsewhere.
pub(super) async fn take(
    State(site): State<Site>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let mut asked = Asked::new(&site, "unsubscribe", token, query.as_deref(), &headers);
    // A body that can't be read is a wish to leave too.
    let made = taken(&mut asked, &body.unwrap_or_default()).await;
    asked.done(made)
}

async fn taken(asked: &mut Asked<'_>, body: &[u8]) -> Result<Response, PageError> {
    let (action, how) = Action::of(body);
    let site = asked.site;
    let mut tx = site.store.write().await?;
    let (newsletter, person) = match whose(&mut tx, asked).await? {
        Whose::Them(newsletter, person) => (newsletter, person),
        Whose::Answer(response) => return Ok(response),
    };
    let (ring, id, now) = (&site.keyring, person.id, site.clock.now());
    match action {
        Action::Leave => {
            subscribers::leave(&mut tx, newsletter.id, id, how, now).await?;
        }
        Action::Undo => {
            subscribers::rejoin(&mut tx, newsletter.id, id).await?;
        }
        Action::LeaveAll => {
            subscribers::leave_all(&mut tx, ring, id, how, now).await?;
        }
        Action::UndoAll => {
            subscribers::rejoin_all(&mut tx, ring, id).await?;
        }
    }
    let person = subscribers::subscriber(&mut tx, id).await?;
    tx.commit().await?;
    match person {
        Some(person) => page(asked, &newsletter, &person, Some(action)),
        None => asked.forgotten(),
    }
}

/// The newsletter of a link.
struct Of {
    id: i64,
    name: String,
}

/// To whom a link belongs, or what there is to say instead.
enum Whose {
    Them(Of, Box<Subscriber>),
    Answer(Response),
}

async fn whose(tx: &mut Tx, asked: &mut Asked<'_>) -> Result<Whose, PageError> {
    if is_test(&asked.token) {
        return Ok(Whose::Answer(asked.test()?));
    }
    let Some((newsletter, subscriber)) = asked.site.keyring.open(Purpose::Leave, &asked.token) else {
        return Ok(Whose::Answer(asked.lost()?));
    };
    let known = editions::newsletters(tx).await?.into_iter().find(|row| row.id == newsletter);
    let person = subscribers::subscriber(tx, subscriber).await?;
    match (known, person) {
        (Some(row), Some(person)) => {
            asked.speak_with(&person);
            Ok(Whose::Them(Of { id: row.id, name: row.name }, Box::new(person)))
        }
        _ => Ok(Whose::Answer(asked.forgotten()?)),
    }
}

/// The page of where somebody stands, after `action` if there was one.
fn page(
    asked: &Asked<'_>,
    newsletter: &Of,
    person: &Subscriber,
    action: Option<Action>,
) -> Result<Response, PageError> {
    let config = &asked.site.config;
    let title = config.newsletter(&newsletter.name).map_or(newsletter.name.as_str(), |n| n.title.get(&asked.language));
    let address = person.address.masked();
    let values = [("title", title), ("address", address.as_str())];
    let all = person.suppressed.as_ref().is_some_and(|s| s.reason == Reason::Left);
    let left = person.departures.iter().any(|d| d.newsletter == newsletter.id);
    let state = match (all, left, action) {
        (true, _, _) => "all",
        (false, true, _) => "left",
        (false, false, Some(Action::Undo | Action::UndoAll)) => "again",
        (false, false, _) => "ask",
    };
    let heading = asked.say(&format!("people-{state}"), &values);
    let frame =
        asked.frame(&heading).with("state", state).with("text", &asked.say(&format!("people-{state}-text"), &values));
    Ok(answer(StatusCode::OK, frame.render("site/people/leave.html")?))
}
