//! Whether a callback means what was asked in its name (section 5.3): it is asked with a word, and must say the word.

use chrono::TimeDelta;
use hyper::StatusCode;
use url::Url;

use super::{Hub, address_of};
use crate::clock::Instant;
use crate::net::http::{Question, ask};
use crate::secret;
use crate::store::hub::{self, Request, Wanted};
use crate::store::{StoreError, Tx};

/// A callback that cannot be reached is asked so often; after each time, it waits ten times as long.
const ATTEMPTS: i64 = 3;

/// What the callback says.
pub(super) enum Verdict {
    /// Yes.
    Meant,
    /// No, or something else; why.
    Refused(String),
    /// It could not be asked.
    Unreached(String),
}

/// Asks the callback.
pub(super) async fn verify(hub: &Hub, request: &Request) -> Verdict {
    let Ok(challenge) = secret::random_word(32) else {
        return Verdict::Unreached("no random bytes to be had".to_owned());
    };
    let Some(address) = question(&request.wanted, &address_of(&hub.config, &request.wanted.topic), &challenge) else {
        return Verdict::Refused("its callback is no address".to_owned());
    };
    match ask(Question { wanted: 1024, ..Question::get(address) }, &hub.reach).await {
        Err(error @ crate::net::http::HttpError::Private(_)) => Verdict::Refused(error.to_string()),
        Err(error) => Verdict::Unreached(error.to_string()),
        Ok(answer) if answer.status.is_success() && answer.body == challenge.as_bytes() => Verdict::Meant,
        Ok(answer) if answer.status.is_success() => {
            Verdict::Refused("its callback did not say the challenge".to_owned())
        }
        Ok(answer) if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS => {
            Verdict::Unreached(format!("its callback answers {}", answer.status))
        }
        Ok(answer) => Verdict::Refused(format!("its callback answers {}", answer.status)),
    }
}

/// The callback with the fields of section 5.3 behind those that it has.
fn question(wanted: &Wanted, topic: &str, challenge: &str) -> Option<Url> {
    let mut address = Url::parse(&wanted.callback).ok()?;
    {
        let mut query = address.query_pairs_mut();
        query.append_pair("hub.mode", if wanted.subscribe { "subscribe" } else { "unsubscribe" });
        query.append_pair("hub.topic", topic);
        query.append_pair("hub.challenge", challenge);
        if wanted.subscribe {
            query.append_pair("hub.lease_seconds", &wanted.lease.to_string());
        }
    }
    Some(address)
}

/// Does what was asked, or lets it go.
pub(super) async fn settle(tx: &mut Tx, request: &Request, verdict: Verdict, now: Instant) -> Result<(), StoreError> {
    let wanted = &request.wanted;
    let host = Url::parse(&wanted.callback).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    if let Verdict::Unreached(reason) = &verdict
        && request.attempts < ATTEMPTS
    {
        tracing::debug!("The hub: {host} could not be asked about {}: {reason}", wanted.topic);
        return hub::put_off(tx, request, now + TimeDelta::seconds(10_i64.pow(request.attempts as u32))).await;
    }
    if !hub::forget_request(tx, request).await? {
        return Ok(());
    }
    match verdict {
        Verdict::Meant if wanted.subscribe => {
            let until = now + TimeDelta::seconds(wanted.lease);
            hub::subscribe(tx, wanted, until, now).await?;
            tracing::info!(
                "The hub: {host} subscribes to {} until {}.",
                wanted.topic,
                until.format("%Y-%m-%d %H:%M UTC")
            );
        }
        Verdict::Meant => {
            hub::unsubscribe(tx, wanted).await?;
            tracing::info!("The hub: {host} no longer subscribes to {}.", wanted.topic);
        }
        Verdict::Refused(reason) | Verdict::Unreached(reason) => {
            tracing::info!("The hub: what was asked for {host} about {} is not done: {reason}.", wanted.topic);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_keeps_what_it_asks_by_itself() {
        let wanted = Wanted {
            subscribe: true,
            topic: "news.rss".to_owned(),
            callback: "https://r.example/hook?id=a%20b".to_owned(),
            secret: None,
            lease: 60,
        };
        let asked = question(&wanted, "https://n.example/feeds/news.rss", "word").unwrap();
        assert_eq!(
            asked.query(),
            Some(
                "id=a%20b&hub.mode=subscribe&hub.topic=https%3A%2F%2Fn.example%2Ffeeds%2Fnews.rss&hub.challenge=word&hub.lease_seconds=60"
            )
        );
    }
}
