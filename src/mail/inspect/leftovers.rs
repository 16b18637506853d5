//! What a template or an author forgot: places that were to be filled in, notes to oneself, filling text.

/// How sure it is that something was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// Nobody means it so: `{{ name }}`.
    Sure,
    /// It may be meant so: `TODO`.
    Perhaps,
}

/// Places to be filled in: how they begin, how they end, and how sure it is.
const PLACES: &[(&str, &str, Doubt)] = &[
    ("{{", "}}", Doubt::Sure),
    ("{%", "%}", Doubt::Sure),
    ("*|", "|*", Doubt::Sure),
    ("<%", "%>", Doubt::Sure),
    ("${", "}", Doubt::Perhaps),
    ("[[", "]]", Doubt::Perhaps),
];
/// Notes to oneself, as words in capitals.
const NOTES: &[&str] = &["TODO", "FIXME", "TBD"];
/// What a template prints of nothing, at the end of a text.
const NOTHINGS: &[&str] = &["None", "undefined", "null", "NaN", "[object Object]"];
/// Bytes of a place to be filled in, at most: what is further apart does not belong together.
const LONGEST: usize = 200;
/// The most signs of a place that is shown.
const SHOWN: usize = 40;

/// What is left over in `text`, as it stands there.
pub fn leftovers(text: &str) -> Vec<(Doubt, String)> {
    let mut found = Vec::new();
    for (open, close, doubt) in PLACES {
        if let Some(at) = text.find(open)
            && let Some(end) = text[at + open.len()..].find(close)
            && end < LONGEST
        {
            let place = &text[at..at + open.len() + end + close.len()];
            found.push((*doubt, place.chars().take(SHOWN).collect()));
        }
    }
    let lower = text.to_lowercase();
    if lower.contains("lorem ipsum") {
        found.push((Doubt::Perhaps, "lorem ipsum".to_owned()));
    }
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    for note in words.filter(|word| NOTES.contains(word)) {
        found.push((Doubt::Perhaps, note.to_owned()));
    }
    let end = text.trim().trim_end_matches(['.', ',', ';', ')', '”', '"', '·']).trim_end();
    if let Some(nothing) = NOTHINGS.iter().find(|nothing| is_last_word(end, nothing)) {
        found.push((Doubt::Perhaps, (*nothing).to_owned()));
    }
    found.dedup();
    found
}

/// Whether a leftover is what a template prints of nothing, which may be the last word of somebody's sentence as well.
pub fn is_nothing(leftover: &str) -> bool {
    NOTHINGS.contains(&leftover)
}

fn is_last_word(text: &str, word: &str) -> bool {
    text.strip_suffix(word)
        .is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_forgotten_is_found_and_prose_is_not() {
        let found = |text: &str| {
            leftovers(text).into_iter().map(|(doubt, what)| (doubt == Doubt::Sure, what)).collect::<Vec<_>>()
        };
        let one = |sure, what: &str| vec![(sure, what.to_owned())];
        assert_eq!(found("Dear {{ name }}, hello"), one(true, "{{ name }}"));
        assert_eq!(found("{% if x %}"), one(true, "{% if x %}"));
        assert_eq!(found("Dear *|FNAME|*"), one(true, "*|FNAME|*"));
        assert_eq!(found("[[TITLE]] of it"), one(false, "[[TITLE]]"));
        assert_eq!(found("TODO: the figures"), one(false, "TODO"));
        assert_eq!(found("Lorem ipsum dolor"), one(false, "lorem ipsum"));
        assert_eq!(found("Story by None."), one(false, "None"));
        assert_eq!(found("undefined"), one(false, "undefined"));
        for prose in
            ["None of them", "A method todo", "{ a }", "Undefined behaviour", "12 [1]", "Todos", "a }} b {{", "Barnone"]
        {
            assert_eq!(found(prose), [], "{prose}");
        }
    }
}
