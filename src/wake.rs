//! Who is to look again. Work is found in the store, so a wake-up carries nothing: it only says
//! that looking now will pay, and a lost one costs a delay until the next poll.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

/// The tasks of a running daemon that can be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Read the sources again.
    Sources,
    /// Build feeds and their static copy again.
    Feeds,
    /// Write the static copy of the pages again.
    Pages,
    /// Look which newsletters are due, and compose them.
    Newsletters,
    /// Make the deliveries of editions that lack some.
    Fill,
    /// Claim and send what is queued.
    Delivery,
    /// Send the house's own single mails.
    Post,
    /// Verify what was asked of the hub, and tell whoever is behind.
    Hub,
    /// Look what caches in front have to forget.
    Purge,
}

const TASKS: usize = Task::Purge as usize + 1;

/// A handle shared by all who wake and all who wait.
#[derive(Clone, Debug, Default)]
pub struct Wake {
    bells: Arc<[Notify; TASKS]>,
}

impl Wake {
    /// Nobody is woken yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells `task` to look again; remembered if it is busy.
    pub fn up(&self, task: Task) {
        self.bells[task as usize].notify_one();
    }

    /// Waits until somebody calls [`Wake::up`] for `task`, at most `limit`.
    pub async fn wait(&self, task: Task, limit: Duration) {
        let _ = tokio::time::timeout(limit, self.bells[task as usize].notified()).await;
    }
}
