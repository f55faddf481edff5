//! What the tests of Microsoft's Rust crates want of `azure_core_test`, over the emulator.
//!
//! That crate of theirs is in no registry; it sends the requests of a test through a proxy that
//! records and plays back. This one has the same names and sends nothing anywhere. Where the emulator
//! is and which token it takes, the environment says: `AZURE_STORAGE_CONNECTION_STRING` and
//! `INTEROP_TOKEN`.

use std::borrow::Cow;
use std::env;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use azure_core::Result;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::ClientOptions;

/// The attribute of tests.
pub mod recorded {
    pub use ::recorded::test;
}

/// What a test is given.
#[derive(Debug, Default)]
pub struct TestContext {
    recording: Recording,
}

impl TestContext {
    pub fn recording(&self) -> &Recording {
        &self.recording
    }
}

/// What would be recorded if this were the original.
#[derive(Debug, Default)]
pub struct Recording;

impl Recording {
    /// Does nothing: the requests go to the emulator by their URL.
    pub fn instrument(&self, _options: &mut ClientOptions) {}

    pub fn credential(&self) -> Arc<dyn TokenCredential> {
        Arc::new(Token(env::var("INTEROP_TOKEN").expect("INTEROP_TOKEN is set")))
    }

    /// The value of a variable: the account's name, or else its default.
    pub fn var(&self, name: impl AsRef<str>, options: Option<VarOptions>) -> String {
        if name.as_ref() == "AZURE_STORAGE_ACCOUNT_NAME" {
            return part("AccountName");
        }
        let default = options.and_then(|options| options.default_value);
        default.expect("only the account has no default").into_owned()
    }

    /// `N` letters and digits, the first of them as given.
    pub fn random_string<const N: usize>(&self, prefix: Option<&str>) -> String {
        let prefix = prefix.unwrap_or_default();
        let rest = (prefix.len()..N).map(|_| fastrand::lowercase());
        prefix.chars().chain(rest).collect()
    }
}

/// A part of the connection string.
pub fn part(name: &str) -> String {
    let text = env::var("AZURE_STORAGE_CONNECTION_STRING").expect("the emulator runs");
    let mut parts = text.split(';').filter_map(|part| part.split_once('='));
    let found = parts.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    found.expect("the connection string has it")
}

#[derive(Clone, Debug, Default)]
pub struct VarOptions {
    pub default_value: Option<Cow<'static, str>>,
    /// Whatever else the original has.
    pub sanitize: Option<Cow<'static, str>>,
}

#[derive(Debug)]
struct Token(String);

#[async_trait::async_trait]
impl TokenCredential for Token {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> Result<AccessToken> {
        let expiry = SystemTime::now() + Duration::from_secs(3600);
        Ok(AccessToken::new(self.0.clone(), expiry.into()))
    }
}
