//! [`AesKey`]: a key of AES in this process, which wraps by RFC 3394.

use std::{error::Error, fmt, sync::Arc};

use aes_kw::{KeyInit as _, KwAes256};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use queue_auth::BoxFuture;
use zeroize::Zeroizing;

use super::{
    error::KeyError,
    key::{ContentKey, KeyEncryptionKey},
};

const ALGORITHM: &str = "A256KW";
/// What wrapping adds, in bytes.
const CHECK: usize = 8;

/// A key of AES with 256 bits in this process, which wraps by `A256KW` (RFC 3394).
///
/// Clones share the key, which is wiped from memory when the last one is dropped.
#[derive(Clone)]
pub struct AesKey {
    id: Arc<str>,
    key: Arc<KwAes256>,
}

/// A key cannot be read. The error shows no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidKey {
    pub(super) rule: &'static str,
}

impl AesKey {
    /// The key with these bytes, under an id that all programs know it by. An id never stands for
    /// another key later: a new key gets a new id.
    #[must_use]
    pub fn new(id: &str, key: &[u8; 32]) -> Self {
        Self { id: id.into(), key: Arc::new(KwAes256::new(key.into())) }
    }

    /// The key that base64 of 32 bytes stands for.
    ///
    /// # Errors
    ///
    /// When the text is not base64, or not of 32 bytes.
    pub fn from_base64(id: &str, key: &str) -> Result<Self, InvalidKey> {
        let bytes = STANDARD.decode(key.trim_ascii()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| InvalidKey { rule: "it is not base64" })?;
        match bytes.as_slice().try_into() {
            Ok(key) => Ok(Self::new(id, key)),
            Err(_) => Err(InvalidKey { rule: "it does not have 32 bytes" }),
        }
    }
}

impl KeyEncryptionKey for AesKey {
    fn id(&self) -> &str {
        &self.id
    }

    fn algorithm(&self) -> &str {
        ALGORITHM
    }

    fn wrap_key<'a>(&'a self, key: &'a ContentKey) -> BoxFuture<'a, Result<Vec<u8>, KeyError>> {
        Box::pin(async {
            let mut wrapped = vec![0; key.as_bytes().len() + CHECK];
            match self.key.wrap_key(key.as_bytes(), &mut wrapped) {
                Ok(_) => Ok(wrapped),
                Err(error) => Err(KeyError::Failed(error.to_string().into())),
            }
        })
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a [u8],
        algorithm: &'a str,
    ) -> BoxFuture<'a, Result<ContentKey, KeyError>> {
        Box::pin(async move {
            if algorithm != ALGORITHM {
                return Err(KeyError::unknown_algorithm(algorithm));
            }
            let mut key = Zeroizing::new(vec![0; wrapped.len().saturating_sub(CHECK)]);
            match self.key.unwrap_key(wrapped, &mut key) {
                Ok(_) => Ok(ContentKey::new(std::mem::take(&mut *key))),
                Err(_) => Err(KeyError::Rejected),
            }
        })
    }
}

/// The debug form has nothing of the key.
impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AesKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key cannot be read: {}", self.rule)
    }
}

impl Error for InvalidKey {}
