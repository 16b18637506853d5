//! TLS for a session: rustls with ring, and the machine's own certificates.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Whether and how a session is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Never.
    Off,
    /// By STARTTLS where it is offered, whatever the certificate: who can forge one can hide the offer (RFC 7435).
    Opportunistic,
    /// By STARTTLS, or not at all.
    Required,
    /// From the first byte (RFC 8314).
    Implicit,
}

/// How certificates are looked at.
#[derive(Clone)]
pub struct TlsConfigs {
    /// A certificate that the machine's store vouches for, with the right name.
    pub(super) checked: Arc<ClientConfig>,
    /// Any certificate.
    pub(super) unchecked: Arc<ClientConfig>,
}

impl fmt::Debug for TlsConfigs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConfigs")
    }
}

impl TlsConfigs {
    /// With the certificates that this machine trusts (`SSL_CERT_FILE` names others), and those of `ca_file` (PEM)
    /// beside them.
    ///
    /// # Errors
    /// When there are none, or the file cannot be read, and what to do.
    pub fn native(ca_file: Option<&Path>) -> Result<Self, String> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (mut taken, _) = roots.add_parsable_certificates(found.certs);
        if let Some(file) = ca_file {
            taken += add(&mut roots, file)
                .map_err(|why| format!("ca_file {}: {why}; it must hold certificates in PEM form", file.display()))?;
        }
        if taken == 0 {
            let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
            return Err(format!(
                "no certificates to check a mail server by{why}; install ca-certificates, or name a file in ca_file"
            ));
        }
        Self::trusting(roots)
    }

    /// Puts TLS over a connection to a server of that name, whose certificate must be good.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub(in crate::net) async fn encrypt(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        over(&self.checked, host, stream).await
    }

    /// With these certificates.
    ///
    /// # Errors
    /// When TLS cannot be set up at all.
    pub fn trusting(roots: RootCertStore) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = || {
            ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .map_err(|error| format!("TLS: {error}"))
        };
        let checked = builder()?.with_root_certificates(roots).with_no_client_auth();
        let unchecked = builder()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone(Arc::clone(&provider))))
            .with_no_client_auth();
        Ok(TlsConfigs { checked: Arc::new(checked), unchecked: Arc::new(unchecked) })
    }
}

/// Adds the certificates of a file; how many they are.
fn add(roots: &mut RootCertStore, file: &Path) -> Result<usize, String> {
    let mut taken = 0;
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())? {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        taken += 1;
    }
    if taken == 0 { Err("there is no certificate in it".to_owned()) } else { Ok(taken) }
}

/// The handshake with a server of that name.
pub(super) async fn over(
    config: &Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| format!("“{host}” is no name that a certificate can bear"))?;
    let connecting = TlsConnector::from(Arc::clone(config)).connect(name, stream);
    connecting.await.map_err(|error| advice(host, &error))
}

/// What a handshake that failed means, and what to do about it.
fn advice(host: &str, error: &std::io::Error) -> String {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(Error::InvalidCertificate(fault)) = cause else { return format!("{host}: {error}") };
    match fault {
        // A bad signature is that of an office with the same name and another key: the file is an old one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "{host}: nobody whom this machine trusts vouches for its certificate; if your own office does, name the \
             office's certificate in ca_file, otherwise this may not be the server it says it is"
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("{host}: its certificate has expired; whoever keeps the server must renew it ({fault})")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("{host}: its certificate is not valid yet; is this machine's clock right? ({fault})")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("{host}: its certificate is another server's; write the name that it bears into url ({fault})")
        }
        other => format!("{host}: its certificate cannot be trusted: {other}"),
    }
}

/// Takes any certificate, as opportunistic encryption does.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
