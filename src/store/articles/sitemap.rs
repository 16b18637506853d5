//! What search engines are told: every public address, in parts by the number of going public.

use super::read_language;
use crate::article::Language;
use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx};

/// Numbers in one part: with its translations' addresses a part stays at some 4 MB, far below the 50,000 and 50 MB that are allowed
/// (sitemaps.org, "Sitemap file size").
pub const A_PART: i64 = 5_000;

/// A part in which something is public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1.
    pub number: i64,
    /// When something in it last changed.
    pub updated: Instant,
}

const PARTS: &str = "
    SELECT (a.public_seq - 1) / $1 + 1 AS part, MAX(a.updated) FROM articles a
    WHERE a.public_seq IS NOT NULL AND a.removed IS NULL GROUP BY (a.public_seq - 1) / $1 ORDER BY part";

/// The parts there are. It goes through all articles: ask it when something has changed, not for each request.
///
/// # Errors
/// What the database says.
pub async fn parts(tx: &mut Tx) -> Result<Vec<Part>, StoreError> {
    let rows = tx.q(PARTS).bind(A_PART).all().await?;
    rows.iter().map(|row| Ok(Part { number: row.get(0)?, updated: from_micros(row.get(1)?) })).collect()
}

/// A public article's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its language.
    pub language: Language,
    /// Its slug.
    pub slug: String,
    /// When it last changed by more than a slip.
    pub updated: Instant,
    /// The story in every language in which it is public, itself included.
    pub versions: Vec<(Language, String)>,
}

const PLACES: &str = "
    SELECT a.public_seq, a.language, a.slug, a.updated, b.language, b.slug FROM articles a CROSS JOIN articles b
    WHERE b.story = a.story AND a.public_seq > $1 AND a.public_seq <= $2 AND a.removed IS NULL
    AND b.public_seq IS NOT NULL AND b.removed IS NULL ORDER BY a.public_seq, b.public_seq";

/// What is public in a part.
///
/// # Errors
/// What the database says.
pub async fn places(tx: &mut Tx, part: i64) -> Result<Vec<Place>, StoreError> {
    let rows = tx.q(PLACES).bind((part - 1).saturating_mul(A_PART)).bind(part.saturating_mul(A_PART)).all().await?;
    let mut places: Vec<Place> = Vec::new();
    let mut last = None;
    for row in &rows {
        let number: i64 = row.get(0)?;
        if last != Some(number) {
            last = Some(number);
            places.push(Place {
                language: read_language(row, 1)?,
                slug: row.get(2)?,
                updated: from_micros(row.get(3)?),
                versions: Vec::new(),
            });
        }
        if let Some(place) = places.last_mut() {
            place.versions.push((read_language(row, 4)?, row.get(5)?));
        }
    }
    Ok(places)
}
