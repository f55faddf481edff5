//! [`Fetch`]: requests by the `fetch` of the browser.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use js_sys::{ArrayBuffer, Promise, Uint8Array};
use queue_client::{
    BoxFuture,
    transport::{MAX_RESPONSE_BYTES, Transport, TransportError, TransportErrorKind},
};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, RequestRedirect};

/// A transport over `fetch`.
///
/// Values of JavaScript belong to one thread, while the futures of a transport may go to another, as
/// they do in programs with many threads. [`SendWrapper`] joins the two: a page has one thread, so
/// its check never fails there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fetch(());

impl Fetch {
    /// A transport over the `fetch` of this page.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl Transport for Fetch {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(SendWrapper::new(exchange(request)))
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(request: &web_sys::Request) -> Promise;
}

/// Gives the request up when it is dropped, as when the client stops waiting.
struct GivenUp(AbortController);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange(request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
    let controller = GivenUp(AbortController::new().map_err(not_sent)?);
    let request = converted(&request, &controller.0).map_err(not_sent)?;
    // A browser tells scripts nothing of what went wrong: the request may have been applied.
    let unknown = |error| failed(TransportErrorKind::ClosedBeforeAnswer, &error);
    let answer: web_sys::Response =
        JsFuture::from(fetch(&request)).await.and_then(JsValue::dyn_into).map_err(unknown)?;
    let interrupted = |error| failed(TransportErrorKind::Interrupted, &error);
    let length = answer.headers().get("content-length").map_err(interrupted)?;
    if length
        .and_then(|text| text.parse().ok())
        .is_some_and(|bytes: usize| bytes > MAX_RESPONSE_BYTES)
    {
        return Err(TransportError::new(TransportErrorKind::TooLarge));
    }
    let body: ArrayBuffer = JsFuture::from(answer.array_buffer().map_err(interrupted)?)
        .await
        .and_then(JsValue::dyn_into)
        .map_err(interrupted)?;
    let mut response = Response::new(Uint8Array::new(&body).to_vec().into());
    *response.status_mut() = StatusCode::from_u16(answer.status())
        .map_err(|error| TransportError::new(TransportErrorKind::Interrupted).with_source(error))?;
    // Of the headers, those that the CORS rules of the account expose are here.
    for entry in answer.headers().entries() {
        let entry: js_sys::Array = entry.and_then(JsValue::dyn_into).map_err(interrupted)?;
        let (name, value) = (entry.get(0).as_string(), entry.get(1).as_string());
        if let Some(Ok(name)) = name.map(HeaderName::try_from)
            && let Some(Ok(value)) = value.map(HeaderValue::try_from)
        {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}

fn converted(
    request: &Request<Bytes>,
    controller: &AbortController,
) -> Result<web_sys::Request, JsValue> {
    let init = RequestInit::new();
    init.set_method(request.method().as_str());
    init.set_signal(Some(&controller.signal()));
    // A signature holds for one address only.
    init.set_redirect(RequestRedirect::Manual);
    if !request.body().is_empty() {
        init.set_body(&Uint8Array::from(&request.body()[..]));
    }
    let converted = web_sys::Request::new_with_str_and_init(&request.uri().to_string(), &init)?;
    for (name, value) in request.headers() {
        // What a browser sets itself, such as the length, it leaves out here.
        let value = value.to_str().map_err(|error| JsValue::from(error.to_string()))?;
        converted.headers().append(name.as_str(), value)?;
    }
    Ok(converted)
}

fn not_sent(error: JsValue) -> TransportError {
    failed(TransportErrorKind::NotSent, &error)
}

/// The error with the name of the exception. Its message may hold the URL, in which a shared access
/// signature travels.
fn failed(kind: TransportErrorKind, error: &JsValue) -> TransportError {
    let name = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.name()));
    TransportError::new(kind).with_source(name.unwrap_or_else(|| "no Error was thrown".to_owned()))
}
