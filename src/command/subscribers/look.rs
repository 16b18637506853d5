//! `herald subscribers list` and `show`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::{Advice, Context, Exit, Table, Usage, output};
use crate::audience::{Address, Choices, DecidedBy, Reason, Status};
use crate::clock::Instant;
use crate::store::subscribers::{self, Sent, Subscriber};
use crate::store::{StoreError, Tx, keys, suppressions};

/// People are read so many at a time.
const PAGE: i64 = 1000;
/// So many of the last copies are shown.
const COPIES: i64 = 10;

/// One person as `--json` prints them.
#[derive(Serialize)]
pub(super) struct Shown {
    address: String,
    name: Option<String>,
    language: Option<String>,
    timezone: Option<String>,
    topics: Option<Vec<String>>,
    chosen: Option<Choices>,
    extra: BTreeMap<String, String>,
    since: Instant,
    lists: Vec<Member>,
    left: Vec<Left>,
    suppressed: Option<Barred>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    copies: Vec<Copy>,
}

#[derive(Serialize)]
struct Member {
    list: String,
    status: Status,
    decided_by: DecidedBy,
    newsletters: Option<Vec<String>>,
    consent_at: Option<Instant>,
    consent_source: Option<String>,
    joined_at: Instant,
    left_at: Option<Instant>,
}

#[derive(Serialize)]
struct Left {
    newsletter: String,
    at: Instant,
    how: String,
}

#[derive(Serialize)]
struct Barred {
    reason: Reason,
    at: Instant,
    note: Option<String>,
}

#[derive(Serialize)]
struct Copy {
    edition: i64,
    newsletter: String,
    number: i64,
    subject: String,
    state: String,
    at: Option<Instant>,
    line: Option<String>,
}

impl Shown {
    pub(super) fn of(person: Subscriber, copies: Vec<Sent>) -> Self {
        let lists = person.memberships.into_iter().map(|m| Member {
            list: m.list,
            status: m.status,
            decided_by: m.decided_by,
            newsletters: m.newsletters,
            consent_at: m.consent_at,
            consent_source: m.consent_source,
            joined_at: m.joined_at,
            left_at: m.left_at,
        });
        Shown {
            address: person.address.to_string(),
            name: person.name,
            language: person.language.map(|l| l.to_string()),
            timezone: person.timezone,
            topics: person.topics,
            chosen: person.chosen,
            extra: person.extra,
            since: person.created_at,
            lists: lists.collect(),
            left: person.departures.into_iter().map(|d| Left { newsletter: d.name, at: d.at, how: d.how }).collect(),
            suppressed: person.suppressed.map(|s| Barred { reason: s.reason, at: s.at, note: s.note }),
            copies: copies
                .into_iter()
                .map(|c| Copy {
                    edition: c.edition,
                    newsletter: c.newsletter,
                    number: c.number,
                    subject: c.subject,
                    state: state(c.state).to_owned(),
                    at: c.at,
                    line: c.line,
                })
                .collect(),
        }
    }
}

/// Where a person stands, in a few words.
fn standing(cx: &Context, person: &Subscriber, list: Option<&str>) -> String {
    if let Some(suppressed) = &person.suppressed {
        return match suppressed.reason {
            Reason::Left => "left everything".to_owned(),
            reason => reason.word().to_owned(),
        };
    }
    let on = |status| person.memberships.iter().any(|m| m.status == status && list.is_none_or(|list| m.list == list));
    let status = [Status::Active, Status::Unconfirmed, Status::Left].into_iter().find(|status| on(*status));
    let day = |at: Instant| at.with_timezone(&cx.zone()).format("%Y-%m-%d").to_string();
    let left: Vec<String> = person.departures.iter().map(|d| format!("left {} {}", d.name, day(d.at))).collect();
    let word = status.map_or("on no list", |status| status.word());
    std::iter::once(word.to_owned()).chain(left).collect::<Vec<_>>().join(", ")
}

/// The next page of people, from `after`; the number to go on from.
pub(super) async fn page(
    tx: &mut Tx,
    list: &str,
    filter: &str,
    after: i64,
) -> Result<(Vec<Subscriber>, Option<i64>), StoreError> {
    let ids = subscribers::page(tx, list, filter, after, PAGE).await?;
    let next = ids.last().copied().filter(|_| ids.len() as i64 == PAGE);
    Ok((subscribers::subscribers(tx, &ids).await?, next))
}

pub(super) async fn list(
    cx: &mut Context,
    filter: Option<String>,
    list: Option<String>,
    limit: usize,
) -> anyhow::Result<Exit> {
    if let Some(list) = &list {
        super::known_list(cx, list)?;
    }
    let limit = if limit == 0 { usize::MAX } else { limit };
    let store = cx.store().await?;
    let mut tx = store.read().await?;
    let mut people = Vec::new();
    let mut after = Some(0);
    while let (Some(from), true) = (after, people.len() <= limit) {
        let (page, next) =
            page(&mut tx, list.as_deref().unwrap_or_default(), filter.as_deref().unwrap_or_default(), from).await?;
        people.extend(page);
        after = next;
    }
    let more = people.len() > limit;
    people.truncate(limit);
    if cx.frame.json {
        let people: Vec<Shown> = people.into_iter().map(|person| Shown::of(person, Vec::new())).collect();
        output::json(&people)?;
        return Ok(Exit::Done);
    }
    if people.is_empty() {
        output::line(match filter {
            Some(filter) => format!("Nobody has “{filter}” in their address or name."),
            None => "Nobody. Bring people in with `herald subscribers import FILE --list LIST`.".to_owned(),
        })?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["ADDRESS", "NAME", "LANGUAGE", "LISTS", "STANDING"]);
    for person in &people {
        let lists: Vec<&str> = person.memberships.iter().map(|m| m.list.as_str()).collect();
        table.row([
            person.address.to_string(),
            person.name.clone().unwrap_or_default(),
            person.reads().map(ToString::to_string).unwrap_or_default(),
            lists.join(", "),
            standing(cx, person, list.as_deref()),
        ]);
    }
    table.print()?;
    if more {
        output::note(format!("There are more than these {limit}; --limit 0 shows all."));
    }
    Ok(Exit::Done)
}

pub(super) async fn show(cx: &mut Context, address: &Address) -> anyhow::Result<Exit> {
    let store = cx.store().await?;
    let mut tx = store.read().await?;
    let person = match subscribers::by_address(&mut tx, address).await? {
        Some(id) => subscribers::subscriber(&mut tx, id).await?,
        None => None,
    };
    let Some(person) = person else {
        let ring = keys::ring(&mut tx).await?;
        let said = match suppressions::of(&mut tx, &ring, address).await? {
            Some(stands) if stands.reason == Reason::Forgotten => format!(
                "nobody has this address: it was forgotten at {}, and no file brings it back",
                cx.when(stands.at)
            ),
            Some(stands) => format!(
                "nobody has this address; it is suppressed since {} ({})",
                cx.when(stands.at),
                stands.reason.word()
            ),
            None => "nobody has this address".to_owned(),
        };
        return Err(Usage(said)).advise("`herald subscribers list` shows who there is.");
    };
    let copies = subscribers::sent(&mut tx, person.id, COPIES).await?;
    if cx.frame.json {
        output::json(&Shown::of(person, copies))?;
        return Ok(Exit::Done);
    }
    print(cx, &person, &copies)?;
    Ok(Exit::Done)
}

fn print(cx: &Context, person: &Subscriber, copies: &[Sent]) -> anyhow::Result<()> {
    output::line(format!("{}: {}", person.address, standing(cx, person, None)))?;
    let mut facts = Table::new(["", ""]);
    let mut fact = |what: &str, said: Option<String>| {
        if let Some(said) = said {
            facts.row([what.to_owned(), said]);
        }
    };
    fact("name", person.name.clone());
    fact("language", person.reads().map(ToString::to_string));
    fact("timezone", person.timezone.clone());
    fact("topics", Some(person.topics().map_or("all".to_owned(), |topics| topics.join(", "))));
    fact("preferences", person.chosen.as_ref().map(|_| "chosen by themselves".to_owned()));
    for (name, value) in &person.extra {
        fact(name, Some(value.clone()));
    }
    fact("known since", Some(cx.when(person.created_at)));
    if let Some(suppressed) = &person.suppressed {
        let note = suppressed.note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default();
        fact("suppressed", Some(format!("{}, since {}{note}", suppressed.reason.word(), cx.when(suppressed.at))));
    }
    // The heading is empty, and so is its line.
    output::raw(facts.to_string().trim_start_matches('\n'))?;
    if !person.memberships.is_empty() {
        let mut table = Table::new(["LIST", "STATUS", "BY", "NEWSLETTERS", "SINCE", "CONSENT"]);
        for m in &person.memberships {
            let consent = [m.consent_at.map(|at| cx.when(at)), m.consent_source.clone()];
            table.row([
                m.list.clone(),
                m.status.word().to_owned(),
                m.decided_by.word().to_owned(),
                m.newsletters.as_ref().map_or("all".to_owned(), |names| names.join(", ")),
                cx.when(m.left_at.unwrap_or(m.joined_at)),
                consent.into_iter().flatten().collect::<Vec<_>>().join(", "),
            ]);
        }
        output::line("")?;
        table.print()?;
    }
    if !person.departures.is_empty() {
        let mut table = Table::new(["LEFT", "AT", "BY"]);
        for d in &person.departures {
            table.row([d.name.clone(), cx.when(d.at), d.how.clone()]);
        }
        output::line("")?;
        table.print()?;
    }
    if !copies.is_empty() {
        let mut table = Table::new(["EDITION", "NEWSLETTER", "SUBJECT", "COPY", "AT", "THE SERVER SAID"]);
        for c in copies {
            table.row([
                c.edition.to_string(),
                format!("{} {}", c.newsletter, c.number),
                c.subject.clone(),
                state(c.state).to_owned(),
                c.at.map(|at| cx.when(at)).unwrap_or_default(),
                c.line.clone().unwrap_or_default(),
            ]);
        }
        output::line("")?;
        table.print()?;
    }
    Ok(())
}

/// The word for a delivery's state in the table.
fn state(number: i64) -> &'static str {
    const STATES: [&str; 8] = ["queued", "sending", "sent", "deferred", "failed", "suppressed", "cancelled", "unknown"];
    usize::try_from(number).ok().and_then(|n| STATES.get(n)).copied().unwrap_or("unknown")
}
