//! [`Heads`]: a connection that sees heads as they are on the wire, for the two things that hyper
//! does not tell: how names of metadata are spelled, and that a head was too long because of them.
//!
//! It looks at the head of a `PUT` alone, the only method that brings metadata, and at answers that
//! have metadata with capitals. All other bytes pass by untouched and unread.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Write as _};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, StatusCode};
use hyper::ext::ReasonPhrase;
use queue_proto::header::{ERROR_CODE, META_PREFIX};
use queue_proto::limits::MAX_METADATA;
use queue_proto::{ErrorCode, MetadataNames};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Room for the request line and all headers together. The service takes less.
pub(super) const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The most headers that hyper reads without taking memory for each request.
const MAX_HEADERS: usize = 100;
/// What hyper answers to a head with more headers, or with more than [`MAX_HEAD_BYTES`].
const TOO_LARGE: &[u8] = b"HTTP/1.1 431 ";
const PUT: &[u8] = b"PUT ";

/// How names of metadata are spelled, between a connection and what answers its requests.
#[derive(Debug, Default)]
pub(super) struct Spelling {
    came: AtomicBool,
    goes: AtomicBool,
    names: Mutex<Names>,
}

#[derive(Debug, Default)]
struct Names {
    /// Of the request that was read last.
    of_request: Option<MetadataNames>,
    /// Of the answers that are to be written, in their order.
    of_answers: VecDeque<MetadataNames>,
}

impl Spelling {
    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, names: Option<MetadataNames>) {
        if names.is_some() || self.came.load(Ordering::Relaxed) {
            self.came.store(names.is_some(), Ordering::Relaxed);
            self.names().of_request = names;
        }
    }

    /// The spelling in the request that was read last, once.
    pub(super) fn take(&self) -> Option<MetadataNames> {
        if self.came.swap(false, Ordering::Relaxed) { self.names().of_request.take() } else { None }
    }

    /// Spells the names in the next answer that has them.
    pub(super) fn answer(&self, names: MetadataNames) {
        self.names().of_answers.push_back(names);
        self.goes.store(true, Ordering::Relaxed);
    }

    /// What is to be written in place of `data`; `None` for `data` itself.
    fn respelled(&self, data: &[u8]) -> Option<Vec<u8>> {
        if !self.goes.load(Ordering::Relaxed) {
            return None;
        }
        let mut names = self.names();
        let mut changed = data.to_vec();
        if !names.of_answers.front()?.respell(&mut changed) {
            return None;
        }
        names.of_answers.pop_front();
        self.goes.store(!names.of_answers.is_empty(), Ordering::Relaxed);
        Some(changed)
    }
}

/// The service puts the text of an error behind the status on the first line of the answer.
pub(super) fn reason(response: &Response<Bytes>) -> Option<ReasonPhrase> {
    let code = match response.headers().get(ERROR_CODE)?.to_str().ok()? {
        _ if response.status() == StatusCode::UNAUTHORIZED => {
            ErrorCode::NoAuthenticationInformation
        }
        code => ErrorCode::from(code),
    };
    ReasonPhrase::try_from(code.text().as_bytes()).ok()
}

/// An answer as it is on the wire, after which the connection is closed.
pub(super) fn last_answer(response: &Response<Bytes>) -> Vec<u8> {
    let status = response.status();
    let mut out = Vec::new();
    // Writing into memory does not fail.
    let reason = reason(response);
    let reason = reason.as_ref().map_or(status.as_str().as_bytes(), ReasonPhrase::as_bytes);
    let _ = write!(out, "HTTP/1.1 {} ", status.as_str());
    out.extend_from_slice(reason);
    for (name, value) in response.headers() {
        let _ = write!(out, "\r\n{name}: ");
        out.extend_from_slice(value.as_bytes());
    }
    let length = response.body().len();
    let _ = write!(out, "\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    out.extend_from_slice(response.body());
    out
}

/// A connection whose heads are looked at.
pub(super) struct Heads<S, F> {
    inner: S,
    spelling: Arc<Spelling>,
    looking: Looking,
    /// Makes the whole answer for metadata that is too large, if that is why the head is not read.
    refuse: F,
    is_metadata: bool,
    /// What is written in place of what was asked to be written, and how much of it is.
    instead: Vec<u8>,
    written: usize,
}

/// Where in the stream of bytes a connection is.
enum Looking {
    /// A request may begin with the next byte: none came yet, or an answer was written.
    AtStart,
    /// In the head of a `PUT`, of which this much came.
    InHead(Vec<u8>),
    /// In what does not matter. A client that sends its next request before it has the answer has
    /// its names in lower case.
    Away,
}

impl<S, F: Fn() -> Vec<u8>> Heads<S, F> {
    pub(super) fn new(inner: S, spelling: Arc<Spelling>, refuse: F) -> Self {
        Self {
            inner,
            spelling,
            looking: Looking::AtStart,
            refuse,
            is_metadata: false,
            instead: Vec::new(),
            written: 0,
        }
    }

    fn look(&mut self, fresh: &[u8]) {
        let mut head = match std::mem::replace(&mut self.looking, Looking::Away) {
            Looking::Away => return,
            Looking::AtStart => Vec::new(),
            Looking::InHead(head) => head,
        };
        let searched = head.len().saturating_sub(3);
        let all = if head.is_empty() {
            fresh
        } else {
            head.extend_from_slice(fresh);
            &head
        };
        let is_put = all.starts_with(PUT) || PUT.starts_with(all);
        if !is_put {
            return;
        }
        let end = all.get(searched..).and_then(end_of_head).map(|end| searched + end);
        match end.and_then(|end| all.get(..end)) {
            Some(whole) => self.read(whole),
            None if all.len() >= MAX_HEAD_BYTES => self.read(all),
            None => {
                let head = if head.is_empty() { fresh.to_vec() } else { head };
                self.looking = Looking::InHead(head);
            }
        }
    }

    /// Reads a head that is whole, or too long.
    fn read(&mut self, head: &[u8]) {
        let (mut headers, mut metadata, mut bytes) = (0, 0, 0);
        // Without the line of the request and the empty one.
        for line in head.split(|byte| *byte == b'\n').skip(1).filter(|line| line.len() > 1) {
            headers += 1;
            let prefix = line.get(..META_PREFIX.len()).unwrap_or_default();
            if prefix.eq_ignore_ascii_case(META_PREFIX.as_bytes()) {
                metadata += 1;
                bytes += line.len() - META_PREFIX.len();
            }
        }
        self.is_metadata =
            bytes > MAX_METADATA || (headers > MAX_HEADERS && headers - metadata <= MAX_HEADERS);
        self.spelling.read(if metadata == 0 { None } else { MetadataNames::in_head(head) });
    }

    /// What is to be written in place of `data`; `None` for `data` itself.
    fn replaced(&mut self, data: &[u8]) -> Option<Vec<u8>> {
        if let Looking::InHead(head) = std::mem::replace(&mut self.looking, Looking::AtStart) {
            // hyper counts headers as they come, and answers before the head has an end.
            self.read(&head);
        }
        // The first answer after the head decides: a later one is about another request.
        if std::mem::take(&mut self.is_metadata) && data.starts_with(TOO_LARGE) {
            return Some((self.refuse)());
        }
        self.spelling.respelled(data)
    }
}

/// The length of a head with the empty line at its end. Like hyper, this takes line ends without a
/// carriage return too.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut lines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    lines.find_map(|(at, _)| match bytes.get(at + 1..)? {
        [b'\r', b'\n', ..] => Some(at + 3),
        [b'\n', ..] => Some(at + 2),
        _ => None,
    })
}

impl<S: AsyncRead + Unpin, F: Fn() -> Vec<u8> + Unpin> AsyncRead for Heads<S, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if !matches!(self.looking, Looking::Away) {
            self.look(buffer.filled().get(before..).unwrap_or_default());
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, F> Heads<S, F> {
    /// Writes what is left of what stands for something else.
    fn poll_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.instead.get(self.written..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.inner).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        self.instead = Vec::new();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, F: Fn() -> Vec<u8> + Unpin> AsyncWrite for Heads<S, F> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(context))?;
        match self.replaced(data) {
            None => Pin::new(&mut self.inner).poll_write(context, data),
            Some(instead) => {
                self.instead = instead;
                // What the other end does not take yet goes with the next write or flush.
                if let Poll::Ready(Err(error)) = self.poll_instead(context) {
                    return Poll::Ready(Err(error));
                }
                Poll::Ready(Ok(data.len()))
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let in_head = matches!(self.looking, Looking::InHead(_));
        if in_head || self.is_metadata || self.spelling.goes.load(Ordering::Relaxed) {
            let first = data.iter().find(|slice| !slice.is_empty());
            return self.poll_write(context, first.map_or(&[], |slice| slice));
        }
        ready!(self.poll_instead(context))?;
        self.looking = Looking::AtStart;
        Pin::new(&mut self.inner).poll_write_vectored(context, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
