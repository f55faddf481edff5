//! Catches what is logged in this process.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use queue_client::observe::{CallObserver, CallReport};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Everything that this process logs, at every level, through `tracing` and through `log`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Listens from now on.
    pub(crate) fn start() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    }

    /// What was logged so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs every call that ends, as a program might that logs all it gets to know.
#[derive(Debug)]
pub(crate) struct LogCalls;

impl CallObserver for LogCalls {
    fn call_ended(&self, report: &CallReport<'_>) {
        tracing::trace!(?report, "call ended");
        if let Some(error) = report.error {
            note_error(error);
        }
    }
}

/// Logs a value in every way in which it can be printed without trying.
pub(crate) fn note(value: &dyn std::fmt::Debug) {
    tracing::trace!(?value, "noted");
    tracing::trace!("noted {value:#?}");
}

/// Logs an error with all its causes.
pub(crate) fn note_error(error: &(dyn std::error::Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        tracing::trace!(%error, "noted");
        note(&error);
        next = error.source();
    }
}

/// Logs an error that must be there.
pub(crate) fn note_failure<T: std::fmt::Debug, E: std::error::Error + 'static>(
    result: Result<T, E>,
) {
    note_error(&result.unwrap_err());
}
