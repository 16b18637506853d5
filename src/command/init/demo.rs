//! The sample newsroom, as it stands in the source tree and in the binary.

use rust_embed::RustEmbed;

use super::files;

#[derive(RustEmbed)]
#[folder = "articles/"]
struct Articles;

#[derive(RustEmbed)]
#[folder = "subscribers/"]
#[include = "*.sample.csv"]
struct People;

const CONFIG: &str = include_str!("../../../config.toml");

/// Every file of it with its content.
///
/// # Errors
/// The binary holds no sample newsroom (a debug build reads it from the source tree, which may be gone).
pub(super) fn files() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut all = vec![
        (files::CONFIG.to_owned(), CONFIG.as_bytes().to_vec()),
        (files::IGNORE.to_owned(), files::ignore("/subscribers/*\n!/subscribers/*.sample.csv").into_bytes()),
    ];
    let begun = all.len();
    for name in Articles::iter() {
        all.extend(Articles::get(&name).map(|file| (format!("articles/{name}"), file.data.into_owned())));
    }
    for name in People::iter() {
        all.extend(People::get(&name).map(|file| (format!("subscribers/{name}"), file.data.into_owned())));
    }
    anyhow::ensure!(
        all.len() > begun,
        "this debug build reads the sample newsroom from its source tree, which is gone"
    );
    Ok(all)
}
