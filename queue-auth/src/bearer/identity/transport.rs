//! The bridge from `azure_core` to a [`TokenTransport`].

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, ClientOptions, HttpClient, Request, Transport};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use crate::bearer::redact::REDACTED;
use crate::bearer::transport::LONGEST_ANSWER;
use crate::bearer::transport::TokenTransport;
use crate::error::BoxError;

/// Options that make a credential of `azure_identity` send its requests over `transport`.
/// [`Identity`](super::Identity) has an example.
pub fn client_options(transport: impl TokenTransport + 'static) -> ClientOptions {
    let client = Arc::new(Client { transport: Arc::new(transport) });
    ClientOptions { transport: Some(Transport::new(client)), ..ClientOptions::default() }
}

/// Whether a status means that the same request may succeed later.
pub(super) fn is_busy(status: u16) -> bool {
    status == 429 || (500..600).contains(&status)
}

/// The values in a form that prove who the client is.
fn secrets_of(form: &[u8]) -> Vec<Zeroizing<String>> {
    let form = String::from_utf8_lossy(form);
    form.split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, value)| {
            matches!(*name, "client_secret" | "client_assertion") && !value.is_empty()
        })
        .map(|(_, value)| {
            let value = Zeroizing::new(value.replace('+', " "));
            Zeroizing::new(percent_decode_str(&value).decode_utf8_lossy().into_owned())
        })
        .collect()
}

/// `body` without what a provider quotes of the request: credentials put it into their errors.
fn without(secrets: &[Zeroizing<String>], body: Bytes) -> Bytes {
    match std::str::from_utf8(&body) {
        Ok(text) if secrets.iter().any(|secret| text.contains(secret.as_str())) => {
            let replaced = secrets
                .iter()
                .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), REDACTED));
            Bytes::from(replaced)
        }
        _ => body,
    }
}

/// The error for a transport that brought no answer.
#[derive(Debug)]
pub(super) struct Unanswered(BoxError);

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transport failed")
    }
}

impl std::error::Error for Unanswered {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

struct Client {
    transport: Arc<dyn TokenTransport>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.transport).finish()
    }
}

impl Client {
    async fn send(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        // Not `Io` or `Connection`: the pipeline would try again for more than a minute, also on
        // machines that have no managed identity. `Bearer` knows when to ask again.
        let failed = |error| Error::new(ErrorKind::Other, Unanswered(error));
        let mut built =
            http::Request::builder().method(request.method().as_str()).uri(request.url().as_str());
        for (name, value) in request.headers().iter() {
            built = built.header(name.as_str(), value.as_str());
        }
        let body = match request.body() {
            Body::Bytes(bytes) => bytes.clone(),
            Body::SeekableStream(_) => {
                return Err(Error::with_message(
                    ErrorKind::Other,
                    "a credential has no reason to send a stream",
                ));
            }
        };
        let secrets = secrets_of(&body);
        let built = built.body(body).map_err(|error| failed(error.into()))?;
        let response = self.transport.send(built).await.map_err(failed)?;
        if response.body().len() > LONGEST_ANSWER {
            return Err(Error::with_message(
                ErrorKind::DataConversion,
                "the answer is too long for a token",
            ));
        }
        let (parts, mut body) = response.into_parts();
        if is_busy(parts.status.as_u16()) && !body.starts_with(b"{") {
            // A front end that is overloaded answers with HTML or nothing. Credentials would report
            // that as malformed JSON, and the status would be lost.
            body = Bytes::from_static(b"{}");
        }
        if !parts.status.is_success() {
            body = without(&secrets, body);
        }
        let mut headers = Headers::new();
        for (name, value) in &parts.headers {
            if let Ok(value) = value.to_str() {
                headers.insert(
                    HeaderName::from(name.as_str().to_owned()),
                    HeaderValue::from(value.to_owned()),
                );
            }
        }
        Ok(AsyncRawResponse::from_bytes(parts.status.as_u16().into(), headers, body))
    }
}

// What `#[async_trait]` makes of the trait, written out.
impl HttpClient for Client {
    fn execute_request<'life0, 'life1, 'async_trait>(
        &'life0 self,
        request: &'life1 Request,
    ) -> Pin<Box<dyn Future<Output = azure_core::Result<AsyncRawResponse>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(self.send(request))
    }
}
