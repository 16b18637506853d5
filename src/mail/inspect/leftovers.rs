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
/// Words that other senders' programs put between marks (`%%NAME%%`, `[NAME]`): no other word in them is one to be filled in.
const MERGED: &[&str] = &[
    "NAME",
    "FNAME",
    "LNAME",
    "FIRSTNAME",
    "LASTNAME",
    "FULLNAME",
    "FIRST NAME",
    "LAST NAME",
    "FIRST_NAME",
    "LAST_NAME",
    "FULL_NAME",
    "EMAIL",
    "EMAILADDR",
    "EMAIL_ADDRESS",
    "EMAIL ADDRESS",
    "COMPANY",
    "DATE",
    "TITLE",
    "SUBJECT",
    "UNSUBSCRIBE",
    "UNSUBSCRIBELINK",
    "UNSUBSCRIBE_LINK",
    "WEBVERSION",
    "RECIPIENT",
    "SUBSCRIBER",
    "YOUR NAME",
    "INSERT NAME",
    "IME",
    "PREZIME",
    "IME I PREZIME",
    "ИМЕ",
    "ПРЕЗИМЕ",
    "ИМЕ И ПРЕЗИМЕ",
];
/// How such words are marked, and how sure it is that they were to be filled in.
const MARKED: &[(&str, &str, Doubt)] =
    &[("%%", "%%", Doubt::Sure), ("[", "]", Doubt::Perhaps), ("%", "%", Doubt::Perhaps), ("<<", ">>", Doubt::Perhaps)];
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
    found.extend(MARKED.iter().filter_map(|(open, close, doubt)| Some((*doubt, merged(text, open, close)?))));
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

/// The first word to be filled in between these marks, with them. `[[NAME]]` and `%%NAME%%` are not `[NAME]` and `%NAME%`.
fn merged(text: &str, open: &str, close: &str) -> Option<String> {
    for (at, _) in text.match_indices(open) {
        let inner = &text[at + open.len()..];
        let end = inner.find(close)?;
        let (word, rest) = (&inner[..end], &inner[end + close.len()..]);
        let longer = text[..at].ends_with(open) || rest.starts_with(close);
        // Programs want capitals, and an author who means it writes the word so.
        if !longer && MERGED.contains(&word.trim()) {
            return Some(format!("{open}{word}{close}"));
        }
    }
    None
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
        assert_eq!(found("Dear %%NAME%%,"), one(true, "%%NAME%%"));
        assert_eq!(found("[1] Dear [FIRST NAME],"), one(false, "[FIRST NAME]"));
        assert_eq!(found("Poštovani [IME I PREZIME]"), one(false, "[IME I PREZIME]"));
        assert_eq!(found("Dear %FNAME%: 50% or 60%"), one(false, "%FNAME%"));
        for prose in [
            "[Name withheld]",
            "[sic]",
            "50 %% of 60 %%",
            "the [NATO] press",
            "a [title] b",
            "100%DATE",
            "None of them",
            "A method todo",
            "{ a }",
            "Undefined behaviour",
            "12 [1]",
            "Todos",
            "a }} b {{",
            "Barnone",
        ] {
            assert_eq!(found(prose), [], "{prose}");
        }
    }
}
