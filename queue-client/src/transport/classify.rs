//! Tells from an error of hyper, wherever it is in a chain of causes, what is known about the
//! request.

use std::{error::Error as StdError, io};

use super::TransportErrorKind;

/// The kind of an error that came in place of the head of an answer, on a connection that was
/// there.
pub(super) fn without_head(error: &(dyn StdError + 'static)) -> TransportErrorKind {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(kind) = hyper_kind(error).or_else(|| io_kind(error)) {
            return kind;
        }
        next = error.source();
    }
    TransportErrorKind::Interrupted
}

fn hyper_kind(error: &(dyn StdError + 'static)) -> Option<TransportErrorKind> {
    let error = error.downcast_ref::<hyper::Error>()?;
    if error.is_parse() {
        Some(TransportErrorKind::Interrupted)
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        Some(TransportErrorKind::ClosedBeforeAnswer)
    } else {
        None
    }
}

fn io_kind(error: &(dyn StdError + 'static)) -> Option<TransportErrorKind> {
    match error.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        // A TLS peer that closes without saying so.
        | io::ErrorKind::UnexpectedEof => Some(TransportErrorKind::ClosedBeforeAnswer),
        // The operating system gave the connection up.
        io::ErrorKind::TimedOut => Some(TransportErrorKind::Timeout),
        _ => None,
    }
}
