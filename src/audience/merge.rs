//! What a row of a list's file changes about a person. One rule stands above the others: what
//! somebody decided for themselves (left, complained, confirmed, preferences) wins over a file.
//!
//! - Who left stays left, whoever said so; `herald subscribers add` brings back one who asks for it.
//! - Who confirmed stays confirmed. Who chose on the preferences page keeps that choice: it is kept
//!   apart ([`super::Choices`]) and a file never reaches it.
//! - A suppressed address stays suppressed; of a forgotten one nothing is written down again.
//! - A file says nothing about what it has no column for. An empty cell clears, unless the person
//!   stands on another list too, whose file may have given the value.

use std::collections::BTreeMap;

use super::{Columns, DecidedBy, Reason, Row, RowStatus, Status};

/// What the store holds about the address of a row.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The person, where there is one.
    pub person: Option<KnownPerson>,
    /// Their membership of this list, where there is one.
    pub membership: Option<MembershipState>,
    /// Why the address must not be written to, where it must not.
    pub suppressed: Option<Reason>,
}

/// A person the store holds.
#[derive(Clone, Debug)]
pub struct KnownPerson {
    /// Number of the row.
    pub id: i64,
    /// What it holds.
    pub state: PersonState,
    /// Whether they are on another list too.
    pub elsewhere: bool,
    /// Whether they left a newsletter.
    pub departed: bool,
}

/// What files say about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonState {
    /// The address as written.
    pub mailbox: String,
    /// Their name.
    pub name: Option<String>,
    /// Their language tag.
    pub language: Option<String>,
    /// Their zone.
    pub timezone: Option<String>,
    /// Topic ids; `None`: all.
    pub topics: Option<Vec<String>>,
    /// Other columns.
    pub extra: BTreeMap<String, String>,
}

/// What makes somebody a member of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipState {
    /// Whether they are written to.
    pub status: Status,
    /// Whose decision that is.
    pub decided_by: DecidedBy,
    /// Newsletters of the list, by name; `None`: all.
    pub newsletters: Option<Vec<String>>,
    /// When they agreed, in microseconds since 1970.
    pub consent_at: Option<i64>,
    /// Where they agreed.
    pub consent_source: Option<String>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// New on the list.
    Added,
    /// On the list, and something changed.
    Updated,
    /// Nothing changed.
    Unchanged,
    /// They left, and that stays so, whatever the file says.
    Kept,
    /// The address must not be written to, and that stays so.
    Suppressed(Reason),
}

/// What is to be written for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// What became of it.
    pub verdict: Verdict,
    /// The person as they are to stand; `None`: as they are.
    pub person: Option<PersonState>,
    /// The membership as it is to stand; `None`: as it is.
    pub membership: Option<MembershipState>,
    /// Why the address is not to be written to from now on.
    pub suppress: Option<Reason>,
}

/// What `row` of a file with those `columns` changes about what is `known`.
pub fn merge(known: &Known, row: &Row, columns: Columns) -> Merged {
    if known.suppressed == Some(Reason::Forgotten) {
        let verdict = Verdict::Suppressed(Reason::Forgotten);
        return Merged { verdict, person: None, membership: None, suppress: None };
    }
    let person = person(known.person.as_ref(), row, columns);
    let membership = membership(known.membership.as_ref(), row, columns);
    let suppress = match (row.status, known.suppressed) {
        (Some(RowStatus::Suppressed(reason)), None) => Some(reason),
        _ => None,
    };
    let person_changes = known.person.as_ref().is_none_or(|known| known.state != person);
    let membership_changes = known.membership.as_ref().is_none_or(|known| *known != membership);
    let verdict = match known.suppressed.or(suppress) {
        Some(Reason::Left) => Verdict::Kept,
        Some(reason) => Verdict::Suppressed(reason),
        None if stands_against(known, &membership, row.status) => Verdict::Kept,
        None if known.membership.is_none() => Verdict::Added,
        None if person_changes || membership_changes => Verdict::Updated,
        None => Verdict::Unchanged,
    };
    Merged {
        verdict,
        person: person_changes.then_some(person),
        membership: membership_changes.then_some(membership),
        suppress,
    }
}

/// Whether the person's own decision is what holds here, and not the file.
fn stands_against(known: &Known, result: &MembershipState, said: Option<RowStatus>) -> bool {
    let said_left = said == Some(RowStatus::Member(Status::Left));
    let left = result.status == Status::Left && !(said_left && known.membership.is_some());
    let confirmed =
        result.status == Status::Active && matches!(said, Some(RowStatus::Member(Status::Unconfirmed | Status::Left)));
    left || confirmed || known.person.as_ref().is_some_and(|p| p.departed)
}

fn person(known: Option<&KnownPerson>, row: &Row, columns: Columns) -> PersonState {
    let old = known.map(|k| k.state.clone()).unwrap_or_default();
    let clears = known.is_none_or(|k| !k.elsewhere);
    let extra = if clears && columns.extra {
        row.extra.clone()
    } else {
        let mut extra = old.extra;
        extra.extend(row.extra.clone());
        extra
    };
    PersonState {
        mailbox: if clears || old.mailbox.is_empty() { row.address.to_string() } else { old.mailbox },
        name: settled(row.name.clone(), old.name, clears && columns.name),
        language: settled(
            row.language.as_ref().map(|l| l.as_str().to_owned()),
            old.language,
            clears && columns.language,
        ),
        timezone: settled(row.timezone.map(|z| z.name().to_owned()), old.timezone, clears && columns.timezone),
        topics: settled(row.topics.clone(), old.topics, clears && columns.topics),
        extra,
    }
}

fn membership(known: Option<&MembershipState>, row: &Row, columns: Columns) -> MembershipState {
    let said = match row.status {
        Some(RowStatus::Member(status)) => Some(status),
        // Whoever lifts the suppression later finds a member.
        Some(RowStatus::Suppressed(_)) | None => None,
    };
    let Some(old) = known else {
        return MembershipState {
            status: said.unwrap_or(Status::Active),
            decided_by: DecidedBy::File,
            newsletters: row.newsletters.clone(),
            consent_at: row.consent_at.map(|at| at.timestamp_micros()),
            consent_source: row.consent_source.clone(),
        };
    };
    let confirmed = old.status == Status::Active && old.decided_by == DecidedBy::Themselves;
    let status = match said {
        Some(_) if old.status == Status::Left || confirmed => old.status,
        Some(said) => said,
        None => old.status,
    };
    let own_proof = old.decided_by == DecidedBy::Themselves && old.consent_at.is_some();
    let (consent_at, consent_source) = if own_proof {
        (old.consent_at, old.consent_source.clone())
    } else {
        (
            row.consent_at.map(|at| at.timestamp_micros()).or(old.consent_at),
            row.consent_source.clone().or(old.consent_source.clone()),
        )
    };
    MembershipState {
        status,
        decided_by: if status == old.status { old.decided_by } else { DecidedBy::File },
        newsletters: settled(row.newsletters.clone(), old.newsletters.clone(), columns.newsletters),
        consent_at,
        consent_source,
    }
}

/// The new value; without one the old one, unless an empty cell clears.
fn settled<T>(new: Option<T>, old: Option<T>, clears: bool) -> Option<T> {
    if clears { new } else { new.or(old) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Columns =
        Columns { name: true, language: true, timezone: true, topics: true, newsletters: true, extra: true };

    fn row(status: Option<RowStatus>) -> Row {
        Row { status, name: Some("Ana".into()), ..Row::new(2, "ana@newsroom.example".parse().unwrap()) }
    }

    fn known(status: Status, decided_by: DecidedBy) -> Known {
        let merged = merge(&Known::default(), &row(None), ALL);
        let state = MembershipState { status, decided_by, ..merged.membership.unwrap() };
        Known {
            person: Some(KnownPerson { id: 1, state: merged.person.unwrap(), elsewhere: false, departed: false }),
            membership: Some(state),
            suppressed: None,
        }
    }

    fn said(status: Status) -> Option<RowStatus> {
        Some(RowStatus::Member(status))
    }

    #[test]
    fn who_left_stays_left_whatever_the_file_says() {
        for decided_by in [DecidedBy::Themselves, DecidedBy::Staff, DecidedBy::File] {
            for file in [None, said(Status::Active), said(Status::Unconfirmed)] {
                let merged = merge(&known(Status::Left, decided_by), &row(file), ALL);
                assert_eq!((merged.verdict, merged.membership), (Verdict::Kept, None));
            }
        }
        let agreed = merge(&known(Status::Left, DecidedBy::File), &row(said(Status::Left)), ALL);
        assert_eq!(agreed.verdict, Verdict::Unchanged);
    }

    #[test]
    fn who_confirmed_is_not_undone() {
        let merged = merge(&known(Status::Active, DecidedBy::Themselves), &row(said(Status::Unconfirmed)), ALL);
        assert_eq!((merged.verdict, merged.membership), (Verdict::Kept, None));
    }

    #[test]
    fn a_file_moves_what_a_file_decided() {
        let merged = merge(&known(Status::Unconfirmed, DecidedBy::File), &row(said(Status::Active)), ALL);
        assert_eq!(merged.verdict, Verdict::Updated);
        assert_eq!(merged.membership.unwrap().status, Status::Active);
        let left = merge(&known(Status::Active, DecidedBy::File), &row(said(Status::Left)), ALL);
        assert_eq!(left.membership.unwrap().status, Status::Left);
    }

    #[test]
    fn a_suppressed_address_stays_so_and_a_forgotten_one_leaves_no_trace() {
        let mut active = known(Status::Active, DecidedBy::File);
        active.suppressed = Some(Reason::Bounced);
        assert_eq!(merge(&active, &row(said(Status::Active)), ALL).verdict, Verdict::Suppressed(Reason::Bounced));
        let forgotten = Known { suppressed: Some(Reason::Forgotten), ..Known::default() };
        let merged = merge(&forgotten, &row(said(Status::Active)), ALL);
        assert!(merged.person.is_none() && merged.membership.is_none() && merged.suppress.is_none());
        let new = merge(&Known::default(), &row(Some(RowStatus::Suppressed(Reason::Complained))), ALL);
        assert_eq!(new.suppress, Some(Reason::Complained));
    }

    #[test]
    fn an_empty_cell_clears_where_no_other_list_may_have_said_it() {
        let mut known = known(Status::Active, DecidedBy::File);
        let bare = Row { name: None, ..row(None) };
        assert_eq!(merge(&known, &bare, ALL).person.unwrap().name, None);
        assert_eq!(merge(&known, &bare, Columns::default()).person, None, "no column says nothing");
        known.person.as_mut().unwrap().elsewhere = true;
        assert_eq!(merge(&known, &bare, ALL).person, None);
    }

    #[test]
    fn a_departure_is_reported_as_kept_and_the_name_still_follows_the_file() {
        let mut known = known(Status::Active, DecidedBy::File);
        known.person.as_mut().unwrap().departed = true;
        let merged = merge(&known, &Row { name: Some("Ana B.".into()), ..row(None) }, ALL);
        assert_eq!(merged.verdict, Verdict::Kept);
        assert_eq!(merged.person.unwrap().name.as_deref(), Some("Ana B."));
    }
}
