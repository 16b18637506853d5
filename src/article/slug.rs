//! Slugs: what stands at the end of an article's address.

use unicode_normalization::UnicodeNormalization;

/// The most characters a slug has.
const LONGEST: usize = 100;

/// A slug of any text: lower case, letters and digits of every script, single hyphens between. Empty where the
/// text has neither.
pub fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.nfc().flat_map(char::to_lowercase) {
        match c {
            // An apostrophe joins what it stands in: “isn’t” → “isnt”.
            '\'' | '’' | 'ʼ' | '\u{AD}' => {}
            c if c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) => slug.push(c),
            '_' if !slug.is_empty() => slug.push('_'),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    let slug = slug.trim_matches(['-', '_']);
    if slug.chars().count() <= LONGEST {
        return slug.to_owned();
    }
    let cut: String = slug.chars().take(LONGEST).collect();
    match cut.rfind('-') {
        Some(end) if end > cut.len() / 2 => cut[..end].to_owned(),
        _ => cut,
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs_are_made_of_any_text() {
        for (text, expect) in [
            ("Rust 1.30.0!", "rust-1-30-0"),
            ("  It isn’t — over ", "it-isnt-over"),
            ("Вежбе на Дунаву", "вежбе-на-дунаву"),
            ("Šta je novo?", "šta-je-novo"),
            ("../../etc/passwd", "etc-passwd"),
            ("خصوصية", "خصوصية"),
            ("!!!", ""),
        ] {
            assert_eq!(slug(text), expect);
        }
        assert!(slug(&"word ".repeat(60)).len() <= 100);
        assert!(!slug(&"word ".repeat(60)).ends_with('-'));
    }
}
