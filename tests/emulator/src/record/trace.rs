//! Records as events of `tracing`.

use tracing::{Level, event};

use super::RequestRecord;

/// The target of the events, by which subscribers choose.
const TARGET: &str = "queue_emulator::requests";

impl RequestRecord {
    /// Makes an event of the record: of the level `DEBUG`, or `INFO` if the request was refused or its
    /// answer was lost.
    pub(crate) fn trace(&self) {
        macro_rules! tell {
            ($level:expr, $text:expr) => {
                event!(
                    target: TARGET,
                    $level,
                    request_id = self.request_id.as_deref(),
                    client_request_id = self.client_request_id.as_deref(),
                    peer = display(self.peer),
                    method = self.method.as_ref().map_or("", http::Method::as_str),
                    path = self.target.as_str(),
                    operation = self.operation.map(|operation| operation.name()),
                    account = self.account.as_ref().map(display),
                    queue = self.queue.as_ref().map(display),
                    credential = self.credential.name(),
                    status = self.status.map(|status| status.as_u16()),
                    code = self.code.as_ref().map(display),
                    refused = self.refused.as_ref().map(display),
                    fault = self.fault,
                    us = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
                    $text
                )
            };
        }
        if self.lost {
            tell!(Level::INFO, "an answer was lost");
        } else if self.refused.is_some() {
            tell!(Level::INFO, "a request was refused");
        } else {
            tell!(Level::DEBUG, "a request was answered");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use bytes::Bytes;
    use http::Request;

    use crate::emulator::Emulator;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_refusal_is_an_event_that_says_why() {
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        let emulator = Emulator::builder().trace_requests().build();
        let request =
            Request::get("http://127.0.0.1:10001/devstoreaccount1?comp=list&sig=c2VjcmV0");
        let request = request.header("x-ms-version", "2026-10-06").body(Bytes::new()).unwrap();
        tracing::subscriber::with_default(subscriber, || drop(emulator.handle(request)));
        let told = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert_eq!(told.lines().count(), 1, "{told}");
        for part in [
            " INFO queue_emulator::requests: a request was refused ",
            "path=\"/devstoreaccount1?comp=list&sig=REDACTED\"",
            "operation=\"ListQueues\"",
            "account=devstoreaccount1",
            "status=403",
            "refused=authentication: 403 AuthorizationFailure",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains("c2VjcmV0"), "{told}");
    }
}
