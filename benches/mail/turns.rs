//! Where each turn takes its time: a line of 20 ms between sender and server, and lettre's own connection beside Herald's.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use lettre::address::Envelope;
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;

/// What one turn takes: an answer comes so much later.
const TURN: Duration = Duration::from_millis(20);
/// How many connections either sender has.
pub const CONNECTIONS: usize = 32;

/// Listens on a port of its own, and passes everything on to `server`: at once there, and back after [`TURN`].
///
/// # Errors
/// There is no port.
pub fn line(server: u16) -> Result<u16, Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else { continue };
            let _ = (near.set_nodelay(true), far.set_nodelay(true));
            if let (Ok(from), Ok(to)) = (near.try_clone(), far.try_clone()) {
                std::thread::spawn(move || pass(from, to, Duration::ZERO));
            }
            std::thread::spawn(move || pass(far, near, TURN));
        }
    });
    Ok(port)
}

/// Passes on what comes, each piece so much later; what comes meanwhile does not wait for it.
fn pass(mut from: TcpStream, mut to: TcpStream, later: Duration) {
    let (give, take) = mpsc::channel::<(Instant, Vec<u8>)>();
    let writer = std::thread::spawn(move || {
        for (at, piece) in take {
            std::thread::sleep((at + later).saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        if give.send((Instant::now(), piece[..length].to_vec())).is_err() {
            break;
        }
    }
    drop(give);
    let _ = writer.join();
}

/// How many messages of `bytes` a second lettre's own connections hand over, each kept open and without Nagle's pause.
///
/// # Errors
/// What the server or the wire says.
pub fn lettre(messages: u64, bytes: u64, port: u16) -> Result<f64, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut message =
        String::from("From: <news@newsroom.example>\r\nTo: <reader@readers.example>\r\nSubject: News\r\n\r\n");
    while (message.len() as u64) < bytes {
        message.push_str("Two hundred rescuers and forty boats practised an evacuation by night.\r\n");
    }
    let each = messages / CONNECTIONS as u64;
    runtime.block_on(async {
        let mut opened = Vec::new();
        for _ in 0..CONNECTIONS {
            let stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            stream.set_nodelay(true)?;
            let stream: Box<dyn AsyncTokioStream> = Box::new(stream);
            opened.push(AsyncSmtpConnection::connect_with_transport(stream, &ClientId::default()).await?);
        }
        let begun = Instant::now();
        let mut senders = tokio::task::JoinSet::new();
        for mut connection in opened {
            let message = message.clone();
            senders.spawn(async move {
                let envelope = Envelope::new(
                    Some("news@newsroom.example".parse().map_err(|_| "an address")?),
                    vec!["reader@readers.example".parse().map_err(|_| "an address")?],
                )
                .map_err(|_| "an envelope")?;
                for _ in 0..each {
                    connection.send(&envelope, message.as_bytes()).await.map_err(|_| "lettre could not send")?;
                }
                connection.quit().await.map_err(|_| "lettre could not quit")?;
                Ok::<(), &'static str>(())
            });
        }
        while let Some(sender) = senders.join_next().await {
            sender??;
        }
        Ok((each * CONNECTIONS as u64) as f64 / begun.elapsed().as_secs_f64())
    })
}
