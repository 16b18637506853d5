//! Taking a story out of a rendering for good: what a court or a law wants removed stands in no copy that is kept either.

use super::cut::{Piece, When};
use super::rendering::Parts;

impl Parts {
    /// Takes out every block of the story at `position`. Its subject becomes `title`. Where any of `traces` (headlines, summaries,
    /// addresses) still stands outside of these blocks, as in a mail that is all about it, nothing of that part is kept.
    pub fn strike(&mut self, position: u8, title: &str, traces: &[String]) {
        for pieces in [&mut self.text, &mut self.html] {
            strike(pieces, position);
            if names(pieces, traces) {
                *pieces = vec![Piece::Text(String::from("\n"))];
            }
        }
        for (at, pieces) in self.subjects.iter_mut().enumerate() {
            if self.positions.get(at) == Some(&position) || names(pieces, traces) {
                *pieces = vec![Piece::Text(title.to_owned())];
            }
        }
    }

    /// Whether a text names any of these, however it is spaced, wrapped or escaped.
    pub fn names(text: &str, traces: &[String]) -> bool {
        let text = signs(text);
        traces.iter().any(|trace| {
            // The longest stretch that no escaping touches.
            let longest =
                trace.split(['&', '<', '>', '"', '\'']).map(signs).max_by_key(String::len).unwrap_or_default();
            longest.len() > 3 && text.contains(&longest)
        })
    }
}

fn strike(pieces: &mut Vec<Piece>, position: u8) {
    pieces.retain(|piece| !matches!(piece, Piece::Block(When::Story { position: own, .. }, _) if *own == position));
    for piece in pieces {
        if let Piece::Block(_, within) = piece {
            strike(within, position);
        }
    }
}

fn names(pieces: &[Piece], traces: &[String]) -> bool {
    let mut all = String::new();
    gather(pieces, &mut all);
    Parts::names(&all, traces)
}

fn gather(pieces: &[Piece], out: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Hole(_) => {}
            Piece::Block(_, within) => gather(within, out),
        }
    }
}

fn signs(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn block(position: u8, within: Vec<Piece>) -> Piece {
        Piece::Block(When::Story { position, from: 1, to: 9 }, within)
    }

    fn parts(html: Vec<Piece>) -> Parts {
        Parts {
            language: "en".parse().unwrap(),
            positions: vec![0, 1],
            subjects: vec![vec![text("The ferry")], vec![text("The bridge")]],
            text: vec![block(0, vec![text("The ferry")]), block(1, vec![text("The bridge")])],
            html,
            why: String::new(),
            boundary: "b".to_owned(),
        }
    }

    #[test]
    fn a_story_is_taken_out_with_its_subject_and_the_others_stay() {
        let mut parts =
            parts(vec![text("<h1>"), block(0, vec![text("The ferry")]), block(1, vec![text("The bridge")])]);
        parts.strike(0, "Digest", &["The ferry".to_owned()]);
        let all = serde_json::to_string(&parts).unwrap();
        assert!(!all.contains("ferry") && all.contains("The bridge") && all.contains("Digest"), "{all}");
    }

    #[test]
    fn what_names_it_outside_of_its_blocks_goes_whole() {
        let mut parts = parts(vec![text("Mr&nbsp;A &amp; the\nferry were seen"), block(1, vec![text("The bridge")])]);
        parts.strike(0, "Digest", &["A & the ferry were seen".to_owned()]);
        assert_eq!(parts.html, [text("\n")]);
    }
}
