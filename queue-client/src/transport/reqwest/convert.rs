//! Requests in the types of reqwest.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use bytes::Bytes;
use http::{
    Request, Uri,
    uri::{Authority, Scheme},
};
use reqwest::Url;

use crate::transport::{TransportError, TransportErrorKind};

/// More than path and query of the usual requests have: those of a message with its receipt.
const ROOM: usize = 192;

/// Converts requests, and remembers the server of the last one: to parse its name again for each
/// request would cost more than all that follows it.
#[derive(Clone, Default)]
pub(super) struct Converter {
    last: Arc<RwLock<Option<Origin>>>,
}

struct Origin {
    scheme: Scheme,
    authority: Authority,
    url: Url,
}

impl Origin {
    fn is_of(&self, uri: &Uri) -> bool {
        uri.scheme() == Some(&self.scheme) && uri.authority() == Some(&self.authority)
    }
}

impl Converter {
    pub(super) fn convert(
        &self,
        request: Request<Bytes>,
    ) -> Result<reqwest::Request, TransportError> {
        let (head, body) = request.into_parts();
        let mut converted = reqwest::Request::new(head.method, self.url(&head.uri)?);
        *converted.headers_mut() = head.headers;
        // A body, even an empty one, would be sent as one.
        if !body.is_empty() {
            *converted.body_mut() = Some(body.into());
        }
        Ok(converted)
    }

    fn url(&self, uri: &Uri) -> Result<Url, TransportError> {
        let mut url = match self.known(uri) {
            Some(url) => url,
            None => self.learn(uri)?,
        };
        url.set_path(uri.path());
        url.set_query(uri.query());
        Ok(url)
    }

    fn known(&self, uri: &Uri) -> Option<Url> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|origin| origin.is_of(uri)).map(|origin| origin.url.clone())
    }

    fn learn(&self, uri: &Uri) -> Result<Url, TransportError> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(TransportError::new(TransportErrorKind::NotSent)
                .with_source("the address has no scheme and host"));
        };
        // Its path leaves room in the clones for the paths that replace it.
        let room = "x".repeat(ROOM);
        let url = Url::parse(&format!("{scheme}://{authority}/{room}"))
            .map_err(|error| TransportError::new(TransportErrorKind::NotSent).with_source(error))?;
        let origin =
            Origin { scheme: scheme.clone(), authority: authority.clone(), url: url.clone() };
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(origin);
        Ok(url)
    }
}

impl fmt::Debug for Converter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Converter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_as_reqwest_does() {
        let converter = Converter::default();
        let message = "/orders/messages/5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e00?popreceipt=";
        for (server, target) in [
            ("http://127.0.0.1:10001", "/devstoreaccount1/orders/messages"),
            ("http://127.0.0.1:10001", "/devstoreaccount1/orders/messages?numofmessages=32"),
            ("http://127.0.0.1:10001", "/?comp=list"),
            ("http://127.0.0.1:10001", "/"),
            ("http://127.0.0.1:10001", &format!("{message}{}%3D%2B%2F", "A".repeat(300))),
            ("http://127.0.0.1:10002", "/%E2%82%AC/-._~?a=%27%20&b=&c"),
            ("https://127.0.0.1:10002", "/a/b"),
            ("https://contoso.queue.core.windows.net", "/orders/messages?timeout=30"),
            ("http://[::1]:10001", "/a?"),
            ("http://127.0.0.1:10001", "/a"),
        ] {
            let request = || Request::put(format!("{server}{target}")).body(Bytes::new()).unwrap();
            let converted = converter.convert(request()).unwrap();
            let expected = reqwest::Request::try_from(request()).unwrap();
            assert_eq!(converted.url(), expected.url());
            assert_eq!(converted.method(), expected.method());
        }
    }

    #[test]
    fn what_is_no_address_is_an_error() {
        let request = Request::get("/orders").body(Bytes::new()).unwrap();
        let error = Converter::default().convert(request).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::NotSent);
    }
}
