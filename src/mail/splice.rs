//! Pieces to a copy: what the choice leaves, with the holes filled.

use std::borrow::Cow;

use super::Choice;
use super::cut::{Hole, Piece, Syntax, When};
use super::mailbox::one_line;
use crate::audience::Person;

/// What a copy's links lead to. [`Links::default`] is a copy for nobody in particular.
#[derive(Clone, Copy, Debug, Default)]
pub struct Links<'a> {
    /// The page for leaving.
    pub leave: Option<&'a str>,
    /// The page for choosing.
    pub preferences: Option<&'a str>,
    /// Why the reader gets it; empty: the rendering's own sentence.
    pub why: &'a str,
    /// The copy in a browser, which has no reader.
    pub web: bool,
}

/// The places that a copy's stories take in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places([u8; 64]);

impl Places {
    /// Counts the stories at `positions`, in that order, that `choice` holds.
    pub(super) fn new(positions: &[u8], choice: Choice) -> Self {
        let mut places = [0u8; 64];
        let mut next = 1;
        for &position in positions {
            if choice.holds(position) && places[usize::from(position)] == 0 {
                places[usize::from(position)] = next;
                next += 1;
            }
        }
        Places(places)
    }

    /// The place of the story at `position`, from 1; 0: the copy does not hold it.
    fn of(&self, position: u8) -> u8 {
        self.0.get(usize::from(position)).copied().unwrap_or(0)
    }
}

/// Everything that differs between copies.
pub(super) struct Filling<'a> {
    pub(super) person: Option<&'a Person>,
    pub(super) links: Links<'a>,
    /// The reason where `links` has none.
    pub(super) why: &'a str,
    pub(super) subject: &'a str,
    pub(super) choice: Choice,
    pub(super) places: Places,
}

impl Filling<'_> {
    pub(super) fn stands(&self, when: When) -> bool {
        match when {
            When::Story { position, from, to } => match self.places.of(position) {
                // A block that is tied to a position of no story (a correction) stands by the choice alone.
                0 => self.choice.holds(position) && from <= 1 && to == u8::MAX,
                place => (from..=to).contains(&place),
            },
            When::Unsubscribe => self.links.leave.is_some(),
            When::Preferences => self.links.preferences.is_some(),
            When::Mail => !self.links.web,
            When::Web => self.links.web,
        }
    }

    /// The value of a hole, on one line: no value may begin a line of its own.
    pub(super) fn value<'v>(&'v self, hole: &'v Hole) -> Cow<'v, str> {
        match hole {
            Hole::Recipient { field, default } => {
                let value = self.person.and_then(|person| field_of(person, field)).map(|value| one_line(&value));
                value.filter(|value| !value.is_empty()).map_or(Cow::Borrowed(default), Cow::Owned)
            }
            Hole::Unsubscribe => Cow::Borrowed(self.links.leave.unwrap_or("")),
            Hole::Preferences => Cow::Borrowed(self.links.preferences.unwrap_or("")),
            Hole::Why if self.links.why.trim().is_empty() => Cow::Borrowed(self.why),
            Hole::Why => Cow::Owned(one_line(self.links.why)),
            Hole::Subject => Cow::Borrowed(self.subject),
        }
    }
}

fn field_of<'p>(person: &'p Person, field: &str) -> Option<Cow<'p, str>> {
    match field {
        "name" => person.name.as_deref().map(Cow::Borrowed),
        "email" => Some(Cow::Owned(person.address.to_string())),
        "language" => person.language.as_ref().map(|language| Cow::Borrowed(language.as_str())),
        other => person.extra.get(other).map(|value| Cow::Borrowed(value.as_str())),
    }
}

/// Puts a copy's text together.
pub(super) fn text(pieces: &[Piece], filling: &Filling<'_>, syntax: Syntax, out: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Text(fixed) => out.push_str(fixed),
            Piece::Hole(hole) => out.push_str(&escaped(filling.value(hole), syntax)),
            Piece::Block(when, inner) if filling.stands(*when) => text(inner, filling, syntax, out),
            Piece::Block(..) => {}
        }
    }
}

/// Puts a copy's text together as [`text`] does, a new entry wherever a story's block begins or ends.
pub(super) fn blocks(
    pieces: &[Piece],
    position: Option<u8>,
    filling: &Filling<'_>,
    syntax: Syntax,
    out: &mut Vec<(Option<u8>, String)>,
) {
    let put = |out: &mut Vec<(Option<u8>, String)>, text: &str| match out.last_mut() {
        Some((last, so_far)) if *last == position => so_far.push_str(text),
        _ => out.push((position, text.to_owned())),
    };
    for piece in pieces {
        match piece {
            Piece::Text(fixed) => put(out, fixed),
            Piece::Hole(hole) => put(out, &escaped(filling.value(hole), syntax)),
            Piece::Block(when, inner) if filling.stands(*when) => {
                let within = match when {
                    When::Story { position, .. } => Some(*position),
                    _ => position,
                };
                blocks(inner, within, filling, syntax, out);
            }
            Piece::Block(..) => {}
        }
    }
}

/// A value as it may stand in HTML text or in a quoted attribute; plain text is left as it is.
pub(super) fn escaped(value: Cow<'_, str>, syntax: Syntax) -> Cow<'_, str> {
    if syntax == Syntax::Plain || !value.contains(['&', '<', '>', '"', '\'']) {
        return value;
    }
    let mut out = String::with_capacity(value.len() + 16);
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}
