//! The bridge from `azure_core` to a [`TokenTransport`].

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, ClientOptions, HttpClient, Request, Transport};
use bytes::Bytes;

use crate::bearer::TokenTransport;
use crate::bearer::transport::LONGEST_ANSWER;

/// Options that make a credential of `azure_identity` send its requests over `transport`.
/// [`Identity`](super::Identity) has an example.
pub fn client_options(transport: impl TokenTransport + 'static) -> ClientOptions {
    let client = Arc::new(Client { transport: Arc::new(transport) });
    ClientOptions { transport: Some(Transport::new(client)), ..ClientOptions::default() }
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
        let failed = |kind, error| Error::with_error(kind, error, "the request could not be made");
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
        let built = built.body(body).map_err(|error| failed(ErrorKind::Other, error.into()))?;
        let response =
            self.transport.send(built).await.map_err(|error| failed(ErrorKind::Io, error))?;
        if response.body().len() > LONGEST_ANSWER {
            return Err(Error::with_message(
                ErrorKind::DataConversion,
                "the answer is too long for a token",
            ));
        }
        let (parts, body): (_, Bytes) = response.into_parts();
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
