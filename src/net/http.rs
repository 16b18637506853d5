//! Calls to other machines: one request, and the answer as far as it is asked for. Nothing that the other side says leads
//! anywhere else, and it has ten seconds. [`Reach`] says whom we may be sent to.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::{Host, Url};

use super::guard::is_public;
use super::smtp::TlsConfigs;

/// A call may take so long, from the name to the end of the answer.
const LIMIT: Duration = Duration::from_secs(10);
/// The head of an answer is no longer than this.
const HEAD: usize = 32 * 1024;

/// Why a call was not answered well. The address is not in it: its path may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be called.
    #[error("the address is no https address, nor one of this machine")]
    Address,
    /// Somebody outside sends us into the house.
    #[error("{0} is inside the house, or this machine itself")]
    Private(String),
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

/// Whom a call may reach.
#[derive(Clone, Debug)]
pub enum Reach {
    /// The address stands in our configuration: https anywhere, and http to this machine.
    Named,
    /// Somebody outside has given us the address: public addresses only, beside hosts of these names.
    Public(Arc<[String]>),
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// How.
    pub method: Method,
    /// Where.
    pub address: Url,
    /// Fields of the head, beside those that every call has.
    pub fields: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Bytes,
    /// So much of the answer's body is wanted; one that is longer counts as empty.
    pub wanted: usize,
}

impl Question {
    /// A GET of which only the status counts.
    pub fn get(address: Url) -> Question {
        Question { method: Method::GET, address, fields: Vec::new(), body: Bytes::new(), wanted: 0 }
    }

    /// A POST of which only the status counts.
    pub fn post(address: Url, media_type: HeaderValue, body: Bytes) -> Question {
        let fields = vec![(header::CONTENT_TYPE, media_type)];
        Question { method: Method::POST, address, fields, body, wanted: 0 }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// As much of the body as was wanted.
    pub body: Bytes,
}

/// Calls `address`: a GET, or with a JSON document a POST. Well answered is 2xx; a redirection is not followed.
///
/// # Errors
/// [`HttpError`].
pub async fn call(address: &str, document: Option<&serde_json::Value>) -> Result<(), HttpError> {
    let url = Url::parse(address).map_err(|_| HttpError::Address)?;
    let question = match document {
        None => Question::get(url),
        Some(document) => {
            Question::post(url, HeaderValue::from_static("application/json"), document.to_string().into())
        }
    };
    let host = question.address.host_str().unwrap_or_default().to_owned();
    let status = ask(question, &Reach::Named).await?.status;
    if status.is_success() { Ok(()) } else { Err(HttpError::Status { host, status }) }
}

/// Asks, and gives the answer whatever its status; a redirection is not followed.
///
/// # Errors
/// Every [`HttpError`] but [`HttpError::Status`].
pub async fn ask(question: Question, reach: &Reach) -> Result<Answer, HttpError> {
    let host = question.address.host_str().ok_or(HttpError::Address)?.to_owned();
    match tokio::time::timeout(LIMIT, exchange(question, &host, reach)).await {
        Ok(done) => done,
        Err(_) => Err(HttpError::Slow(host)),
    }
}

async fn exchange(question: Question, host: &str, reach: &Reach) -> Result<Answer, HttpError> {
    let unreachable = |reason: String| HttpError::Unreachable { host: host.to_owned(), reason };
    let is_encrypted = match question.address.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(HttpError::Address),
    };
    let stream = dial(&question.address, is_encrypted, reach).await?;
    let wanted = question.wanted;
    let request = request(question).map_err(|error| unreachable(error.to_string()))?;
    if !is_encrypted {
        return send(stream, request, wanted).await.map_err(|error| unreachable(error.to_string()));
    }
    let stream = certificates().map_err(unreachable)?.encrypt(host, stream).await.map_err(unreachable)?;
    send(stream, request, wanted).await.map_err(|error| unreachable(error.to_string()))
}

/// The certificates that this machine trusts, read once: ten thousand calls do not read them ten thousand times.
fn certificates() -> Result<&'static TlsConfigs, String> {
    static NATIVE: OnceLock<TlsConfigs> = OnceLock::new();
    match NATIVE.get() {
        Some(known) => Ok(known),
        None => TlsConfigs::native(None).map(|read| NATIVE.get_or_init(|| read)),
    }
}

/// A connection to an address that may be reached.
async fn dial(url: &Url, is_encrypted: bool, reach: &Reach) -> Result<TcpStream, HttpError> {
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
    let (may, refused): (Vec<SocketAddr>, _) = match reach {
        Reach::Named => {
            let may = addresses.into_iter().filter(|to| is_encrypted || to.ip().is_loopback()).collect();
            (may, HttpError::Address)
        }
        Reach::Public(inside) => {
            let is_named = inside.iter().any(|name| name.eq_ignore_ascii_case(host.trim_matches(['[', ']'])));
            let may = addresses.into_iter().filter(|to| is_named || is_public(to.ip())).collect();
            (may, HttpError::Private(host.to_owned()))
        }
    };
    if may.is_empty() {
        return Err(refused);
    }
    let stream = TcpStream::connect(&may[..]).await.map_err(unreachable)?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

fn request(question: Question) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let url = &question.address;
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let authority = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let mut builder = Request::builder()
        .method(question.method)
        .uri(path)
        .header(header::HOST, authority)
        .header(header::USER_AGENT, concat!("Herald/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close");
    for (name, value) in question.fields {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(question.body))
}

/// Sends it, and reads no more of the answer than is wanted.
async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    wanted: usize,
) -> Result<Answer, hyper::Error> {
    let (mut sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await?;
    let work = async move {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = match wanted {
            0 => Bytes::new(),
            wanted => match Limited::new(answer.into_body(), wanted).collect().await {
                Ok(body) => body.to_bytes(),
                Err(_) => Bytes::new(),
            },
        };
        Ok(Answer { status, body })
    };
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => done,
        // The connection is driven here; once it has ended, what came of the request is there.
        _ = connection => work.await,
    }
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

    #[tokio::test]
    async fn who_is_sent_by_somebody_outside_reaches_nobody_inside() {
        let get = |address: &str| Question { wanted: 64, ..Question::get(Url::parse(address).unwrap()) };
        let nobody = Reach::Public(Arc::from([]));
        for address in [
            "http://127.0.0.1:1/",
            "http://localhost:1/",
            "http://[::1]:1/",
            "https://10.0.0.1/",
            "http://0x7f.1:1/",
            "http://169.254.169.254/",
        ] {
            let error = ask(get(address), &nobody).await.unwrap_err();
            assert!(matches!(error, HttpError::Private(_)), "{address}: {error}");
        }
        let (address, heard) = once("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await;
        let known = Reach::Public(Arc::from(["127.0.0.1".to_owned()]));
        let answer = ask(get(&address), &known).await.unwrap();
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"hello"[..]));
        heard.await.unwrap();
        let (address, heard) = once("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n").await;
        let mut question = get(&address);
        question.wanted = 8;
        assert!(ask(question, &known).await.unwrap().body.is_empty(), "longer than wanted");
        heard.await.unwrap();
    }
}
