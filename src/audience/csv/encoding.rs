//! How a file is encoded, and its text as UTF-8 with plain line ends.
//!
//! Nobody says how a CSV file is encoded. A byte order mark is believed; else UTF-8 where it fits;
//! else what Excel writes in this part of the world: Windows-1250 (Latin) or Windows-1251 (Cyrillic).

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use encoding_rs::Decoder;

/// How a file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with a byte order mark or without.
    Utf8,
    /// UTF-16, the low byte first: Excel's “Unicode text”.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// Windows-1250: Latin letters of Central Europe.
    Windows1250,
    /// Windows-1251: Cyrillic letters.
    Windows1251,
}

impl Encoding {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le | Encoding::Utf16Be => "UTF-16",
            Encoding::Windows1250 => "Windows-1250",
            Encoding::Windows1251 => "Windows-1251",
        }
    }

    fn decoder(self) -> Decoder {
        match self {
            Encoding::Utf8 => encoding_rs::UTF_8,
            Encoding::Utf16Le => encoding_rs::UTF_16LE,
            Encoding::Utf16Be => encoding_rs::UTF_16BE,
            Encoding::Windows1250 => encoding_rs::WINDOWS_1250,
            Encoding::Windows1251 => encoding_rs::WINDOWS_1251,
        }
        .new_decoder_with_bom_removal()
    }
}

/// A file that is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SurveyError {
    /// A workbook.
    #[error("this is an Excel workbook, not a CSV file; save it as “CSV UTF-8” and take that")]
    Workbook,
    /// Anything else that is no text.
    #[error("this is no text file; save the list as CSV (UTF-8)")]
    NoText,
}

/// Looks at a file's bytes, in pieces of any size, in their order.
#[derive(Debug, Default)]
pub struct Survey {
    head: Vec<u8>,
    /// The beginning of a UTF-8 sequence that a piece ended in.
    open: Vec<u8>,
    length: usize,
    /// Sequences of several bytes that are UTF-8, and places that are not.
    sequences: usize,
    broken: usize,
    /// NUL bytes at even and odd places.
    nuls: [usize; 2],
    /// Bytes over 0x7f beside another such byte, and beside an ASCII letter.
    together: usize,
    alone: usize,
    last: u8,
}

impl Survey {
    /// The next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        if self.head.len() < 8 {
            self.head.extend(piece.iter().take(8 - self.head.len()));
        }
        for &byte in piece {
            if byte == 0 {
                self.nuls[self.length % 2] += 1;
            }
            match (self.last, byte) {
                (0x80.., 0x80..) => self.together += 1,
                (0x80.., letter) | (letter, 0x80..) if letter.is_ascii_alphabetic() => self.alone += 1,
                _ => {}
            }
            self.last = byte;
            self.length += 1;
        }
        if self.open.is_empty() {
            self.open = self.check_utf8(piece);
        } else {
            let mut joined = std::mem::take(&mut self.open);
            joined.extend_from_slice(piece);
            self.open = self.check_utf8(&joined);
        }
    }

    /// Counts what is UTF-8 and what is not; the sequence that the piece leaves open.
    fn check_utf8(&mut self, mut piece: &[u8]) -> Vec<u8> {
        loop {
            let (good, rest, skip) = match std::str::from_utf8(piece) {
                Ok(_) => (piece, &piece[..0], None),
                Err(error) => {
                    let (good, rest) = piece.split_at(error.valid_up_to());
                    (good, rest, error.error_len())
                }
            };
            self.sequences += good.iter().filter(|byte| **byte >= 0xc0).count();
            match skip {
                None => return rest.to_vec(),
                Some(length) => {
                    self.broken += 1;
                    piece = &rest[length..];
                }
            }
        }
    }

    /// How the file is encoded.
    ///
    /// # Errors
    /// [`SurveyError`] where it is no text.
    pub fn encoding(mut self) -> Result<Encoding, SurveyError> {
        if !self.open.is_empty() {
            self.broken += 1;
        }
        match self.head.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => return Ok(Encoding::Utf8),
            [0xff, 0xfe, ..] => return Ok(Encoding::Utf16Le),
            [0xfe, 0xff, ..] => return Ok(Encoding::Utf16Be),
            [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => return Err(SurveyError::Workbook),
            _ => {}
        }
        let nuls = self.nuls[0] + self.nuls[1];
        if nuls * 5 > self.length {
            return Ok(if self.nuls[1] > self.nuls[0] { Encoding::Utf16Le } else { Encoding::Utf16Be });
        }
        if nuls * 50 > self.length {
            return Err(SurveyError::NoText);
        }
        // A few broken places in much that is UTF-8 are broken rows, each of which is named.
        if self.broken == 0 || self.sequences > self.broken * 10 {
            return Ok(Encoding::Utf8);
        }
        // A Cyrillic word is all high bytes; a Latin one has a few among its letters.
        Ok(if self.together > self.alone { Encoding::Windows1251 } else { Encoding::Windows1250 })
    }
}

/// A source as UTF-8, each line ended by `\n` alone, the last one too.
pub(super) struct Decoded<R> {
    source: R,
    decoder: Decoder,
    raw: Box<[u8; 16 * 1024]>,
    text: Vec<u8>,
    at: usize,
    /// Bytes that may be given before the row must have ended.
    left: Arc<AtomicUsize>,
    after_return: bool,
    ended: bool,
    ends_line: bool,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(source: R, encoding: Encoding, left: Arc<AtomicUsize>) -> Self {
        Decoded {
            source,
            decoder: encoding.decoder(),
            raw: Box::new([0; 16 * 1024]),
            text: Vec::new(),
            at: 0,
            left,
            after_return: false,
            ended: false,
            ends_line: true,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.at = 0;
        while self.text.is_empty() && !self.ended {
            let read = self.source.read(&mut self.raw[..])?;
            self.ended = read == 0;
            let room = self.decoder.max_utf8_buffer_length(read).unwrap_or(64 * 1024);
            let mut decoded = String::with_capacity(room);
            let _ = self.decoder.decode_to_string(&self.raw[..read], &mut decoded, self.ended);
            for byte in decoded.into_bytes() {
                let newline = byte == b'\n' || byte == b'\r';
                if !(byte == b'\n' && self.after_return) {
                    self.text.push(if newline { b'\n' } else { byte });
                    self.ends_line = newline;
                }
                self.after_return = byte == b'\r';
            }
            if self.ended && !self.ends_line {
                self.text.push(b'\n');
                self.ends_line = true;
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() {
            self.fill()?;
        }
        let some = out.len().min(self.text.len() - self.at);
        out[..some].copy_from_slice(&self.text[self.at..self.at + some]);
        self.at += some;
        let left = self.left.load(Ordering::Relaxed);
        if some > left {
            return Err(io::Error::new(io::ErrorKind::InvalidData, TooLong));
        }
        self.left.store(left - some, Ordering::Relaxed);
        Ok(some)
    }
}

/// A row took more than it may.
#[derive(Debug, thiserror::Error)]
#[error("a row is too long")]
struct TooLong;

/// Whether a row took more than it may.
pub(super) fn is_too_long(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<TooLong>())
}
