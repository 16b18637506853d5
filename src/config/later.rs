//! What this version does not have yet. Each is named as such: a setting that is read and then ignored would be a promise
//! that nobody keeps.

/// Keys by the table they stand in, its path without the names of elements.
const KEYS: &[(&str, &[&str])] = &[
    ("", &["privacy"]),
    ("keep", &["unconfirmed", "logs", "revisions"]),
    ("site", &["logo"]),
    ("lists", &["web_copy"]),
    ("staff", &["languages"]),
];

/// Values by their key.
const VALUES: &[(&str, &[&str])] = &[("sources.kind", &["feed", "page", "wordpress", "ghost", "api"])];

/// Whether `key` of the table at `path` belongs to a later version.
pub(super) fn key(path: &str, key: &str) -> bool {
    KEYS.iter().any(|(table, keys)| *table == path && keys.contains(&key))
}

/// Whether `value` of the key at `path` belongs to a later version.
pub(super) fn value(path: &str, value: &str) -> bool {
    VALUES.iter().any(|(key, values)| *key == path && values.contains(&value))
}

/// What to say of it.
pub(super) fn says(what: &str) -> String {
    format!("this version of Herald does not have {what} yet; take it out, so that nobody relies on it")
}
