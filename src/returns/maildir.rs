//! A Maildir on this machine. What is in `new/` is read, and in `cur/` what is not marked as seen. What bears our token goes to `cur/`,
//! marked as seen, once it is committed; everything else stays where it is, and is not read again until it is moved: the store
//! knows up to which time of change all files have been looked at. A process that dies in between reads a few once more, and
//! they are known.

use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::mailbox::{BATCH, Looked, MOST, Trouble};
use super::{Applied, Desk, Done, Place};
use crate::mail::report::LARGEST;
use crate::store::returns;

/// Files may bear a time that is so much behind the clock's, in nanoseconds: on a server for files it is another clock.
const BEHIND: i64 = 120_000_000_000;

/// Reads what is there.
pub(super) async fn read(
    folder: &Path,
    desk: &Desk<'_>,
    looked: &mut Looked,
    each: &mut (dyn FnMut(String, Applied) + Send),
) -> Result<(), Trouble> {
    let key = format!("maildir {}", folder.display());
    let mut tx = desk.store.read().await?;
    let last = returns::position(&mut tx, &key).await?.map_or(i64::MIN, |(_, at)| at);
    drop(tx);
    // Files are dated by the system's clock, whatever ours says.
    let begun = UNIX_EPOCH.elapsed().ok().and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or_default();
    let mut waiting = waiting(folder, last)?;
    looked.more = waiting.len() > MOST;
    waiting.truncate(MOST);
    let reached = match (looked.more, waiting.last()) {
        (true, Some((at, _))) => *at,
        _ => begun - BEHIND,
    };
    // Few at a time are in memory.
    for some in waiting.chunks(BATCH / 10) {
        let (mut paths, mut messages) = (Vec::new(), Vec::new());
        for (_, path) in some {
            match beginning(path) {
                Ok(bytes) => {
                    paths.push(path);
                    messages.push(bytes);
                }
                // Another program has moved it, and the next look finds it under its new name.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Trouble::Mailbox(format!("{}: {error}", path.display()))),
            }
        }
        let taken = desk.take_in(&messages, Place::Mailbox).await?;
        for (path, applied) in paths.into_iter().zip(taken) {
            if applied.done != Done::Left && !desk.dry_run {
                see(folder, path).map_err(|error| Trouble::Mailbox(format!("{}: {error}", path.display())))?;
            }
            looked.tally.add(&applied);
            each(path.display().to_string(), applied);
        }
    }
    if !desk.dry_run && reached > last {
        let mut tx = desk.store.write().await?;
        returns::reached(&mut tx, &key, 0, reached).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// What nobody has seen and has changed since `last`, each with its time of change, the oldest first.
fn waiting(folder: &Path, last: i64) -> Result<Vec<(i64, PathBuf)>, Trouble> {
    let mut all = Vec::new();
    for part in ["new", "cur"] {
        let path = folder.join(part);
        let fault = |error: io::Error| {
            let path = path.display();
            Trouble::Mailbox(format!(
                "{path}: {error}; a Maildir is a folder with new/, cur/ and tmp/ that Herald may write to"
            ))
        };
        for entry in std::fs::read_dir(&path).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || is_seen(&name) {
                continue;
            }
            // One that is gone meanwhile has been moved, and is found under its new name.
            let Ok(about) = entry.metadata() else { continue };
            let changed = about.ctime().saturating_mul(1_000_000_000).saturating_add(about.ctime_nsec());
            if about.is_file() && changed >= last {
                all.push((changed, entry.path()));
            }
        }
    }
    all.sort();
    Ok(all)
}

/// Whether a name bears the flag S: `NAME:2,FLAGS`.
fn is_seen(name: &str) -> bool {
    name.rsplit_once(":2,").is_some_and(|(_, flags)| flags.contains('S'))
}

/// Gives it the flag S, in `cur/`.
fn see(folder: &Path, path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (base, flags) = name.rsplit_once(":2,").unwrap_or((&name, ""));
    let mut flags: Vec<char> = flags.chars().chain(['S']).collect();
    flags.sort_unstable();
    let flags: String = flags.into_iter().collect();
    std::fs::rename(path, folder.join("cur").join(format!("{base}:2,{flags}")))
}

/// The beginning of a file, which is no more than is looked at.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGEST as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
