//! [`TraceContext`]: the trace that a message belongs to.

use std::{error::Error, fmt};

/// Where in a trace a message was sent: `traceparent` and `tracestate` of W3C Trace Context.
///
/// ```
/// use queue_client::processor::TraceContext;
///
/// let trace = TraceContext::new("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")?;
/// assert_eq!(trace.trace_id(), "0af7651916cd43dd8448eb211c80319c");
/// assert_eq!(trace.parent_id(), "b7ad6b7169203331");
/// assert!(trace.is_sampled());
/// # Ok::<(), queue_client::processor::InvalidTraceContext>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceContext {
    parent: String,
    state: Option<String>,
}

/// The error for a text that is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidTraceContext {}

/// The places of the parts in a `traceparent` of version 00, which later versions may only extend.
const VERSION: std::ops::Range<usize> = 0..2;
const TRACE: std::ops::Range<usize> = 3..35;
const PARENT: std::ops::Range<usize> = 36..52;
const FLAGS: std::ops::Range<usize> = 53..55;
const LENGTH: usize = 55;

impl TraceContext {
    /// Checks a `traceparent`. Later versions than 00 are accepted, as the recommendation asks.
    ///
    /// # Errors
    ///
    /// [`InvalidTraceContext`] when the text is no `traceparent`.
    pub fn new(traceparent: impl Into<String>) -> Result<Self, InvalidTraceContext> {
        let parent = traceparent.into();
        let hex = |range| {
            let part: &str = parent.get(range)?;
            let digits = part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            digits.then_some(part)
        };
        let id = |range| hex(range).is_some_and(|id| id.bytes().any(|b| b != b'0'));
        let dashes = [2, 35, 52].iter().all(|at| parent.as_bytes().get(*at) == Some(&b'-'));
        let version = hex(VERSION).filter(|version| *version != "ff");
        let rest = parent.get(LENGTH..).unwrap_or_default();
        let end = rest.is_empty() || (version != Some("00") && rest.starts_with('-'));
        let valid = dashes && end && version.is_some() && id(TRACE) && id(PARENT);
        if valid && hex(FLAGS).is_some() && parent.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self { parent, state: None })
        } else {
            Err(InvalidTraceContext {})
        }
    }

    /// The same context with what vendors of tracing systems have added.
    #[must_use]
    pub fn with_tracestate(mut self, tracestate: impl Into<String>) -> Self {
        self.state = Some(tracestate.into());
        self
    }

    /// The whole `traceparent`.
    #[must_use]
    pub fn traceparent(&self) -> &str {
        &self.parent
    }

    /// The `tracestate`, if there is one.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The id of the trace: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.part(TRACE)
    }

    /// The id of the span in which the message was sent: 16 hexadecimal digits.
    #[must_use]
    pub fn parent_id(&self) -> &str {
        self.part(PARENT)
    }

    /// Whether the sender records the trace.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        u8::from_str_radix(self.part(FLAGS), 16).is_ok_and(|flags| flags & 1 == 1)
    }

    fn part(&self, range: std::ops::Range<usize>) -> &str {
        // All of it was checked to be there.
        self.parent.get(range).unwrap_or_default()
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.parent)
    }
}

impl fmt::Display for InvalidTraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "trace context must be like 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, with \
             neither id zero",
        )
    }
}

impl Error for InvalidTraceContext {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_traceparent_is_refused() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        assert!(!TraceContext::new(good).unwrap().is_sampled());
        assert!(TraceContext::new(good.replace("00-0a", "cc-0a") + "-more").is_ok());
        for bad in [
            String::new(),
            good.to_uppercase(),
            format!("{good}-more"),
            good.replace("00-0a", "ff-0a"),
            good.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            good.replace("b7ad6b7169203331", &"0".repeat(16)),
            good.replace("319c-b7", "319c_b7"),
            good.replace("00-0a", "cc-0a") + "-\n",
            "ü".repeat(28),
        ] {
            assert_eq!(TraceContext::new(bad.clone()), Err(InvalidTraceContext {}), "{bad}");
        }
    }
}
