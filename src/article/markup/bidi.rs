//! Invisible characters that turn the direction of writing (Unicode UAX #9). An override (`U+202E`) shows a text in
//! another order than it has: `exe.txt` for `txt.exe`, and whatever stands after it on the page is turned too.

/// A line without overrides and embeddings. Marks (LRM, RLM, ALM) stay, and isolates, each with its end: Arabic and Hebrew need
/// them beside Latin names.
pub(super) fn tame(line: &str) -> String {
    if !line.contains(|c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')) {
        return line.to_owned();
    }
    let mut tamed = String::with_capacity(line.len());
    let mut open = 0usize;
    for c in line.chars() {
        match c {
            '\u{202A}'..='\u{202E}' => continue,
            '\u{2066}'..='\u{2068}' => open += 1,
            '\u{2069}' if open == 0 => continue,
            '\u{2069}' => open -= 1,
            _ => {}
        }
        tamed.push(c);
    }
    tamed.extend(std::iter::repeat_n('\u{2069}', open));
    tamed
}

/// A text without overrides; its embeddings end with their paragraphs, and may be meant.
pub(super) fn without_overrides(html: String) -> String {
    if html.contains(['\u{202D}', '\u{202E}']) { html.replace(['\u{202D}', '\u{202E}'], "") } else { html }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_go_and_what_is_meant_stays() {
        for (line, expect) in [
            ("a\u{202E}txt.exe", "atxt.exe"),
            ("\u{202A}a\u{202C} \u{202B}b\u{202C}\u{202D}", "a b"),
            ("\u{200E}a\u{200F} \u{61C}b", "\u{200E}a\u{200F} \u{61C}b"),
            ("\u{2067}\u{5D0}\u{2069} a", "\u{2067}\u{5D0}\u{2069} a"),
            ("\u{2067}\u{5D0} a", "\u{2067}\u{5D0} a\u{2069}"),
            ("a\u{2069} b", "a b"),
        ] {
            assert_eq!(tame(line), expect, "{line:?}");
        }
    }
}
