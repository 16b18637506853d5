//! One daemon a store: `run` and `once` hold a lock on a file beside the SQLite store. The system lets
//! go of it when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::store::Store;

/// Holding it is holding the store's daemon place. On PostgreSQL, where several instances may work
/// on one store, it holds nothing.
#[derive(Debug)]
pub struct Lock {
    _file: Option<File>,
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another one works on this store.
    #[error(
        "another herald (process {process}) is working on this store: {path}\nStop it first, or use the other commands, which work beside it."
    )]
    Held {
        /// Its process id, as it wrote it down.
        process: String,
        /// The lock file.
        path: PathBuf,
    },
    /// The file could not be opened.
    #[error("{path}: {source}")]
    File {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Lock {
    /// Takes the daemon's place at this store.
    ///
    /// # Errors
    /// [`LockError::Held`] while another process has it.
    pub fn take(store: &Store) -> Result<Lock, LockError> {
        let Some(database) = store.file() else { return Ok(Lock { _file: None }) };
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let fault = |source| LockError::File { path: path.clone(), source };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => {
                // Only for the message of the one who is refused; the lock itself is the system's.
                let note = file
                    .set_len(0)
                    .and_then(|()| file.seek(SeekFrom::Start(0)))
                    .and_then(|_| file.write_all(std::process::id().to_string().as_bytes()));
                if let Err(error) = note {
                    tracing::debug!("{}: {error}", path.display());
                }
                Ok(Lock { _file: Some(file) })
            }
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                let _ = file.take(20).read_to_string(&mut process);
                if process.is_empty() {
                    process = "unknown".to_owned();
                }
                Err(LockError::Held { process, path })
            }
            Err(TryLockError::Error(source)) => Err(fault(source)),
        }
    }
}
