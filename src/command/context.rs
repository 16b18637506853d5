//! What a command is given: configuration, store, clock, templates, and how to print.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use chrono_tz::Tz;
use secrecy::ExposeSecret;

use super::{Advice, Usage, log};
use crate::clock::{Clock, Instant};
use crate::config::{Config, ConfigError};
use crate::secret::Keyring;
use crate::store::{Store, keys};
use crate::template::{self, Templates};

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
        let name = self.config.display();
        let text = match std::fs::read_to_string(&self.config) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Usage(format!("There is no {name}."))).advise(
                    "Go to the folder of your newsroom, name its file with --config, or start one with `herald init`.",
                );
            }
            Err(error) => {
                return Err(Usage(format!("{name} cannot be read: {error}.")))
                    .advise("Make it readable for this user, and see that it is UTF-8 text.");
            }
        };
        let config = Config::load(&self.config, &text, environment()).advise(MEND)?;
        let templates = template::mail_names(Some(&config.path(&config.site.templates)))?;
        config.refuse(config.without_template(&templates)).advise(MEND)?;
        Ok(config)
    }
}

/// What to do about a faulty configuration.
const MEND: &str = "Nothing was done. Mend what is named above; `herald config explain KEY` says what a key can be.";

/// The environment, where it is Herald's.
pub(super) fn environment() -> impl Iterator<Item = (String, String)> {
    let text = |text: OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (text(name), text(value)))
}

/// What a command is given.
pub struct Context {
    /// The configuration, checked.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// What holds for every command: JSON, how much to say.
    pub frame: Frame,
    store: Option<Store>,
    templates: Option<Arc<Templates>>,
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
        Ok(Context { config: Arc::new(config), clock, frame, store: None, templates: None })
    }

    /// The configuration as its file says now, checked whole. The one in use stays until [`Context::take_up`].
    ///
    /// # Errors
    /// Every fault of it.
    pub fn read_again(&self) -> anyhow::Result<Config> {
        self.frame.configuration()
    }

    /// Goes on with another configuration; templates are read again when they are asked for.
    pub fn take_up(&mut self, config: Arc<Config>) {
        self.config = config;
        self.templates = None;
    }

    /// The store, opened at the first call and brought up to date.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn store(&mut self) -> anyhow::Result<Store> {
        if let Some(store) = &self.store {
            return Ok(store.clone());
        }
        let address = self.config.store.address(&self.config.folder).map_err(|reason| {
            let faults = vec![self.config.fault("store", reason)];
            ConfigError { file: self.config.file.clone(), faults }
        });
        let address = address.advise(MEND)?;
        let store = Store::open(address.expose_secret(), &self.config.folder).await?;
        self.store = Some(store.clone());
        Ok(store)
    }

    /// The templates, built in and the newsroom's own; read at the first call.
    ///
    /// # Errors
    /// One is not well-formed, with file and line.
    pub fn templates(&mut self) -> anyhow::Result<Arc<Templates>> {
        if let Some(templates) = &self.templates {
            return Ok(templates.clone());
        }
        let templates =
            Arc::new(Templates::for_config(&self.config).advise("`herald check` looks at every template.")?);
        self.templates = Some(templates.clone());
        Ok(templates)
    }

    /// The keys that sign tokens, from the store.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub async fn keyring(&mut self) -> anyhow::Result<Arc<Keyring>> {
        let store = self.store().await?;
        Ok(Arc::new(keys::ring(&mut store.read().await?).await?))
    }

    /// Refuses to go on where mail would go to a real relay with settings that are not fit for it, or without its
    /// secrets: before anything is sent, `run`, `once` and `send` ask this. What only deserves a warning gets one.
    ///
    /// # Errors
    /// Each such setting, with its key; exit code 2.
    pub fn demand_real_settings(&self) -> anyhow::Result<()> {
        self.config.refuse(self.config.cannot_send()).advise("Nothing was sent. Mend what is named above.")?;
        for warning in self.config.warnings() {
            tracing::warn!("{warning}");
        }
        for fault in self.config.without_days() {
            tracing::warn!("{}: {}", fault.key, fault.reason);
        }
        Ok(())
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
