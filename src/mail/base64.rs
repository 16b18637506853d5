//! Base64 (RFC 2045 §6.8) of pieces that can be put together in any choice.
//!
//! Four signs stand for three bytes, and what a copy fills in has any length. So a fixed piece is encoded three times: as it
//! stands where no byte, one or two bytes before it are still without their signs. At a seam the bytes that are over make a
//! short line of their own; between seams lines are copied as they are. Each line holds whole groups of four signs.

use data_encoding::BASE64;

/// Bytes of text on a full line: 76 signs.
const LINE: usize = 57;
/// Signs of a full line with its line break.
const WIRE: usize = 78;

/// Bytes that `text` takes, with its line breaks.
pub(super) fn length(text: &str) -> usize {
    let lines = text.len().div_ceil(LINE);
    text.len().div_ceil(3) * 4 + lines * 2
}

/// A fixed piece, for each number of bytes that are over before it.
#[derive(Clone, Debug)]
pub(super) struct Triple([Fixed; 3]);

/// A piece: some bytes that go with what was over, whole lines, and what is over at its end.
#[derive(Clone, Debug)]
struct Fixed {
    head: Vec<u8>,
    lines: Vec<u8>,
    tail: Vec<u8>,
}

impl Triple {
    /// Encodes `text`, whose line breaks are CRLF already.
    pub(super) fn of(text: &str) -> Triple {
        Triple([0, 1, 2].map(|over| Fixed::of(text.as_bytes(), over)))
    }

    /// Bytes of it on the wire, within a line.
    pub(super) fn len(&self) -> usize {
        self.0[0].lines.len()
    }
}

impl Fixed {
    fn of(text: &[u8], over: usize) -> Fixed {
        let head = (3 - over) % 3;
        if text.len() < head {
            return Fixed { head: text.to_vec(), lines: Vec::new(), tail: Vec::new() };
        }
        let (head, rest) = text.split_at(head);
        let (whole, tail) = rest.split_at(rest.len() / 3 * 3);
        let mut lines = Vec::with_capacity(whole.len().div_ceil(LINE) * WIRE);
        encode_lines(whole, &mut lines);
        Fixed { head: head.to_vec(), lines, tail: tail.to_vec() }
    }
}

fn encode_lines(bytes: &[u8], out: &mut Vec<u8>) {
    for line in bytes.chunks(LINE) {
        let start = out.len();
        out.resize(start + BASE64.encode_len(line.len()), 0);
        BASE64.encode_mut(line, &mut out[start..]);
        out.extend_from_slice(b"\r\n");
    }
}

/// Puts pieces and values together behind `out`.
pub(super) struct Seam<'a> {
    out: &'a mut Vec<u8>,
    /// Bytes that have no signs yet: those of values, and what is over of pieces.
    over: Vec<u8>,
}

impl<'a> Seam<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Seam { out, over: Vec::new() }
    }

    /// A piece that is the same in each copy.
    pub(super) fn fixed(&mut self, piece: &Triple) {
        let fixed = &piece.0[self.over.len() % 3];
        self.over.extend_from_slice(&fixed.head);
        if fixed.lines.is_empty() && fixed.tail.is_empty() {
            return;
        }
        // With the head, what was over is whole groups.
        encode_lines(&self.over, self.out);
        self.out.extend_from_slice(&fixed.lines);
        self.over.clear();
        self.over.extend_from_slice(&fixed.tail);
    }

    /// A value of the copy's own; it holds no line break.
    pub(super) fn text(&mut self, value: &[u8]) {
        self.over.extend_from_slice(value);
    }

    /// The end, with `=` for what is over.
    pub(super) fn end(self) {
        encode_lines(&self.over, self.out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wire(pieces: &[(bool, String)]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut seam = Seam::new(&mut out);
        for (fixed, text) in pieces {
            match fixed {
                true => seam.fixed(&Triple::of(text)),
                false => seam.text(text.as_bytes()),
            }
        }
        seam.end();
        out
    }

    #[test]
    fn what_is_over_goes_with_the_next_piece() {
        let pieces = [(true, "ab"), (false, "c"), (true, "d"), (true, "efg")].map(|(f, t)| (f, t.to_owned()));
        assert_eq!(wire(&pieces), b"YWJj\r\nZGVm\r\nZw==\r\n".to_vec());
        assert_eq!(wire(&[]), b"");
        assert_eq!(wire(&[(true, String::new()), (false, "a".into())]), b"YQ==\r\n");
    }

    proptest! {
        #[test]
        fn pieces_together_decode_to_their_text(
            pieces in prop::collection::vec((any::<bool>(), "[ -~\r\nа-шčćžšđ€🎈]{0,120}"), 0..8),
        ) {
            let wire = wire(&pieces);
            let text: String = pieces.iter().map(|(_, text)| text.as_str()).collect();
            let mut signs = Vec::new();
            for line in wire.split_inclusive(|b| *b == b'\n') {
                let line = line.strip_suffix(b"\r\n").expect("a whole line");
                prop_assert!((1..=76).contains(&line.len()) && line.len() % 4 == 0, "{}", line.len());
                signs.extend_from_slice(line);
            }
            prop_assert_eq!(String::from_utf8(BASE64.decode(&signs).unwrap()).unwrap(), text);
            prop_assert!(wire.len() <= length(&pieces.iter().map(|(_, t)| t.as_str()).collect::<String>()) + 8 * 80);
        }
    }
}
