//! Calls that tell somebody something: one request, its status, no more. Only over https, or to this machine; nothing that the
//! other side says leads anywhere else, and it has ten seconds.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::{Host, Url};

use super::smtp::TlsConfigs;

/// A call may take so long, from the name to the status.
const LIMIT: Duration = Duration::from_secs(10);
/// The head of an answer is no longer than this.
const HEAD: usize = 32 * 1024;

/// Why a call was not answered well. The address is not in it: its path may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be called.
    #[error("the address is no https address, nor one of this machine")]
    Address,
    /// Nothing answers there.
    #[error("{host}: {reason}")]
    Unreachable {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// It took too long.
    #[error("{0}: no answer within {LIMIT:?}")]
    Slow(String),
    /// The answer was no 2xx.
    #[error("{host} answers {status}")]
    Status {
        /// The host.
        host: String,
        /// What it says.
        status: StatusCode,
    },
}

/// Calls `address`: a GET, or with a JSON document a POST. Well answered is 2xx; a redirection is not followed.
///
/// # Errors
/// [`HttpError`].
pub async fn call(address: &str, document: Option<&serde_json::Value>) -> Result<(), HttpError> {
    let url = Url::parse(address).map_err(|_| HttpError::Address)?;
    let host = url.host_str().ok_or(HttpError::Address)?.to_owned();
    match tokio::time::timeout(LIMIT, exchange(&url, &host, document)).await {
        Ok(Ok(status)) if status.is_success() => Ok(()),
        Ok(Ok(status)) => Err(HttpError::Status { host, status }),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(HttpError::Slow(host)),
    }
}

async fn exchange(url: &Url, host: &str, document: Option<&serde_json::Value>) -> Result<StatusCode, HttpError> {
    let unreachable = |reason: String| HttpError::Unreachable { host: host.to_owned(), reason };
    let is_encrypted = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(HttpError::Address),
    };
    let stream = dial(url, is_encrypted).await?;
    let request = request(url, document).map_err(|error| unreachable(error.to_string()))?;
    if !is_encrypted {
        return send(stream, request).await.map_err(|error| unreachable(error.to_string()));
    }
    let tls = TlsConfigs::native(None).map_err(unreachable)?;
    let stream = tls.encrypt(host, stream).await.map_err(unreachable)?;
    send(stream, request).await.map_err(|error| unreachable(error.to_string()))
}

/// A connection; without encryption only to this machine, whatever the name says.
async fn dial(url: &Url, is_encrypted: bool) -> Result<TcpStream, HttpError> {
    let host = url.host_str().unwrap_or_default();
    let unreachable =
        |error: std::io::Error| HttpError::Unreachable { host: host.to_owned(), reason: error.to_string() };
    let port = url.port_or_known_default().ok_or(HttpError::Address)?;
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        Some(Host::Domain(name)) => tokio::net::lookup_host((name, port)).await.map_err(unreachable)?.collect(),
        None => Vec::new(),
    };
    let may: Vec<SocketAddr> = addresses.into_iter().filter(|to| is_encrypted || to.ip().is_loopback()).collect();
    if may.is_empty() {
        return Err(HttpError::Address);
    }
    TcpStream::connect(&may[..]).await.map_err(unreachable)
}

fn request(url: &Url, document: Option<&serde_json::Value>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let authority = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let builder = Request::builder()
        .uri(path)
        .header(header::HOST, authority)
        .header(header::USER_AGENT, concat!("Herald/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close");
    match document {
        None => builder.method(Method::GET).body(Full::default()),
        Some(document) => builder
            .method(Method::POST)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(document.to_string()))),
    }
}

/// Sends it, and reads no more than the head of the answer.
async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, hyper::Error> {
    let (mut sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await?;
    let mut answer = std::pin::pin!(sender.send_request(request));
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The connection is driven here; once it has ended, what came of the request is there.
        _ = connection => answer.await,
    };
    Ok(answer?.status())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Answers one request with these bytes; what it heard.
    async fn once(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hook?key=s3cret", listener.local_addr().unwrap());
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 4096];
            let mut heard = String::new();
            while !heard.contains("\r\n\r\n") || (heard.starts_with("POST") && !heard.ends_with('}')) {
                let read = stream.read(&mut bytes).await.unwrap();
                heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            heard
        });
        (address, heard)
    }

    #[tokio::test]
    async fn a_call_is_one_request_and_its_status() {
        let (address, heard) = once("HTTP/1.1 204 No Content\r\n\r\n").await;
        call(&address, None).await.unwrap();
        let heard = heard.await.unwrap();
        assert!(heard.starts_with("GET /hook?key=s3cret HTTP/1.1\r\n"), "{heard}");
        let (address, heard) = once("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nendless").await;
        call(&address, Some(&serde_json::json!({ "state": "raised" }))).await.unwrap();
        let heard = heard.await.unwrap();
        assert!(heard.starts_with("POST ") && heard.ends_with("\r\n\r\n{\"state\":\"raised\"}"), "{heard}");
    }

    #[tokio::test]
    async fn what_is_no_good_answer_is_an_error_that_tells_no_secret() {
        for answer in [
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
            "HTTP/1.1 500 No\r\n\r\n",
            "SSH-2.0-x\r\n",
            "",
        ] {
            let (address, heard) = once(answer).await;
            let error = call(&address, None).await.unwrap_err().to_string();
            heard.await.unwrap();
            assert!(!error.contains("s3cret"), "{error}");
        }
        for address in ["http://192.0.2.1/", "ftp://127.0.0.1/", "gopher", "http://newsroom.example:1/"] {
            assert!(call(address, None).await.is_err(), "{address}");
        }
    }
}
