//! A list's file on the disk: whether it has changed, how it is encoded, how far it is read.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use super::ListError;
use crate::audience::csv::{Encoding, Survey};

/// What a file looks like from outside, with what else its reading depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    outside: String,
    newsletters: String,
}

impl Stamp {
    pub(super) fn of(path: &Path, newsletters: &[String]) -> Self {
        let outside = std::fs::metadata(path).map_or_else(|error| format!("{:?}", error.kind()), |m| outside(&m));
        Stamp { outside, newsletters: newsletters.join(",") }
    }

    /// Whether a kept fingerprint is of a file that looked the same.
    pub(super) fn is_in(&self, kept: Option<&str>) -> bool {
        let mut parts = kept.unwrap_or_default().split('|');
        parts.next() == Some(&self.outside) && parts.nth(1) == Some(&self.newsletters)
    }

    /// The fingerprint to keep: what it looks like, the hash of what is in it, and the newsletters.
    pub(super) fn with(&self, hash: &str) -> String {
        format!("{}|{hash}|{}", self.outside, self.newsletters)
    }

    /// Whether two fingerprints are of the same content.
    pub(super) fn same_content(kept: Option<&str>, now: &str) -> bool {
        let content = |text: &str| text.split_once('|').map(|(_, rest)| rest.to_owned());
        kept.and_then(content).is_some_and(|kept| Some(kept) == content(now))
    }
}

/// Length, times and number of a file: a change of what is in it changes one of them.
fn outside(metadata: &Metadata) -> String {
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    #[cfg(unix)]
    let inner = {
        use std::os::unix::fs::MetadataExt;
        format!("{}.{} {}", metadata.ctime(), metadata.ctime_nsec(), metadata.ino())
    };
    #[cfg(not(unix))]
    let inner = "";
    format!("{} {} {inner}", metadata.len(), modified.as_nanos())
}

/// What one look through a whole file found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) encoding: Encoding,
    /// SHA-256, hexadecimal.
    pub(super) hash: String,
    pub(super) length: u64,
}

impl Found {
    /// Reads the file once, where blocking hurts nobody.
    pub(super) async fn look(path: &Path) -> Result<Self, ListError> {
        let path: PathBuf = path.to_owned();
        let shown = path.clone();
        let looked = tokio::task::spawn_blocking(move || Self::look_now(&path)).await;
        looked.map_err(|e| ListError::read(&shown, io::Error::other(e)))?
    }

    pub(super) fn look_now(path: &Path) -> Result<Self, ListError> {
        let mut survey = Survey::default();
        let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
        let mut length = 0;
        let mut piece = vec![0; 256 * 1024];
        let mut source = File::open(path).map_err(|e| ListError::read(path, e))?;
        loop {
            let read = source.read(&mut piece).map_err(|e| ListError::read(path, e))?;
            if read == 0 {
                break;
            }
            survey.feed(&piece[..read]);
            hash.update(&piece[..read]);
            length += read as u64;
        }
        let encoding =
            survey.encoding().map_err(|source| ListError::NoText { file: path.display().to_string(), source })?;
        Ok(Found { encoding, hash: data_encoding::HEXLOWER.encode(hash.finish().as_ref()), length })
    }
}

/// A file that counts what was read of it.
pub(super) struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

/// How far a [`Counted`] is.
pub(super) struct Progress(Arc<AtomicU64>);

impl Progress {
    pub(super) fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counted {
    pub(super) fn open(path: &Path) -> io::Result<(Self, Progress)> {
        let read = Arc::new(AtomicU64::new(0));
        Ok((Counted { file: File::open(path)?, read: Arc::clone(&read) }, Progress(read)))
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
