//! → people: the CSV file of each list (`subscribers/NAME.csv`), taken in when it has changed.
//!
//! 1. [`sync_lists`] looks at the file of each list; one that is as it was costs a look at its date (`file.rs`).
//! 2. [`take_file`] reads it by batches; what a row changes, and what it never changes, is
//!    [`crate::audience::merge`]'s to say.
//! 3. The [`ListReport`] names what was left out, with line and reason, and who is missing (`report.rs`).
//!
//! An address twice in a file: the first row is taken, the later ones are named and left out.

mod file;
mod report;
#[cfg(test)]
mod tests;

pub use report::{Kind, ListReport, NAMED, Named};

use std::path::Path;

use crate::audience::Row;
use crate::audience::csv::{Encoding, HeaderError, Reader, SurveyError};
use crate::clock::Clock;
use crate::config::Config;
use crate::secret::Keyring;
use crate::store::subscribers::{self, BATCH, Batches};
use crate::store::{Store, StoreError, keys};
use file::{Counted, Found, Stamp};

/// Why a list's file was not taken in at all.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It can't be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is no text.
    #[error("{file}: {source}")]
    NoText {
        /// The file.
        file: String,
        /// Why.
        source: SurveyError,
    },
    /// Its header can't be used.
    #[error("{file}: {source}")]
    Header {
        /// The file.
        file: String,
        /// Why.
        source: HeaderError,
    },
    /// The store said no; what was taken in before stays, and taking the file in again goes on.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ListError {
    fn read(path: &Path, source: std::io::Error) -> Self {
        ListError::Read { file: path.display().to_string(), source }
    }
}

/// How a file is to be taken in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taking {
    /// Say what would change, and change nothing.
    pub dry_run: bool,
    /// Take those off the list who are not in the file.
    pub remove_missing: bool,
}

/// Takes in the file of each list that has one and has changed. A file that can't be taken in
/// stands in its report ([`ListReport::failed`]) and stops no other. What is new is logged, with
/// addresses masked.
///
/// # Errors
/// What the store says.
pub async fn sync_lists(store: &Store, config: &Config, clock: &Clock) -> Result<Vec<ListReport>, StoreError> {
    let names: Vec<&str> = config.lists.iter().map(|list| list.name.as_str()).collect();
    let mut tx = store.read().await?;
    let mut ids = subscribers::list_ids(&mut tx, &names).await?;
    drop(tx);
    if names.iter().any(|name| !ids.contains_key(*name)) {
        let mut tx = store.write().await?;
        ids = subscribers::ensure_lists(&mut tx, &names).await?;
        tx.commit().await?;
    }
    let mut reports = Vec::new();
    for list in &config.lists {
        if let (Some(file), Some(id)) = (&list.file, ids.get(&list.name)) {
            let report = sync_list(store, config, clock, &list.name, *id, &config.path(file)).await?;
            report.log();
            reports.push(report);
        }
    }
    Ok(reports)
}

async fn sync_list(
    store: &Store,
    config: &Config,
    clock: &Clock,
    list: &str,
    id: i64,
    path: &Path,
) -> Result<ListReport, StoreError> {
    let mut tx = store.read().await?;
    let before = subscribers::fingerprint(&mut tx, id).await?;
    drop(tx);
    let newsletters = newsletters_of(config, list);
    let stamp = Stamp::of(path, &newsletters);
    if stamp.is_in(before.as_deref()) {
        return Ok(ListReport::unchanged_file(list, path));
    }
    let done = async {
        let found = Found::look(path).await?;
        let now_known = stamp.with(&found.hash);
        if Stamp::same_content(before.as_deref(), &now_known) {
            return Ok((ListReport::unchanged_file(list, path), now_known));
        }
        let report = take(store, config, clock, list, path, &found, Taking::default(), &mut |_, _| {}).await?;
        Ok((report, now_known))
    };
    let (report, known) = match done.await {
        Ok(done) => done,
        Err(ListError::Store(error)) => return Err(error),
        // Kept like a success, so that it is told once, and again when the file has changed.
        Err(error) => (ListReport::failed(list, path, error.to_string()), stamp.with("failed")),
    };
    // Changed while it was being read: the next pass looks again.
    if Stamp::of(path, &newsletters) == stamp {
        let mut tx = store.write().await?;
        subscribers::set_fingerprint(&mut tx, id, &known).await?;
        tx.commit().await?;
    }
    Ok(report)
}

/// Takes one file into a list. `progress` is told bytes read and bytes in all.
///
/// # Errors
/// [`ListError`]: the file as a whole can't be taken in. Bad rows are in the report.
pub async fn take_file(
    store: &Store,
    config: &Config,
    clock: &Clock,
    list: &str,
    path: &Path,
    taking: Taking,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<ListReport, ListError> {
    let found = Found::look(path).await?;
    take(store, config, clock, list, path, &found, taking, progress).await
}

#[expect(clippy::too_many_arguments, reason = "one call, with what its two callers were given")]
async fn take(
    store: &Store,
    config: &Config,
    clock: &Clock,
    list: &str,
    path: &Path,
    found: &Found,
    taking: Taking,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<ListReport, ListError> {
    let (source, read) = Counted::open(path).map_err(|e| ListError::read(path, e))?;
    let newsletters = newsletters_of(config, list);
    let names: Vec<&str> = newsletters.iter().map(String::as_str).collect();
    let mut reader = Reader::new(source, found.encoding, &names)
        .map_err(|source| ListError::Header { file: path.display().to_string(), source })?;
    let mut report = ListReport::new(list, path, found.encoding);
    report.dry_run = taking.dry_run;
    report.name_faults(Kind::Warning, reader.warnings());
    let (ring, mut batches) = begin(store, list, &reader, taking).await?;
    loop {
        let batch;
        (reader, batch) = next_batch(reader).await.map_err(|e| ListError::read(path, e))?;
        if batch.rows.is_empty() && batch.rejected.is_empty() {
            break;
        }
        report.name_faults(Kind::Warning, &batch.warnings);
        report.name_faults(Kind::Rejected, &batch.rejected);
        report.rows += (batch.rows.len() + batch.rejected.len()) as u64;
        if !batch.rows.is_empty() {
            // A transaction a batch: a long file must not keep others from writing.
            let mut tx = if taking.dry_run { store.read().await? } else { store.write().await? };
            let outcomes = batches.take(&mut tx, &ring, &batch.rows, clock.now()).await?;
            tx.commit().await?;
            for (row, outcome) in batch.rows.iter().zip(outcomes) {
                report.count(row, outcome);
            }
        }
        progress(read.so_far(), found.length);
    }
    report.broken = reader.broken();
    if !report.broken {
        look_for_missing(store, &batches, taking, &mut report).await?;
    }
    Ok(report)
}

async fn begin(
    store: &Store,
    list: &str,
    reader: &Reader<Counted>,
    taking: Taking,
) -> Result<(Keyring, Batches), StoreError> {
    if taking.dry_run {
        let mut tx = store.read().await?;
        let id = subscribers::list_ids(&mut tx, &[list]).await?.get(list).copied();
        return Ok((keys::ring(&mut tx).await?, Batches::dry(id, reader.columns())));
    }
    let mut tx = store.write().await?;
    let ids = subscribers::ensure_lists(&mut tx, &[list]).await?;
    let ring = keys::ring(&mut tx).await?;
    tx.commit().await?;
    let id = ids.get(list).copied().ok_or(StoreError::Missing("a list just made"))?;
    Ok((ring, Batches::new(id, reader.columns())))
}

/// Names who is not in the file any more, and takes them off where that is asked for. A row that
/// was rejected may be one of them, so nobody is taken off while there is one.
async fn look_for_missing(
    store: &Store,
    batches: &Batches,
    taking: Taking,
    report: &mut ListReport,
) -> Result<(), StoreError> {
    let remove = taking.remove_missing && report.rejected == 0;
    let mut after = Some(0);
    while let Some(from) = after {
        let mut tx = if remove && !taking.dry_run { store.write().await? } else { store.read().await? };
        let (missing, next) = batches.missing(&mut tx, from).await?;
        for (_, address) in &missing {
            report.missing(address);
        }
        if remove {
            let ids: Vec<i64> = missing.iter().map(|(id, _)| *id).collect();
            report.removed += if taking.dry_run { ids.len() as u64 } else { batches.remove(&mut tx, &ids).await? };
        }
        tx.commit().await?;
        after = next;
    }
    Ok(())
}

struct Batch {
    rows: Vec<Row>,
    rejected: Vec<crate::audience::csv::Fault>,
    warnings: Vec<crate::audience::csv::Fault>,
}

/// The next rows of the file, read where blocking hurts nobody.
async fn next_batch(mut reader: Reader<Counted>) -> std::io::Result<(Reader<Counted>, Batch)> {
    let read = tokio::task::spawn_blocking(move || {
        let mut batch = Batch { rows: Vec::with_capacity(BATCH), rejected: Vec::new(), warnings: Vec::new() };
        while batch.rows.len() + batch.rejected.len() < BATCH {
            let Some(line) = reader.line() else { break };
            batch.warnings.extend(line.warnings);
            match line.row {
                Ok(row) => batch.rows.push(row),
                Err(fault) => batch.rejected.push(fault),
            }
        }
        (reader, batch)
    });
    read.await.map_err(std::io::Error::other)
}

/// The newsletters that go to a list, by name: what its `newsletters` column may hold.
fn newsletters_of(config: &Config, list: &str) -> Vec<String> {
    let to_it = config.newsletters.iter().filter(|n| n.lists.iter().any(|name| name == list));
    to_it.map(|n| n.name.clone()).collect()
}

/// Reads the file of each list and changes nothing: what `herald check` says of them.
pub fn check_lists(config: &Config) -> Vec<crate::article::Fault> {
    let mut faults = Vec::new();
    for list in &config.lists {
        let Some(file) = &list.file else { continue };
        let path = config.path(file);
        let shown = file.display().to_string();
        let fault = |line: Option<u64>, reason: String, fatal| crate::article::Fault {
            file: shown.clone(),
            line: line.and_then(|line| usize::try_from(line).ok()),
            reason,
            fatal,
        };
        let newsletters = newsletters_of(config, &list.name);
        let names: Vec<&str> = newsletters.iter().map(String::as_str).collect();
        let opened = Found::look_now(&path).and_then(|found| {
            let (source, _) = Counted::open(&path).map_err(|e| ListError::read(&path, e))?;
            Reader::new(source, found.encoding, &names)
                .map(|reader| (reader, found.encoding))
                .map_err(|source| ListError::Header { file: path.display().to_string(), source })
        });
        let (mut reader, encoding) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let reason = match error {
                    ListError::Read { source, .. } => source.to_string(),
                    ListError::NoText { source, .. } => source.to_string(),
                    ListError::Header { source, .. } => source.to_string(),
                    ListError::Store(error) => error.to_string(),
                };
                faults.push(fault(None, reason, true));
                continue;
            }
        };
        if encoding != Encoding::Utf8 {
            faults.push(fault(None, report::converted(encoding), false));
        }
        for warning in reader.warnings() {
            faults.push(fault(Some(warning.line), report::sentence(warning), false));
        }
        while let Some(line) = reader.line() {
            for warning in &line.warnings {
                faults.push(fault(Some(warning.line), report::sentence(warning), false));
            }
            if let Err(rejected) = &line.row {
                faults.push(fault(Some(rejected.line), report::sentence(rejected), true));
            }
            if faults.len() > NAMED {
                faults.push(fault(None, format!("there are more than these {NAMED} faults; mend them first"), true));
                break;
            }
        }
    }
    faults
}
