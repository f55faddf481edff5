//! [`Spelled`]: a connection that keeps the case of names of metadata, which the header maps of
//! HTTP libraries do not have.
//!
//! The head of a request is changed while it is written, and the head of an answer is looked at
//! while it is read, but only where there is metadata to be expected: all other bytes pass by
//! untouched.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use http::Request;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use queue_proto::MetadataNames;

/// The longest head of an answer that is looked at.
const MAX_HEAD: usize = 64 * 1024;

/// The spelling in the request and the answer that are on their way, shared by both ends of a
/// connection. HTTP/1.1 has one of each at a time.
#[derive(Debug, Clone, Default)]
pub(super) struct Spelling(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Whether anything is to be done: nearly never, and then nobody waits for a lock.
    armed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How the names of the request are spelled, until its head is written.
    writes: Option<MetadataNames>,
    /// What came of the head of an answer that may have metadata.
    head: Option<Vec<u8>>,
    /// How the names of the answer are spelled.
    read: Option<MetadataNames>,
}

impl Spelling {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_armed(&self) -> bool {
        self.0.armed.load(Ordering::Relaxed)
    }

    /// Prepares for a request and its answer.
    pub(super) fn expect<B>(&self, request: &Request<B>) {
        let writes = request.extensions().get::<MetadataNames>();
        let asks = request.uri().query().is_some_and(|query| query.contains("comp=metadata"));
        if writes.is_none() && !asks && !self.is_armed() {
            return;
        }
        let head = asks.then(Vec::new);
        self.0.armed.store(writes.is_some() || asks, Ordering::Relaxed);
        *self.state() = State { writes: writes.cloned(), head, read: None };
    }

    /// How the names of the answer are spelled, if one has a capital letter.
    pub(super) fn take(&self) -> Option<MetadataNames> {
        if self.is_armed() { self.state().read.take() } else { None }
    }

    fn respelled(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut state = self.state();
        let mut changed = bytes.to_vec();
        let found = state.writes.as_ref()?.respell(&mut changed);
        found.then(|| {
            state.writes = None;
            changed
        })
    }

    fn came(&self, bytes: &[u8]) {
        let mut state = self.state();
        let Some(mut head) = state.head.take() else { return };
        head.extend_from_slice(bytes);
        let ends = |end: &[u8]| head.windows(end.len()).any(|window| window == end);
        if ends(b"\r\n\r\n") || ends(b"\n\n") {
            state.read = MetadataNames::in_head(&head);
        } else if head.len() < MAX_HEAD {
            state.head = Some(head);
        }
    }
}

/// A connection that spells names as [`Spelling`] says.
pub(super) struct Spelled<S> {
    inner: S,
    spelling: Spelling,
    /// What is written in place of what was asked to be written, and how much of it is.
    instead: Vec<u8>,
    written: usize,
}

impl<S> Spelled<S> {
    pub(super) const fn new(inner: S, spelling: Spelling) -> Self {
        Self { inner, spelling, instead: Vec::new(), written: 0 }
    }
}

impl<S: Write + Unpin> Spelled<S> {
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

impl<S: Read + Unpin> Read for Spelled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.spelling.is_armed() {
            return Pin::new(&mut self.inner).poll_read(context, buffer);
        }
        // The cursor does not show what was put into it.
        let mut bytes = [0; 4096];
        let room = buffer.remaining().min(bytes.len());
        let mut came = ReadBuf::new(bytes.get_mut(..room).unwrap_or_default());
        ready!(Pin::new(&mut self.inner).poll_read(context, came.unfilled()))?;
        self.spelling.came(came.filled());
        buffer.put_slice(came.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: Write + Unpin> Write for Spelled<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(context))?;
        if self.spelling.is_armed()
            && let Some(changed) = self.spelling.respelled(bytes)
        {
            self.instead = changed;
            // What the other end does not take yet goes with the next write or flush.
            if let Poll::Ready(Err(error)) = self.poll_instead(context) {
                return Poll::Ready(Err(error));
            }
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.spelling.is_armed() {
            let first = pieces.iter().find(|piece| !piece.is_empty());
            return self.poll_write(context, first.map_or(&[], |piece| piece));
        }
        ready!(self.poll_instead(context))?;
        Pin::new(&mut self.inner).poll_write_vectored(context, pieces)
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
