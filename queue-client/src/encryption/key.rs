//! [`KeyEncryptionKey`] and [`KeyResolver`]: the keys that messages' own keys are wrapped by.

use std::{collections::HashMap, fmt, sync::Arc};

use queue_auth::BoxFuture;
use zeroize::Zeroizing;

use super::error::KeyError;

/// A key that wraps the keys of messages: in this process, or in a key vault, which it never leaves.
///
/// ```
/// use queue_client::{BoxFuture, encryption::{ContentKey, KeyEncryptionKey, KeyError}};
/// # use std::io::Error;
/// # #[derive(Debug)] struct Vault;
/// # impl Vault {
/// #     async fn call(&self, _: &str, bytes: &[u8]) -> Result<Vec<u8>, Error> { Ok(bytes.to_vec()) }
/// # }
///
/// #[derive(Debug)]
/// struct VaultKey {
///     id: String, // https://contoso.vault.azure.net/keys/orders/6b1e
///     vault: Vault,
/// }
///
/// impl KeyEncryptionKey for VaultKey {
///     fn id(&self) -> &str {
///         &self.id
///     }
///     fn algorithm(&self) -> &str {
///         "RSA-OAEP-256"
///     }
///     fn wrap_key<'a>(&'a self, key: &'a ContentKey) -> BoxFuture<'a, Result<Vec<u8>, KeyError>> {
///         Box::pin(async {
///             let wrapped = self.vault.call("wrapkey", key.as_bytes()).await;
///             wrapped.map_err(|error| KeyError::Unavailable(error.into()))
///         })
///     }
///     fn unwrap_key<'a>(
///         &'a self,
///         wrapped: &'a [u8],
///         algorithm: &'a str,
///     ) -> BoxFuture<'a, Result<ContentKey, KeyError>> {
///         Box::pin(async move {
///             if algorithm != self.algorithm() {
///                 return Err(KeyError::unknown_algorithm(algorithm));
///             }
///             match self.vault.call("unwrapkey", wrapped).await {
///                 Ok(key) => Ok(ContentKey::new(key)),
///                 Err(error) => Err(KeyError::Unavailable(error.into())),
///             }
///         })
///     }
/// }
/// # let _ = VaultKey { id: String::new(), vault: Vault };
/// ```
pub trait KeyEncryptionKey: fmt::Debug + Send + Sync + 'static {
    /// The id, which each message carries in clear text. It must say which version of a key it is if
    /// the key is rotated under one name.
    fn id(&self) -> &str;

    /// The name of the algorithm that this key wraps by, such as `A256KW` or `RSA-OAEP`.
    fn algorithm(&self) -> &str;

    /// Wraps the key of a message.
    fn wrap_key<'a>(&'a self, key: &'a ContentKey) -> BoxFuture<'a, Result<Vec<u8>, KeyError>>;

    /// Unwraps the key of a message that was wrapped by this algorithm. What was not wrapped by this
    /// key is [`KeyError::Rejected`]; what may work later is [`KeyError::Unavailable`], and a
    /// processor then tries the message again.
    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a [u8],
        algorithm: &'a str,
    ) -> BoxFuture<'a, Result<ContentKey, KeyError>>;
}

/// Finds keys by their ids, so that what was encrypted with an earlier key can still be read.
pub trait KeyResolver: fmt::Debug + Send + Sync + 'static {
    /// The key with this id; `None` if there is none.
    fn resolve<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn KeyEncryptionKey>>, KeyError>>;
}

/// What is wrapped: the key of one message, with the version in front of it. It is wiped from memory
/// when it is dropped.
pub struct ContentKey(Zeroizing<Vec<u8>>);

impl ContentKey {
    /// Takes the bytes that were unwrapped.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, which are secret.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The debug form has nothing of the key.
impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

/// Keys in this process, found by their ids.
#[derive(Debug, Clone, Default)]
pub struct KeyRing(HashMap<String, Arc<dyn KeyEncryptionKey>>);

impl KeyRing {
    /// A ring without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key, in place of one with the same id.
    #[must_use]
    pub fn with(mut self, key: impl KeyEncryptionKey) -> Self {
        self.0.insert(key.id().to_owned(), Arc::new(key));
        self
    }
}

impl KeyResolver for KeyRing {
    fn resolve<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn KeyEncryptionKey>>, KeyError>> {
        let key = self.0.get(id).cloned();
        Box::pin(async move { Ok(key) })
    }
}

impl<K: KeyEncryptionKey + ?Sized> KeyEncryptionKey for Arc<K> {
    fn id(&self) -> &str {
        (**self).id()
    }

    fn algorithm(&self) -> &str {
        (**self).algorithm()
    }

    fn wrap_key<'a>(&'a self, key: &'a ContentKey) -> BoxFuture<'a, Result<Vec<u8>, KeyError>> {
        (**self).wrap_key(key)
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a [u8],
        algorithm: &'a str,
    ) -> BoxFuture<'a, Result<ContentKey, KeyError>> {
        (**self).unwrap_key(wrapped, algorithm)
    }
}

impl<R: KeyResolver + ?Sized> KeyResolver for Arc<R> {
    fn resolve<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn KeyEncryptionKey>>, KeyError>> {
        (**self).resolve(id)
    }
}
