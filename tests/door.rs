//! `herald run` at its door: TLS whose files are renewed while it runs, nginx before it, and who asks too often.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::daemon::{Daemon, port, until};
use crate::world::Authority;

/// A newsroom with one feed and one article, listening at these ports.
fn newsroom(public: u16, more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("articles")).expect("articles/");
    let text = format!(
        "---\ntitle: New bridge opens\ndate: 2026-03-01\n---\n\n{}\n",
        "The bridge is open to all. ".repeat(80)
    );
    std::fs::write(folder.path().join("articles/bridge.md"), text).expect("an article");
    let config = format!(
        "[site]\ntitle = \"News\"\nurl = \"http://127.0.0.1:{public}\"\nlanguages = [\"en\"]\naddress = \"Here 1\"\n\
         [[sources]]\nname = \"newsroom\"\nkind = \"folder\"\npath = \"articles\"\n\
         [[feeds.feed]]\nname = \"news\"\ntitle = \"All news\"\n\
         [listen]\npublic = \"127.0.0.1:{public}\"\nstaff = \"127.0.0.1:{}\"\n{more}\n",
        port()
    );
    std::fs::write(folder.path().join("config.toml"), config).expect("config.toml");
    folder
}

/// The answer to one request, as text; `None` while nobody listens.
fn ask(port: u16, path: &str, fields: &str) -> Option<String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    talk(stream, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n"))
}

fn talk(mut stream: impl Read + Write, request: &str) -> Option<String> {
    stream.write_all(request.as_bytes()).ok()?;
    let mut bytes = Vec::new();
    // A server that closes without a word of TLS has said everything all the same.
    let _ = stream.read_to_end(&mut bytes);
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn field(answer: &str, name: &str) -> Option<String> {
    let head = answer.split("\r\n\r\n").next()?;
    let line = head.lines().find(|l| l.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Over TLS, trusting those of `authority`: the answer, and the certificate that was shown.
fn ask_encrypted(port: u16, authority: &Path, path: &str) -> Option<(String, Vec<u8>)> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).expect("an authority")).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut stream = StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", port)).ok()?);
    let answer = talk(&mut stream, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))?;
    let shown = stream.conn.peer_certificates().and_then(|all| all.first()).map(|one| one.to_vec())?;
    Some((answer, shown))
}

#[test]
fn a_renewed_certificate_is_shown_and_a_bad_one_is_not() {
    let public = port();
    let folder = newsroom(public, "tls = { cert = \"cert.pem\", key = \"key.pem\" }");
    let authority = Authority::new("Test office");
    let ca = folder.path().join("ca.pem");
    authority.write(&ca);
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    let (cert, key) = authority.pem("localhost");

    // Without usable files it does not start, and says which key is wrong.
    write("cert.pem", &cert);
    let mut refused = Daemon::start(folder.path());
    let said = refused.hears("listen.tls.key");
    assert!(said.contains("config.toml:"), "{said}");
    assert_eq!(refused.process.wait().expect("it ends").code(), Some(2));

    write("key.pem", &key);
    let mut daemon = Daemon::start(folder.path());
    let (answer, first) = until("it serves", || ask_encrypted(public, &ca, "/feeds/news.rss"));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("New bridge opens"), "{answer}");
    assert!(ask(public, "/", "").is_none_or(|answer| !answer.contains("200 OK")), "nothing in the clear");

    let (cert, key) = authority.pem("localhost");
    write("cert.pem", &cert);
    let said = daemon.hears("the old certificate stays");
    assert!(said.contains("key.pem"), "{said}");
    let (_, shown) = ask_encrypted(public, &ca, "/healthz").expect("it still serves");
    assert_eq!(shown, first);
    write("key.pem", &format!("{key}\n"));
    daemon.hears("renewed certificate");
    let (answer, shown) = ask_encrypted(public, &ca, "/healthz").expect("it serves");
    assert!(answer.ends_with("ok\n") && shown != first);
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again_and_feeds_are_for_all() {
    let public = port();
    let folder = newsroom(public, "trusted_proxies = [\"127.0.0.0/8\"]\nlimits = { search = 3 }");
    let _daemon = Daemon::start(folder.path());
    until("it serves", || ask(public, "/healthz", ""));
    let search =
        |reader: &str| ask(public, "/search?q=bridge", &format!("X-Forwarded-For: {reader}\r\n")).expect("an answer");
    for _ in 0..3 {
        assert!(!search("198.51.100.7").starts_with("HTTP/1.1 429"));
    }
    let answer = search("203.0.113.99, 198.51.100.7");
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("Too many requests"), "{answer}");
    let wait: u64 = field(&answer, "retry-after").and_then(|text| text.parse().ok()).expect("Retry-After");
    assert!((1..=20).contains(&wait), "{wait}");
    assert!(!search("198.51.100.8").starts_with("HTTP/1.1 429"), "another reader");
    for path in ["/feeds/news.rss", "/", "/archive/", "/media/x.jpg"] {
        for _ in 0..20 {
            let answer = ask(public, path, "X-Forwarded-For: 198.51.100.7\r\n").expect("an answer");
            assert!(!answer.starts_with("HTTP/1.1 429"), "{path}");
        }
    }
}

/// nginx as a child, until the test is over.
struct Nginx(Child);

impl Nginx {
    fn start(folder: &Path, listen: u16, to: u16) -> Option<Nginx> {
        let program =
            ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].iter().find(|p| Path::new(p).exists())?;
        let dir = folder.display();
        let text = format!(
            "daemon off;\nmaster_process off;\npid {dir}/nginx.pid;\nerror_log {dir}/nginx.log;\n\
             events {{ worker_connections 64; }}\n\
             http {{\n access_log off;\n client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;\n\
             uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;\n\
             gzip on; gzip_proxied any; gzip_vary on; gzip_min_length 20;\n\
             gzip_types application/rss+xml application/atom+xml application/feed+json;\n\
             server {{\n listen 127.0.0.1:{listen};\n\
             proxy_bind 127.0.0.2;\n\
             location / {{ proxy_pass http://127.0.0.1:{to}; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }}\n\
             location /its-own/ {{ proxy_pass http://127.0.0.1:{to}/; proxy_set_header Accept-Encoding \"\"; }}\n }}\n}}\n"
        );
        std::fs::write(folder.join("nginx.conf"), text).expect("nginx.conf");
        let started = Command::new(program)
            .args(["-p", &dir.to_string(), "-c", &folder.join("nginx.conf").display().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Some(Nginx(started.expect("nginx starts")))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn behind_nginx_that_compresses_a_reader_still_gets_304() {
    let (public, front) = (port(), port());
    let folder = newsroom(public, "trusted_proxies = [\"127.0.0.2\"]\nlimits = { search = 2 }");
    let proxy = tempfile::tempdir().expect("a folder");
    let Some(_nginx) = Nginx::start(proxy.path(), front, public) else {
        eprintln!("passed over: behind nginx (no nginx here)");
        return;
    };
    let _daemon = Daemon::start(folder.path());
    until("it serves", || ask(public, "/healthz", ""));
    until("nginx serves", || ask(front, "/healthz", "").filter(|answer| answer.ends_with("ok\n")));

    let paths =
        ["/feeds/news.rss", "/feeds/news.atom", "/feeds/news.json", "/its-own/feeds/news.rss", "/its-own/", "/"];
    for (path, coding) in paths.iter().flat_map(|path| ["gzip", "br", "identity"].map(|coding| (path, coding))) {
        let accept = format!("Accept-Encoding: {coding}\r\n");
        let first = ask(front, path, &accept).expect("an answer");
        assert!(first.starts_with("HTTP/1.1 200"), "{path} {coding}: {first}");
        let tag = field(&first, "etag").unwrap_or_else(|| panic!("{path} {coding}: no ETag"));
        // Where nginx has compressed by itself, it has weakened the tag.
        assert_eq!(tag.starts_with("W/"), path.starts_with("/its-own/") && coding == "gzip", "{path} {coding} {tag}");
        let modified = field(&first, "last-modified").expect("Last-Modified");
        let again = ask(front, path, &format!("{accept}If-None-Match: {tag}\r\nIf-Modified-Since: {modified}\r\n"));
        let again = again.expect("an answer");
        assert!(again.starts_with("HTTP/1.1 304"), "{path} {coding} {tag}: {again}");
        let stale = ask(front, path, &format!("{accept}If-None-Match: W/\"other\"\r\n")).expect("an answer");
        assert!(stale.starts_with("HTTP/1.1 200"), "{path} {coding}");
    }
    // The reader's address is the one that nginx has seen, not the one that the reader makes up.
    let search = |n: u8| ask(front, "/search?q=x", &format!("X-Forwarded-For: 198.51.100.{n}\r\n")).expect("an answer");
    let limited = (0..4).filter(|n| search(*n).starts_with("HTTP/1.1 429")).count();
    assert_eq!(limited, 2, "each made up an address of its own");
}
