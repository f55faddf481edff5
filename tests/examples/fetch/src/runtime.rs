//! [`Page`]: the time, the timers and the random numbers of a page.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use js_sys::{Date, Function, Math, Promise};
use queue_client::{BoxFuture, runtime::Runtime};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

/// The runtime of a client in a page. The clocks of Rust's standard library have no time there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page(());

impl Page {
    /// The runtime of this page.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl Runtime for Page {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + milliseconds(Date::now())
    }

    fn elapsed(&self) -> Duration {
        milliseconds(performance_now())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(SendWrapper::new(async move {
            let mut left = duration.as_millis();
            while left > 0 {
                // The longest that a timer of JavaScript takes.
                let part = i32::try_from(left).unwrap_or(i32::MAX);
                left -= u128::from(part.unsigned_abs());
                let mut timer = None;
                let promise = Promise::new(&mut |resolve, _| {
                    timer = Some(Timer(set_timeout(&resolve, part)));
                });
                let _ended = JsFuture::from(promise).await;
                drop(timer);
            }
        }))
    }

    fn random(&self) -> u64 {
        // A number of JavaScript has 53 random bits.
        let half = || (Math::random() * f64::from(u32::MAX)) as u64;
        (half() << 32) | half()
    }
}

fn milliseconds(time: f64) -> Duration {
    Duration::try_from_secs_f64(time / 1000.0).unwrap_or_default()
}

/// A timer that ends with the wait for it.
struct Timer(JsValue);

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &Function, milliseconds: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}
