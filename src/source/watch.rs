//! Folders are watched, so that a saved file is on its way at once; being read every so often is the net under it.

use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::SourceError;
use crate::config::{Config, Source};
use crate::wake::{Task, Wake};

/// How long a folder must be quiet before it is read: editors and copies write in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// Watching ends when this is dropped.
pub struct Watching {
    _watcher: notify::RecommendedWatcher,
}

/// Wakes [`Task::Sources`] when a file changes in a source's folder or beside a list.
///
/// # Errors
/// The system does not let us watch.
pub fn watch(config: &Config, wake: Wake) -> Result<Watching, SourceError> {
    let (tell, mut told) = mpsc::unbounded_channel::<()>();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading a file is an event too; it must not cause the next read.
        if event.is_ok_and(|event| !event.kind.is_access()) {
            let _ = tell.send(());
        }
    })?;
    for source in &config.sources {
        match source {
            Source::Folder(folder) => watcher.watch(&config.path(&folder.path), RecursiveMode::Recursive)?,
        }
    }
    for list in &config.lists {
        let folder = list.file.as_ref().map(|file| config.path(file)).and_then(|file| file.parent().map(Into::into));
        if let Some(folder) = folder.filter(|folder: &std::path::PathBuf| folder.is_dir()) {
            watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        }
    }
    tokio::spawn(async move {
        while told.recv().await.is_some() {
            while let Ok(Some(())) = tokio::time::timeout(QUIET, told.recv()).await {}
            wake.up(Task::Sources);
        }
    });
    Ok(Watching { _watcher: watcher })
}
