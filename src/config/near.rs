//! Names that were probably meant.

/// The name among `known` that looks most like `name`, where one does.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let wanted = name.to_lowercase();
    let score = |known: &str| {
        let known = known.to_lowercase();
        let longest = wanted.chars().count().max(known.chars().count()).max(1);
        let close = 1.0 - strsim::osa_distance(&wanted, &known) as f64 / longest as f64;
        strsim::jaro_winkler(&wanted, &known).max(close)
    };
    known
        .into_iter()
        .map(|known| (score(known), known))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// `a, b and c`.
pub(super) fn or_list(names: &[&str], last: &str) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., end] => format!("{} {last} {end}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_name_and_strangers_none() {
        let known = ["schedule", "timezone", "template", "title", "from"];
        assert_eq!(nearest("shedule", known), Some("schedule"));
        assert_eq!(nearest("time_zone", known), Some("timezone"));
        assert_eq!(nearest("form", known), Some("from"));
        assert_eq!(nearest("Title", known), Some("title"));
        assert_eq!(nearest("qux", known), None);
    }
}
