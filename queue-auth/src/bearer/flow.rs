//! Token sources that speak OAuth 2.0 with the `oauth2` crate.

mod adapter;
mod answer;
mod application;
mod authority;
mod client_assertion;
mod client_secret;
mod device_code;

pub use application::Application;
pub use authority::{Authority, InvalidAuthority};
pub use client_assertion::ClientAssertionFlow;
pub use client_secret::ClientSecretFlow;
pub use device_code::{DeviceCodeFlow, DevicePrompt};
