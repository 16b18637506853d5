//! Who asks: the other end of the connection, or whom a proxy that we trust names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::{Extensions, HeaderMap, HeaderName, header};

use crate::config::Network;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The other end of the connection: an extension of each request that [`super::serve`] takes.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Whether it speaks TLS with us.
    pub encrypted: bool,
}

/// Who asks, and what for, as they see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Their address; never written down whole ([`shortened`]).
    pub address: IpAddr,
    /// `https` or `http`, as they typed it.
    pub scheme: String,
    /// The host that they asked for.
    pub host: String,
    /// Whether the proxy that stands before us is not trusted, though it names somebody.
    pub unheard: bool,
}

impl Client {
    /// Who sent a request with this head. Of the proxies' words only those of `trusted` count: the last address that is none of
    /// theirs is the client's, whatever stands before it.
    pub fn of(headers: &HeaderMap, extensions: &Extensions, trusted: &[Network]) -> Client {
        let peer = extensions.get::<Peer>().copied();
        let peer = peer.unwrap_or(Peer { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), encrypted: false });
        let mut client = Client {
            address: peer.address.to_canonical(),
            scheme: if peer.encrypted { "https" } else { "http" }.to_owned(),
            host: text(headers, &header::HOST).unwrap_or_default().to_owned(),
            unheard: false,
        };
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        if !is_trusted(client.address) {
            client.unheard = headers.contains_key(FOR) || headers.contains_key(header::FORWARDED);
            return client;
        }
        let hops = if headers.contains_key(FOR) { listed(headers) } else { forwarded(headers) };
        for hop in hops.iter().rev() {
            // What cannot be read is nobody's word: the last one known stands.
            let Some(address) = hop.address else { break };
            client.address = address;
            if let Some(scheme) = hop.scheme.as_ref().filter(|s| matches!(s.as_str(), "http" | "https")) {
                client.scheme.clone_from(scheme);
            }
            if let Some(host) = &hop.host {
                client.host.clone_from(host);
            }
            if !is_trusted(address) {
                break;
            }
        }
        client
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shortened(self.address))
    }
}

/// One proxy's words.
#[derive(Default)]
struct Hop {
    address: Option<IpAddr>,
    scheme: Option<String>,
    host: Option<String>,
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `X-Forwarded-For`, one address a proxy; `-Proto` and `-Host` are the last proxy's.
fn listed(headers: &HeaderMap) -> Vec<Hop> {
    let values = headers.get_all(FOR).iter().map(|value| value.to_str().unwrap_or_default());
    let mut hops: Vec<Hop> =
        values.flat_map(|value| value.split(',')).map(|one| Hop { address: node(one), ..Hop::default() }).collect();
    let last = |name: &HeaderName| {
        let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
        value.rsplit(',').next().map(|one| one.trim().to_ascii_lowercase()).filter(|one| !one.is_empty())
    };
    if let Some(hop) = hops.last_mut() {
        (hop.scheme, hop.host) = (last(&PROTO), last(&HOST));
    }
    hops
}

/// `Forwarded` (RFC 7239): one element a proxy, pairs divided by semicolons.
fn forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let values = headers.get_all(header::FORWARDED).iter().map(|value| value.to_str().unwrap_or_default());
    let element = |element: &str| {
        let mut hop = Hop::default();
        for (name, value) in element.split(';').filter_map(|pair| pair.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop.address = node(value),
                "proto" => hop.scheme = Some(value.to_ascii_lowercase()),
                "host" => hop.host = Some(value.to_ascii_lowercase()),
                _ => {}
            }
        }
        hop
    };
    values.flat_map(|value| value.split(',')).map(element).collect()
}

/// An address with or without a port: `203.0.113.9`, `203.0.113.9:47011`, `2001:db8::1`, `[2001:db8::1]:47011`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match text.split_once(':') {
            Some((before, after)) if !after.contains(':') => before,
            _ => text,
        },
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// The network of an address, as logs may have it: the last byte of IPv4 and all but the first three groups of IPv6 are left out.
pub fn shortened(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, fields: &[(&str, &str)]) -> Client {
        let trusted: Vec<Network> = ["127.0.0.1", "10.0.0.0/8"].iter().map(|n| n.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "inside:8080".parse().unwrap());
        for (name, value) in fields {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(Peer { address: peer.parse().unwrap(), encrypted: false });
        Client::of(&headers, &extensions, &trusted)
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        for (peer, fields, address) in [
            ("203.0.113.5", &[][..], "203.0.113.5"),
            // Nobody whom we trust says so.
            ("203.0.113.5", &[("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1")], "203.0.113.5"),
            ("127.0.0.1", &[("x-forwarded-for", "198.51.100.1")], "198.51.100.1"),
            // What a reader has made up stands before what the proxy has seen.
            ("127.0.0.1", &[("x-forwarded-for", "1.1.1.1, 198.51.100.1")], "198.51.100.1"),
            (
                "127.0.0.1",
                &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1, 10.2.3.4")],
                "198.51.100.1",
            ),
            ("127.0.0.1", &[("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=1.1.1.1")], "198.51.100.1"),
            ("127.0.0.1", &[("x-forwarded-for", "10.1.1.1, 10.2.3.4")], "10.1.1.1"),
            ("127.0.0.1", &[("x-forwarded-for", "198.51.100.1, rubbish")], "127.0.0.1"),
            ("127.0.0.1", &[("x-forwarded-for", "")], "127.0.0.1"),
            ("127.0.0.1", &[("forwarded", "for=\"[2001:db8::17]:4711\";proto=https")], "2001:db8::17"),
            ("127.0.0.1", &[("forwarded", "for=1.1.1.1, for=198.51.100.1:80;by=10.0.0.1")], "198.51.100.1"),
            ("127.0.0.1", &[("forwarded", "for=unknown")], "127.0.0.1"),
            ("::ffff:10.0.0.9", &[("x-forwarded-for", "::ffff:198.51.100.1")], "198.51.100.1"),
        ] {
            assert_eq!(client(peer, fields).address.to_string(), address, "{peer} {fields:?}");
        }
        assert!(client("203.0.113.5", &[("x-forwarded-for", "1.1.1.1")]).unheard);
    }

    #[test]
    fn scheme_and_host_are_the_proxys() {
        let fields =
            [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "News.example")];
        let seen = client("127.0.0.1", &fields);
        assert_eq!((seen.scheme.as_str(), seen.host.as_str()), ("https", "news.example"));
        let seen = client("203.0.113.5", &fields);
        assert_eq!((seen.scheme.as_str(), seen.host.as_str()), ("http", "inside:8080"));
        let seen = client("10.0.0.1", &[("forwarded", "for=198.51.100.1;proto=https;host=news.example")]);
        assert_eq!((seen.scheme.as_str(), seen.host.as_str()), ("https", "news.example"));
    }

    #[test]
    fn an_address_is_written_down_shortened() {
        assert_eq!(shortened("198.51.100.77".parse().unwrap()), "198.51.100.0");
        assert_eq!(shortened("2001:db8:aa:bb:cc::1".parse().unwrap()), "2001:db8:aa::");
    }
}
