//! Reading of the known answers.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

pub(crate) mod storage;

use std::collections::HashMap;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{KeyInit as _, Mac as _};
use queue_auth::AccountKey;
use serde::Deserialize;

/// The time at which all known answers were computed.
pub(crate) const FROZEN: &str = "Wed, 23 Sep 2026 10:20:30 GMT";

pub(crate) fn frozen() -> SystemTime {
    httpdate::parse_http_date(FROZEN).unwrap()
}

#[derive(Deserialize)]
struct File {
    accounts: HashMap<String, String>,
    vectors: Vec<Vector>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) account: String,
    pub(crate) input: serde_json::Value,
    pub(crate) string_to_sign: String,
    pub(crate) signature: String,
    pub(crate) authorization: Option<String>,
    #[serde(default)]
    pub(crate) sdk_results: Vec<SdkResult>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct SdkResult {
    pub(crate) sdk: String,
    pub(crate) agrees: bool,
    pub(crate) token: Option<String>,
    pub(crate) string_to_sign: Option<String>,
}

fn file() -> File {
    serde_json::from_str(include_str!("../data/vectors.json")).unwrap()
}

/// All vectors of one kind.
pub(crate) fn vectors(kind: &str) -> Vec<Vector> {
    file().vectors.into_iter().filter(|vector| vector.kind == kind).collect()
}

/// One vector.
pub(crate) fn at(kind: &str, id: &str) -> Vector {
    vectors(kind).into_iter().find(|vector| vector.id == id).unwrap()
}

pub(crate) fn account_key(account: &str) -> AccountKey {
    AccountKey::from_base64(file().accounts.get(account).unwrap()).unwrap()
}

pub(crate) fn key_store() -> HashMap<String, Vec<AccountKey>> {
    let keys = |key: &String| vec![AccountKey::from_base64(key).unwrap()];
    file().accounts.iter().map(|(name, key)| (name.clone(), keys(key))).collect()
}

/// The signature of a text by the bare primitives.
pub(crate) fn sign(account: &str, text: &str) -> String {
    sign_with(file().accounts.get(account).unwrap(), text)
}

/// The signature of a text with a key in base64, by the bare primitives.
pub(crate) fn sign_with(key: &str, text: &str) -> String {
    let key = STANDARD.decode(key).unwrap();
    let mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap().chain_update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// An `Authorization` header with an unsigned token for a user, for verifiers that trust all.
pub(crate) fn bearer(user: &str, tenant: &str, now: SystemTime) -> String {
    bearer_with(now, |claims| {
        claims.insert("oid".into(), user.into());
        claims.insert("tid".into(), tenant.into());
        claims.insert("iss".into(), format!("https://sts.windows.net/{tenant}/").into());
    })
}

/// The same with claims of the caller's choice.
pub(crate) fn bearer_with(
    now: SystemTime,
    change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
) -> String {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let mut claims = serde_json::Map::new();
    claims.insert("aud".into(), "https://storage.azure.com".into());
    claims.insert("iss".into(), "https://sts.windows.net/tenant/".into());
    claims.insert("oid".into(), "user".into());
    claims.insert("tid".into(), "tenant".into());
    claims.insert("nbf".into(), (seconds - 60).into());
    claims.insert("exp".into(), (seconds + 3600).into());
    change(&mut claims);
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = encode(r#"{"alg":"RS256","kid":"key-1","typ":"JWT"}"#);
    let payload = encode(&serde_json::Value::Object(claims).to_string());
    format!("Bearer {header}.{payload}.{}", encode("signature"))
}

impl Vector {
    /// The request of a Shared Key vector.
    pub(crate) fn request(&self) -> http::Request<()> {
        #[derive(Deserialize)]
        struct Input {
            method: String,
            url: String,
            headers: Vec<(String, String)>,
        }
        let input: Input = serde_json::from_value(self.input.clone()).unwrap();
        let mut request = http::Request::builder().method(&*input.method).uri(&*input.url);
        for (name, value) in &input.headers {
            request = request.header(name, value);
        }
        request.body(()).unwrap()
    }
}
