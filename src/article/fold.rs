//! Words as people look for them: without accents, in one alphabet, in lower case. “Đorđe”, “Djordje” and “Ђорђе” are one word,
//! so are “Šabac”, “Sabac” and “Шабац”. The same folding makes the index and reads what was typed, so that both databases find alike.

use std::ops::Range;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// The most characters that are kept of a word.
const LONGEST: usize = 64;
/// The most characters that are read of what was typed.
const TYPED: usize = 200;
/// The most words and phrases that are looked for at once.
const TERMS: usize = 10;
/// A word of fewer letters is looked for as it is, a longer one also as the beginning of a word: “na” is not meant to find “nacija”.
const BEGINNING: usize = 3;
const QUOTES: [char; 6] = ['"', '“', '”', '„', '«', '»'];

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, in bytes.
    pub at: Range<usize>,
    /// How it is looked for.
    pub folded: String,
}

/// The words of a text, in order.
pub fn words(text: &str) -> impl Iterator<Item = Word> {
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, first) = rest.find(|(_, c)| c.is_alphanumeric())?;
            let mut end = start + first.len_utf8();
            let mut folded = String::new();
            fold(first, &mut folded);
            while !stands_alone(first)
                && let Some((at, c)) = rest.next_if(|(_, c)| continues(*c) && !stands_alone(*c))
            {
                end = at + c.len_utf8();
                fold(c, &mut folded);
            }
            let end = start + text[start..end].trim_end_matches(['\'', '’', 'ʼ']).len();
            cut(&mut folded);
            if !folded.is_empty() {
                return Some(Word { at: start..end, folded });
            }
        }
    })
}

/// The words of a text, folded, with a space between each two.
pub fn folded(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most * 8));
    for word in words(text).take(most) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word.folded);
    }
    out
}

fn cut(word: &mut String) {
    if let Some((at, _)) = word.char_indices().nth(LONGEST) {
        word.truncate(at);
    }
}

/// An apostrophe, an accent and a soft hyphen join what they stand in: “isn’t” is “isnt”.
fn continues(c: char) -> bool {
    c.is_alphanumeric()
        || is_combining_mark(c)
        || matches!(c, '\'' | '’' | 'ʼ' | '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// Signs of scripts that put no space between words: each is looked for as a word.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Adds a letter as it is looked for.
fn fold(c: char, out: &mut String) {
    for c in c.to_lowercase() {
        match plain(c) {
            Some(letters) => out.push_str(letters),
            None => decompose_compatible(c, |part| {
                for part in part.to_lowercase().filter(|p| p.is_alphanumeric() && !is_combining_mark(*p)) {
                    match plain(part) {
                        Some(letters) => out.push_str(letters),
                        None => out.push(part),
                    }
                }
            }),
        }
    }
}

/// Letters that are no other letter with an accent, in plain Latin: Serbian Cyrillic as it is transliterated and then typed
/// without accents, what other languages add to it, and the Latin ones.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'đ' | 'ђ' | 'ð' => "dj",
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' => "g",
        'д' => "d",
        'е' | 'э' => "e",
        'ж' | 'з' => "z",
        'и' | 'і' => "i",
        'ј' | 'й' => "j",
        'к' => "k",
        'л' => "l",
        'љ' => "lj",
        'м' => "m",
        'н' => "n",
        'њ' => "nj",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' | 'ш' => "s",
        'т' => "t",
        'ћ' | 'ц' | 'ч' => "c",
        'у' => "u",
        'ф' => "f",
        'х' => "h",
        'џ' | 'ѕ' => "dz",
        'щ' => "sc",
        'ъ' | 'ь' => "",
        'ы' => "y",
        'ю' => "ju",
        'я' => "ja",
        'є' => "je",
        'ї' => "ji",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'þ' => "th",
        _ => return None,
    })
}

/// One thing that is looked for: a word, or words that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The words, folded.
    pub words: Vec<String>,
    /// Whether the last of them may be the beginning of a longer one.
    pub begins: bool,
}

/// What somebody looks for: all of it must be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// At most ten; none where nothing was typed that could be looked for.
    pub terms: Vec<Term>,
}

impl Sought {
    /// Reads what was typed: words, and phrases in quotation marks of any kind. What is joined by other signs (“covid-19”)
    /// stands together in the text too.
    pub fn read(typed: &str) -> Sought {
        let typed: String = typed.chars().take(TYPED).collect();
        let mut terms: Vec<Term> = Vec::new();
        let mut parts = typed.split(QUOTES).peekable();
        let mut quoted = false;
        while let Some(part) = parts.next() {
            // A quotation mark without its second one means nothing.
            let is_phrase = quoted && parts.peek().is_some();
            quoted = !quoted;
            let pieces: Vec<&str> = if is_phrase { vec![part] } else { part.split_whitespace().collect() };
            for piece in pieces {
                let words: Vec<String> = words(piece).map(|word| word.folded).collect();
                let begins = !is_phrase && words.last().is_some_and(|last| last.chars().count() >= BEGINNING);
                let term = Term { words, begins };
                if !term.words.is_empty() && !terms.contains(&term) && terms.len() < TERMS {
                    terms.push(term);
                }
            }
        }
        Sought { terms }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

impl Term {
    /// Whether the first of these words begin what is looked for; how many of them it takes.
    pub fn stands_at(&self, words: &[Word]) -> Option<usize> {
        let here = words.get(..self.words.len())?;
        let last = self.words.len() - 1;
        let fits = here.iter().zip(&self.words).enumerate().all(|(n, (word, sought))| {
            if n == last && self.begins { word.folded.starts_with(sought) } else { word.folded == *sought }
        });
        fits.then_some(self.words.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        folded(text, 100)
    }

    #[test]
    fn one_name_is_one_word_however_it_is_written() {
        for alike in [
            &["Đorđe", "Djordje", "Ђорђе", "ĐORĐE", "ЂОРЂЕ", "djordje"][..],
            &["Čačak", "Чачак", "Cacak", "C\u{30c}ac\u{30c}ak", "ČAČAK"],
            &["ćevapi", "ћевапи", "cevapi"],
            &["Šabac", "Шабац", "SABAC"],
            &["Žižić", "Жижић", "Zizic"],
            &["Džep", "Џеп", "dzep", "ǅep", "DŽEP"],
            &["Ljubljana", "Љубљана", "LJUBLJANA", "ǈubǉana"],
            &["Njegoš", "Његош", "ǋegoš", "NJEGOS"],
            &["injekcija", "инјекција"],
            &["Jäger", "jager"],
            &["isn’t", "isn't", "ISNT"],
            &["Fa\u{ad}kultet", "fakultet"],
            &["ﬁlm", "film"],
        ] {
            for written in alike {
                assert_eq!(of(written), of(alike[0]), "{written}");
            }
        }
        assert_eq!(of("  Sr-Latn: 5.000 (pet), А.Б.В.!"), "sr latn 5 000 pet a b v");
        assert_eq!(of("国防部"), "国 防 部");
        assert_eq!(of("🎉 … — ’’ ь"), "");
        assert_eq!(of(&"a".repeat(500)).len(), LONGEST);
    }

    #[test]
    fn a_word_is_found_where_it_stands() {
        let text = "Мост „Ђорђе’s‘ – isn’t’ x";
        let found: Vec<&str> = words(text).map(|w| &text[w.at]).collect();
        assert_eq!(found, ["Мост", "Ђорђе’s", "isn’t", "x"]);
    }

    #[test]
    fn what_is_typed_becomes_words_and_phrases() {
        let read = |typed: &str| -> Vec<String> {
            let terms = Sought::read(typed).terms;
            terms.iter().map(|t| format!("{}{}", t.words.join(" "), if t.begins { "*" } else { "" })).collect()
        };
        assert_eq!(read("Most \"na Savi\" i"), ["most*", "na savi", "i"]);
        assert_eq!(read("„Нови мост” пут"), ["novi most", "put*"]);
        assert_eq!(read("covid-191 covid-191 na"), ["covid 191*", "na"]);
        assert_eq!(read("\"not closed here"), ["not*", "closed*", "here*"]);
        assert!(read("\"\" ' - * ( ) : ^ OR\0").len() == 1, "OR is a word");
        assert!(Sought::read("?!*").is_empty());
        assert_eq!(Sought::read(&"ab cd ef ".repeat(9_000)).terms.len(), 3);
        let many: String = (0..99).map(|n| format!("w{n} ")).collect();
        assert_eq!(Sought::read(&many).terms.len(), TERMS);
    }
}
