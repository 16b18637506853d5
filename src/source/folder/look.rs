//! What differs from the last read: by size and time alone, a few hundred files at a time.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::blocking;
use super::walk::Found;
use crate::article::Fault;
use crate::source::SourceError;
use crate::source::around::as_they_were;
use crate::store::files::{self, File};
use crate::store::{Store, StoreError, Tx};

/// Files compared at a time.
const BATCH: usize = 1000;

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Files to be read, by their place in the walk, in order.
    pub(super) changed: Vec<usize>,
    /// Which of them were not there at the last read.
    pub(super) new: HashSet<usize>,
    /// Files that are there no more.
    pub(super) gone: Vec<File>,
    /// What was found wrong with the others when they were read.
    pub(super) faults: Vec<Fault>,
}

/// Compares the files of the walk with what the store has of the last read.
pub(super) async fn look(
    store: &Store,
    name: &str,
    found: &Arc<Vec<Found>>,
    roots: &[PathBuf],
) -> Result<Look, SourceError> {
    let mut look = Look::default();
    let mut unsettled: Vec<usize> = Vec::new();
    let mut said: Vec<(usize, Fault)> = Vec::new();
    let mut known_ones = 0;
    for start in (0..found.len()).step_by(BATCH) {
        let batch = start..found.len().min(start + BATCH);
        let keys: Vec<&str> = found[batch.clone()].iter().map(|file| file.key.as_str()).collect();
        let mut tx = store.read().await?;
        let known = files::some(&mut tx, name, &keys).await?;
        drop(tx);
        known_ones += known.len();
        let (found, roots) = (found.clone(), roots.to_vec());
        let compared = blocking(move || {
            let mut part = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for at in batch {
                match known.get(&found[at].key) {
                    None => part.0.push(at),
                    Some(known) if known.fingerprint != found[at].fingerprint || !as_they_were(&known.uses, &roots) => {
                        part.1.push(at);
                    }
                    Some(known) => {
                        if known.unsettled {
                            part.2.push(at);
                        }
                        part.3.extend(known.faults.iter().cloned().map(|fault| (at, fault)));
                    }
                }
            }
            part
        });
        let (new, changed, waiting, faults) = compared.await?;
        look.changed.extend(new.iter().chain(&changed));
        look.new.extend(new);
        unsettled.extend(waiting);
        said.extend(faults);
    }
    let mut tx = store.read().await?;
    if files::count(&mut tx, name).await?.0 > known_ones {
        look.gone = gone(&mut tx, name, found).await?;
    }
    // What names an article that was not there looks again when one comes, or goes.
    if !look.new.is_empty() || !look.gone.is_empty() {
        let again: HashSet<usize> = unsettled.into_iter().collect();
        said.retain(|(at, _)| !again.contains(at));
        look.changed.extend(again);
    }
    look.faults = said.into_iter().map(|(_, fault)| fault).collect();
    look.changed.sort_unstable();
    Ok(look)
}

/// The same for some files of which nothing else has changed; `None` where others are to be looked at with them.
pub(super) async fn some(
    store: &Store,
    name: &str,
    (found, gone): (&[Found], &[String]),
    roots: &[PathBuf],
) -> Result<Option<Look>, SourceError> {
    let keys: Vec<&str> = found.iter().map(|file| file.key.as_str()).collect();
    let mut tx = store.read().await?;
    for folder in gone {
        if files::any_under(&mut tx, name, folder).await? {
            return Ok(None);
        }
    }
    let known = files::some(&mut tx, name, &keys).await?;
    let mut look = Look::default();
    for (at, file) in found.iter().enumerate() {
        match known.get(&file.key) {
            None => drop(look.new.insert(at)),
            Some(known) if known.fingerprint != file.fingerprint || !as_they_were(&known.uses, roots) => {}
            Some(_) => continue,
        }
        look.changed.push(at);
    }
    let others_wait = !look.new.is_empty() && files::any_waits(&mut tx, name).await?;
    Ok((!others_wait).then_some(look))
}

async fn gone(tx: &mut Tx, name: &str, found: &[Found]) -> Result<Vec<File>, StoreError> {
    let here: HashSet<&str> = found.iter().map(|file| file.key.as_str()).collect();
    let mut gone = Vec::new();
    let mut after = String::new();
    loop {
        let paths = files::paths(tx, name, &after).await?;
        let Some(last) = paths.last() else { return Ok(gone) };
        after.clone_from(last);
        let missing: Vec<&str> = paths.iter().map(String::as_str).filter(|path| !here.contains(path)).collect();
        if !missing.is_empty() {
            gone.extend(files::some(tx, name, &missing).await?.into_values());
        }
    }
}
