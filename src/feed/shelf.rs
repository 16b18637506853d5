//! The built feeds, in memory: what an answer needs is made once a build, never once a request.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;

use super::Format;
use crate::clock::Instant;

/// One feed in one format, ready to be sent.
#[derive(Clone, Debug)]
pub struct Document {
    /// How it is written down.
    pub format: Format,
    /// The document itself.
    pub bytes: Bytes,
    /// The same, gzip (RFC 1952).
    pub gzip: Bytes,
    /// The same, brotli (RFC 7932).
    pub brotli: Bytes,
    /// The strong tag of its bytes, without quotes; `-gzip` and `-br` behind it name the two others.
    pub tag: String,
    /// When the newest of its entries was updated.
    pub last_modified: Instant,
    /// How many entries it holds.
    pub entries: usize,
}

impl Document {
    /// A document of these bytes, compressed both ways. Takes some milliseconds of the processor.
    pub fn new(format: Format, bytes: Vec<u8>, last_modified: Instant, entries: usize) -> Document {
        let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
        let tag = data_encoding::HEXLOWER.encode(&digest.as_ref()[..16]);
        let (gzip, brotli) = (gzip(&bytes), brotli(&bytes));
        Document { format, bytes: bytes.into(), gzip: gzip.into(), brotli: brotli.into(), tag, last_modified, entries }
    }

    /// Its media type with charset.
    pub fn content_type(&self) -> &'static str {
        self.format.content_type()
    }
}

/// gzip without a time in its head, so that the same bytes stay the same bytes.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 3), flate2::Compression::new(7));
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// brotli at the level beyond which its time grows faster than its gain.
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4);
    {
        let mut encoder = brotli::CompressorWriter::new(&mut out, 16 * 1024, 5, 22);
        let _ = encoder.write_all(bytes);
    }
    out
}

/// Name of the feed and format.
type Slot = (String, Format);
/// One whole build.
type Build = BTreeMap<Slot, Arc<Document>>;

/// All feeds as they are served. Whoever asks gets the last good build.
#[derive(Debug, Default)]
pub struct Shelf {
    up: RwLock<Option<Arc<Build>>>,
}

impl Shelf {
    /// An empty shelf; [`Shelf::is_up`] says so.
    pub fn new() -> Shelf {
        Shelf::default()
    }

    /// Whether a first build was put up.
    pub fn is_up(&self) -> bool {
        self.all().is_some()
    }

    /// The feed of that name in that format.
    pub fn get(&self, name: &str, format: Format) -> Option<Arc<Document>> {
        self.all()?.get(&(name.to_owned(), format)).cloned()
    }

    fn all(&self) -> Option<Arc<Build>> {
        self.up.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
