//! Pictures and other files that articles show: copied under the hash of their bytes, so that an address never changes
//! what it shows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::SourceError;
use crate::article::markup::{Asset, Found};

/// The largest file that is copied, in bytes.
const LARGEST: u64 = 25 * 1024 * 1024;
/// What may be served beside articles; no type that a browser would run.
const ENDINGS: &[&str] =
    &["jpg", "jpeg", "png", "gif", "webp", "avif", "mp3", "m4a", "ogg", "oga", "wav", "mp4", "webm", "ogv", "pdf"];

/// Copies the files that articles show; each once a read.
pub(super) struct Media {
    /// `None`: nothing is copied, only told where it would stand.
    folder: Option<PathBuf>,
    site_url: String,
    known: Mutex<HashMap<PathBuf, Found>>,
    /// The first copy that could not be written: the whole read fails for it, since the disk does.
    failed: Mutex<Option<SourceError>>,
}

impl Media {
    /// Copies go into `folder` and are served under `site_url`.
    pub(super) fn new(folder: PathBuf, site_url: &str) -> Self {
        Media { folder: Some(folder), ..Media::nowhere(site_url) }
    }

    /// For a look that changes nothing: nothing is read or written.
    pub(super) fn nowhere(site_url: &str) -> Self {
        Media { folder: None, site_url: site_url.to_owned(), known: Mutex::default(), failed: Mutex::default() }
    }

    /// The copy of a file, or why it is not given out.
    pub(super) fn copy(&self, file: &Path) -> Found {
        if let Some(found) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(file) {
            return found.clone();
        }
        let found = self.make(file);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(file.to_owned(), found.clone());
        found
    }

    /// Why a copy could not be written, if one could not.
    pub(super) fn failure(&self) -> Option<SourceError> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn make(&self, file: &Path) -> Found {
        let ending = file.extension().and_then(|end| end.to_str()).unwrap_or_default().to_lowercase();
        if !ENDINGS.contains(&ending.as_str()) {
            return Found::Refused(format!("files of the kind “.{ending}” are not given out"));
        }
        let read = std::fs::metadata(file).and_then(|meta| match &self.folder {
            _ if meta.len() > LARGEST => Err(std::io::Error::other("it is over 25 MB")),
            Some(_) => std::fs::read(file),
            None => std::fs::File::open(file).map(|_| Vec::new()),
        });
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => return Found::Refused(error.to_string()),
        };
        let stem: String = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .take(40)
            .collect();
        let name = format!("{}-{}.{ending}", &hash(&bytes)[..16], stem.trim_matches('-'));
        if let Err(error) = self.keep(&name, &bytes) {
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            return Found::Nothing;
        }
        let size = imagesize::blob_size(&bytes)
            .ok()
            .and_then(|size| Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?)));
        Found::Asset(Asset {
            url: format!("{}/media/{name}", self.site_url),
            media_type: mime_guess::from_path(&name).first_or_octet_stream().essence_str().to_owned(),
            bytes: bytes.len() as u64,
            size,
            name,
        })
    }

    /// Written beside and renamed: a file that is there is whole.
    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), SourceError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let path = folder.join(name);
        if std::fs::metadata(&path).is_ok_and(|meta| meta.len() == bytes.len() as u64) {
            return Ok(());
        }
        let fault = |path: &Path, source| SourceError::Media { path: path.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(|e| fault(folder, e))?;
        let mut beside = tempfile::NamedTempFile::new_in(folder).map_err(|e| fault(folder, e))?;
        std::io::Write::write_all(&mut beside, bytes).map_err(|e| fault(&path, e))?;
        beside.as_file().sync_all().map_err(|e| fault(&path, e))?;
        beside.persist(&path).map_err(|e| fault(&path, e.error))?;
        Ok(())
    }
}

/// SHA-256 of these bytes, hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}
