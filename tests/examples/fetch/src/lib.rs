//! A queue client in the browser: `transport::Fetch` sends by `fetch`, and `runtime::Page` is the
//! clock, the timers and the random numbers of a page. Both work in workers, Node.js and Deno as well.

#![cfg(target_arch = "wasm32")]

pub mod runtime;
pub mod transport;

use queue_client::QueueServiceClient;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use crate::{runtime::Page, transport::Fetch};

/// Puts a message into a queue, receives messages until the queue is empty, deletes each, and
/// returns their texts.
///
/// A page can be read by everybody, so its connection string has a shared access signature
/// (`SharedAccessSignature=...`) and never a key.
///
/// # Errors
///
/// An exception with the error of the client as its message.
#[wasm_bindgen(js_name = roundTrip)]
pub async fn round_trip(
    connection_string: &str,
    queue: &str,
    text: &str,
) -> Result<Vec<String>, JsError> {
    let orders = QueueServiceClient::builder_from_connection_string(connection_string)?
        .transport(Fetch::new())
        .runtime(Page::new())
        .build()?
        .queue(queue)?;
    orders.send(text).await?;
    let mut texts = Vec::new();
    while let Some(message) = orders.receive_one().await? {
        orders.delete(&message).await?;
        texts.push(message.into_text());
    }
    Ok(texts)
}
