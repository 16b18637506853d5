//! Folders are watched, so that a saved file is on its way at once; being read every so often is the net under it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::SourceError;
use crate::config::{Config, Source};
use crate::wake::{Task, Wake};

/// How long a folder must be quiet before it is read: editors and copies write in several steps.
const QUIET: Duration = Duration::from_millis(200);
/// The same where only one file was written, and whoever wrote it has closed it.
const CLOSED: Duration = Duration::from_millis(20);
/// Where more has changed, all is looked at.
const MANY: usize = 200;

/// What was noticed since somebody asked last.
#[derive(Debug, Default)]
pub struct Noticed(Mutex<Changes>);

#[derive(Debug, Default)]
struct Changes {
    paths: BTreeSet<PathBuf>,
    /// Something was missed, or cannot be told by a path.
    unsure: bool,
}

impl Noticed {
    /// The paths at which something changed since the last call; `None` where anything may have.
    pub fn take(&self) -> Option<BTreeSet<PathBuf>> {
        let Changes { paths, unsure } = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        (!unsure && !paths.is_empty() && paths.len() <= MANY).then_some(paths)
    }

    fn add(&self, event: &notify::Result<Event>) {
        let mut changes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Ok(event) if !event.need_rescan() && !event.paths.is_empty() => {
                if changes.paths.len() <= MANY {
                    changes.paths.extend(event.paths.iter().cloned());
                }
            }
            _ => changes.unsure = true,
        }
    }
}

/// Watching ends when this is dropped.
pub struct Watching {
    _watcher: notify::RecommendedWatcher,
}

/// A change as it is told.
struct Change {
    path: PathBuf,
    /// Whoever wrote it is done.
    closed: bool,
}

/// Wakes [`Task::Sources`] when a file changes in a source's folder or beside a list, once `noticed` has it.
///
/// # Errors
/// The system does not let us watch.
pub fn watch(config: &Config, wake: Wake, noticed: Arc<Noticed>) -> Result<Watching, SourceError> {
    let (tell, mut told) = mpsc::unbounded_channel::<Change>();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let closed = match &event {
            // Reading a file is an event too; it must not cause the next read.
            Ok(event) => match event.kind {
                EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
                EventKind::Access(_) => return,
                _ => false,
            },
            Err(_) => false,
        };
        noticed.add(&event);
        let path = event.ok().and_then(|event| event.paths.into_iter().next_back()).unwrap_or_default();
        if !is_passing(&path) {
            let _ = tell.send(Change { path, closed });
        }
    })?;
    for source in &config.sources {
        match source {
            Source::Folder(folder) => watcher.watch(&config.path(&folder.path), RecursiveMode::Recursive)?,
        }
    }
    for list in &config.lists {
        let folder = list.file.as_ref().map(|file| config.path(file)).and_then(|file| file.parent().map(Into::into));
        if let Some(folder) = folder.filter(|folder: &PathBuf| folder.is_dir()) {
            watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        }
    }
    tokio::spawn(async move {
        while let Some(first) = told.recv().await {
            let (mut paths, mut closed) = (BTreeSet::from([first.path]), first.closed);
            loop {
                let quiet = if closed && paths.len() == 1 { CLOSED } else { QUIET };
                let Ok(Some(next)) = tokio::time::timeout(quiet, told.recv()).await else { break };
                closed = next.closed;
                paths.insert(next.path);
            }
            wake.up(Task::Sources);
        }
    });
    Ok(Watching { _watcher: watcher })
}

/// Whether a file is one that an editor puts beside another for a moment.
fn is_passing(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with('.') || name.ends_with('~')
}
