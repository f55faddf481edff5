//! The list of the transports that are compiled in: every test here runs on each of them.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
#[cfg(feature = "hyper")]
use queue_client::transport::HyperTransport;
#[cfg(feature = "reqwest")]
use queue_client::transport::ReqwestTransport;
use queue_client::transport::{HttpOptions, Transport, TransportError, TransportErrorKind};

pub(crate) type Tested = (&'static str, Arc<dyn Transport>);

/// Each transport with these options, but without the proxies of this machine.
pub(crate) fn transports(options: HttpOptions) -> Vec<Tested> {
    with_proxies(&options.no_proxy())
}

/// Each transport with exactly these options.
pub(crate) fn with_proxies(options: &HttpOptions) -> Vec<Tested> {
    vec![
        #[cfg(feature = "hyper")]
        ("hyper", Arc::new(HyperTransport::with_options(options).unwrap())),
        #[cfg(feature = "reqwest")]
        ("reqwest", Arc::new(ReqwestTransport::with_options(options).unwrap())),
    ]
}

/// Each transport with each TLS library that it works with.
#[cfg(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls"))]
pub(crate) fn tls_transports(options: &HttpOptions) -> Vec<Tested> {
    use queue_client::transport::TlsBackend;

    let mut all = Vec::new();
    for backend in TlsBackend::ALL {
        let options = options.clone().tls(*backend);
        match backend {
            #[cfg(feature = "native-tls")]
            TlsBackend::NativeTls => all.push((
                "reqwest, native-tls",
                Arc::new(ReqwestTransport::with_options(&options).unwrap()) as _,
            )),
            _ => all.extend(with_proxies(&options)),
        }
    }
    all
}

pub(crate) fn plain() -> Vec<Tested> {
    transports(HttpOptions::new())
}

pub(crate) fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

pub(crate) fn post(url: &str, body: &str) -> Request<Bytes> {
    Request::post(url)
        .header("Content-Length", body.len())
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

/// The kind of the failure of a request that carries a secret, which must not be in the error.
pub(crate) async fn failure(
    name: &str,
    transport: &dyn Transport,
    url: &str,
) -> TransportErrorKind {
    let separator = if url.contains('?') { '&' } else { '?' };
    let request = get(&format!("{url}{separator}sig=c2VjcmV0"));
    kind(name, transport.send(request).await)
}

pub(crate) fn kind(
    name: &str,
    result: Result<Response<Bytes>, TransportError>,
) -> TransportErrorKind {
    let error = result.expect_err(name);
    let mut text = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text} {error} {error:?}");
        cause = error.source();
    }
    println!("{name}: {text}");
    assert!(!text.contains("c2VjcmV0"), "{name}: the error shows a signature: {text}");
    error.kind()
}
