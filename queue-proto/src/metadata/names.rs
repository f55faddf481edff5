//! [`MetadataNames`]: how names of metadata are spelled, beside header maps that cannot say it.

use std::sync::Arc;

use super::Metadata;
use crate::header::META_PREFIX;

/// The names of metadata as their owner spelled them, as an extension of a request or an answer.
///
/// The service keeps the case of these names, but [`http::HeaderName`] holds lower case alone.
/// [`Operation::to_http`](crate::Operation::to_http) and
/// [`OperationResponse::to_http`](crate::OperationResponse::to_http) put this extension beside the
/// headers when a name has a capital letter, and the reading side takes the spelling from it. A
/// transport that passes requests on in process keeps extensions and has nothing to do. A transport
/// over HTTP/1.1 changes the head that it writes with [`respell`](Self::respell), and reads the
/// head that came with [`in_head`](Self::in_head). HTTP/2 sends names in lower case by definition.
///
/// ```
/// use queue_proto::MetadataNames;
///
/// let came = b"PUT /jobs HTTP/1.1\r\nx-ms-meta-ClientName: fast\r\n\r\n";
/// let names = MetadataNames::in_head(came).ok_or("a name has capitals")?;
/// assert_eq!(names.spelling("clientname"), Some("ClientName"));
///
/// let mut written = b"HTTP/1.1 200 OK\r\nx-ms-meta-clientname: fast\r\n\r\n".to_vec();
/// names.respell(&mut written);
/// assert_eq!(written, b"HTTP/1.1 200 OK\r\nx-ms-meta-ClientName: fast\r\n\r\n");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataNames(Arc<[Box<str>]>);

impl MetadataNames {
    /// The names of `metadata`; `None` when lower case is all there is to them.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        Self::new(metadata.iter().map(|(name, _)| name))
    }

    /// The names in the head of an HTTP/1.1 message, as it is on the wire; `None` when no name of
    /// metadata in it has a capital letter.
    #[must_use]
    pub fn in_head(head: &[u8]) -> Option<Self> {
        Self::new(head.split(|byte| *byte == b'\n').filter_map(|line| {
            let (prefix, rest) = line.split_at_checked(META_PREFIX.len())?;
            let length = rest.iter().position(|byte| *byte == b':')?;
            let name = std::str::from_utf8(rest.get(..length)?).ok()?;
            prefix.eq_ignore_ascii_case(META_PREFIX.as_bytes()).then_some(name)
        }))
    }

    /// These names; `None` when none of them has a capital letter.
    #[must_use]
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let names =
            names.into_iter().filter(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()));
        let names: Arc<[Box<str>]> = names.map(Box::from).collect();
        (!names.is_empty()).then_some(Self(names))
    }

    /// How `name` is spelled, if it is one of these and has a capital letter.
    #[must_use]
    pub fn spelling(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|known| known.eq_ignore_ascii_case(name)).map(|known| &**known)
    }

    /// Spells the names in the head of an HTTP/1.1 message, in place. Says whether it found one.
    pub fn respell(&self, head: &mut [u8]) -> bool {
        let mut found = false;
        for line in head.split_mut(|byte| *byte == b'\n') {
            if matches!(line, [] | [b'\r']) {
                // The body follows.
                break;
            }
            if !line.starts_with(META_PREFIX.as_bytes()) {
                continue;
            }
            let Some(rest) = line.get_mut(META_PREFIX.len()..) else { continue };
            let Some(length) = rest.iter().position(|byte| *byte == b':') else { continue };
            let Some(name) = rest.get_mut(..length) else { continue };
            let spelling = std::str::from_utf8(name).ok().and_then(|name| self.spelling(name));
            // Names that differ in case alone are of one length.
            if let Some(spelling) = spelling {
                name.copy_from_slice(spelling.as_bytes());
                found = true;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_metadata_in_the_head_count() {
        let head = b"PUT /q HTTP/1.1\r\nHost: X-Ms-Meta-No: 1\r\nX-Ms-Meta-One:1\r\n\
                     x-ms-meta-two: 2\nx-ms-meta-THREE : 3\r\nx-ms-metaFour: 4\r\n\r\n";
        let names = MetadataNames::in_head(head).unwrap();
        assert_eq!(names.spelling("ONE"), Some("One"));
        assert_eq!(names.spelling("two"), None);
        assert_eq!(names.spelling("four"), None);
        assert_eq!(MetadataNames::in_head(b"PUT /q HTTP/1.1\r\nx-ms-meta-a: B\r\n\r\n"), None);
    }

    #[test]
    fn a_body_is_not_respelled() {
        let names = MetadataNames::in_head(b"x-ms-meta-A: 1\r\n").unwrap();
        let mut message = b"HTTP/1.1 200 OK\r\n\r\nx-ms-meta-a: 1\n".to_vec();
        assert!(!names.respell(&mut message));
        assert!(message.ends_with(b"x-ms-meta-a: 1\n"));
    }
}
