//! Telling those who have asked to hear of changes: the hub's subscribers, hubs elsewhere. And writing down who asks by themselves.

use std::time::Duration;

use chrono::{Days, NaiveDate};

use super::{Newsroom, ServiceError};
use crate::feed::websub::Hub;
use crate::store::readers;
use crate::web::readers::day;

/// Who polled is remembered so many days.
const MEMORY: Days = Days::new(400);

/// A pass tells for so long and leaves the rest to the next one.
const PASS: Duration = Duration::from_secs(30);

impl Newsroom {
    /// This process answers for the hub: the feeds name it.
    pub fn serve_hub(&self) {
        self.site.shelf.serve_hub();
    }

    /// Verifies what was asked of the hub and tells whoever is behind, for good.
    ///
    /// # Errors
    /// What the store says.
    pub async fn keep_hub(&self) -> Result<(), ServiceError> {
        Ok(self.hub().run(false).await?)
    }

    /// Tells whoever is behind now.
    ///
    /// # Errors
    /// What the store says.
    pub async fn tell_now(&self) -> Result<(), ServiceError> {
        match tokio::time::timeout(PASS, self.hub().run(true)).await {
            Ok(done) => Ok(done?),
            Err(_) => Ok(()),
        }
    }

    fn hub(&self) -> Hub {
        let site = &self.site;
        Hub::new(site.store.clone(), site.config.clone(), site.clock.clone(), site.shelf.clone(), site.wake.clone())
    }

    /// Writes down who has polled since the last time. `today` is the day it was then; another one begins by forgetting the oldest.
    ///
    /// # Errors
    /// What the store says; what was counted is counted then all the same.
    pub async fn write_readers(&self, today: &mut Option<NaiveDate>) -> Result<(), ServiceError> {
        let site = &self.site;
        let now = day(site.clock.now(), site.config.site.timezone);
        let polled = site.guests.readers.take();
        let begins = *today != Some(now);
        if polled.is_empty() && !begins {
            return Ok(());
        }
        let written = async {
            let mut tx = site.store.write().await?;
            if begins && let Some(oldest) = now.checked_sub_days(MEMORY) {
                readers::forget(&mut tx, oldest).await?;
            }
            readers::add(&mut tx, today.unwrap_or(now), &polled).await?;
            let agents = if begins { readers::agents(&mut tx, now).await? } else { Vec::new() };
            tx.commit().await?;
            Ok::<_, ServiceError>(agents)
        };
        match written.await {
            Ok(agents) => {
                if begins {
                    site.guests.readers.begin(agents);
                }
                *today = Some(now);
                Ok(())
            }
            Err(error) => {
                site.guests.readers.put_back(polled);
                Err(error)
            }
        }
    }
}
