//! The names of other machines, asked of a resolver: who receives mail for a domain.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;

/// One question may take so long, with its second try.
const LIMIT: Duration = Duration::from_secs(10);

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// The system names no resolver, or none that can be used.
    #[error("the resolver cannot be used: {0}")]
    Resolver(String),
    /// It did not answer, or not well.
    #[error("{domain}: {reason}")]
    Lookup {
        /// The name that was asked for.
        domain: String,
        /// Why.
        reason: String,
    },
}

/// A resolver. Its answers are not kept here: whoever asks keeps what it needs.
#[derive(Clone)]
pub struct Resolver(TokioResolver);

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resolver")
    }
}

impl Resolver {
    /// The resolver at `at`, or the system's.
    ///
    /// # Errors
    /// [`DnsError::Resolver`].
    pub fn open(at: Option<SocketAddr>) -> Result<Resolver, DnsError> {
        let provider = TokioRuntimeProvider::default();
        let mut builder = match at {
            Some(at) => TokioResolver::builder_with_config(alone(at.ip(), at.port()), provider),
            None => TokioResolver::builder_tokio().map_err(|error| DnsError::Resolver(error.to_string()))?,
        };
        let ResolverOpts { timeout, attempts, cache_size, .. } = builder.options_mut();
        (*timeout, *attempts, *cache_size) = (LIMIT / 2, 1, 0);
        Ok(Resolver(builder.build().map_err(|error| DnsError::Resolver(error.to_string()))?))
    }

    /// The host that `domain` wants its mail to be brought to first, in lower case (RFC 5321, section 5.1). `None`: the
    /// domain has no MX record, or says by an empty one that it takes no mail (RFC 7505).
    ///
    /// # Errors
    /// [`DnsError::Lookup`]: there was no answer.
    pub async fn exchanger(&self, domain: &str) -> Result<Option<String>, DnsError> {
        let fault = |reason: String| DnsError::Lookup { domain: domain.to_owned(), reason };
        // Absolute: no search list of this machine is tried.
        let asked = tokio::time::timeout(LIMIT, self.0.mx_lookup(format!("{domain}."))).await;
        let answer = match asked {
            Err(_) => return Err(fault(format!("no answer within {LIMIT:?}"))),
            Ok(Err(error)) if error.is_no_records_found() || error.is_nx_domain() => return Ok(None),
            Ok(Err(error)) => return Err(fault(error.to_string())),
            Ok(Ok(answer)) => answer,
        };
        let records = answer.answers().iter().filter_map(|record| match &record.data {
            RData::MX(mx) => Some((mx.preference, mx.exchange.to_ascii().trim_end_matches('.').to_ascii_lowercase())),
            _ => None,
        });
        Ok(records.min().map(|(_, host)| host).filter(|host| !host.is_empty()))
    }
}

/// One server, by both protocols: a long answer comes by TCP.
fn alone(ip: IpAddr, port: u16) -> ResolverConfig {
    let at = |mut connection: ConnectionConfig| {
        connection.port = port;
        connection
    };
    let connections = vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())];
    ResolverConfig::from_name_servers(vec![NameServerConfig::new(ip, true, connections)])
}
