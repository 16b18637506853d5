//! An SMTP server with real TLS, for what the counting server does not do: certificates, passwords, silence, lies.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// An office that vouches for certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one of that name, which nobody trusts yet.
    pub fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    /// Writes its certificate, for `ca_file`.
    pub fn write(&self, path: &Path) {
        std::fs::write(path, self.0.pem()).expect("a certificate");
    }

    /// A certificate of that name and its key, as PEM.
    pub fn pem(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2099, 12, 31);
        let key = KeyPair::generate().expect("a key");
        (params.signed_by(&key, &self.0).expect("a certificate").pem(), key.serialize_pem())
    }

    /// What a server of that name shows, until the end of that year.
    pub fn vouch(&self, name: &str, until: i32) -> TlsAcceptor {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 12, 31);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()));
        TlsAcceptor::from(Arc::new(config.expect("a certificate and its key")))
    }
}

/// How it behaves.
#[derive(Clone, Default)]
pub struct Ways {
    /// Its certificate; without one it does not offer STARTTLS.
    pub tls: Option<TlsAcceptor>,
    /// TLS from the first byte.
    pub implicit: bool,
    /// Mechanisms of AUTH, `PLAIN LOGIN`.
    pub auth: &'static str,
    /// What it says to a wrong password or token; the right ones are `s3cret word` and `fresh-token`, the user is `desk`.
    pub wrong: &'static str,
    /// Words that it puts behind the 220 of STARTTLS, before TLS.
    pub injected: &'static str,
    /// It says nothing more once it has heard this command; `.` is the end of a message, empty the greeting.
    pub silent_at: Option<&'static str>,
    /// More lines of its answer to EHLO, PIPELINING and the like.
    pub offers: &'static [&'static str],
    /// Recipients that it refuses, and how.
    pub refuses: Option<(&'static str, &'static str)>,
}

/// A server, until the test is over.
pub struct Server {
    /// Where it listens.
    pub at: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts one on this machine.
    pub async fn start(ways: Ways) -> Server {
        Server::on("127.0.0.1:0", ways).await
    }

    /// Starts one at an address.
    pub async fn on(address: &str, ways: Ways) -> Server {
        let listener = TcpListener::bind(address).await.expect("a port");
        let at = listener.local_addr().expect("its number");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (ways, heard) = (ways.clone(), Arc::clone(&all));
                tokio::spawn(async move { serve(stream, &ways, &heard).await });
            }
        });
        Server { at, heard }
    }

    /// Every command that it heard, each with `tls ` before it where it came encrypted; a message is `message`.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("the list").clone()
    }

    /// How many commands begin like that.
    pub fn count(&self, beginning: &str) -> usize {
        self.heard().iter().filter(|line| line.starts_with(beginning)).count()
    }
}

async fn serve(stream: TcpStream, ways: &Ways, heard: &Mutex<Vec<String>>) -> Option<()> {
    match (&ways.tls, ways.implicit) {
        (Some(tls), true) => {
            let stream = tls.accept(stream).await.ok()?;
            speak(&mut BufReader::new(stream), ways, heard, true, true).await?;
        }
        (Some(tls), false) => {
            let mut plain = BufReader::new(stream);
            if speak(&mut plain, ways, heard, true, false).await? {
                let stream = tls.accept(plain.into_inner()).await.ok()?;
                speak(&mut BufReader::new(stream), ways, heard, false, true).await?;
            }
        }
        (None, _) => {
            speak(&mut BufReader::new(stream), ways, heard, true, false).await?;
        }
    }
    Some(())
}

/// Speaks until the client goes over to TLS (`true`) or away.
async fn speak<S>(io: &mut S, ways: &Ways, heard: &Mutex<Vec<String>>, greet: bool, tls: bool) -> Option<bool>
where
    S: AsyncBufReadExt + AsyncRead + AsyncWrite + Unpin,
{
    if greet {
        stall(ways, "").await;
        say(io, "220 mx.office.test ESMTP").await?;
    }
    let mut refused = false;
    loop {
        let line = read(io).await?;
        let note = if tls { format!("tls {line}") } else { line.clone() };
        heard.lock().expect("the list").push(note);
        let upper = line.to_ascii_uppercase();
        stall(ways, upper.split([' ', ':']).next().unwrap_or_default()).await;
        if upper.starts_with("EHLO") {
            let mut lines = vec!["mx.office.test"];
            lines.extend(ways.offers);
            lines.extend((ways.tls.is_some() && !tls).then_some("STARTTLS"));
            let auth = format!("AUTH {}", ways.auth);
            lines.extend((!ways.auth.is_empty()).then_some(auth.as_str()));
            for (i, text) in lines.iter().enumerate() {
                say(io, &format!("250{}{text}", if i + 1 == lines.len() { ' ' } else { '-' })).await?;
            }
        } else if upper == "STARTTLS" {
            io.write_all(format!("220 go ahead\r\n{}", ways.injected).as_bytes()).await.ok()?;
            io.flush().await.ok()?;
            return Some(true);
        } else if upper.starts_with("AUTH") {
            sign_in(io, &line, ways).await?;
        } else if upper.starts_with("RCPT") && ways.refuses.is_some_and(|(who, _)| line.contains(who)) {
            refused = true;
            say(io, ways.refuses.map_or("", |(_, words)| words)).await?;
        } else if upper == "DATA" && refused {
            say(io, "554 5.5.1 no valid recipients").await?;
        } else if upper == "DATA" {
            say(io, "354 go on").await?;
            while read(io).await? != "." {}
            heard.lock().expect("the list").push(if tls { "tls message" } else { "message" }.to_owned());
            stall(ways, ".").await;
            say(io, "250 2.0.0 taken").await?;
        } else if upper == "QUIT" {
            say(io, "221 2.0.0 bye").await?;
            return Some(false);
        } else {
            refused &= upper != "RSET";
            say(io, "250 2.0.0 ok").await?;
        }
    }
}

/// PLAIN in one line, LOGIN in three; XOAUTH2 in one, and where it is refused a reason and an empty line between.
async fn sign_in<S>(io: &mut S, line: &str, ways: &Ways) -> Option<()>
where
    S: AsyncBufReadExt + AsyncWrite + Unpin,
{
    let decode = |text: &str| data_encoding::BASE64.decode(text.as_bytes()).unwrap_or_default();
    let right = if line.to_ascii_uppercase().starts_with("AUTH LOGIN") {
        say(io, "334 VXNlcm5hbWU6").await?;
        let user = read(io).await?;
        say(io, "334 UGFzc3dvcmQ6").await?;
        let password = read(io).await?;
        decode(&user) == b"desk" && decode(&password) == b"s3cret word"
    } else if line.starts_with("AUTH XOAUTH2 ") {
        let right =
            decode(line.split(' ').nth(2).unwrap_or_default()) == b"user=desk\x01auth=Bearer fresh-token\x01\x01";
        if !right {
            let why = data_encoding::BASE64.encode(br#"{"status":"401","schemes":"bearer"}"#);
            say(io, &format!("334 {why}")).await?;
            assert_eq!(read(io).await?, "", "an empty line, and no token once more");
        }
        right
    } else {
        decode(line.split(' ').nth(2).unwrap_or_default()) == b"\0desk\0s3cret word"
    };
    say(io, if right { "235 2.7.0 ok" } else { ways.wrong }).await
}

async fn stall(ways: &Ways, at: &str) {
    if ways.silent_at == Some(at) {
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

async fn read<S: AsyncBufReadExt + Unpin>(io: &mut S) -> Option<String> {
    let mut line = String::new();
    if io.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    Some(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn say<S: AsyncWrite + Unpin>(io: &mut S, text: &str) -> Option<()> {
    io.write_all(format!("{text}\r\n").as_bytes()).await.ok()?;
    io.flush().await.ok()
}
