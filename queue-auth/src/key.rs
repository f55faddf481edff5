//! [`AccountKey`], and the message authentication code that signatures are.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The code HMAC-SHA256, with the state that the key leaves already computed.
pub(crate) type HmacSha256 = Hmac<Sha256>;

/// The length of a signature in base64, in bytes.
pub(crate) const SIGNATURE_LEN: usize = 44;

/// A key of a storage account, ready to sign.
///
/// What is kept is not the key but the HMAC state prepared with it, which saves half of the hashing
/// of a signature. Clones share that state; it is wiped when the last one is dropped. There is no
/// way to read the key back, and `Debug` shows nothing of it.
#[derive(Clone)]
pub struct AccountKey {
    prepared: Arc<HmacSha256>,
}

impl AccountKey {
    /// Reads a key as the portal and the command-line tools print it: base64. Blanks and line ends
    /// around it are ignored.
    ///
    /// # Errors
    ///
    /// When the text is empty or not base64. The error shows no part of it.
    pub fn from_base64(key: &str) -> Result<Self, InvalidKey> {
        let key = key.trim_ascii();
        if key.is_empty() {
            return Err(InvalidKey { rule: "it is empty" });
        }
        let bytes = Zeroizing::new(
            STANDARD.decode(key).map_err(|_| InvalidKey { rule: "it is not valid base64" })?,
        );
        let prepared = HmacSha256::new_from_slice(&bytes)
            .map_err(|_| InvalidKey { rule: "its length is not supported" })?;
        Ok(Self { prepared: Arc::new(prepared) })
    }

    /// A fresh message authentication code under this key.
    pub(crate) fn mac(&self) -> HmacSha256 {
        HmacSha256::clone(&self.prepared)
    }

    /// Says whether `signature` (decoded) is right for `text`. The comparison takes the same time
    /// wherever they differ, or an attacker could find a signature byte by byte.
    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        self.mac().chain_update(text).verify_slice(signature).is_ok()
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountKey(..)")
    }
}

/// Appends the base64 of a finished code to `out`.
pub(crate) fn push_signature(mac: HmacSha256, out: &mut String) {
    STANDARD.encode_string(mac.finalize().into_bytes(), out);
}

/// Decodes a signature that came with a request.
pub(crate) fn decode_signature(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    match STANDARD.decode_slice(text, &mut bytes) {
        Ok(32) => Some(bytes),
        _ => None,
    }
}

/// The error for text that is no account key. It shows no part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidKey {
    rule: &'static str,
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the account key is unusable: {}", self.rule)
    }
}

impl Error for InvalidKey {}
