//! Whether two texts say the same but for slips, in English and in Serbian's two scripts. Where a rule cannot know, it says no.

use strsim::osa_distance;

/// More words than this with a slip each are no slip.
const SLIPS: usize = 3;
/// Words that make the opposite of a sentence.
const NEGATIONS: &[&str] = &[
    "no",
    "not",
    "never",
    "none",
    "nor",
    "neither",
    "cannot",
    "without",
    "nobody",
    "nothing",
    "ne",
    "ni",
    "nije",
    "nisu",
    "nisam",
    "nismo",
    "niste",
    "nisi",
    "neće",
    "nece",
    "nećemo",
    "nema",
    "nemaju",
    "nikad",
    "nikada",
    "niko",
    "ništa",
    "bez",
    "не",
    "ни",
    "није",
    "нису",
    "нисам",
    "нисмо",
    "нисте",
    "неће",
    "нећемо",
    "нема",
    "немају",
    "никад",
    "никада",
    "нико",
    "ништа",
    "без",
];
/// How words begin that name a number, a month or a day.
const FIGURES: &[&str] = &[
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twel",
    "thir",
    "fift",
    "twent",
    "fort",
    "hundred",
    "thousand",
    "million",
    "billion",
    "first",
    "second",
    "half",
    "dozen",
    "jedan",
    "jedn",
    "dva",
    "dve",
    "dvoj",
    "tri",
    "troj",
    "četir",
    "četvr",
    "pet",
    "šest",
    "sedam",
    "sedm",
    "osam",
    "osm",
    "devet",
    "deset",
    "sto",
    "dvest",
    "trist",
    "hiljad",
    "milion",
    "milij",
    "prv",
    "drug",
    "treć",
    "januar",
    "februar",
    "mart",
    "april",
    "maj",
    "jun",
    "jul",
    "avgust",
    "septemb",
    "oktob",
    "novemb",
    "decemb",
    "ponedelj",
    "utor",
    "sred",
    "subot",
    "nedelj",
    "један",
    "једн",
    "два",
    "две",
    "двој",
    "три",
    "трој",
    "четир",
    "четвр",
    "пет",
    "шест",
    "седам",
    "седм",
    "осам",
    "осм",
    "девет",
    "десет",
    "сто",
    "двест",
    "трист",
    "хиљад",
    "милион",
    "милиј",
    "прв",
    "друг",
    "трећ",
    "јануар",
    "фебруар",
    "март",
    "април",
    "мај",
    "јун",
    "јул",
    "август",
    "септемб",
    "октоб",
    "новемб",
    "децемб",
    "понедељ",
    "утор",
    "сред",
    "субот",
    "недељ",
];

/// Whether two texts say the same but for spacing, punctuation and a few mistyped letters.
pub(super) fn says_the_same(old: &str, new: &str) -> bool {
    if old == new {
        return true;
    }
    if figures(old) != figures(new) || !negations(old).eq(negations(new)) {
        return false;
    }
    if letters(old).eq(letters(new)) {
        return true;
    }
    let mut slips = 0;
    let (mut olds, mut news) = (words(old), words(new));
    loop {
        match (olds.next(), news.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => {
                slips += 1;
                if slips > SLIPS || !mistyped(a, b) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// Whether `part` is spelled out in `whole`, but for what stands at its end when it was cut there.
pub(super) fn spelled_in(part: &str, whole: &str) -> bool {
    signs(whole).contains(&signs(part))
}

/// The letters and figures of a text and nothing else, in lower case.
pub(super) fn signs(text: &str) -> String {
    letters(text).collect()
}

fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty())
}

fn negations(text: &str) -> impl Iterator<Item = String> + '_ {
    // The letter behind the apostrophe of “can't” is no word.
    words(text).map(str::to_lowercase).filter(|word| NEGATIONS.contains(&word.as_str()))
}

/// The figures of a text with what makes them others: signs, points, currencies, per cent. Spaces between groups of three and the
/// make of a dash make no difference.
fn figures(text: &str) -> Vec<String> {
    let signs: Vec<char> = text.chars().collect();
    let digit = |at: usize| signs.get(at).is_some_and(char::is_ascii_digit);
    let mut figures = Vec::new();
    let mut at = 0;
    while at < signs.len() {
        let c = signs[at];
        if matches!(c, '%' | '‰' | '°' | '€' | '$' | '£' | '¥' | '№') {
            figures.push(c.to_string());
        }
        if !digit(at) {
            at += 1;
            continue;
        }
        let mut figure = String::new();
        let before = at.checked_sub(1).map(|n| signs[n]);
        let further = at.checked_sub(2).map(|n| signs[n]);
        if before.is_some_and(is_dash) && further.is_none_or(|c| !c.is_alphanumeric()) {
            figure.push('-');
        }
        while at < signs.len() {
            let group = (at + 1..at + 4).all(digit) && !digit(at + 4);
            match signs[at] {
                c if c.is_ascii_digit() => figure.push(c),
                // A group of three behind at most three.
                ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'
                    if group && figure.chars().rev().take_while(char::is_ascii_digit).count() <= 3 => {}
                c if is_dash(c) && digit(at + 1) => figure.push('-'),
                c @ ('.' | ',' | ':' | '/' | '\'') if digit(at + 1) => figure.push(c),
                _ => break,
            }
            at += 1;
        }
        figures.push(figure);
    }
    figures
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2014}' | '\u{2212}')
}

/// Whether one word is the other with a letter or two mistyped. Short words change their sense with one letter, and so do names,
/// numbers, days, and what is put before or behind a word.
fn mistyped(a: &str, b: &str) -> bool {
    if a.to_lowercase() == b.to_lowercase() {
        return true;
    }
    let begins_great = |word: &str| word.starts_with(char::is_uppercase);
    if begins_great(a) || begins_great(b) || a.chars().chain(b.chars()).any(char::is_numeric) {
        return false;
    }
    let (plain_a, plain_b) = (bare(a), bare(b));
    if plain_a == plain_b {
        return true;
    }
    let named = |word: &str| FIGURES.iter().any(|figure| word.starts_with(figure));
    if named(a) || named(b) || plain_a.len().max(plain_b.len()) > 60 {
        return false;
    }
    let far = osa_distance(&to_text(&plain_a), &to_text(&plain_b));
    let long = plain_a.len().max(plain_b.len());
    let substituted = plain_a.len() == plain_b.len() && !swapped(&plain_a, &plain_b);
    let within = match long {
        0..=2 => false,
        3 => far <= 1 && plain_a.len() == plain_b.len() && !substituted,
        4 | 5 => far <= 1 && !substituted,
        6 | 7 => far <= 1,
        _ => far <= 2,
    };
    within && plain_a.first() == plain_b.first() && same_end(&plain_a, &plain_b)
}

/// Whether the ends are the same, or the last two letters changed places, or the last one was written twice.
fn same_end(a: &[char], b: &[char]) -> bool {
    let twice = |long: &[char], short: &[char]| {
        long.len() == short.len() + 1 && long.starts_with(short) && long.last() == short.last()
    };
    let behind = |long: &[char], short: &[char]| long.len() > short.len() && long.starts_with(short);
    if behind(a, b) || behind(b, a) {
        return twice(a, b) || twice(b, a);
    }
    a.last() == b.last() || swapped(a, b)
}

/// Whether two neighbouring letters changed places, and nothing else.
fn swapped(a: &[char], b: &[char]) -> bool {
    let differing: Vec<usize> = (0..a.len().min(b.len())).filter(|n| a[*n] != b[*n]).collect();
    match differing.as_slice() {
        [one, two] => a.len() == b.len() && *two == one + 1 && a[*one] == b[*two] && a[*two] == b[*one],
        _ => false,
    }
}

fn to_text(letters: &[char]) -> String {
    letters.iter().collect()
}

/// The letters of a word in lower case, without the marks that people leave out: a missing háček is a slip.
fn bare(word: &str) -> Vec<char> {
    let plain = |c: char| match c {
        'č' | 'ć' => 'c',
        'š' => 's',
        'ž' => 'z',
        'đ' => 'd',
        'á' | 'à' | 'â' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        other => other,
    };
    word.chars().flat_map(char::to_lowercase).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_with_what_makes_them_others() {
        assert_eq!(
            figures("10 000 and 10\u{a0}000, 1.5 % of -5 €, 3–4, in 2023 100 came at 14:30."),
            ["10000", "10000", "1.5", "%", "-5", "€", "3-4", "2023", "100", "14:30"]
        );
    }
}
