//! The folder that stands in for a mail server: one `.eml` a copy, there whole or not at all.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::delivery::Copy;
use crate::delivery::crew::{Crew, Work};
use crate::delivery::outcome;

/// Copies that one connection writes before the folder is forced to the disk.
const BATCH: usize = 32;

/// A folder for copies.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder where it is not there.
    pub(super) fn open(path: PathBuf) -> Result<Folder, String> {
        std::fs::create_dir_all(&path).map_err(|error| format!("url: {}: {error}", path.display()))?;
        Ok(Folder { path })
    }

    /// Takes jobs and writes their copies until there are no more. A disk that takes nothing is the relay's trouble,
    /// not the copy's.
    pub(super) async fn work(&self, crew: &Crew, lane: usize) {
        let gate = &crew.lanes.get(lane).gate;
        while crew.wanted(lane).await {
            if !crew.enter(lane).await {
                return;
            }
            let mut batch: Vec<Work> = crew.next(lane, Duration::ZERO).await.into_iter().collect();
            while !batch.is_empty()
                && batch.len() < BATCH
                && let Some(work) = crew.next_now(lane).await
            {
                batch.push(work);
            }
            self.hand_over(batch, crew, lane).await;
            gate.leave(false);
        }
    }

    async fn hand_over(&self, batch: Vec<Work>, crew: &Crew, lane: usize) {
        if batch.is_empty() {
            return;
        }
        let copies = batch.iter().map(|work| work.copy.clone()).collect();
        let (names, fault) = self.write(copies).await;
        let mut names = names.into_iter();
        for work in batch {
            match names.next() {
                Some(name) => {
                    crew.lanes.get(lane).gate.well();
                    crew.note(lane, outcome::written(&work.job.claim, name, crew.now())).await;
                }
                None => {
                    crew.trouble(lane, fault.clone().unwrap_or_default(), false, false);
                    crew.put_back(work);
                }
            }
        }
    }

    /// Writes one copy; the file's name.
    pub(super) async fn write_one(&self, copy: Copy) -> Result<String, String> {
        let (mut names, fault) = self.write(vec![copy]).await;
        names.pop().ok_or(fault.unwrap_or_default())
    }

    /// Writes copies, each beside its place, and moves them there. When this returns they are on the disk: the names of
    /// those that are, and why the others are not. A name is that of the reader and the delivery, so a copy made again
    /// takes the place of the first.
    async fn write(&self, copies: Vec<Copy>) -> (Vec<String>, Option<String>) {
        let folder = self.path.clone();
        let written = tokio::task::spawn_blocking(move || write_all(&folder, &copies)).await;
        written.unwrap_or_else(|error| (Vec::new(), Some(error.to_string())))
    }
}

fn write_all(folder: &Path, copies: &[Copy]) -> (Vec<String>, Option<String>) {
    let mut names = Vec::with_capacity(copies.len());
    let mut fault = None;
    for copy in copies {
        let name = file_name(copy);
        let beside = folder.join(format!(".{name}.part"));
        let write = || {
            let mut file = File::create(&beside)?;
            file.write_all(&copy.bytes)?;
            file.sync_all()?;
            fs::rename(&beside, folder.join(&name))
        };
        if let Err(error) = write() {
            // What is there of it takes room that the others may need.
            let _ = fs::remove_file(&beside);
            let advice = if error.kind() == ErrorKind::StorageFull { "; make room, and it goes on" } else { "" };
            fault = Some(format!("{}: {error}{advice}", folder.display()));
            break;
        }
        names.push(name);
    }
    // The moves are on the disk only once the folder is; one time for all of them.
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Ok(()) => (names, fault),
        Err(error) => (Vec::new(), Some(format!("{}: {error}", folder.display()))),
    }
}

/// `ana@newsroom.example.TOKEN.eml`: whom it is for first, so that people find a copy.
fn file_name(copy: &Copy) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "@.+-_".contains(c) { c } else { '_' };
    let reader: String = copy.rcpt.to_string().chars().map(safe).take(60).collect();
    let token = copy.message_id.split('@').next().unwrap_or_default();
    format!("{}.{token}.eml", reader.trim_start_matches('.'))
}
