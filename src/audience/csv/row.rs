//! One record of a list's file: its cells as a [`Row`], or what is wrong with them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::super::{Address, Reason, Row, RowStatus, Status, trimmed};
use super::header::{Field, Header, Meaning};
use super::{Fault, Line};
use crate::article::{Language, topic_id};
use crate::clock::Instant;

/// Signs in a cell at most.
const CELL_LIMIT: usize = 4000;
/// Signs in a name at most.
const NAME_LIMIT: usize = 200;

/// What other programs call a status, in lower case without signs. What is not here is no status:
/// a word that nobody understood must never make somebody active.
const STATUSES: &[(RowStatus, &[&str])] = &[
    (
        RowStatus::Member(Status::Active),
        &[
            "active",
            "subscribed",
            "enabled",
            "confirmed",
            "optedin",
            "optin",
            "aktivan",
            "aktivna",
            "aktivno",
            "активан",
            "активна",
            "активно",
        ],
    ),
    (
        RowStatus::Member(Status::Unconfirmed),
        &[
            "unconfirmed",
            "pending",
            "notconfirmed",
            "unverified",
            "nepotvrđen",
            "nepotvrđena",
            "nepotvrđeno",
            "непотврђен",
            "непотврђена",
            "непотврђено",
        ],
    ),
    (
        RowStatus::Member(Status::Left),
        &[
            "left",
            "unsubscribed",
            "optedout",
            "optout",
            "removed",
            "disabled",
            "inactive",
            "archived",
            "nonsubscribed",
            "deleted",
            "odjavljen",
            "odjavljena",
            "otkazano",
            "одјављен",
            "одјављена",
            "отказано",
        ],
    ),
    (
        RowStatus::Suppressed(Reason::Bounced),
        &["bounced", "bounce", "hardbounced", "hardbounce", "cleaned", "undeliverable", "vraćeno", "враћено"],
    ),
    (
        RowStatus::Suppressed(Reason::Complained),
        &["complained", "complaint", "spam", "spamcomplaint", "markedasspam", "junk", "abuse"],
    ),
    (RowStatus::Suppressed(Reason::Staff), &["blocklisted", "blacklisted", "blocked", "suppressed", "banned"]),
];

/// Languages by name, as people fill them in.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("en", &["english", "engleski", "енглески"]),
    ("sr", &["serbian", "srpski"]),
    ("sr-Cyrl", &["српски", "serbian (cyrillic)", "srpski (ćirilica)", "српски (ћирилица)"]),
    ("sr-Latn", &["serbian (latin)", "srpski (latinica)"]),
];

impl Header {
    /// The row that a record is; `None` where every cell is empty.
    pub(super) fn row(&self, record: &::csv::StringRecord, line: u64) -> Option<Line> {
        if record.iter().all(|cell| trimmed(cell).is_empty()) {
            return None;
        }
        let mut warnings = Vec::new();
        let row = self.cells(record, line, &mut warnings);
        Some(Line { row, warnings })
    }

    fn cells(&self, record: &::csv::StringRecord, line: u64, warnings: &mut Vec<Fault>) -> Result<Row, Fault> {
        let fault = |column: Option<&str>, reason: &str, cell: Option<&str>| Fault {
            line,
            column: column.map(str::to_owned),
            reason: reason.to_owned(),
            cell: cell.map(|cell| trimmed(cell).chars().take(80).collect()),
        };
        self.check_shape(record).map_err(|reason| fault(None, &reason, None))?;
        let (name, address) = self.address(record).map_err(|(label, reason, cell)| fault(label, &reason, cell))?;
        let mut row = Row::new(line, address);
        let (mut first, mut last) = (None, None);
        for (column, cell) in self.columns.iter().zip(record) {
            let wrong = |reason: &str| fault(Some(&column.label), reason, Some(cell));
            if cell.contains('\u{fffd}') {
                return Err(wrong("a sign in it could not be read; save the file as UTF-8"));
            }
            let text = plain(cell);
            if text.is_empty() {
                continue;
            }
            if text.chars().count() > CELL_LIMIT {
                return Err(wrong("it is too long; is a quotation mark opened and not closed?"));
            }
            let field = match &column.meaning {
                Meaning::Field(field) => *field,
                Meaning::Extra(name) => {
                    row.extra.insert(name.clone(), text);
                    continue;
                }
                Meaning::Nothing => continue,
            };
            match field {
                Field::Email => {}
                Field::Name | Field::FirstName | Field::LastName if text.chars().count() > NAME_LIMIT => {
                    return Err(wrong("the name is too long; is a quotation mark opened and not closed?"));
                }
                Field::Name => row.name = Some(text),
                Field::FirstName => first = Some(text),
                Field::LastName => last = Some(text),
                Field::Language => match language(&text) {
                    Some(language) => row.language = Some(language),
                    None => warnings.push(wrong("is no language tag (en, sr-Latn, sr-Cyrl); taken without it")),
                },
                Field::Timezone => match text.parse::<Tz>() {
                    Ok(zone) => row.timezone = Some(zone),
                    Err(_) => warnings.push(wrong("is no time zone (Europe/Belgrade); taken without it")),
                },
                Field::Topics => {
                    let ids: Vec<String> = self.items(&text).map(topic_id).filter(|id| !id.is_empty()).collect();
                    row.topics = (!ids.is_empty()).then_some(ids);
                }
                Field::Newsletters => row.newsletters = Some(self.newsletters(&text, &wrong, warnings)),
                Field::Status => row.status = Some(status(&text).ok_or_else(|| wrong(STATUS))?),
                Field::ConsentAt => match instant(&text) {
                    Some(at) => row.consent_at = Some(at),
                    None => warnings.push(wrong("is no date (2024-05-31 or 2024-05-31T08:00:00Z); taken without it")),
                },
                Field::ConsentSource => row.consent_source = Some(text),
            }
        }
        if row.name.is_none() {
            let parts: Vec<String> = [first, last].into_iter().flatten().collect();
            row.name = if parts.is_empty() { name } else { Some(parts.join(" ")) };
        }
        Ok(row)
    }

    /// The address of a record, with the name beside it; else the column, the reason and the cell.
    #[expect(clippy::type_complexity, reason = "the three parts of one fault")]
    fn address<'t>(
        &'t self,
        record: &'t ::csv::StringRecord,
    ) -> Result<(Option<String>, Address), (Option<&'t str>, String, Option<&'t str>)> {
        let column = self.columns.iter().zip(record).find(|(c, _)| c.meaning == Meaning::Field(Field::Email));
        let Some((column, cell)) = column.filter(|(_, cell)| !plain(cell).is_empty()) else {
            return Err((None, "there is no address in it".to_owned(), None));
        };
        let parsed = Address::with_name(&plain(cell));
        parsed.map_err(|error| (Some(column.label.as_str()), error.reason().to_owned(), Some(cell)))
    }

    /// Whether the cells can stand under their columns: a comma or quotation mark in the wrong
    /// place shifts them, and what was meant is anybody's guess.
    fn check_shape(&self, record: &::csv::StringRecord) -> Result<(), String> {
        let swallowed = |cell: &str| cell.lines().skip(1).any(|line| line.contains('@'));
        if record.iter().any(swallowed) {
            return Err(
                "it goes on over lines that hold addresses; a quotation mark is opened and not closed".to_owned()
            );
        }
        let beyond = record.iter().skip(self.columns.len()).any(|cell| !trimmed(cell).is_empty());
        if beyond {
            return Err(format!(
                "it has {} cells, and the header names {} columns; put a cell that holds the dividing sign in quotation marks",
                record.len(),
                self.columns.len()
            ));
        }
        Ok(())
    }

    fn items<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let commas = self.commas_divide;
        text.split(move |c| c == ';' || c == '|' || (commas && c == ',')).map(trimmed).filter(|item| !item.is_empty())
    }

    /// The newsletters that a cell names. One that does not exist is named and left out; a cell with
    /// none that exists still means “not all of them”.
    fn newsletters(&self, text: &str, wrong: &impl Fn(&str) -> Fault, warnings: &mut Vec<Fault>) -> Vec<String> {
        let mut found = Vec::new();
        for item in self.items(text) {
            match self.newsletters.iter().find(|name| name.to_lowercase() == item.to_lowercase()) {
                Some(name) => found.push(name.clone()),
                None => {
                    let known = self.newsletters.join(", ");
                    // Where columns have shifted it may be an address, which no log may hold.
                    let item = if item.contains('@') { "what stands there" } else { &format!("“{item}”") };
                    warnings.push(wrong(&format!("{item} is no newsletter of this list ({known})")));
                }
            }
        }
        found
    }
}

const STATUS: &str =
    "is no status; write active, unconfirmed, left, bounced or complained, or leave it empty for active";

/// A cell as one line of text: trimmed, line breaks and control characters as spaces, signs that
/// turn the direction left out. An apostrophe that guards a formula (Excel, and our own export) goes.
fn plain(cell: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\0');
    let text: String =
        trimmed(cell).chars().filter(|c| !turns(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    match text.strip_prefix('\'') {
        Some(guarded) if guarded.starts_with(super::write::FORMULA) => guarded.to_owned(),
        _ => text,
    }
}

fn status(text: &str) -> Option<RowStatus> {
    let bare: String = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    STATUSES.iter().find(|(_, words)| words.contains(&bare.as_str())).map(|(status, _)| *status)
}

fn language(text: &str) -> Option<Language> {
    let lower = text.to_lowercase();
    if let Some((tag, _)) = LANGUAGES.iter().find(|(_, names)| names.contains(&lower.as_str())) {
        return tag.parse().ok();
    }
    // A tag's first part may have up to eight letters, but no language that people write in has more than three.
    text.parse::<Language>().ok().filter(|language| language.primary().len() <= 3)
}

/// A date or instant as programs and people of this continent write it; without a zone it is UTC.
fn instant(text: &str) -> Option<Instant> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text)) {
        return Some(at.with_timezone(&Utc));
    }
    const INSTANTS: [&str; 6] = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%d.%m.%Y %H:%M:%S",
        "%d.%m.%Y %H:%M",
        "%d.%m.%Y. %H:%M",
    ];
    const DAYS: [&str; 4] = ["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%Y.", "%d. %m. %Y."];
    let instant = INSTANTS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let day = || DAYS.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok()?.and_hms_opt(0, 0, 0));
    instant.or_else(day).map(|at| at.and_utc())
}
