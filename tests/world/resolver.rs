//! A name server that knows who receives mail for which domain (RFC 1035, UDP), and counts who asks.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::sync::{Arc, Mutex};

/// One of a test; it answers as long as the process lives.
pub struct NameServer {
    /// Its address and port.
    pub at: String,
    asked: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl NameServer {
    /// Starts it with domains and the hosts that receive their mail. Of others it says that there are none.
    pub fn start(exchangers: &[(&str, &str)]) -> NameServer {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let at = socket.local_addr().expect("an address").to_string();
        let hosts: BTreeMap<String, String> =
            exchangers.iter().map(|(domain, host)| ((*domain).to_owned(), (*host).to_owned())).collect();
        let asked = Arc::new(Mutex::new(BTreeMap::new()));
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut bytes = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut bytes) {
                let Some((name, end)) = question(&bytes[..length]) else { continue };
                *heard.lock().expect("nobody panics").entry(name.clone()).or_insert(0) += 1;
                let _ = socket.send_to(&answer(&bytes[..end], hosts.get(&name)), from);
            }
        });
        NameServer { at, asked }
    }

    /// How often each domain was asked for.
    pub fn asked(&self) -> BTreeMap<String, usize> {
        self.asked.lock().expect("nobody panics").clone()
    }
}

/// The name of a query in lower case, and where its question ends.
fn question(query: &[u8]) -> Option<(String, usize)> {
    let (mut at, mut labels) = (12, Vec::new());
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_lowercase());
        at += length;
    }
    query.get(at..at + 4)?;
    Some((labels.join("."), at + 4))
}

/// The answer to a query of one question: one MX record, or that the name does not exist.
fn answer(query: &[u8], host: Option<&String>) -> Vec<u8> {
    let mut answer = query.to_vec();
    let (flags, count) = if host.is_some() { ([0x85, 0x80], 1) } else { ([0x85, 0x83], 0) };
    answer[2..4].copy_from_slice(&flags);
    answer[4..12].copy_from_slice(&[0, 1, 0, count, 0, 0, 0, 0]);
    if let Some(host) = host {
        let labels = host.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
        let data: Vec<u8> = [0, 10].into_iter().chain(labels).chain([0]).collect();
        // The name as in the question, MX, IN, a minute, and so many bytes.
        answer.extend([0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
        answer.extend(data);
    }
    answer
}
