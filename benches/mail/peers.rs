//! The servers that take the mail, each a process of its own, and Postfix's sender beside which Herald is timed.

use std::error::Error;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[allow(dead_code)]
#[path = "../../examples/counting-sink.rs"]
mod counting;

/// How many connections either sender has.
pub const CONNECTIONS: usize = 8;

/// Which server takes the mail.
#[derive(Clone, Copy)]
pub enum Server {
    /// Ours, a thread a connection: it counts, and is not the limit.
    Counting,
    /// The same, which takes three connections and twenty mails in ten seconds, and answers 421 to what is above.
    Narrow,
    /// Postfix's, a single thread.
    SmtpSink,
}

impl Server {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Server::Counting | Server::Narrow => "counting-sink",
            Server::SmtpSink => "smtp-sink",
        }
    }
}

/// A server that listens.
pub struct Sink {
    server: Server,
    process: Child,
    port: u16,
}

impl Sink {
    /// Starts one on a port of its own.
    pub fn start(server: Server) -> Result<Sink, Box<dyn Error>> {
        match server {
            Server::Counting | Server::Narrow => {
                let narrow: &[&str] = match server {
                    Server::Narrow => &["--max-per-ip", "3", "--max-rate", "20/10"],
                    _ => &[],
                };
                let mut process = Command::new(std::env::current_exe()?)
                    .arg("sink")
                    .args(narrow)
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()?;
                let mut ready = String::new();
                BufReader::new(process.stderr.take().ok_or("no standard error")?).read_line(&mut ready)?;
                let port = ready.trim().rsplit(':').next().ok_or("it says no port")?.parse()?;
                Ok(Sink { server, process, port })
            }
            Server::SmtpSink => {
                let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
                let mut command = Command::new(postfix("smtp-sink")?);
                // It refuses to work as root, and as somebody else for anyone but root.
                if std::fs::metadata("/proc/self")?.uid() == 0 {
                    command.args(["-u", "nobody"]);
                }
                let process = command
                    .args(["-c", &format!("127.0.0.1:{port}"), "512"])
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()?;
                for _ in 0..200 {
                    if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                        return Ok(Sink { server, process, port });
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err("smtp-sink does not listen".into())
            }
        }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it; how long the average message was, where it counts that.
    pub fn end(self) -> Result<Option<u64>, Box<dyn Error>> {
        if matches!(self.server, Server::SmtpSink) {
            return Ok(None);
        }
        let summary = self.summary()?;
        let number = |key: &str| summary[key].as_u64().unwrap_or_default();
        Ok(Some(number("bytes") / number("messages").max(1)))
    }

    /// Ends one that counts, and reads what it has counted.
    pub fn summary(mut self) -> Result<serde_json::Value, Box<dyn Error>> {
        let ended = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status()?;
        if !ended.success() {
            return Err("counting-sink has gone".into());
        }
        let mut said = String::new();
        self.process.stdout.take().ok_or("no standard output")?.read_to_string(&mut said)?;
        Ok(serde_json::from_str(&said)?)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The counting server, as a process of its own, with options of its own; it ends on SIGTERM with its summary.
pub fn sink(options: &[String]) {
    let all = ["--listen", "127.0.0.1:0", "--no-lint"].map(String::from).into_iter().chain(options.iter().cloned());
    counting::serve_until_told(counting::options(all));
}

/// How many messages of `bytes` a second `smtp-source` hands to `port`, over as many connections, each kept open.
pub fn smtp_source(messages: u64, bytes: u64, port: u16) -> Result<f64, Box<dyn Error>> {
    let begun = Instant::now();
    let done = Command::new(postfix("smtp-source")?)
        .args(["-d", "-s", &CONNECTIONS.to_string(), "-m", &messages.to_string(), "-l", &bytes.to_string()])
        .args(["-f", "news@newsroom.example", "-t", "reader@readers.example", &format!("127.0.0.1:{port}")])
        .output()?;
    if !done.status.success() {
        return Err(format!("smtp-source: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(messages as f64 / begun.elapsed().as_secs_f64())
}

/// A program of Postfix's, which stands in /usr/sbin where that is not on the path.
fn postfix(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).chain([PathBuf::from("/usr/sbin")]).map(|folder| folder.join(name));
    found.into_iter().find(|path| path.is_file()).ok_or_else(|| format!("no {name}: install Postfix").into())
}
