//! Words of a link that do not say where it leads (WCAG 2.4.4).

/// English, Serbian in both scripts, and what all share. Lower case, without signs around.
const EMPTY: &[&str] = &[
    "here",
    "click",
    "click here",
    "click this link",
    "click on this link",
    "press here",
    "tap here",
    "see here",
    "look here",
    "this",
    "this link",
    "this page",
    "link",
    "the link",
    "more",
    "read more",
    "see more",
    "learn more",
    "find out more",
    "more info",
    "more information",
    "continue",
    "continue reading",
    "details",
    "go",
    "go here",
    "read it here",
    "read here",
    "ovde",
    "ovdje",
    "klikni ovde",
    "kliknite ovde",
    "klikni ovdje",
    "kliknite ovdje",
    "klikni",
    "kliknite",
    "pogledaj ovde",
    "pogledajte ovde",
    "čitaj ovde",
    "čitajte ovde",
    "na ovom linku",
    "ovaj link",
    "na linku",
    "više",
    "još",
    "čitaj više",
    "čitajte više",
    "pročitaj više",
    "pročitajte više",
    "saznaj više",
    "saznajte više",
    "vidi više",
    "vidite više",
    "detaljnije",
    "opširnije",
    "više informacija",
    "nastavi",
    "dalje",
    "овде",
    "овдје",
    "кликни овде",
    "кликните овде",
    "кликни овдје",
    "кликните овдје",
    "кликни",
    "кликните",
    "погледај овде",
    "погледајте овде",
    "читај овде",
    "читајте овде",
    "на овом линку",
    "овај линк",
    "на линку",
    "линк",
    "више",
    "још",
    "читај више",
    "читајте више",
    "прочитај више",
    "прочитајте више",
    "сазнај више",
    "сазнајте више",
    "види више",
    "видите више",
    "детаљније",
    "опширније",
    "више информација",
    "настави",
    "даље",
];

/// Whether `words` say nothing of where their link leads: none at all, “here” and its like, a bare address.
pub fn is_empty(words: &str) -> bool {
    let lower = words.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    bare.is_empty() || EMPTY.contains(&bare) || is_address(&lower)
}

/// Whether the words are an address and nothing else. A bare host (`newsroom.example`) reads well; a path does not.
fn is_address(words: &str) -> bool {
    let words = words.trim();
    if words.contains(char::is_whitespace) {
        return false;
    }
    ["http://", "https://", "www."]
        .iter()
        .find_map(|start| words.strip_prefix(start))
        .is_some_and(|rest| rest.trim_end_matches('/').contains(['/', '?']) || words.starts_with("http"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_say_nothing_in_each_script() {
        for words in [
            "",
            "here",
            "Here.",
            "Click here",
            "» Read more …",
            "this link",
            "https://a.example/b",
            "http://a.example",
            "ovde",
            "Kliknite ovde!",
            "više",
            "Pročitajte više →",
            "Овде",
            "кликните овде",
            "Више",
            "www.a.example/b?c",
        ] {
            assert!(is_empty(words), "{words}");
        }
        for words in [
            "The whole list of places",
            "newsroom.example",
            "Here be dragons",
            "www.a.example",
            "Više od sto ljudi",
            "press@a.example",
            "Овде почиње пут",
        ] {
            assert!(!is_empty(words), "{words}");
        }
    }
}
