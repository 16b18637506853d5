//! What a command is given: configuration, store, clock, templates, and how to print.

use std::path::PathBuf;
use std::sync::Arc;

use chrono_tz::Tz;

use super::{Advice, log};
use crate::clock::{Clock, Instant};
use crate::config::Config;
use crate::store::Store;

/// What holds for every command: the arguments before its name.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The configuration file.
    pub config: PathBuf,
    /// Whether results are printed as one JSON document.
    pub json: bool,
    /// How much more to say.
    pub verbose: u8,
    /// Whether to say only what went wrong.
    pub quiet: bool,
}

impl Frame {
    /// Reads the configuration that the arguments name.
    ///
    /// # Errors
    /// Every fault of it, or that there is no such file.
    pub fn configuration(&self) -> anyhow::Result<Config> {
        let text = std::fs::read_to_string(&self.config).map_err(|error| {
            let name = self.config.display();
            match error.kind() {
                std::io::ErrorKind::NotFound => super::Usage(format!("there is no {name} here")),
                _ => super::Usage(format!("{name} cannot be read: {error}")),
            }
        });
        let text = text.advise(format!(
            "Start a newsroom with `herald init`, go to the folder of yours, or name its file: herald --config FILE … ({} was looked for).",
            self.config.display()
        ))?;
        Ok(Config::load(&self.config, &text, std::env::vars())?)
    }
}

/// What a command is given.
pub struct Context {
    /// The configuration, checked.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// Whether results are printed as one JSON document ([`super::output::json`]).
    pub json: bool,
    /// How much more to say: 0, 1 or 2.
    pub verbose: u8,
    /// Whether to say only what went wrong.
    pub quiet: bool,
    store: Option<Store>,
}

impl Context {
    /// Reads the configuration and starts the log, in the newsroom's time.
    ///
    /// # Errors
    /// Every fault of the configuration, or that there is none.
    pub fn load(frame: Frame) -> anyhow::Result<Context> {
        let config = frame.configuration()?;
        let clock = Clock::system();
        log::start(&frame, config.site.timezone, clock.clone());
        Ok(Context {
            config: Arc::new(config),
            clock,
            json: frame.json,
            verbose: frame.verbose,
            quiet: frame.quiet,
            store: None,
        })
    }

    /// The store, opened at the first call and brought up to date.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn store(&mut self) -> anyhow::Result<Store> {
        if let Some(store) = &self.store {
            return Ok(store.clone());
        }
        let store = Store::open(&self.config.store.url, &self.config.folder).await?;
        self.store = Some(store.clone());
        Ok(store)
    }

    /// The newsroom's zone, in which people read times.
    pub fn zone(&self) -> Tz {
        self.config.site.timezone
    }

    /// An instant as people read it in tables: `2026-03-04 07:00 CET`.
    pub fn when(&self, at: Instant) -> String {
        at.with_timezone(&self.zone()).format("%Y-%m-%d %H:%M %Z").to_string()
    }
}
