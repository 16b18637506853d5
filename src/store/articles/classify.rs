//! What kind of change lies between two states of an article.
//!
//! A slip is silent, so whatever may be more than one is an update: a figure, a negation, a name, a day, a word that one letter
//! makes into another. Staff can say otherwise (`change:` in the front matter, `herald articles update`).

mod words;

use crate::article::{Content, Note, RevisionKind};
use words::{says_the_same, spelled_in};

/// The kind of the change from `old` to `new`, which differ. What was said and is now said otherwise
/// is an update; spacing, punctuation, a few letters, markup, pictures and labels are a slip.
pub(super) fn kind(old: &Content, new: &Content) -> RevisionKind {
    if new.withdrawn.is_some() && old.withdrawn.is_none() {
        return RevisionKind::Retraction;
    }
    let known = |note: &Note, notes: &[Note]| notes.iter().any(|known| known.says_the_same(note));
    if !new.corrections.iter().all(|note| known(note, &old.corrections)) {
        return RevisionKind::Correction;
    }
    if old.withdrawn.is_some() != new.withdrawn.is_some()
        || !new.updates.iter().all(|note| known(note, &old.updates))
        || !says_the_same(&old.title, &new.title)
        || !says_the_same(&old.text, &new.text)
        || !same_names(&old.authors, &new.authors)
        || !says_the_same(caption(old), caption(new))
        || !same_summary(old, new)
    {
        return RevisionKind::Update;
    }
    RevisionKind::Minor
}

/// Whether the same people wrote it, in whatever order.
fn same_names(old: &[String], new: &[String]) -> bool {
    let sorted = |names: &[String]| {
        let mut names: Vec<String> = names.iter().map(|name| words::signs(name)).collect();
        names.sort_unstable();
        names
    };
    // Who is named where nobody was is nothing new to readers.
    old.is_empty() || sorted(old) == sorted(new)
}

/// What is said under the picture, where both states have one: another picture is no other story.
fn caption(content: &Content) -> &str {
    content.picture.as_ref().and_then(|picture| picture.caption.as_deref()).unwrap_or_default()
}

/// A summary that is made from the body changes with it, and with our way of making it: only one that somebody wrote is compared.
fn same_summary(old: &Content, new: &Content) -> bool {
    let made = |content: &Content| content.summary.is_empty() || spelled_in(&content.summary, &content.text);
    made(old) || made(new) || says_the_same(&old.summary, &new.summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(title: &str, text: &str) -> Content {
        Content { title: title.into(), text: text.into(), ..Content::default() }
    }

    fn note(text: &str) -> Note {
        Note { at: Note::UNDATED, note: Some(text.into()), wrong: None, right: None }
    }

    #[test]
    fn slips_are_told_from_news() {
        let check = |old: &str, new: &str, expect| {
            assert_eq!(kind(&content("A", old), &content("A", new)), expect, "{old} / {new}");
            assert_eq!(kind(&content(old, "text"), &content(new, "text")), expect, "as a title: {old} / {new}");
        };
        for (old, new) in [
            ("The exercise  began.", "The exercise began!"),
            ("any where in town", "anywhere in town"),
            ("The excercise began.", "The exercise began."),
            ("He said \"yes\" and 'no' - twice", "He said “yes” and ‘no’ — twice"),
            ("it can't rain", "it can’t rain"),
            ("we recieve goverment adresses untill then", "we receive goverment addresses until then"),
            ("it was thier house, wich burned", "it was their house, which burned"),
            ("10 000 people", "10\u{a0}000 people"),
            ("pages 3-4 of it", "pages 3–4 of it"),
            ("about 5 % of it", "about 5% of it"),
            ("cetvrtak je bio kisan dan", "četvrtak je bio kišan dan"),
            ("Vežba je pocela", "Vežba je počela"),
            ("Вежба је поечла јуче", "Вежба је почела јуче"),
            ("на обали рекее Саве", "на обали реке Саве"),
            ("the end", "The end"),
        ] {
            check(old, new, RevisionKind::Minor);
        }
        for (old, new) in [
            // Figures.
            ("40 countries took part", "14 countries took part"),
            ("it costs 1.5 million", "it costs 15 million"),
            ("it costs 5 €", "it costs 5 $"),
            ("it fell by 5%", "it fell by 5"),
            ("it was -5 degrees", "it was 5 degrees"),
            ("at 14:30 they left", "at 14:50 they left"),
            ("sixteen people", "sixty people"),
            ("seven hundred", "seven hundreds of thousands"),
            ("deset ljudi", "devet ljudi"),
            ("пет људи", "шест људи"),
            ("on the 1st day", "on the 2nd day"),
            // Negations.
            ("It will rain.", "It will not rain."),
            ("they are not able to", "they are notable to"),
            ("it is legal", "it is illegal"),
            ("it was known", "it was unknown"),
            ("it is likely", "it is unlikely"),
            ("on je došao", "on nije došao"),
            ("они неће доћи", "они ће доћи"),
            ("it can be done", "it can't be done"),
            ("now they came", "not they came"),
            // Names.
            ("said Ana Petrović today", "said Ana Perović today"),
            ("said Ana Petrović today", "said Anja Petrović today"),
            ("рекао је Марко Илић", "рекао је Марко Јлић"),
            ("in Kruševac they met", "in Kraljevo they met"),
            ("the town of Austria", "the town of Australia"),
            // Days.
            ("on Monday they met", "on Sunday they met"),
            ("in June they met", "in July they met"),
            ("sastali su se 5. juna", "sastali su se 5. jula"),
            ("састали су се у петак", "састали су се у уторак"),
            ("sastali su se u subotu", "sastali su se u sredu"),
            // Other words.
            ("He is in.", "He is on."),
            ("on the farm", "on the form"),
            ("they were killed", "they were billed"),
            ("he was arrested", "he was arrest"),
            ("one attack", "one attacks"),
            ("Ништа није речено", "Све је речено"),
            ("The bridge is open.", "The bridge is open. The road is closed."),
            ("one two three four", "one two four three"),
        ] {
            check(old, new, RevisionKind::Update);
        }
    }

    #[test]
    fn many_slips_are_another_text() {
        let old = "excercise after excercise, goverment after goverment";
        let new = "exercise after exercise, government after government";
        assert_eq!(kind(&content("A", old), &content("A", new)), RevisionKind::Update);
    }

    #[test]
    fn front_matter_counts_where_readers_would_miss_it() {
        let old =
            Content { authors: vec!["Ana Petrović".into()], topics: vec!["Culture".into()], ..content("A", "text") };
        let mut new = old.clone();
        new.topics = vec!["Culture".into(), "Sava".into()];
        assert_eq!(kind(&old, &new), RevisionKind::Minor);
        new.authors = vec!["Marko Ilić".into()];
        assert_eq!(kind(&old, &new), RevisionKind::Update);
        assert_eq!(kind(&Content { authors: Vec::new(), ..old.clone() }, &old), RevisionKind::Minor);
        let summary = |text: &str| Content { summary: text.into(), ..old.clone() };
        assert_eq!(kind(&summary("Forty came."), &summary("Forty people came, and 14 left.")), RevisionKind::Update);
        assert_eq!(kind(&summary("text"), &summary("text …")), RevisionKind::Minor, "made from the body");
    }

    #[test]
    fn a_new_note_is_a_correction_and_a_withdrawal_a_retraction() {
        let old = content("A", "text");
        let mut new = old.clone();
        new.corrections.push(note("It was 14."));
        assert_eq!(kind(&old, &new), RevisionKind::Correction);
        let mut later = new.clone();
        later.text = "text.".into();
        assert_eq!(kind(&new, &later), RevisionKind::Minor);
        later.updates.push(note("The road is open again."));
        assert_eq!(kind(&new, &later), RevisionKind::Update);
        later.withdrawn = Some("wrong altogether".into());
        assert_eq!(kind(&new, &later), RevisionKind::Retraction);
        assert_eq!(kind(&later, &new), RevisionKind::Update);
    }
}
