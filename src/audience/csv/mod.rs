//! A list as a file (RFC 4180): read as other programs write it, and written so that they can read it.
//!
//! 1. [`Survey`] looks at every byte once and says how the file is encoded (`encoding.rs`).
//! 2. [`Reader::new`] finds the delimiter and what each column means (`header.rs`).
//! 3. [`Reader::line`] gives row after row, a good one or what is wrong with it (`row.rs`); nothing
//!    is kept of those before, so a list of any length takes the same memory.
//! 4. [`Writer`] is the way back (`write.rs`).

mod encoding;
mod header;
mod row;
#[cfg(test)]
mod tests;
mod write;

pub use encoding::{Encoding, Survey, SurveyError};
pub use header::HeaderError;
pub use write::Writer;

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Columns, Row};
use encoding::Decoded;
use header::Header;

/// A row longer than this, in bytes, is a quotation mark that was never closed.
const ROW_LIMIT: usize = 256 * 1024;

/// Something wrong in one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line the row begins in, counted from 1.
    pub line: u64,
    /// The column, as the file names it, where one is to blame.
    pub column: Option<String>,
    /// What is wrong, and what to do. Holds no address, so that it may stand in a log.
    pub reason: String,
    /// What stands there, shortened: for the terminal, never for a log.
    pub cell: Option<String>,
}

/// One row of the file.
#[derive(Debug)]
pub struct Line {
    /// The row, or why it is left out.
    pub row: Result<Row, Fault>,
    /// What is wrong with it and does not leave it out.
    pub warnings: Vec<Fault>,
}

/// A list's file being read.
pub struct Reader<R: Read> {
    csv: ::csv::Reader<std::io::Chain<Cursor<Vec<u8>>, Decoded<R>>>,
    header: Header,
    /// Lines before the header.
    skipped: u64,
    /// Bytes that the row at hand may still take.
    left: Arc<AtomicUsize>,
    record: ::csv::StringRecord,
    done: bool,
}

impl<R: Read> Reader<R> {
    /// A reader of `source`, which is encoded as [`Survey`] said. `newsletters` are the names a
    /// `newsletters` column may hold.
    ///
    /// # Errors
    /// [`HeaderError`]: nothing can be read without a header that names an address column.
    pub fn new(source: R, encoding: Encoding, newsletters: &[&str]) -> Result<Self, HeaderError> {
        let left = Arc::new(AtomicUsize::new(ROW_LIMIT));
        let mut decoded = Decoded::new(source, encoding, Arc::clone(&left));
        let first = header::first_line(&mut decoded)?;
        let csv = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(first.delimiter)
            .from_reader(Cursor::new(first.text).chain(decoded));
        let mut reader = Reader {
            csv,
            header: Header::default(),
            skipped: first.skipped,
            left,
            record: ::csv::StringRecord::new(),
            done: false,
        };
        let line = reader.next_record().map_err(|fault| HeaderError::Unreadable(fault.line, fault.reason))?;
        let line = line.ok_or(HeaderError::Empty)?;
        reader.header = Header::read(&reader.record, line, first.delimiter, newsletters)?;
        Ok(reader)
    }

    /// Which columns the file has.
    pub fn columns(&self) -> Columns {
        self.header.columns()
    }

    /// The columns that Herald knows nothing of, by the names under which templates ask for them.
    pub fn extra(&self) -> impl Iterator<Item = &str> {
        self.header.columns.iter().filter_map(|column| match &column.meaning {
            header::Meaning::Extra(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// What is wrong with the header and does not stop the file.
    pub fn warnings(&self) -> &[Fault] {
        &self.header.warnings
    }

    /// The next row; `None` at the end. After a row that could not be ended nothing more is read:
    /// [`Reader::broken`] says so.
    pub fn line(&mut self) -> Option<Line> {
        loop {
            match self.next_record() {
                Ok(None) => return None,
                Ok(Some(line)) => {
                    if let Some(read) = self.header.row(&self.record, line) {
                        return Some(read);
                    }
                }
                Err(fault) => {
                    self.done = true;
                    return Some(Line { row: Err(fault), warnings: Vec::new() });
                }
            }
        }
    }

    /// Whether the file could not be read to its end.
    pub fn broken(&self) -> bool {
        self.done
    }

    /// Reads the next record; the line it begins in.
    fn next_record(&mut self) -> Result<Option<u64>, Fault> {
        if self.done {
            return Ok(None);
        }
        self.left.store(ROW_LIMIT, Ordering::Relaxed);
        let before = self.csv.position().line() + self.skipped;
        match self.csv.read_record(&mut self.record) {
            Ok(false) => Ok(None),
            Ok(true) => {
                // The reader's own position of a record counts blank lines before it to it.
                let within: usize = self.record.iter().map(|cell| cell.matches('\n').count()).sum();
                let after = self.csv.position().line() + self.skipped;
                Ok(Some(after.saturating_sub(1 + within as u64)))
            }
            Err(error) => Err(Fault { line: before, column: None, reason: unreadable(&error), cell: None }),
        }
    }
}

fn unreadable(error: &::csv::Error) -> String {
    match error.kind() {
        ::csv::ErrorKind::Io(error) if encoding::is_too_long(error) => format!(
            "a row that begins here is over {} kB; is a quotation mark opened and not closed? Nothing after it was read",
            ROW_LIMIT / 1024
        ),
        ::csv::ErrorKind::Io(error) => format!("cannot be read: {error}; nothing after it was read"),
        _ => format!("{error}; nothing after it was read"),
    }
}
