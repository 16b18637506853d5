//! How much a template may print: a loop that runs away ends in an error, not in the machine's memory.

use std::io;
use std::sync::Arc;

use super::watch::Run;

/// Bytes of a page.
pub(super) const PAGE: usize = 8 << 20;
/// Bytes of one part of a mail, before any encoding. No mail server takes more.
pub(super) const MAIL: usize = 8 << 20;

/// Takes bytes until there are too many.
pub(super) struct Writer {
    bytes: Vec<u8>,
    most: usize,
    full: bool,
    run: Arc<Run>,
}

impl Writer {
    pub(super) fn new(most: usize, run: Arc<Run>) -> Self {
        Writer { bytes: Vec::new(), most, full: false, run }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn into_string(self) -> Result<String, String> {
        String::from_utf8(self.bytes).map_err(|_| "it printed bytes that are no UTF-8".to_owned())
    }
}

impl io::Write for &mut Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            self.full = true;
            return Err(io::Error::other("too much"));
        }
        if !self.run.go_on() {
            return Err(io::Error::other("too long"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn too_much(most: usize) -> String {
    format!("it prints over {} MiB; a loop in it may not end", most >> 20)
}

pub(super) fn too_long(longest: std::time::Duration) -> String {
    format!(
        "it was not done after {} seconds, and was given up; look for loops within loops, and for parts that call each other",
        longest.as_secs()
    )
}
