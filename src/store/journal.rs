//! What the relay acknowledged, before it is in the ledger: written once for each copy, before the next body goes
//! out on that connection. So a process that is killed loses no acknowledgement but those not yet heard.
//!
//! 1. [`Journal::open`] reads what a dead process left, and marks it in the ledger.
//! 2. [`Journal::note`] makes one outcome survive this process.
//! 3. [`Journal::settle`] marks what was noted, one statement a batch, and empties the journal.
//!
//! Beside SQLite it is two files that take turns, `herald.db.sent` and `herald.db.sent2`: one is written while the
//! other's outcomes are being committed. Space in them is taken before it is needed, so a full disk is noticed
//! *before* a copy goes out whose acknowledgement could not be kept. On PostgreSQL an outcome goes into the ledger
//! itself, together with those of all connections that wait at that moment.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::deliveries::{self, Mark};
use super::{Store, StoreError};

/// Bytes by which a file grows ahead of what is written.
const STEP: usize = 64 * 1024;
/// Free bytes that a page always has: room for the outcome of every connection at once.
const SLACK: usize = 32 * 1024;
/// Outcomes in one statement.
const BATCH: usize = 1000;

/// The journal of one store.
#[derive(Debug)]
pub struct Journal {
    store: Store,
    kind: Kind,
    /// Only one settles at a time.
    settling: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
enum Kind {
    Files(Mutex<Pages>),
    Group(Group),
}

/// Two files and what was noted in them.
#[derive(Debug)]
struct Pages {
    /// The one that is written, and the other.
    page: Page,
    spare: Page,
    /// What `page` holds.
    noted: Vec<Mark>,
    /// What `spare` holds: taken to be committed, and kept until it is.
    taken: Vec<Mark>,
}

/// What has been noted on PostgreSQL and not yet written: whoever comes first writes for all.
#[derive(Debug, Default)]
struct Group {
    queue: Mutex<VecDeque<(u64, Mark)>>,
    /// Numbers given, and the last one that is written.
    given: Mutex<u64>,
    written: tokio::sync::Mutex<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Journal {
    /// Opens the journal of `store` and marks in the ledger what it holds; how many outcomes that were.
    ///
    /// # Errors
    /// What the database or the disk says.
    pub async fn open(store: &Store) -> Result<(Journal, u64), StoreError> {
        let settling = tokio::sync::Mutex::new(());
        let Some(database) = store.file() else {
            return Ok((Journal { store: store.clone(), kind: Kind::Group(Group::default()), settling }, 0));
        };
        let [first, second] = [".sent", ".sent2"].map(|ending| {
            let mut path = database.as_os_str().to_owned();
            path.push(ending);
            PathBuf::from(path)
        });
        let (mut page, old) = Page::open(first)?;
        let (mut spare, older) = Page::open(second)?;
        // Which of them was written last does not matter: a mark is of one attempt, and no attempt has two.
        let found: Vec<Mark> = old.into_iter().chain(older).collect();
        let marked = write(store, &found).await?;
        spare.clear()?;
        page.clear()?;
        page.reserve()?;
        let pages = Pages { page, spare, noted: Vec::new(), taken: Vec::new() };
        Ok((Journal { store: store.clone(), kind: Kind::Files(Mutex::new(pages)), settling }, marked))
    }

    /// Notes one outcome. When this returns, it survives the death of this process. After an error the outcome is
    /// still held in memory and [`Journal::settle`] will try to write it; but no further copy may be sent.
    ///
    /// # Errors
    /// [`StoreError::Journal`], with the disk's words, or what the database says.
    pub async fn note(&self, mark: Mark) -> Result<(), StoreError> {
        match &self.kind {
            Kind::Files(pages) => {
                let line = mark.to_line()?;
                let mut pages = lock(pages);
                pages.noted.push(mark);
                pages.page.append(&line)
            }
            Kind::Group(group) => group.note(&self.store, mark).await,
        }
    }

    /// How many outcomes wait to be settled.
    pub fn unsettled(&self) -> usize {
        match &self.kind {
            Kind::Files(pages) => {
                let pages = lock(pages);
                pages.noted.len() + pages.taken.len()
            }
            Kind::Group(group) => lock(&group.queue).len(),
        }
    }

    /// Marks everything noted so far in the ledger. After an error nothing is lost, and it can be called again.
    ///
    /// # Errors
    /// What the database or the disk says.
    pub async fn settle(&self) -> Result<(), StoreError> {
        let _one = self.settling.lock().await;
        match &self.kind {
            Kind::Files(pages) => loop {
                let (marks, left_over) = {
                    let mut pages = lock(pages);
                    // What an earlier call took and did not finish comes first, and what was noted since then after it.
                    let left_over = !pages.taken.is_empty();
                    if !left_over && !pages.turn() {
                        return Ok(());
                    }
                    (pages.taken.clone(), left_over)
                };
                write(&self.store, &marks).await?;
                let mut pages = lock(pages);
                pages.taken.clear();
                if let Err(error) = pages.spare.clear() {
                    // What stays in it is in the ledger, and marks nothing twice.
                    tracing::warn!("{error}");
                }
                if !left_over && pages.noted.len() < BATCH {
                    return Ok(());
                }
            },
            Kind::Group(group) => {
                while self.unsettled() > 0 {
                    group.write_all(&self.store, 0).await?;
                }
                Ok(())
            }
        }
    }
}

async fn write(store: &Store, marks: &[Mark]) -> Result<u64, StoreError> {
    let mut marked = 0;
    if marks.is_empty() {
        return Ok(marked);
    }
    let mut tx = store.write().await?;
    for batch in marks.chunks(BATCH) {
        marked += deliveries::mark(&mut tx, batch).await?;
    }
    tx.commit().await?;
    Ok(marked)
}

impl Pages {
    /// Turns the page: from now on the other file is written. `false` where there is nothing to take.
    fn turn(&mut self) -> bool {
        if self.noted.is_empty() {
            return false;
        }
        // Without space for another page this one is written on: what it holds twice is marked once.
        if self.spare.reserve().is_ok() {
            std::mem::swap(&mut self.page, &mut self.spare);
        }
        self.taken = std::mem::take(&mut self.noted);
        true
    }
}

impl Group {
    async fn note(&self, store: &Store, mark: Mark) -> Result<(), StoreError> {
        let number = {
            // Numbers are given under the queue's lock, so that they stand in it in order.
            let mut queue = lock(&self.queue);
            let mut given = lock(&self.given);
            *given += 1;
            queue.push_back((*given, mark));
            *given
        };
        self.write_all(store, number).await
    }

    /// Returns once everything up to `upto` is written (0: whatever waits now).
    async fn write_all(&self, store: &Store, upto: u64) -> Result<(), StoreError> {
        let mut written = self.written.lock().await;
        if upto != 0 && *written >= upto {
            return Ok(());
        }
        let (numbers, marks): (Vec<u64>, Vec<Mark>) = lock(&self.queue).iter().take(BATCH).cloned().unzip();
        let Some(last) = numbers.last() else { return Ok(()) };
        let mut tx = store.write().await?;
        // The server answers before its disk has it. If it dies, at most its last half second is sent again.
        tx.q("SET LOCAL synchronous_commit = off").execute().await?;
        deliveries::mark(&mut tx, &marks).await?;
        tx.commit().await?;
        lock(&self.queue).drain(..marks.len());
        *written = *last;
        Ok(())
    }
}

/// One file: lines one after the other, then zeros.
#[derive(Debug)]
struct Page {
    path: PathBuf,
    file: File,
    /// Where the next line goes.
    end: usize,
    /// How far the file reaches.
    reserved: usize,
}

impl Page {
    /// Opens the file and reads the marks in it. The last line may be torn; what cannot be read is passed over.
    fn open(path: PathBuf) -> Result<(Page, Vec<Mark>), StoreError> {
        let fault = |source| StoreError::Journal { path: path.clone(), source };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(fault)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fault)?;
        let written = bytes.split(|b| *b == 0).next().unwrap_or_default();
        let marks = String::from_utf8_lossy(written).split('\n').filter_map(Mark::from_line).collect();
        let reserved = bytes.len();
        Ok((Page { path, file, end: 0, reserved }, marks))
    }

    fn fault(&self, source: io::Error) -> StoreError {
        StoreError::Journal { path: self.path.clone(), source }
    }

    fn append(&mut self, line: &str) -> Result<(), StoreError> {
        let line = format!("{line}\n");
        self.file.write_all_at(line.as_bytes(), self.end as u64).map_err(|e| self.fault(e))?;
        self.end += line.len();
        self.reserve()
    }

    /// Takes the space for what comes next by writing zeros there.
    fn reserve(&mut self) -> Result<(), StoreError> {
        self.reserved = self.reserved.max(self.end);
        while self.reserved < self.end + SLACK {
            self.file.write_all_at(&[0; STEP], self.reserved as u64).map_err(|e| self.fault(e))?;
            self.reserved += STEP;
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        self.file.set_len(0).map_err(|e| self.fault(e))?;
        self.end = 0;
        self.reserved = 0;
        Ok(())
    }
}

#[cfg(test)]
#[path = "journal/tests.rs"]
mod tests;
