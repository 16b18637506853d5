//! counting-sink: an SMTP server for trials that accepts, counts and deals faults. It never relays; keep it on loopback.
//!
//! `cargo run --release --example counting-sink -- OPTIONS`; the tests start it in their own process.
//!
//! ESMTP: PIPELINING, 8BITMIME, SIZE, ENHANCEDSTATUSCODES; `--smtputf8`, `--auth` (any password passes), `--no-pipelining`,
//! `--no-8bitmime`.
//!
//! - `--listen ADDR:PORT` (127.0.0.1:2525; port 0 picks one). "ready ADDR:PORT" goes to standard error once it listens.
//! - `--log FILE`: append-only, `message-id TAB rcpt TAB epoch-ms TAB conn TAB tag`, written with one write(2) BEFORE the 250
//!   goes out (`--fsync`: also fdatasync; `--resume`: count FILE's old lines too). `--tag-header NAME`: tag = that header;
//!   duplicates are per (tag, rcpt).
//! - Faults, WHEN = probability 0..1 (decided by `--seed`, rcpt, attempt: repeatable) or a local-part glob (`bounce*`):
//!   `--conn421 P`, `--rcpt451 WHEN`, `--rcpt452 WHEN`, `--rcpt550 WHEN`, `--data451 WHEN`, `--data554 WHEN`,
//!   `--drop-before WHEN` (close after the final dot: no reply, NOT counted), `--drop-lost WHEN` (counted, then close with no
//!   reply), `--drop-after WHEN` (counted, 250 sent, then close); `--times N`: a glob fault stops after N hits per (fault,
//!   rcpt), as greylisting does.
//! - `--slow-ms N`: sleep before each reply flush (pipelined replies share one); `--slow-final-ms N`: only before the
//!   final-dot reply. `--max-per-ip N`: 421 above N open connections per address; `--max-msgs N`: 421 at the MAIL after N
//!   messages on one connection. `--max-rate N/SECONDS`: 421 at the MAIL above N in so many seconds, from whomever;
//!   `--domain-rate DOMAIN:N/SECONDS`: 450 at the RCPT, for one recipient domain. `--starttls off|454` (off: not offered; 454: offered, refused; no TLS here).
//!   `--save DIR`: each counted message as DIR/NNNNNNNN.eml. `--no-lint`: skip the body checks.
//! - SIGTERM, SIGINT: JSON summary on standard output, exit 0. SIGUSR1: the same summary, keeps running.

// It tells the machine's time and prints: it is a program of its own.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr, clippy::type_complexity)]

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn find(h: &[u8], n: &[u8]) -> Option<usize> {
    memchr::memmem::find(h, n)
}
fn find1(h: &[u8], c: u8) -> Option<usize> {
    memchr::memchr(c, h)
}

const KINDS: [&str; 9] =
    ["conn421", "rcpt451", "rcpt452", "rcpt550", "data451", "data554", "drop-before", "drop-lost", "drop-after"];
const EXTRA: [&str; 5] = ["max-per-ip421", "max-msgs421", "starttls454", "max-rate421", "domain-rate450"];
const LINT: [&str; 7] = [
    "data_not_last",
    "bare_lf_or_cr",
    "long_line",
    "undeclared_8bit",
    "long_command",
    "bad_sequence",
    "unknown_command",
];

enum When {
    Prob(f64),
    Glob(Vec<u8>),
}
/// At most so many in so long; for one domain, or for all.
struct Rate {
    domain: Option<Vec<u8>>,
    most: usize,
    window: Duration,
    recent: Mutex<VecDeque<Instant>>,
}
impl Rate {
    fn of(text: &str, domain: Option<&str>) -> Option<Rate> {
        let (most, seconds) = text.split_once('/')?;
        let window = Duration::from_secs_f64(seconds.parse().ok()?);
        let domain = domain.map(|d| d.as_bytes().to_vec());
        Some(Rate { domain, most: most.parse().ok()?, window, recent: Mutex::default() })
    }
    /// Whether there is one too many; one that is not is counted.
    fn is_over(&self) -> bool {
        let (now, mut recent) = (Instant::now(), self.recent.lock().unwrap());
        while recent.front().is_some_and(|at| now - *at >= self.window) {
            recent.pop_front();
        }
        let over = recent.len() >= self.most;
        if !over {
            recent.push_back(now)
        }
        over
    }
}
/// What it is to do.
#[derive(Default)]
pub struct Cfg {
    listen: String,
    log: Option<String>,
    fsync: bool,
    resume: bool,
    tag_header: Option<Vec<u8>>,
    faults: Vec<(usize, When)>,
    seed: u64,
    times: u32,
    slow_ms: u64,
    slow_final_ms: u64,
    max_per_ip: u32,
    max_msgs: u64,
    rates: Vec<Rate>,
    starttls454: bool,
    save: Option<String>,
    lint: bool,
    pipelining: bool,
    eightbit: bool,
    utf8: bool,
    auth: bool,
    size: usize,
}
#[derive(Default)]
struct Seen {
    rcpts: HashMap<Vec<u8>, u32>,
    pairs: HashSet<u64>,
    dup_rcpt: u64,
    dup_pair: u64,
    dup_sample: Vec<String>,
}
/// What it has counted.
pub struct State {
    cfg: Cfg,
    log: Option<File>,
    seen: Mutex<Seen>,
    attempts: Vec<Mutex<HashMap<(usize, Vec<u8>), u32>>>,
    ips: Mutex<HashMap<IpAddr, u32>>,
    faults: Vec<AtomicU64>,
    lints: Vec<AtomicU64>,
    conns: AtomicU64,
    open: AtomicU64,
    peak: AtomicU64,
    messages: AtomicU64,
    accepted: AtomicU64,
    bytes: AtomicU64,
    first_us: AtomicU64,
    last_us: AtomicU64,
}
fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64
}
fn hash(parts: &[&[u8]], seed: u64) -> u64 {
    let mut h = 0xcbf29ce484222325u64 ^ seed.wrapping_mul(0x9e3779b97f4a7c15);
    for p in parts {
        for &b in *p {
            h = (h ^ b as u64).wrapping_mul(0x100000001b3)
        }
        h = (h ^ 0xff).wrapping_mul(0x100000001b3);
    }
    h ^= h >> 33;
    h = h.wrapping_mul(0xff51afd7ed558ccd);
    h ^= h >> 33;
    h = h.wrapping_mul(0xc4ceb9fe1a85ec53);
    h ^ (h >> 33)
}
fn glob(p: &[u8], s: &[u8]) -> bool {
    match p.first() {
        None => s.is_empty(),
        Some(b'*') => (0..=s.len()).any(|i| glob(&p[1..], &s[i..])),
        Some(b'?') => !s.is_empty() && glob(&p[1..], &s[1..]),
        Some(c) => s.first().is_some_and(|d| c.eq_ignore_ascii_case(d)) && glob(&p[1..], &s[1..]),
    }
}
impl State {
    /// Is fault `kind` due for this recipient (or connection key)? Counts the hit.
    fn due(&self, kind: usize, key: &[u8]) -> bool {
        let mut hit = false;
        for (k, w) in self.cfg.faults.iter().filter(|f| f.0 == kind) {
            let local = key.iter().rposition(|&b| b == b'@').map_or(key, |i| &key[..i]);
            match w {
                When::Glob(g) if !glob(g, local) => continue,
                _ => {}
            }
            let mut m = self.attempts[hash(&[key], 0) as usize % 64].lock().unwrap();
            let n = m.entry((*k, key.to_vec())).or_insert(0);
            *n += 1;
            hit |= match w {
                When::Glob(_) => self.cfg.times == 0 || *n <= self.cfg.times,
                When::Prob(p) => {
                    (hash(&[KINDS[kind].as_bytes(), key, &n.to_le_bytes()], self.cfg.seed) >> 11) as f64
                        / (1u64 << 53) as f64
                        <= *p
                        && *p > 0.0
                }
            };
            if hit {
                break;
            }
        }
        if hit {
            self.faults[kind].fetch_add(1, Relaxed);
        }
        hit
    }
    fn lint(&self, i: usize) {
        self.lints[i].fetch_add(1, Relaxed);
    }
    fn count(&self, id: &[u8], tag: &[u8], rcpt: &[u8]) {
        let key =
            if tag.is_empty() { rcpt.to_ascii_lowercase() } else { [tag, b"\t", &rcpt.to_ascii_lowercase()].concat() };
        let pair = hash(&[id, &key], 1);
        let mut s = self.seen.lock().unwrap();
        if !s.pairs.insert(pair) {
            s.dup_pair += 1
        }
        let n = s.rcpts.entry(key).or_insert(0);
        *n += 1;
        if *n > 1 {
            s.dup_rcpt += 1;
            if s.dup_sample.len() < 10 {
                s.dup_sample.push(String::from_utf8_lossy(rcpt).into_owned())
            }
        }
    }
    fn accept(&self, conn: u64, rcpts: &[Vec<u8>], msg: &[u8]) -> std::io::Result<u64> {
        let id = header(msg, b"message-id").unwrap_or_else(|| b"-".to_vec());
        let tag = self.cfg.tag_header.as_ref().and_then(|h| header(msg, h)).unwrap_or_default();
        let us = now_us();
        let n = self.messages.fetch_add(1, Relaxed) + 1;
        if let Some(d) = &self.cfg.save {
            std::fs::write(format!("{d}/{n:08}.eml"), unstuff(msg))?
        }
        let mut line = Vec::with_capacity(160);
        for r in rcpts {
            line.extend_from_slice(&id);
            line.push(b'\t');
            line.extend_from_slice(r);
            write!(line, "\t{}\t{conn}\t", us / 1000)?;
            line.extend_from_slice(&tag);
            line.push(b'\n');
        }
        if let Some(mut f) = self.log.as_ref() {
            f.write_all(&line)?; // O_APPEND, one write(2): whole lines even with many threads
            if self.cfg.fsync {
                f.sync_data()?
            }
        }
        for r in rcpts {
            self.count(&id, &tag, r)
        }
        self.accepted.fetch_add(rcpts.len() as u64, Relaxed);
        self.bytes.fetch_add(msg.len() as u64, Relaxed);
        let _ = self.first_us.compare_exchange(0, us, Relaxed, Relaxed);
        self.last_us.fetch_max(us, Relaxed);
        Ok(n)
    }
    /// The counts so far, as JSON.
    pub fn summary(&self) -> String {
        let s = self.seen.lock().unwrap();
        let list = |names: &mut dyn Iterator<Item = &&str>, v: &[AtomicU64]| {
            names.zip(v).map(|(k, n)| format!("\"{k}\":{}", n.load(Relaxed))).collect::<Vec<_>>().join(",")
        };
        let span = self.last_us.load(Relaxed).saturating_sub(self.first_us.load(Relaxed)) as f64 / 1e6;
        let m = self.messages.load(Relaxed);
        let sample = s
            .dup_sample
            .iter()
            .map(|d| format!("\"{}\"", d.replace('\\', "\\\\").replace('"', "\\\"")))
            .collect::<Vec<_>>()
            .join(",");
        format!(
            "{{\"connections\":{},\"peak_connections\":{},\"messages\":{m},\"accepted\":{},\"unique_rcpts\":{},\"duplicates\":{},\"duplicate_pairs\":{},\"duplicate_sample\":[{sample}],\"bytes\":{},\"seconds_first_to_last\":{span:.3},\"msgs_per_s\":{:.0},\"faults\":{{{}}},\"violations\":{{{}}}}}",
            self.conns.load(Relaxed),
            self.peak.load(Relaxed),
            self.accepted.load(Relaxed),
            s.rcpts.len(),
            s.dup_rcpt,
            s.dup_pair,
            self.bytes.load(Relaxed),
            if span > 0.0 { (m.saturating_sub(1)) as f64 / span } else { 0.0 },
            list(&mut KINDS.iter().chain(EXTRA.iter()), &self.faults),
            list(&mut LINT.iter(), &self.lints)
        )
    }
}
/// First value of a header, unfolded, trimmed.
fn header(msg: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut p = 0;
    while p < msg.len() {
        let e = find1(&msg[p..], b'\n').map_or(msg.len(), |i| p + i + 1);
        let l = &msg[p..e];
        if l == b"\r\n" || l == b"\n" {
            return None;
        }
        if l.len() > name.len() && l[name.len()] == b':' && l[..name.len()].eq_ignore_ascii_case(name) {
            let mut v = l[name.len() + 1..].to_vec();
            let mut q = e;
            while q < msg.len() && (msg[q] == b' ' || msg[q] == b'\t') {
                let f = find1(&msg[q..], b'\n').map_or(msg.len(), |i| q + i + 1);
                v.extend_from_slice(&msg[q..f]);
                q = f;
            }
            let s: Vec<u8> = v
                .into_iter()
                .filter(|b| *b != b'\r' && *b != b'\n')
                .map(|b| if b == b'\t' { b' ' } else { b })
                .collect();
            let t = s.iter().position(|b| *b != b' ').unwrap_or(s.len());
            let u = s.iter().rposition(|b| *b != b' ').map_or(t, |i| i + 1);
            return Some(s[t..u].to_vec());
        }
        p = e;
    }
    None
}
fn unstuff(msg: &[u8]) -> Vec<u8> {
    let mut o = Vec::with_capacity(msg.len());
    for l in msg.split_inclusive(|b| *b == b'\n') {
        o.extend_from_slice(if l.first() == Some(&b'.') { &l[1..] } else { l })
    }
    o
}
fn lint_body(st: &State, msg: &[u8], eight: bool) {
    let (mut p, mut bare, mut long) = (0, false, false);
    while p < msg.len() {
        let e = find1(&msg[p..], b'\n').map_or(msg.len(), |i| p + i + 1);
        let l = &msg[p..e];
        bare |= !l.ends_with(b"\r\n") || find1(&l[..l.len() - 2], b'\r').is_some();
        long |= l.len() > 1001; // 998 + CRLF + a stuffed dot
        p = e;
    }
    if bare {
        st.lint(1)
    }
    if long {
        st.lint(2)
    }
    if !eight && !msg.is_ascii() {
        st.lint(3)
    }
}

struct Conn<'a> {
    st: &'a State,
    s: TcpStream,
    buf: Vec<u8>,
    pos: usize,
    out: Vec<u8>,
    no: u64,
}
impl Conn<'_> {
    fn flush(&mut self) -> std::io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        if self.st.cfg.slow_ms > 0 {
            thread::sleep(Duration::from_millis(self.st.cfg.slow_ms))
        }
        self.s.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }
    /// More bytes from the client; whatever is due goes out first, so replies to a pipelined group leave together.
    fn fill(&mut self) -> std::io::Result<bool> {
        self.flush()?;
        if self.pos > 0 {
            self.buf.drain(..self.pos);
            self.pos = 0
        }
        let n = self.buf.len();
        self.buf.resize(n + 65536, 0);
        let r = self.s.read(&mut self.buf[n..]);
        self.buf.truncate(n + *r.as_ref().unwrap_or(&0));
        Ok(r? > 0)
    }
    fn line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(i) = find1(&self.buf[self.pos..], b'\n') {
                let mut l = &self.buf[self.pos..self.pos + i];
                if l.last() == Some(&b'\r') {
                    l = &l[..l.len() - 1]
                }
                let l = l.to_vec();
                self.pos += i + 1;
                return Ok(Some(l));
            }
            if self.buf.len() - self.pos > 65536 || !self.fill()? {
                return Ok(None);
            }
        }
    }
    fn say(&mut self, t: &str) {
        self.out.extend_from_slice(t.as_bytes());
        self.out.extend_from_slice(b"\r\n")
    }
    /// Message content as sent (dots still stuffed), up to but without the final ".".
    fn content(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut from = 0;
        loop {
            let b = &self.buf[self.pos..];
            if b.starts_with(b".\r\n") {
                self.pos += 3;
                return Ok(Some(Vec::new()));
            }
            if let Some(i) = find(&b[from.min(b.len())..], b"\r\n.\r\n") {
                let end = from + i + 2;
                let m = b[..end].to_vec();
                self.pos += end + 3;
                return Ok(Some(m));
            }
            from = b.len().saturating_sub(4);
            if b.len() > self.st.cfg.size + 65536 || !self.fill()? {
                return Ok(None);
            }
        }
    }
    fn run(&mut self) -> std::io::Result<()> {
        let st = self.st;
        self.say("220 counting-sink ESMTP");
        let (mut from, mut eight, mut rcpts, mut done) = (None::<Vec<u8>>, false, Vec::<Vec<u8>>::new(), 0u64);
        while let Some(l) = self.line()? {
            if l.len() > 1000 {
                st.lint(4)
            }
            let up = l.to_ascii_uppercase();
            let cmd = up.split(|b| *b == b' ' || *b == b':').next().unwrap_or(b"");
            match cmd {
                b"EHLO" | b"LHLO" => {
                    from = None;
                    rcpts.clear();
                    let c = &st.cfg;
                    let mut e =
                        vec!["counting-sink".to_string(), format!("SIZE {}", c.size), "ENHANCEDSTATUSCODES".into()];
                    if c.pipelining {
                        e.push("PIPELINING".into())
                    }
                    if c.eightbit {
                        e.push("8BITMIME".into())
                    }
                    if c.utf8 {
                        e.push("SMTPUTF8".into())
                    }
                    if c.auth {
                        e.push("AUTH PLAIN LOGIN".into())
                    }
                    if c.starttls454 {
                        e.push("STARTTLS".into())
                    }
                    for (i, x) in e.iter().enumerate() {
                        let t = format!("250{}{x}", if i + 1 == e.len() { ' ' } else { '-' });
                        self.say(&t)
                    }
                }
                b"HELO" => {
                    from = None;
                    rcpts.clear();
                    self.say("250 counting-sink")
                }
                b"MAIL" => {
                    if st.cfg.max_msgs > 0 && done >= st.cfg.max_msgs {
                        st.faults[KINDS.len() + 1].fetch_add(1, Relaxed);
                        self.say("421 4.7.0 too many messages on this connection");
                        break;
                    }
                    if st.cfg.rates.iter().any(|r| r.domain.is_none() && r.is_over()) {
                        st.faults[KINDS.len() + 3].fetch_add(1, Relaxed);
                        self.say("421 4.7.0 more messages than we take, slow down");
                        break;
                    }
                    if from.is_some() {
                        st.lint(5);
                        self.say("503 5.5.1 nested MAIL");
                        continue;
                    }
                    match path(&l) {
                        Some(p) => {
                            eight = find(&up, b"BODY=8BITMIME").is_some();
                            from = Some(p);
                            rcpts.clear();
                            self.say("250 2.1.0 ok")
                        }
                        None => self.say("501 5.5.4 syntax: MAIL FROM:<address>"),
                    }
                }
                b"RCPT" => {
                    if from.is_none() {
                        st.lint(5);
                        self.say("503 5.5.1 need MAIL");
                        continue;
                    }
                    match path(&l) {
                        None => self.say("501 5.5.4 syntax: RCPT TO:<address>"),
                        Some(p) if p.is_empty() => self.say("501 5.1.3 empty recipient"),
                        Some(p) => {
                            let own = |r: &&Rate| r.domain.as_ref().is_some_and(|d| p.ends_with(d));
                            if st.cfg.rates.iter().filter(own).any(Rate::is_over) {
                                st.faults[KINDS.len() + 4].fetch_add(1, Relaxed);
                                self.say("450 4.7.1 too many messages for this domain, slow down")
                            } else if st.due(3, &p) {
                                self.say("550 5.1.1 no such user")
                            } else if st.due(1, &p) {
                                self.say("451 4.7.1 try again later")
                            } else if st.due(2, &p) {
                                self.say("452 4.2.2 mailbox full")
                            } else {
                                rcpts.push(p);
                                self.say("250 2.1.5 ok")
                            }
                        }
                    }
                }
                b"DATA" => {
                    if self.pos < self.buf.len() {
                        st.lint(0)
                    }
                    if from.is_none() {
                        st.lint(5);
                        self.say("503 5.5.1 need MAIL");
                        continue;
                    }
                    if rcpts.is_empty() {
                        self.say("554 5.5.1 no valid recipients");
                        continue;
                    } // as Postfix: still inside MAIL, RSET is due
                    self.say("354 end with <CRLF>.<CRLF>");
                    let Some(m) = self.content()? else { break };
                    from = None;
                    if m.len() > st.cfg.size {
                        self.say("552 5.3.4 too big");
                        continue;
                    }
                    if st.cfg.lint {
                        lint_body(st, &m, eight)
                    }
                    let key = rcpts[0].clone();
                    if st.due(6, &key) {
                        self.out.clear();
                        break;
                    }
                    if st.due(4, &key) {
                        self.say("451 4.3.0 try again later");
                        continue;
                    }
                    if st.due(5, &key) {
                        self.say("554 5.7.1 message refused");
                        continue;
                    }
                    let n = st.accept(self.no, &rcpts, &m)?;
                    done += 1;
                    if st.due(7, &key) {
                        self.out.clear();
                        break;
                    }
                    if st.cfg.slow_final_ms > 0 {
                        thread::sleep(Duration::from_millis(st.cfg.slow_final_ms))
                    }
                    let t = format!("250 2.0.0 ok {n}");
                    self.say(&t);
                    if st.due(8, &key) {
                        break;
                    }
                }
                b"RSET" => {
                    from = None;
                    rcpts.clear();
                    self.say("250 2.0.0 ok")
                }
                b"NOOP" => self.say("250 2.0.0 ok"),
                b"VRFY" => self.say("252 2.0.0 maybe"),
                b"QUIT" => {
                    self.say("221 2.0.0 bye");
                    break;
                }
                b"STARTTLS" if st.cfg.starttls454 => {
                    st.faults[KINDS.len() + 2].fetch_add(1, Relaxed);
                    self.say("454 4.7.0 TLS not available")
                }
                b"AUTH" if st.cfg.auth => {
                    let w: Vec<&[u8]> = up.split(|b| *b == b' ').collect();
                    let asks = match (w.get(1).copied(), w.len()) {
                        (Some(b"PLAIN"), 2) => 1,
                        (Some(b"PLAIN"), _) => 0,
                        (Some(b"LOGIN"), 2) => 2,
                        (Some(b"LOGIN"), _) => 1,
                        _ => {
                            self.say("504 5.5.4 mechanism");
                            continue;
                        }
                    };
                    for i in 0..asks {
                        self.say(if asks - i == 2 {
                            "334 VXNlcm5hbWU6"
                        } else if w[1] == b"LOGIN" {
                            "334 UGFzc3dvcmQ6"
                        } else {
                            "334 "
                        });
                        if self.line()?.is_none() {
                            return Ok(());
                        }
                    }
                    self.say("235 2.7.0 ok");
                }
                _ => {
                    st.lint(6);
                    self.say("500 5.5.2 unknown command")
                }
            }
        }
        self.flush()
    }
}
/// The address between the first '<' and its '>' (source routes dropped); empty for <>.
fn path(l: &[u8]) -> Option<Vec<u8>> {
    let a = find1(l, b'<')? + 1;
    let b = a + find1(&l[a..], b'>')?;
    let p = &l[a..b];
    let p = if p.first() == Some(&b'@') { &p[find1(p, b':')? + 1..] } else { p };
    Some(p.iter().copied().filter(|c| *c != b'\t').collect())
}
fn serve(st: &State, s: TcpStream, no: u64) {
    let _ = s.set_nodelay(true);
    let _ = s.set_read_timeout(Some(Duration::from_secs(300)));
    let ip = s.peer_addr().map(|a| a.ip()).unwrap_or(IpAddr::from([0, 0, 0, 0]));
    let n = {
        let mut m = st.ips.lock().unwrap();
        let n = m.entry(ip).or_insert(0);
        *n += 1;
        *n
    };
    st.peak.fetch_max(st.open.fetch_add(1, Relaxed) + 1, Relaxed);
    let mut c = Conn { st, s, buf: Vec::with_capacity(131072), pos: 0, out: Vec::with_capacity(512), no };
    if st.cfg.max_per_ip > 0 && n > st.cfg.max_per_ip {
        st.faults[KINDS.len()].fetch_add(1, Relaxed);
        c.say("421 4.7.0 too many connections from your address");
        let _ = c.flush();
    } else if st.due(0, format!("connection-{no}").as_bytes()) {
        c.say("421 4.3.2 service not available");
        let _ = c.flush();
    } else {
        let _ = c.run();
    }
    // Close without a RST that could overtake the last reply: end our side, swallow what is still coming for a moment.
    let _ = c.s.shutdown(Shutdown::Write);
    let _ = c.s.set_read_timeout(Some(Duration::from_millis(100)));
    c.buf.resize(65536, 0);
    for _ in 0..64 {
        if !matches!(c.s.read(&mut c.buf[..]), Ok(n) if n > 0) {
            break;
        }
    }
    let _ = c.s.shutdown(Shutdown::Both);
    st.open.fetch_sub(1, Relaxed);
    *st.ips.lock().unwrap().get_mut(&ip).unwrap() -= 1;
}
fn die(m: &str) -> ! {
    eprintln!("counting-sink: {m}");
    std::process::exit(2)
}
/// Reads the options.
pub fn options(arguments: impl IntoIterator<Item = String>) -> Cfg {
    let mut c = Cfg {
        listen: "127.0.0.1:2525".into(),
        lint: true,
        pipelining: true,
        eightbit: true,
        size: 52428800,
        ..Default::default()
    };
    let mut a = arguments.into_iter();
    while let Some(o) = a.next() {
        let (o, inline) = match o.split_once('=') {
            Some((x, y)) => (x.to_string(), Some(y.to_string())),
            None => (o, None),
        };
        let mut v = || inline.clone().or_else(|| a.next()).unwrap_or_else(|| die(&format!("{o} needs a value")));
        fn num<T: std::str::FromStr>(s: String) -> T {
            s.parse().unwrap_or_else(|_| die(&format!("bad number {s}")))
        }
        match o.as_str() {
            "--listen" => c.listen = v(),
            "--log" => c.log = Some(v()),
            "--fsync" => c.fsync = true,
            "--resume" => c.resume = true,
            "--tag-header" => c.tag_header = Some(v().into_bytes()),
            "--seed" => c.seed = num(v()),
            "--times" => c.times = num(v()),
            "--slow-ms" => c.slow_ms = num(v()),
            "--slow-final-ms" => c.slow_final_ms = num(v()),
            "--max-per-ip" => c.max_per_ip = num(v()),
            "--max-msgs" => c.max_msgs = num(v()),
            "--max-rate" => c.rates.push(Rate::of(&v(), None).unwrap_or_else(|| die("--max-rate N/SECONDS"))),
            "--domain-rate" => {
                let rate = v();
                let rate = rate.split_once(':').and_then(|(domain, rate)| Rate::of(rate, Some(domain)));
                c.rates.push(rate.unwrap_or_else(|| die("--domain-rate DOMAIN:N/SECONDS")))
            }
            "--size" => c.size = num(v()),
            "--save" => c.save = Some(v()),
            "--no-lint" => c.lint = false,
            "--no-pipelining" => c.pipelining = false,
            "--no-8bitmime" => c.eightbit = false,
            "--smtputf8" => c.utf8 = true,
            "--auth" => c.auth = true,
            "--starttls" => {
                c.starttls454 = match v().as_str() {
                    "off" => false,
                    "454" => true,
                    _ => die("--starttls off|454"),
                }
            }
            _ => match KINDS.iter().position(|k| o.strip_prefix("--") == Some(k)) {
                Some(k) => {
                    let w = v();
                    c.faults.push((
                        k,
                        match w.parse::<f64>() {
                            Ok(p) if (0.0..=1.0).contains(&p) => When::Prob(p),
                            _ => When::Glob(w.into_bytes()),
                        },
                    ))
                }
                None => die(&format!("unknown option {o} (the options are at the top of counting-sink.rs)")),
            },
        }
    }
    c
}
/// Listens and serves from now on; the counts, and where it listens.
pub fn start(c: Cfg) -> (&'static State, std::net::SocketAddr) {
    if let Some(d) = &c.save {
        std::fs::create_dir_all(d).unwrap_or_else(|e| die(&e.to_string()))
    }
    let log = c.log.as_ref().map(|p| {
        OpenOptions::new().create(true).append(true).read(true).open(p).unwrap_or_else(|e| die(&format!("{p}: {e}")))
    });
    let z = |n| (0..n).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
    let l = TcpListener::bind(&c.listen).unwrap_or_else(|e| die(&format!("{}: {e}", c.listen)));
    let (resume, tagged) = (c.resume, c.tag_header.is_some());
    let st: &'static State = Box::leak(Box::new(State {
        cfg: c,
        log,
        seen: Default::default(),
        attempts: (0..64).map(|_| Default::default()).collect(),
        ips: Default::default(),
        faults: z(KINDS.len() + EXTRA.len()),
        lints: z(LINT.len()),
        conns: 0.into(),
        open: 0.into(),
        peak: 0.into(),
        messages: 0.into(),
        accepted: 0.into(),
        bytes: 0.into(),
        first_us: 0.into(),
        last_us: 0.into(),
    }));
    if let (true, Some(f)) = (resume, &st.log) {
        for l in BufReader::new(f).split(b'\n').map_while(Result::ok) {
            let w: Vec<&[u8]> = l.split(|b| *b == b'\t').collect();
            if w.len() >= 5 {
                st.count(w[0], if tagged { w[4] } else { b"" }, w[1]);
                st.accepted.fetch_add(1, Relaxed);
            }
        }
    }
    let at = l.local_addr().unwrap();
    thread::spawn(move || {
        loop {
            match l.accept() {
                Ok((s, _)) => {
                    let no = st.conns.fetch_add(1, Relaxed) + 1;
                    if thread::Builder::new().stack_size(262144).spawn(move || serve(st, s, no)).is_err() {
                        eprintln!("counting-sink: no thread")
                    }
                }
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        }
    });
    (st, at)
}
/// Serves until SIGTERM or SIGINT, then says what it counted.
pub fn serve_until_told(c: Cfg) {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut term = signal(SignalKind::terminate()).unwrap();
        let mut int = signal(SignalKind::interrupt()).unwrap();
        let mut usr1 = signal(SignalKind::user_defined1()).unwrap();
        let (st, at) = start(c);
        eprintln!("ready {at}");
        loop {
            tokio::select! {
                _ = term.recv() => break,
                _ = int.recv() => break,
                _ = usr1.recv() => println!("{}", st.summary()),
            }
        }
        println!("{}", st.summary());
    });
}
fn main() {
    serve_until_told(options(std::env::args().skip(1)))
}
