//! TLS at our own door: certificate and key from files that may be renewed while we serve.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::server::TlsStream;

/// How long a caller may take for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Which of the two files is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The certificate.
    Certificate,
    /// The private key.
    Key,
}

/// A pair of files that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct Unusable {
    /// Which one.
    pub part: Part,
    /// Its path.
    pub file: PathBuf,
    /// Why, and what to do.
    pub reason: String,
}

/// Where certificate and key stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificates, the own one first (PEM).
    pub cert: PathBuf,
    /// The private key (PEM).
    pub key: PathBuf,
}

impl Files {
    /// What they hold now.
    ///
    /// # Errors
    /// The file to blame.
    fn read(&self) -> Result<CertifiedKey, Unusable> {
        let certificate = |reason: String| Unusable { part: Part::Certificate, file: self.cert.clone(), reason };
        let key = |reason: String| Unusable { part: Part::Key, file: self.key.clone(), reason };
        let pem = fs::read(&self.cert).map_err(|error| certificate(error.to_string()))?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .map_err(|error| certificate(format!("it is no PEM file: {error}")))?;
        if chain.is_empty() {
            return Err(certificate("there is no certificate in it; it must hold them in PEM form".to_owned()));
        }
        let pem = fs::read(&self.key).map_err(|error| key(error.to_string()))?;
        let private = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| key("there is no private key in it that can be read (PEM, without a password)".to_owned()))?;
        CertifiedKey::from_der(chain, private, &ring::default_provider()).map_err(|error| {
            key(format!("it does not belong to the certificate, or is of no kind that works here: {error}"))
        })
    }

    /// What tells that they are other ones than before.
    fn stamp(&self) -> Stamp {
        [&self.cert, &self.key]
            .map(|file| fs::metadata(file).ok().and_then(|meta| Some((meta.modified().ok()?, meta.len()))))
    }
}

type Stamp = [Option<(SystemTime, u64)>; 2];

/// The certificate that callers are shown.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A door that speaks TLS (1.2 and 1.3).
pub struct Door {
    files: Files,
    shown: Arc<Shown>,
    acceptor: TlsAcceptor,
    stamp: Mutex<Stamp>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Door {
    /// A door with what the files hold.
    ///
    /// # Errors
    /// The file that cannot be used.
    pub fn open(files: Files) -> Result<Door, Unusable> {
        let stamp = files.stamp();
        let shown = Arc::new(Shown(RwLock::new(Arc::new(files.read()?))));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Unusable { part: Part::Certificate, file: files.cert.clone(), reason: error.to_string() })?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Door { files, shown, acceptor: TlsAcceptor::from(Arc::new(config)), stamp: Mutex::new(stamp) })
    }

    /// Looks whether the files were renewed, and takes up what they hold; `None` where they are as before. Waits for the disk.
    ///
    /// # Errors
    /// The file that cannot be used; callers are shown the old certificate then, and the next change is tried again.
    pub fn look(&self) -> Option<Result<&Path, Unusable>> {
        let stamp = self.files.stamp();
        let mut known = self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == stamp {
            return None;
        }
        *known = stamp;
        drop(known);
        Some(self.files.read().map(|new| {
            *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
            self.files.cert.as_path()
        }))
    }

    /// The handshake with a caller, who has ten seconds for it.
    ///
    /// # Errors
    /// It failed, or took too long.
    pub async fn welcome(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        match tokio::time::timeout(HANDSHAKE, self.acceptor.accept(stream)).await {
            Ok(done) => done,
            Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "no handshake within ten seconds")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn a_renewed_pair_is_taken_up_and_a_bad_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        let write = |file: &Path, text: &str| fs::write(file, text).unwrap();
        assert_eq!(Door::open(files.clone()).unwrap_err().part, Part::Certificate, "nothing there");
        let (cert, key) = pair();
        write(&files.cert, &cert);
        write(&files.key, "no key");
        assert_eq!(Door::open(files.clone()).unwrap_err().part, Part::Key);
        write(&files.key, &key);
        let door = Door::open(files.clone()).unwrap();
        let shown = || door.shown.0.read().unwrap().cert.clone();
        let before = shown();
        assert!(door.look().is_none());
        let (other, other_key) = pair();
        write(&files.cert, &format!("{other}\n"));
        let error = door.look().unwrap().unwrap_err();
        assert!(error.part == Part::Key && error.to_string().contains("does not belong"), "{error}");
        assert_eq!(shown(), before, "the old pair is still shown");
        assert!(door.look().is_none(), "the same fault is said once");
        write(&files.key, &format!("{other_key}\n\n"));
        door.look().unwrap().unwrap();
        assert_ne!(shown(), before);
    }
}
