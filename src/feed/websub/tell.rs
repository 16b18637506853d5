//! Telling somebody: a subscriber gets the document (section 7), a hub elsewhere hears that there is a new one.

use bytes::Bytes;
use chrono::TimeDelta;
use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue, LINK};
use ring::hmac;
use url::Url;

use super::{Hub, address_of, named};
use crate::feed::Document;
use crate::net::http::{Question, Reach, ask};
use crate::store::hub::{Behind, Then, Told};

/// How long it waits after each failed attempt, in seconds; after the last, some three days later, it is dropped.
const LATER: [i64; 10] = [5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600];
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");

/// Sends the document to a subscriber: whole, with its own media type, and signed where there is a secret.
pub(super) async fn subscriber(hub: &Hub, one: Behind, document: &Document) -> Told {
    let question = Url::parse(&one.callback).ok().and_then(|address| {
        let content_type = HeaderValue::from_static(document.content_type);
        let mut question = Question::post(address, content_type, document.bytes.clone());
        let links = links(&named(&hub.config, true), &address_of(&hub.config, &one.topic));
        question.fields.push((LINK, HeaderValue::try_from(links).ok()?));
        if let Some(secret) = &one.secret {
            question.fields.push((SIGNATURE, HeaderValue::try_from(signature(secret, &document.bytes)).ok()?));
        }
        Some(question)
    });
    let (said, then) = match question {
        Some(question) => call(hub, question, one.attempts, &hub.reach).await,
        None => ("its callback is no address".to_owned(), Then::Drop),
    };
    if then == Then::Drop {
        let host = Url::parse(&one.callback).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        tracing::info!("The hub: {host} gets no more of {}: {said}.", one.topic);
    }
    Told { id: one.id, topic: one.topic, version: one.version, said, then }
}

/// Tells a hub elsewhere of all these topics at once.
pub(super) async fn other_hub(hub: &Hub, address: &str, topics: Vec<Behind>) -> Vec<Told> {
    let body = ping(topics.iter().map(|one| address_of(&hub.config, &one.topic)));
    let media_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    let attempts = topics.iter().map(|one| one.attempts).max().unwrap_or(1);
    let (said, then) = match Url::parse(address) {
        Ok(address) => {
            let question = Question::post(address, media_type, body);
            call(hub, question, attempts, &Reach::Named).await
        }
        Err(error) => (error.to_string(), Then::Drop),
    };
    // One that stands in the configuration is never given up: it is told of the next version at the latest.
    let last = LATER.last().copied().unwrap_or_default();
    let then = if then == Then::Drop { Then::Later(hub.clock.now() + TimeDelta::seconds(last)) } else { then };
    if matches!(then, Then::Later(_)) {
        tracing::warn!("[feeds] hubs: {address} could not be told: {said}; it is tried again");
    }
    let told = |one: Behind| Told { id: one.id, topic: one.topic, version: one.version, said: said.clone(), then };
    topics.into_iter().map(told).collect()
}

/// The form of a ping.
fn ping(topics: impl Iterator<Item = String>) -> Bytes {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("hub.mode", "publish");
    for topic in topics {
        form.append_pair("hub.url", &topic);
    }
    form.finish().into()
}

/// What an answer means: 2xx is good, 410 ends it, everything else is tried again.
async fn call(hub: &Hub, question: Question, attempts: i64, reach: &Reach) -> (String, Then) {
    let said = match ask(question, reach).await {
        Ok(answer) if answer.status.is_success() => return (answer.status.as_u16().to_string(), Then::Done),
        Ok(answer) if answer.status == StatusCode::GONE => return ("410".to_owned(), Then::Drop),
        Ok(answer) => answer.status.as_u16().to_string(),
        Err(error) => error.to_string(),
    };
    let wait = usize::try_from(attempts - 1).ok().and_then(|n| LATER.get(n));
    match wait {
        Some(seconds) => (said, Then::Later(hub.clock.now() + TimeDelta::seconds(*seconds))),
        None => (format!("{said}, after {attempts} attempts"), Then::Drop),
    }
}

/// `Link` of a document: its hubs, and itself.
pub fn links(hubs: &[String], own: &str) -> String {
    let mut links: String = hubs.iter().map(|hub| format!("<{hub}>; rel=\"hub\", ")).collect();
    links.push_str(&format!("<{own}>; rel=\"self\""));
    links
}

/// `X-Hub-Signature` (section 7.1).
fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", data_encoding::HEXLOWER.encode(hmac::sign(&key, body).as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        let signed = signature("Jefe", b"what do ya want for nothing?");
        assert_eq!(signed, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn links_name_hub_and_self() {
        let links = links(&["https://n.example/hub".to_owned()], "https://n.example/feeds/news.rss");
        assert_eq!(links, "<https://n.example/hub>; rel=\"hub\", <https://n.example/feeds/news.rss>; rel=\"self\"");
    }
}
