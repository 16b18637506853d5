//! The alarm: an edition that was due and did not go out is told, once for each cause, and once more when that is over
//! (DESIGN, part 7: *Time*). So is a mailbox of returns that cannot be read: who is gone would be written to again and again.
//!
//! 1. [`Newsroom::look_after`] looks what stands in the way now, and compares it with what the store remembers.
//! 2. What is new is written down with its mails (`[alerts] to`) in one transaction, and logged as an error.
//! 3. The webhook is called for what it has not taken yet; what fails is tried again at the next look.
//! 4. While nothing is wrong the heartbeat is called: whoever waits for it takes silence as the alarm.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use serde_json::json;

use super::{Newsroom, ServiceError};
use crate::article::Language;
use crate::clock::Instant;
use crate::edition::approve;
use crate::edition::tell::Words;
use crate::mail::Letter;
use crate::net::http;
use crate::secret::masked;
use crate::store::alarms::{self, Alarm};
use crate::store::deliveries;
use crate::store::editions::{self, Edition, State, states};
use crate::store::presence::Turn;
use crate::store::{StoreError, Tx, post};

/// An edition of which nothing was tried so long after its time is stuck.
const STUCK: chrono::Duration = chrono::Duration::minutes(15);
/// The end of an alarm that the webhook does not take is forgotten after this.
const TRIES: chrono::Duration = chrono::Duration::hours(24);

/// What stands in the way of something that is due.
struct Cause {
    /// `held:12`: what it is, and of what.
    name: String,
    words: String,
    edition: Option<i64>,
    /// How long it may stand before it is an alarm.
    patience: Duration,
}

impl Newsroom {
    /// Looks whether something that was due did not go out, and calls those whom `[alerts]` names; whether mail for them
    /// waits now. `patience`: how long no relay can be worked with before that is an alarm.
    ///
    /// # Errors
    /// What the store says. Calls that fail are in the log, and made again at the next look.
    pub async fn look_after(&self, patience: Duration) -> Result<bool, ServiceError> {
        let turn = Turn::take(&self.site.store).await?;
        let now = self.site.clock.now();
        let mut tx = self.site.store.read().await?;
        let known = alarms::all(&mut tx).await?;
        let mut causes = self.causes(&mut tx, now, patience).await?;
        self.still(&mut tx, &known, &mut causes).await?;
        drop(tx);
        let next = compare(&known, &causes, now);
        let mut mail = false;
        if next != known {
            let mut tx = self.site.store.write().await?;
            for alarm in &next {
                let before = known.iter().find(|before| before.cause == alarm.cause);
                if before == Some(alarm) {
                    continue;
                }
                alarms::keep(&mut tx, alarm).await?;
                let was_raised = before.is_some_and(|before| before.raised_at.is_some());
                let was_over = before.is_some_and(|before| before.over_at.is_some());
                if alarm.raised_at.is_some() && (!was_raised || (alarm.over_at.is_some() && !was_over)) {
                    mail |= self.tell(&mut tx, alarm, now).await?;
                }
            }
            for gone in known.iter().filter(|known| next.iter().all(|next| next.cause != known.cause)) {
                alarms::forget(&mut tx, &gone.cause).await?;
            }
            tx.commit().await?;
        }
        drop(turn);
        self.call(&next, now).await?;
        if next.iter().all(|alarm| alarm.raised_at.is_none() || alarm.over_at.is_some()) {
            self.beat().await;
        }
        Ok(mail)
    }

    /// Everything that stands in the way now.
    async fn causes(&self, tx: &mut Tx, now: Instant, patience: Duration) -> Result<Vec<Cause>, StoreError> {
        let config = &self.site.config;
        let mut causes: Vec<Cause> = Vec::new();
        for edition in alarms::standing(tx, now).await? {
            let late =
                config.newsletter(&edition.newsletter).map_or(Duration::ZERO, |newsletter| newsletter.late.std());
            let reason = edition.reason.clone().unwrap_or_default();
            let waits = edition.needs > 0 && edition.approved_at.is_none();
            let (kind, patience) = match edition.state {
                State::Paused if reason == states::BY_STAFF => continue,
                State::Paused => ("stopped", Duration::ZERO),
                // One without a time of its own is due when somebody has had time to look at it.
                _ if waits && approve::due_at(&edition).is_none() => ("waits", late),
                _ if waits => ("waits", Duration::ZERO),
                _ if edition.made_by != "schedule" && approve::due_at(&edition).is_none() => ("held", late),
                _ => ("held", Duration::ZERO),
            };
            causes.push(Cause::of(kind, &edition, reason, patience));
        }
        for edition in alarms::untried(tx, now - STUCK).await? {
            causes.push(Cause::of("stuck", &edition, "no copy of it was tried".to_owned(), Duration::ZERO));
        }
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (newsletter, words) in failed.into_iter().flatten() {
            causes.push(Cause { name: format!("failed:{newsletter}"), words, edition: None, patience: Duration::ZERO });
        }
        if let Some(words) = self.progress.down().filter(|_| self.progress.waiting() > 0) {
            causes.push(Cause { name: "relay".to_owned(), words, edition: None, patience });
        }
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
        if !unread.is_empty() {
            causes.push(Cause { name: "returns".to_owned(), words: unread.join("; "), edition: None, patience });
        }
        Ok(causes)
    }

    /// Adds what a process that has just begun cannot know yet: what could not be made, and what no relay took, stands until it was
    /// tried again.
    async fn still(&self, tx: &mut Tx, known: &[Alarm], causes: &mut Vec<Cause>) -> Result<(), StoreError> {
        let looked = self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let read = self.unread.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        for alarm in known.iter().filter(|alarm| alarm.over_at.is_none()) {
            let stands = match alarm.cause.as_str() {
                "relay" if self.progress.down().is_none() && self.progress.sent() == 0 => {
                    let waiting = deliveries::waiting(tx).await?;
                    waiting.now + waiting.later > 0
                }
                "returns" => !read && self.site.config.mail.returns.is_some(),
                cause => cause.starts_with("failed:") && !looked,
            };
            if stands {
                let Alarm { cause: name, words, edition, .. } = alarm.clone();
                causes.push(Cause { name, words, edition, patience: Duration::MAX });
            }
        }
        Ok(())
    }

    /// Puts an alarm, or its end, in the log and in the post; whether there is somebody to write to.
    async fn tell(&self, tx: &mut Tx, alarm: &Alarm, now: Instant) -> Result<bool, ServiceError> {
        let edition = match alarm.edition {
            Some(id) => editions::by_id(tx, id).await?,
            None => None,
        };
        let english = self.sentence(&Language::default(), alarm, edition.as_ref());
        match alarm.over_at {
            Some(_) => tracing::info!("over: {english}"),
            None => tracing::error!("alarm: {english}: {}", alarm.words),
        }
        let config = &self.site.config;
        let language = config.language();
        let words = Words { config, templates: &self.site.templates };
        let what = self.sentence(&language, alarm, edition.as_ref());
        let (subject, mut lines) = match alarm.over_at {
            Some(at) => {
                let over = words.say(&language, "alarm-over", &[("time", words.time(at).into())]);
                ("alarm-over-subject", vec![format!("{what}."), over])
            }
            None => {
                let reason = words.say(&language, "alarm-reason", &[("reason", alarm.words.clone().into())]);
                ("alarm-subject", vec![format!("{what}."), reason])
            }
        };
        if let Some(id) = alarm.edition {
            lines.extend([String::new(), words.look(&language, id)]);
        }
        for to in &config.alerts.to {
            let Ok(address) = to.parse() else { continue };
            let letter = Letter {
                to: address,
                to_name: None,
                language: language.clone(),
                subject: words.say(&language, subject, &[("what", what.clone().into())]),
                text: format!("{}\n", lines.join("\n")),
                html: None,
            };
            post::enqueue(tx, &letter, now).await?;
            tracing::info!("{} gets a mail about that", masked(to));
        }
        Ok(!config.alerts.to.is_empty())
    }

    /// What is wrong, in one sentence without its full stop.
    fn sentence(&self, language: &Language, alarm: &Alarm, edition: Option<&Edition>) -> String {
        let words = Words { config: &self.site.config, templates: &self.site.templates };
        let (kind, of) = alarm.cause.split_once(':').unwrap_or((&alarm.cause, ""));
        let key = format!("alarm-{kind}");
        let Some(edition) = edition else {
            let title = self.site.config.newsletter(of).map_or(of, |newsletter| newsletter.title.get(language));
            return if kind == "failed" {
                words.say(language, &key, &[("title", title.into())])
            } else {
                words.say(language, &key, &[])
            };
        };
        let about = [("title", words.title(language, edition).into()), ("number", edition.number.into())];
        if kind == "stopped" {
            return words.say(language, &key, &about);
        }
        let due = approve::due_at(edition).unwrap_or(edition.start_at);
        let [title, number] = about;
        words.say(language, &key, &[title, number, ("time", words.time(due).into())])
    }

    /// Calls the webhook for what it has not taken yet, and forgets what is over and told.
    async fn call(&self, alarms: &[Alarm], now: Instant) -> Result<(), ServiceError> {
        let mut is_away = false;
        for alarm in alarms.iter().filter(|alarm| alarm.raised_at.is_some()) {
            let mut told = alarm.clone();
            let is_told = !is_away && self.call_for(alarm, &mut told).await?;
            is_away |= !is_told;
            let is_old = alarm.over_at.is_some_and(|at| now - at > TRIES);
            if alarm.over_at.is_some() && (is_told || is_old) {
                let mut tx = self.site.store.write().await?;
                alarms::forget(&mut tx, &alarm.cause).await?;
                tx.commit().await?;
            } else {
                self.note(alarm, &told).await?;
            }
        }
        Ok(())
    }

    /// Calls the webhook for one of them; whether it has taken all there is to tell.
    async fn call_for(&self, alarm: &Alarm, told: &mut Alarm) -> Result<bool, ServiceError> {
        let Some(hook) = &self.site.config.alerts.webhook else { return Ok(true) };
        let states = [(!alarm.called).then_some("raised"), alarm.over_at.and(Some("over"))];
        for state in states.into_iter().flatten() {
            if let Err(error) = http::call(hook, Some(&self.document(alarm, state).await?)).await {
                tracing::warn!("[alerts] webhook: {error}; it is called again at the next look");
                return Ok(false);
            }
            told.called = true;
        }
        Ok(true)
    }

    async fn note(&self, before: &Alarm, after: &Alarm) -> Result<(), StoreError> {
        if before == after {
            return Ok(());
        }
        let mut tx = self.site.store.write().await?;
        alarms::keep(&mut tx, after).await?;
        tx.commit().await
    }

    /// What the webhook is told.
    async fn document(&self, alarm: &Alarm, state: &str) -> Result<serde_json::Value, StoreError> {
        let mut tx = self.site.store.read().await?;
        let edition = match alarm.edition {
            Some(id) => editions::by_id(&mut tx, id).await?,
            None => None,
        };
        let language = self.site.config.language();
        Ok(json!({
            "site": self.site.config.site.title.get(&language),
            "state": state,
            "cause": alarm.cause,
            "text": self.sentence(&language, alarm, edition.as_ref()),
            "reason": alarm.words,
            "edition": alarm.edition,
            "newsletter": edition.map(|edition| edition.newsletter),
            "since": alarm.raised_at,
            "over": alarm.over_at.filter(|_| state == "over"),
        }))
    }

    /// All is well.
    async fn beat(&self) {
        if let Some(heartbeat) = &self.site.config.alerts.heartbeat
            && let Err(error) = http::call(heartbeat, None).await
        {
            tracing::warn!("[alerts] heartbeat: {error}");
        }
    }
}

impl Cause {
    fn of(kind: &str, edition: &Edition, words: String, patience: Duration) -> Cause {
        // Neither mail nor a call may say which article is under embargo.
        let words =
            if words.contains("under embargo") { "one of its articles is under embargo".to_owned() } else { words };
        Cause { name: format!("{kind}:{}", edition.id), words, edition: Some(edition.id), patience }
    }
}

/// What is remembered next: causes that are new, alarms that are raised, those that are over. What is over before it was an
/// alarm is forgotten.
fn compare(known: &[Alarm], causes: &[Cause], now: Instant) -> Vec<Alarm> {
    let mut left: BTreeMap<&str, &Cause> = causes.iter().map(|cause| (cause.name.as_str(), cause)).collect();
    let mut next = Vec::new();
    for alarm in known {
        let mut alarm = alarm.clone();
        match left.remove(alarm.cause.as_str()) {
            Some(cause) => {
                alarm.over_at = None;
                if alarm.raised_at.is_none() && is_up(now - alarm.seen_at, cause.patience) {
                    alarm.raised_at = Some(now);
                }
            }
            None if alarm.raised_at.is_none() => continue,
            None => alarm.over_at = alarm.over_at.or(Some(now)),
        }
        next.push(alarm);
    }
    next.extend(left.into_values().map(|cause| Alarm {
        cause: cause.name.clone(),
        words: cause.words.clone(),
        edition: cause.edition,
        seen_at: now,
        raised_at: cause.patience.is_zero().then_some(now),
        over_at: None,
        called: false,
    }));
    next
}

fn is_up(stood: chrono::Duration, patience: Duration) -> bool {
    stood.to_std().is_ok_and(|stood| stood >= patience)
}
