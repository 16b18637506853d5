//! A list as CSV: RFC 4180, or as Excel opens it.

use std::io::{self, Write};

/// What makes a table program take a cell for a formula.
pub(super) const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes records.
pub struct Writer<W: Write> {
    csv: ::csv::Writer<W>,
    excel: bool,
}

impl<W: Write> Writer<W> {
    /// A writer of commas and UTF-8; with `excel` of semicolons, after a byte order mark, each cell
    /// that would be a formula behind an apostrophe.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn new(mut out: W, excel: bool) -> io::Result<Self> {
        if excel {
            out.write_all("\u{feff}".as_bytes())?;
        }
        Ok(Self::again(out, excel))
    }

    /// The same for what goes on a file that was begun already.
    pub fn again(out: W, excel: bool) -> Self {
        let csv = ::csv::WriterBuilder::new()
            .delimiter(if excel { b';' } else { b',' })
            .terminator(::csv::Terminator::CRLF)
            .from_writer(out);
        Writer { csv, excel }
    }

    /// Writes one record.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn write<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) -> io::Result<()> {
        for cell in cells {
            if self.excel && cell.starts_with(FORMULA) {
                self.csv.write_field(format!("'{cell}"))?;
            } else {
                self.csv.write_field(cell)?;
            }
        }
        self.csv.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn flush(&mut self) -> io::Result<()> {
        self.csv.flush()
    }
}
