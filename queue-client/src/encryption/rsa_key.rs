//! [`RsaKey`]: a key of RSA in this process, which wraps by OAEP.

use std::{fmt, sync::Arc};

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use queue_auth::BoxFuture;
use zeroize::Zeroizing;

use super::{
    aes_key::InvalidKey,
    error::KeyError,
    key::{ContentKey, KeyEncryptionKey},
};

/// A key of RSA with 2,048 to 8,192 bits in this process, which wraps by OAEP.
///
/// Programs that only send can have the public half alone. It wraps by `RSA-OAEP-256` (SHA-256)
/// unless [`with_sha1`](Self::with_sha1) is set, and unwraps what either of both wrapped. The
/// arithmetic is that of aws-lc, which takes the same time whatever the key and the text are; that of
/// the crate `rsa` does not (RUSTSEC-2023-0071).
#[derive(Clone)]
pub struct RsaKey {
    id: Arc<str>,
    sha1: bool,
    public: Arc<OaepPublicEncryptingKey>,
    private: Option<Arc<OaepPrivateDecryptingKey>>,
}

impl RsaKey {
    /// The pair of keys in a private key, as PKCS #8 in DER, which wraps and unwraps.
    ///
    /// # Errors
    ///
    /// When this is no such key, or its size is not allowed.
    pub fn from_pkcs8(id: &str, der: &[u8]) -> Result<Self, InvalidKey> {
        let invalid = InvalidKey { rule: "it is no private key of RSA in PKCS #8" };
        let private = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| invalid)?;
        let public = OaepPublicEncryptingKey::new(private.public_key()).map_err(|_| invalid)?;
        let private = OaepPrivateDecryptingKey::new(private).map_err(|_| invalid)?;
        Ok(Self {
            id: id.into(),
            sha1: false,
            public: Arc::new(public),
            private: Some(Arc::new(private)),
        })
    }

    /// A public key, as `SubjectPublicKeyInfo` in DER, which wraps and does not unwrap.
    ///
    /// # Errors
    ///
    /// When this is no such key, or its size is not allowed.
    pub fn from_public_der(id: &str, der: &[u8]) -> Result<Self, InvalidKey> {
        let invalid = InvalidKey { rule: "it is no public key of RSA" };
        let public = PublicEncryptingKey::from_der(der).map_err(|_| invalid)?;
        let public = OaepPublicEncryptingKey::new(public).map_err(|_| invalid)?;
        Ok(Self { id: id.into(), sha1: false, public: Arc::new(public), private: None })
    }

    /// Wraps by `RSA-OAEP`, which is OAEP with SHA-1, for programs that unwrap nothing else.
    #[must_use]
    pub const fn with_sha1(mut self) -> Self {
        self.sha1 = true;
        self
    }
}

fn oaep(name: &str) -> Option<&'static OaepAlgorithm> {
    match name {
        "RSA-OAEP" => Some(&OAEP_SHA1_MGF1SHA1),
        "RSA-OAEP-256" => Some(&OAEP_SHA256_MGF1SHA256),
        _ => None,
    }
}

impl KeyEncryptionKey for RsaKey {
    fn id(&self) -> &str {
        &self.id
    }

    fn algorithm(&self) -> &str {
        if self.sha1 { "RSA-OAEP" } else { "RSA-OAEP-256" }
    }

    fn wrap_key<'a>(&'a self, key: &'a ContentKey) -> BoxFuture<'a, Result<Vec<u8>, KeyError>> {
        Box::pin(async {
            let name = self.algorithm();
            let algorithm = oaep(name).ok_or_else(|| KeyError::unknown_algorithm(name))?;
            let mut wrapped = vec![0; self.public.ciphertext_size()];
            let wrapping = self.public.encrypt(algorithm, key.as_bytes(), &mut wrapped, None);
            let size = wrapping.map_err(|error| KeyError::Failed(error.into()))?.len();
            wrapped.truncate(size);
            Ok(wrapped)
        })
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a [u8],
        algorithm: &'a str,
    ) -> BoxFuture<'a, Result<ContentKey, KeyError>> {
        Box::pin(async move {
            let oaep = oaep(algorithm).ok_or_else(|| KeyError::unknown_algorithm(algorithm))?;
            let private = self.private.as_ref().ok_or(KeyError::WrapsOnly)?;
            let mut key = Zeroizing::new(vec![0; private.min_output_size()]);
            let unwrapped = private.decrypt(oaep, wrapped, &mut key, None);
            let size = unwrapped.map_err(|_| KeyError::Rejected)?.len();
            key.truncate(size);
            Ok(ContentKey::new(std::mem::take(&mut *key)))
        })
    }
}

/// The debug form has nothing of the key.
impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unwraps = self.private.is_some();
        f.debug_struct("RsaKey")
            .field("id", &self.id)
            .field("unwraps", &unwraps)
            .finish_non_exhaustive()
    }
}
