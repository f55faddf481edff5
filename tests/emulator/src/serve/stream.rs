//! The connection as HTTP has it: [`Stream`] watches what comes and what is taken, and closes so
//! that the client can read its last answer.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::crowd::Seat;
use super::patience::Patience;

/// The longest time for which a connection is read on after its end was sent.
const LINGER: Duration = Duration::from_secs(2);
/// The most bytes that are read after the end was sent.
const MAX_LINGER_BYTES: usize = 64 * 1024 * 1024;

/// A connection, plain or encrypted, that is watched.
pub(super) struct Stream<S> {
    inner: S,
    seat: Arc<Seat>,
    patience: Patience,
    /// Set when the end of the connection was sent.
    lingering: Option<Lingering>,
}

/// The state of reading what the client still sends after the end was sent.
///
/// A socket that is closed before everything that came on it was read makes the operating system
/// reset the connection, and the reset takes the answer away that the client has not read yet: it
/// sees a broken pipe in place of a refusal.
#[derive(Default)]
struct Lingering {
    read: usize,
    end: Option<Pin<Box<Sleep>>>,
}

impl<S> Stream<S> {
    pub(super) fn new(inner: S, seat: Arc<Seat>, patience: Patience) -> Self {
        Self { inner, seat, patience, lingering: None }
    }
}

impl<S: AsyncRead + Unpin> Stream<S> {
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // A request whose head never came to its end, or whose body was not read, goes on.
        let unfinished = self.seat.start().is_some();
        let Some(lingering) = &mut self.lingering else { return Poll::Ready(()) };
        let mut buffer = [0; 8 * 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut buffer);
            match Pin::new(&mut self.inner).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    lingering.read += buffer.filled().len();
                    if lingering.read > MAX_LINGER_BYTES {
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                // Nobody is in the middle of anything.
                Poll::Pending if !unfinished && lingering.read == 0 => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        let end = lingering.end.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
        end.as_mut().poll(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        self.seat.heard(buffer.filled().get(before..).unwrap_or_default());
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, data);
        self.patience.watch(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, data);
        self.patience.watch(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context).map_ok(|()| 0);
        ready!(self.patience.watch(flushed, context))?;
        // The end of an answer: HTTP flushes when it has written everything.
        self.patience.rest();
        self.seat.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let closed = Pin::new(&mut self.inner).poll_shutdown(context).map_ok(|()| 0);
            ready!(self.patience.watch(closed, context))?;
            self.lingering = Some(Lingering::default());
        }
        self.poll_linger(context).map(Ok)
    }
}
