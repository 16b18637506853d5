//! A part of a mail, encoded piece by piece: in whichever of quoted-printable and base64 makes it smaller.
//!
//! Which one is decided once, for all copies of a rendering. Cyrillic takes six bytes a letter in the one and less than
//! three in the other; text with a few letters beyond ASCII is smaller in the first.

use super::base64::{self, Triple};
use super::cut::{Piece, Syntax};
use super::quoted;
use super::splice::{Filling, escaped};

/// Bytes that a hole is reckoned with, encoded in either way.
const HOLE: usize = 80;

/// The pieces of a part.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// In quoted-printable.
    Quoted(Vec<Piece<Vec<u8>>>),
    /// In base64.
    Base64(Vec<Piece<Triple>>),
}

impl Part {
    /// Encodes a part, in the smaller of the two.
    pub(super) fn of(pieces: &[Piece]) -> Part {
        let quoted = each(pieces, &quoted::encode);
        if size(&quoted, &Vec::len) <= size(pieces, &|text: &String| base64::length(&quoted::crlf(text))) {
            return Part::Quoted(quoted);
        }
        Part::Base64(each(pieces, &|text| Triple::of(&quoted::crlf(text))))
    }

    /// Its `Content-Transfer-Encoding`.
    pub(super) fn encoding(&self) -> &'static str {
        match self {
            Part::Quoted(_) => "quoted-printable",
            Part::Base64(_) => "base64",
        }
    }

    /// Bytes of it with every block.
    pub(super) fn size(&self) -> usize {
        match self {
            Part::Quoted(pieces) => size(pieces, &Vec::len),
            Part::Base64(pieces) => size(pieces, &Triple::len),
        }
    }

    /// Puts a copy's bytes together: encoded pieces are copied, only the holes are encoded. What is written ends a line.
    pub(super) fn write(&self, filling: &Filling<'_>, syntax: Syntax, out: &mut Vec<u8>) {
        match self {
            Part::Quoted(pieces) => walk(pieces, filling, &mut |piece| match piece {
                Step::Fixed(bytes) => out.extend_from_slice(bytes),
                Step::Hole(value) => quoted::encode_into(&escaped(value, syntax), out),
            }),
            Part::Base64(pieces) => {
                let mut seam = base64::Seam::new(out);
                walk(pieces, filling, &mut |piece| match piece {
                    Step::Fixed(triple) => seam.fixed(triple),
                    Step::Hole(value) => seam.text(escaped(value, syntax).as_bytes()),
                });
                seam.end();
            }
        }
    }
}

/// What stands next in a copy.
enum Step<'a, T> {
    Fixed(&'a T),
    Hole(std::borrow::Cow<'a, str>),
}

fn walk<'a, T>(pieces: &'a [Piece<T>], filling: &'a Filling<'_>, write: &mut impl FnMut(Step<'a, T>)) {
    for piece in pieces {
        match piece {
            Piece::Text(encoded) => write(Step::Fixed(encoded)),
            Piece::Hole(hole) => write(Step::Hole(filling.value(hole))),
            Piece::Block(when, inner) if filling.stands(*when) => walk(inner, filling, write),
            Piece::Block(..) => {}
        }
    }
}

fn each<T>(pieces: &[Piece], encode: &impl Fn(&str) -> T) -> Vec<Piece<T>> {
    let one = |piece: &Piece| match piece {
        Piece::Text(text) => Piece::Text(encode(text)),
        Piece::Hole(hole) => Piece::Hole(hole.clone()),
        Piece::Block(when, inner) => Piece::Block(*when, each(inner, encode)),
    };
    pieces.iter().map(one).collect()
}

fn size<T>(pieces: &[Piece<T>], length: &impl Fn(&T) -> usize) -> usize {
    let one = |piece: &Piece<T>| match piece {
        Piece::Text(encoded) => length(encoded),
        Piece::Hole(_) => HOLE,
        Piece::Block(_, inner) => size(inner, length),
    };
    pieces.iter().map(one).sum()
}
