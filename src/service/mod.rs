//! Which task, when; wake-ups; shutdown in order.
//!
//! 1. [`Newsroom::open`] brings together what every stage needs.
//! 2. [`pass`] does each stage once, in the order of the road: what `herald once` is.
//! 3. [`Newsroom::look_after`] calls somebody where an edition that was due does not go out.
//! 4. [`run`] gives each stage a task of its own that looks when it is woken, when its time has come, and
//!    every so often all the same; and stops them in order.
//!
//! A stage finds its work in the store. So nothing here decides anything but *when*.

mod account;
mod alarm;
mod hub;
mod ledger;
mod lock;
mod pass;
mod purge;
mod run;

pub use lock::{Lock, LockError};
pub use pass::{Pass, Read, counted};
pub use run::{Doors, Listeners, SOON, run, unusable_tls};

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::delivery::{DeliveryError, Progress};
use crate::edition::EditionError;
use crate::feed::{FeedError, Shelf};
use crate::source::SourceError;
use crate::store::{Store, StoreError, keys};
use crate::template::{TemplateError, Templates};
use crate::wake::Wake;
use crate::web::CopyError;
use crate::web::public::Site;

/// Why a stage could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A template is wrong.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A source could not be read at all.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A feed could not be built or written.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The static copy of the pages could not be written.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// An edition could not be made.
    #[error(transparent)]
    Edition(#[from] EditionError),
    /// Copies could not be handed over.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// Somebody else has the store.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Certificate or key cannot be used.
    #[error("{}: {}", .0.key, .0.reason)]
    Tls(config::Fault),
    /// An address cannot be listened on.
    #[error("[listen] {key}: {address}: {source}; is another program there? Stop it, or name another address")]
    Listen {
        /// The key in `[listen]`.
        key: &'static str,
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// Newsletters, each with the reason why its edition could not be made.
type Failed = Vec<(String, String)>;

/// One newsroom at work: what every stage and every page can ask.
#[derive(Clone)]
pub struct Newsroom {
    /// The same, as the pages have it.
    pub site: Site,
    /// How far delivery is.
    pub progress: Progress,
    /// Newsletters whose edition could not be made at the last look, with the reason; `None` before there was one.
    failed: Arc<Mutex<Option<Failed>>>,
    /// Mailboxes of returns that could not be read at the last look, and why; `None` before the first.
    unread: Arc<Mutex<Option<Vec<String>>>>,
}

impl Newsroom {
    /// Brings a newsroom together: templates, keys, an empty shelf of feeds.
    ///
    /// # Errors
    /// A template that cannot be read; what the store says.
    pub async fn open(config: Arc<Config>, store: Store, clock: Clock) -> Result<Newsroom, ServiceError> {
        let templates = Arc::new(Templates::for_config(&config)?);
        let mut tx = store.read().await?;
        let keyring = Arc::new(keys::ring(&mut tx).await?);
        drop(tx);
        let (shelf, wake) = (Arc::new(Shelf::new()), Wake::new());
        let site = Site { config, store, clock, templates, keyring, shelf, wake, guests: Arc::default() };
        Ok(Newsroom { site, progress: Progress::new(), failed: Arc::default(), unread: Arc::default() })
    }

    /// Where the static copy is kept, if anywhere.
    fn static_folder(&self) -> Option<PathBuf> {
        self.site.config.site.folder.as_ref().map(|folder| self.site.config.path(folder))
    }
}
