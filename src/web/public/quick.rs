//! The answers that are asked for most, feeds and "you have it already", written straight to the connection.
//!
//! A feed is polled by every reader all day, and its answer depends on three things only: the document, the encoding the
//! reader likes best, and whether they have it. So each such answer is asked of the router once, as a reader would,
//! and kept as the bytes that go over the wire: what is sent here cannot differ from what the router says. Whatever is
//! not plainly such a request goes to the router with all that was read of it.

use std::collections::HashMap;
use std::io::IoSlice;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use bytes::{Bytes, BytesMut};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Site;
use super::feeds::{Coding, http_date, is_known};
use crate::feed::{Document, Format};
use crate::web::readers::Given;

/// A longer head is the router's to judge.
const HEAD: usize = 8 * 1024;
/// More fields are the router's to judge.
const FIELDS: usize = 64;
/// How long a client may take for the head of a request, and a kept connection may stay silent.
const SILENCE: Duration = Duration::from_secs(20);
/// Said with the last answer of a connection (RFC 9112, section 9.6).
const CLOSE: &[u8] = b"connection: close\r\n";
/// How long a client may take to fetch an answer.
const SLOW: Duration = Duration::from_secs(300);

/// What answers feeds without the router.
pub(in crate::web) struct Quick {
    site: Site,
    base: String,
    service: TowerToHyperService<Router>,
    /// By file name (`news.rss`). Only what stands on the shelf gets in.
    ready: RwLock<HashMap<String, Arc<Ready>>>,
    /// The second, and how HTTP writes it.
    date: RwLock<(i64, Bytes)>,
}

/// One document with its answers, as far as they were asked for.
struct Ready {
    document: Arc<Document>,
    /// By [`Coding`], each as it is sent to who lacks it and to who has it.
    answers: [OnceLock<Answer>; 6],
}

/// An answer as it goes over the wire, but for its date.
struct Answer {
    head: Bytes,
    body: Bytes,
}

/// What the head of a request says, where it is one for here.
struct Asked<'r> {
    file: &'r str,
    agent: Option<&'r str>,
    fields: HeaderMap,
    /// The client wants the connection closed after it.
    last: bool,
}

impl Quick {
    /// What answers for `site` before its router does.
    pub(in crate::web) fn new(site: Site, router: Router) -> Quick {
        let base = super::base(&site.config.site.url);
        let service = TowerToHyperService::new(router);
        Quick { site, base, service, ready: RwLock::default(), date: RwLock::default() }
    }

    /// Answers on a connection as long as feeds are asked for. What comes back is the connection with what was read of
    /// a request that is the router's; `None` where the connection is over.
    pub(in crate::web) async fn serve<S>(&self, mut stream: S, stop: &CancellationToken) -> Option<(Bytes, S)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stop = stop.child_token();
        let mut read = BytesMut::with_capacity(HEAD);
        let mut until = Instant::now() + SILENCE;
        loop {
            match self.request(&read) {
                Next::Feed { length, answer, last } => {
                    let _ = read.split_to(length);
                    let (head, date, body) = (answer.head(), self.date(), answer.body());
                    let sent = send(&mut stream, [&head, if last { CLOSE } else { b"" }, &date, &body]);
                    tokio::time::timeout(SLOW, sent).await.ok()?.ok()?;
                    if last {
                        let _ = stream.shutdown().await;
                        return None;
                    }
                    until = Instant::now() + SILENCE;
                }
                Next::Make { file, coding, known } => {
                    if self.make(&file, coding, known).await.is_none() {
                        return Some((read.freeze(), stream));
                    }
                }
                Next::Other => return Some((read.freeze(), stream)),
                Next::More => {
                    let begins = read.is_empty();
                    read.reserve(1024);
                    let got = tokio::select! {
                        got = stream.read_buf(&mut read) => got.ok()?,
                        () = stop.cancelled(), if read.is_empty() => 0,
                        () = tokio::time::sleep_until(until) => 0,
                    };
                    if got == 0 {
                        return None;
                    }
                    // A head has its time as a whole: who sends it sign by sign keeps no place for ever.
                    if begins {
                        until = Instant::now() + SILENCE;
                    }
                }
            }
        }
    }

    /// What is to be done about what was read.
    fn request(&self, read: &[u8]) -> Next {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let length = match request.parse(read) {
            Ok(httparse::Status::Complete(length)) => length,
            // What is no feed's request need not be whole before it is somebody else's.
            Ok(httparse::Status::Partial) if read.len() < HEAD && b"GET ".starts_with(&read[..read.len().min(4)]) => {
                return Next::More;
            }
            _ => return Next::Other,
        };
        let Some(asked) = self.asked(&request) else { return Next::Other };
        let named = asked.file.rsplit_once('.').and_then(|(name, end)| Some((name, Format::from_extension(end)?)));
        let Some(document) = named.and_then(|(name, format)| self.site.shelf.get(name, format)) else {
            return Next::Other;
        };
        let (coding, known) = (Coding::best(&asked.fields), is_known(&document, &asked.fields));
        match self.ready(asked.file, &document) {
            Some(ready) if ready.answers[place(coding, known)].get().is_some() => {
                let answer = Kept { ready, place: place(coding, known) };
                let given = Given { length: document.bytes.len(), sent: answer.body().len(), not_modified: known };
                self.site.guests.readers.count(asked.file, asked.agent, given);
                Next::Feed { length, answer, last: asked.last }
            }
            _ => Next::Make { file: asked.file.to_owned(), coding, known },
        }
    }

    /// The file that a request asks for and the fields that decide about the answer; `None` for any request that is
    /// not a plain GET without a body (RFC 9112, sections 3, 6 and 9.3).
    fn asked<'r>(&self, request: &httparse::Request<'_, 'r>) -> Option<Asked<'r>> {
        if request.method != Some("GET") || request.version != Some(1) {
            return None;
        }
        let path = request.path?.split('?').next()?;
        let path = path.strip_prefix(self.base.as_str()).filter(|rest| rest.starts_with('/')).unwrap_or(path);
        let file = path.strip_prefix("/feeds/").filter(|file| !file.contains(['/', '%']))?;
        let (mut fields, mut last, mut agent) = (HeaderMap::new(), false, None);
        for field in request.headers.iter() {
            let name = |name: &str| field.name.eq_ignore_ascii_case(name);
            let decides = [header::ACCEPT_ENCODING, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE];
            if let Some(decides) = decides.into_iter().find(|one| name(one.as_str())) {
                fields.append(decides, HeaderValue::from_bytes(field.value).ok()?);
            } else if name("user-agent") {
                agent = std::str::from_utf8(field.value).ok();
            } else if name("connection") && field.value.eq_ignore_ascii_case(b"close") {
                last = true;
            } else if ["content-length", "transfer-encoding", "expect", "upgrade"].into_iter().any(name)
                || (name("connection") && !field.value.eq_ignore_ascii_case(b"keep-alive"))
            {
                return None;
            }
        }
        Some(Asked { file, agent, fields, last })
    }

    /// What is kept for this document; nothing where the shelf has another one by now.
    fn ready(&self, file: &str, document: &Arc<Document>) -> Option<Arc<Ready>> {
        let ready = self.ready.read().unwrap_or_else(PoisonError::into_inner);
        ready.get(file).filter(|ready| Arc::ptr_eq(&ready.document, document)).cloned()
    }

    /// Asks the router for an answer, and keeps it; `None` where the router says something else than a feed's answer.
    async fn make(&self, file: &str, coding: Coding, known: bool) -> Option<()> {
        let (name, end) = file.rsplit_once('.')?;
        let document = self.site.shelf.get(name, Format::from_extension(end)?)?;
        let ready = self.ready(file, &document).unwrap_or_else(|| {
            let ready = Arc::new(Ready { document: Arc::clone(&document), answers: Default::default() });
            let mut all = self.ready.write().unwrap_or_else(PoisonError::into_inner);
            all.insert(file.to_owned(), Arc::clone(&ready));
            ready
        });
        let tag = format!("\"{}{}\"", document.tag, coding.suffix());
        // The head alone: whoever counts who polls has counted nobody then.
        let mut request = Request::head(format!("/feeds/{file}"));
        if let Some(name) = coding.name() {
            request = request.header(header::ACCEPT_ENCODING, name);
        }
        if known {
            request = request.header(header::IF_NONE_MATCH, &tag);
        }
        let Ok(response) = self.service.call(request.body(Body::empty()).ok()?).await;
        let parts = response.into_parts().0;
        let expected = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        // In between the shelf may have got another document.
        if parts.status != expected
            || parts.headers.get(header::ETAG).is_none_or(|said| said.as_bytes() != tag.as_bytes())
        {
            return None;
        }
        let body = if known { Bytes::new() } else { coding.bytes(&document) };
        let head = head(parts.status, &parts.headers, (!known).then_some(body.len()));
        let _ = ready.answers[place(coding, known)].set(Answer { head, body });
        Some(())
    }

    /// The last field of a head, and its end (RFC 9110, section 6.6.1).
    fn date(&self) -> Bytes {
        let now = self.site.clock.now();
        let second = now.timestamp();
        {
            let known = self.date.read().unwrap_or_else(PoisonError::into_inner);
            if known.0 == second && !known.1.is_empty() {
                return known.1.clone();
            }
        }
        let text = Bytes::from(format!("date: {}\r\n\r\n", http_date(now)));
        *self.date.write().unwrap_or_else(PoisonError::into_inner) = (second, text.clone());
        text
    }
}

/// What follows from what was read.
enum Next {
    /// It is not a whole head yet.
    More,
    /// A feed is asked for, and its answer is at hand.
    Feed { length: usize, answer: Kept, last: bool },
    /// A feed is asked for, and its answer is to be made.
    Make { file: String, coding: Coding, known: bool },
    /// It is the router's.
    Other,
}

/// An answer that is kept, and kept alive while it is sent.
struct Kept {
    ready: Arc<Ready>,
    place: usize,
}

impl Kept {
    fn head(&self) -> Bytes {
        self.ready.answers[self.place].get().map(|answer| answer.head.clone()).unwrap_or_default()
    }

    fn body(&self) -> Bytes {
        self.ready.answers[self.place].get().map(|answer| answer.body.clone()).unwrap_or_default()
    }
}

/// Where an answer stands among its document's.
fn place(coding: Coding, known: bool) -> usize {
    coding as usize * 2 + usize::from(known)
}

/// The head as HTTP/1.1 writes it, all but the date and the empty line.
fn head(status: StatusCode, fields: &HeaderMap, length: Option<usize>) -> Bytes {
    let mut head = Vec::with_capacity(1024);
    let reason = status.canonical_reason().unwrap_or_default();
    head.extend_from_slice(format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).as_bytes());
    let mut field = |name: &HeaderName, value: &[u8]| {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    };
    fields
        .iter()
        .filter(|(name, _)| *name != header::CONTENT_LENGTH)
        .for_each(|(name, value)| field(name, value.as_bytes()));
    if let Some(length) = length {
        field(&header::CONTENT_LENGTH, length.to_string().as_bytes());
    }
    head.into()
}

/// Writes these pieces, in one go where the system takes them.
async fn send(stream: &mut (impl AsyncWrite + Unpin), pieces: [&[u8]; 4]) -> std::io::Result<()> {
    let mut slices = pieces.map(IoSlice::new);
    let mut left = &mut slices[..];
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        let written = stream.write_vectored(left).await?;
        if written == 0 {
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut left, written);
    }
    stream.flush().await
}
