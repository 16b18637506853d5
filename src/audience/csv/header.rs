//! The first line of a list's file: what divides the cells, and what each column means.

use std::io::Read;

use super::super::{Columns, trimmed};
use super::Fault;

/// Columns beyond this are no list.
const COLUMN_LIMIT: usize = 200;
/// A header longer than this, in bytes, is none.
const HEADER_LIMIT: usize = 64 * 1024;

/// A file whose header can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Nothing in it.
    #[error("the file is empty; its first line must name the columns: email,name,language")]
    Empty,
    /// The first row can't be read.
    #[error("line {0}: {1}")]
    Unreadable(u64, String),
    /// No column for addresses.
    #[error("line {line}: no column is named email (there are: {found}); the first line must name the columns")]
    NoEmail {
        /// The line of the header.
        line: u64,
        /// What stands there.
        found: String,
    },
    /// Far too many.
    #[error("line {0}: over {COLUMN_LIMIT} columns; is this a list of people?")]
    TooMany(u64),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Email,
    Name,
    FirstName,
    LastName,
    Language,
    Timezone,
    Topics,
    Newsletters,
    Status,
    ConsentAt,
    ConsentSource,
}

/// What other programs call a column, with signs and spaces left out and in lower case.
const NAMES: &[(Field, &[&str])] = &[
    (
        Field::Email,
        &[
            "email",
            "emailaddress",
            "mail",
            "emails",
            "emailadresse",
            "subscriberemail",
            "primaryemail",
            "epošta",
            "eposta",
            "епошта",
            "imejl",
            "имејл",
            "mejl",
            "мејл",
            "emailadresa",
            "adresaepošte",
            "адресаепоште",
        ],
    ),
    (Field::Name, &["name", "fullname", "displayname", "contactname", "ime", "име", "imeiprezime", "имеипрезиме"]),
    (Field::FirstName, &["firstname", "givenname", "fname", "vorname"]),
    (Field::LastName, &["lastname", "surname", "familyname", "lname", "nachname", "prezime", "презиме"]),
    (Field::Language, &["language", "lang", "locale", "preferredlanguage", "jezik", "језик"]),
    (Field::Timezone, &["timezone", "tz", "zone", "vremenskazona", "временсказона"]),
    (Field::Topics, &["topics", "topic", "interests", "teme", "теме"]),
    (Field::Newsletters, &["newsletters", "newsletter", "bilteni", "билтени"]),
    (Field::Status, &["status", "state", "subscriptionstatus", "subscriberstatus", "memberstatus", "stanje", "стање"]),
    (
        Field::ConsentAt,
        &["consentat", "consentdate", "consenttime", "optintime", "optindate", "confirmtime", "confirmedat"],
    ),
    (Field::ConsentSource, &["consentsource", "consent", "optinsource", "signupsource", "source"]),
];

/// The first line that is not blank, with what divides its cells.
pub(super) struct FirstLine {
    /// The line, read from the source already.
    pub(super) text: Vec<u8>,
    /// `,`, `;` or a tab.
    pub(super) delimiter: u8,
    /// Lines before it.
    pub(super) skipped: u64,
}

/// Reads up to the end of the header. Excel's `sep=;` line is taken at its word.
pub(super) fn first_line(source: &mut impl Read) -> Result<FirstLine, HeaderError> {
    let mut skipped = 0;
    let mut named = None;
    loop {
        let mut text = Vec::new();
        let mut quoted = false;
        let mut byte = [0_u8];
        loop {
            let line = skipped + 1;
            match source.read(&mut byte) {
                Ok(0) if text.is_empty() => return Err(HeaderError::Empty),
                Ok(0) => break,
                Ok(_) => text.push(byte[0]),
                Err(error) => return Err(HeaderError::Unreadable(line, error.to_string())),
            }
            quoted ^= byte[0] == b'"';
            if byte[0] == b'\n' && !quoted {
                break;
            }
            if text.len() > HEADER_LIMIT {
                let reason = "the header is too long; is a quotation mark opened and not closed?".to_owned();
                return Err(HeaderError::Unreadable(line, reason));
            }
        }
        let shown = String::from_utf8_lossy(&text);
        let shown = trimmed(&shown);
        if let Some(sign) = shown.strip_prefix("sep=").and_then(|sign| sign.bytes().next()) {
            named = Some(sign);
        } else if !shown.is_empty() {
            let delimiter = named.unwrap_or_else(|| delimiter(&text));
            return Ok(FirstLine { text, delimiter, skipped });
        }
        skipped += text.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}

/// What stands most often outside quotation marks.
fn delimiter(text: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(sign, _)| !quoted && sign == byte) {
            *count += 1;
        }
    }
    // The first of equals: a comma where there is no sign at all.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(sign, _)| *sign)
}

/// What each column means.
#[derive(Default)]
pub(super) struct Header {
    /// Each column: what it holds, or the name under which it goes into `extra`; `None`: left out.
    pub(super) columns: Vec<Column>,
    /// Whether topics may be divided by commas too: where the file itself is not.
    pub(super) commas_divide: bool,
    /// Newsletters a cell may name.
    pub(super) newsletters: Vec<String>,
    pub(super) warnings: Vec<Fault>,
}

/// One column.
pub(super) struct Column {
    /// As the file names it.
    pub(super) label: String,
    pub(super) meaning: Meaning,
}

/// What becomes of a column's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Field(Field),
    Extra(String),
    Nothing,
}

impl Header {
    pub(super) fn read(
        record: &::csv::StringRecord,
        line: u64,
        delimiter: u8,
        newsletters: &[&str],
    ) -> Result<Self, HeaderError> {
        if record.len() > COLUMN_LIMIT {
            return Err(HeaderError::TooMany(line));
        }
        let mut header = Header {
            commas_divide: delimiter != b',',
            newsletters: newsletters.iter().map(|name| (*name).to_owned()).collect(),
            ..Header::default()
        };
        for label in record {
            let label = trimmed(label).to_owned();
            let meaning = header.meaning(&label, line);
            header.columns.push(Column { label, meaning });
        }
        if !header.has(Field::Email) {
            let found: Vec<&str> = header.columns.iter().map(|c| c.label.as_str()).take(12).collect();
            // Not a header but a row: what stands there is somebody's address.
            let found = if found.iter().any(|label| label.contains('@')) {
                "an address; put a line “email” above it".to_owned()
            } else {
                found.join(", ").chars().take(200).collect()
            };
            return Err(HeaderError::NoEmail { line, found });
        }
        Ok(header)
    }

    fn meaning(&mut self, label: &str, line: u64) -> Meaning {
        let bare: String = label.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        if bare.is_empty() {
            return Meaning::Nothing;
        }
        let field = NAMES.iter().find(|(_, names)| names.contains(&bare.as_str())).map(|(field, _)| *field);
        let name = extra_name(label);
        if self.columns.iter().any(|c| extra_name(&c.label) == name) {
            let reason = "two columns have this name; the first is taken".to_owned();
            self.warnings.push(Fault { line, column: Some(label.to_owned()), reason, cell: None });
            return Meaning::Nothing;
        }
        match field {
            Some(field) if !self.has(field) => Meaning::Field(field),
            _ => Meaning::Extra(name),
        }
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.columns.iter().any(|c| c.meaning == Meaning::Field(field))
    }

    pub(super) fn columns(&self) -> Columns {
        Columns {
            name: self.has(Field::Name) || self.has(Field::FirstName) || self.has(Field::LastName),
            language: self.has(Field::Language),
            timezone: self.has(Field::Timezone),
            topics: self.has(Field::Topics),
            newsletters: self.has(Field::Newsletters),
            extra: self.columns.iter().any(|c| matches!(c.meaning, Meaning::Extra(_))),
        }
    }
}

/// The name under which templates ask for a column: `Postal Code` is `postal_code`.
fn extra_name(label: &str) -> String {
    let mut name = String::with_capacity(label.len());
    for c in label.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            name.push(c);
        } else if !name.ends_with('_') && !name.is_empty() {
            name.push('_');
        }
    }
    name.trim_end_matches('_').to_owned()
}
