//! What is remembered, for one run of the house, of those who ask.

use super::limit::Limits;
use super::readers::Readers;

/// Shared by all pages.
#[derive(Debug, Default)]
pub struct Guests {
    /// How often each address has asked.
    pub limits: Limits,
    /// Who polls the feeds.
    pub readers: Readers,
}
