//! [`Encrypted`]: a codec around another one, which encrypts what that writes.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use queue_proto::{
    MessageText,
    codec::{Codec, CodecError, Text},
};
use zeroize::Zeroizing;

use super::{
    content::{self, KEY, NONCE},
    envelope::{self, Envelope, Version},
    error::EncryptionError,
    key::{ContentKey, KeyEncryptionKey, KeyResolver},
};
use crate::{
    message_codec::{MessageCodec, Step},
    payload::Payload,
};

/// What stands in front of the key of version 2 when it is wrapped: its name, and zeros.
const PREFIX: usize = 8;

/// A codec that encrypts what another codec writes, and reads what any of Microsoft's SDKs encrypted.
///
/// See the [module](crate::encryption).
#[derive(Debug, Clone)]
pub struct Encrypted<C = Text> {
    settings: Arc<Settings>,
    codec: C,
}

#[derive(Debug, Clone)]
struct Settings {
    key: Option<Arc<dyn KeyEncryptionKey>>,
    resolver: Option<Arc<dyn KeyResolver>>,
    required: bool,
    version_1: bool,
    base64: bool,
}

impl Encrypted {
    /// Encrypts with this key, and decrypts what was encrypted with it. The text is what
    /// [`Text`] writes, unless [`over`](Self::over) says otherwise.
    pub fn new(key: impl KeyEncryptionKey) -> Self {
        Self::with(Some(Arc::new(key)), None)
    }

    /// Only decrypts, with the keys that the resolver finds.
    pub fn reader(resolver: impl KeyResolver) -> Self {
        Self::with(None, Some(Arc::new(resolver)))
    }

    fn with(
        key: Option<Arc<dyn KeyEncryptionKey>>,
        resolver: Option<Arc<dyn KeyResolver>>,
    ) -> Self {
        let settings = Settings { key, resolver, required: true, version_1: true, base64: false };
        Self { settings: Arc::new(settings), codec: Text }
    }
}

impl<C> Encrypted<C> {
    /// Encrypts what this codec writes, and has it read what was decrypted.
    pub fn over<D: Codec>(self, codec: D) -> Encrypted<D> {
        Encrypted { settings: self.settings, codec }
    }

    /// Asks this resolver first for the key of a message, and takes the fixed key only if the resolver
    /// finds none and the id fits. Default: none is asked.
    #[must_use]
    pub fn resolver(self, resolver: impl KeyResolver) -> Self {
        self.set(|settings| settings.resolver = Some(Arc::new(resolver)))
    }

    /// Sets whether a message that is not encrypted is refused. If it is not, the inner codec reads the
    /// message as it is: whoever can send to the queue then need not know a key. Default: true.
    #[must_use]
    pub fn required(self, required: bool) -> Self {
        self.set(|settings| settings.required = required)
    }

    /// Refuses messages of version 1, which nothing protects from being changed. Default: they are
    /// read.
    #[must_use]
    pub fn refuse_version_1(self) -> Self {
        self.set(|settings| settings.version_1 = false)
    }

    /// Writes the whole message in base64, as a queue client of .NET expects it whose
    /// `MessageEncoding` is `Base64`. Either form is read in any case. Default: JSON as it is.
    #[must_use]
    pub fn in_base64(self) -> Self {
        self.set(|settings| settings.base64 = true)
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl Settings {
    async fn seal(&self, text: &MessageText) -> Result<String, EncryptionError> {
        let key = self.key.as_ref().ok_or(EncryptionError::NoKey)?;
        let mut content_key = Zeroizing::new([0; KEY]);
        let mut nonce = [0; NONCE];
        for random in [&mut content_key[..], &mut nonce[..]] {
            getrandom::fill(random)
                .map_err(|error| EncryptionError::Random(error.to_string().into()))?;
        }
        self.seal_with(key, text, &content_key, nonce).await
    }

    async fn seal_with(
        &self,
        key: &Arc<dyn KeyEncryptionKey>,
        text: &MessageText,
        content_key: &[u8; KEY],
        nonce: [u8; NONCE],
    ) -> Result<String, EncryptionError> {
        let content = content::encrypt(text.as_str().as_bytes(), content_key, nonce)?;
        let mut bytes = Vec::with_capacity(PREFIX + KEY);
        bytes.extend_from_slice(&prefix(Version::V2));
        bytes.extend_from_slice(content_key);
        let wrapped = key.wrap_key(&ContentKey::new(bytes)).await;
        let wrapped = wrapped.map_err(|error| EncryptionError::of_key(key.id(), error))?;
        let envelope = envelope::write(key.id(), key.algorithm(), &wrapped, &content);
        Ok(if self.base64 { STANDARD.encode(envelope) } else { envelope })
    }

    /// The text in an envelope; `None` for a text that is in none, and need not be.
    async fn open(&self, text: &MessageText) -> Result<Option<String>, EncryptionError> {
        let Some(envelope) = envelope::read(text.as_str())? else {
            return if self.required { Err(EncryptionError::NotEncrypted) } else { Ok(None) };
        };
        let version = envelope.version;
        if matches!(version, Version::V1 { .. }) && !self.version_1 {
            return Err(EncryptionError::RefusedVersion { version: version.name() });
        }
        let key = self.find(&envelope.key_id).await?;
        let unwrapped = key.unwrap_key(&envelope.wrapped, &envelope.algorithm).await;
        let unwrapped =
            unwrapped.map_err(|error| EncryptionError::of_key(&envelope.key_id, error))?;
        let content_key = content_key(version, &unwrapped)?;
        let Envelope { content, .. } = envelope;
        let bytes = match version {
            Version::V1 { iv } => content::decrypt_v1(content, content_key, iv)?,
            Version::V2 | Version::V2_1 => content::decrypt(content, content_key)?,
        };
        String::from_utf8(bytes).map(Some).map_err(|_| EncryptionError::NotText)
    }

    async fn find(&self, id: &str) -> Result<Arc<dyn KeyEncryptionKey>, EncryptionError> {
        let unknown = || EncryptionError::UnknownKey { key_id: super::error::shown(id) };
        if let Some(resolver) = &self.resolver {
            let resolved = resolver.resolve(id).await;
            if let Some(key) = resolved.map_err(|error| EncryptionError::of_key(id, error))? {
                // A resolver that answers with any key would hide a mistake.
                return if key.id() == id { Ok(key) } else { Err(unknown()) };
            }
        }
        self.key.clone().filter(|key| key.id() == id).ok_or_else(unknown)
    }
}

fn prefix(version: Version) -> [u8; PREFIX] {
    let mut prefix = [0; PREFIX];
    for (byte, name) in prefix.iter_mut().zip(version.name().bytes()) {
        *byte = name;
    }
    prefix
}

/// The key of a message without what stands in front of it, if that is what the version says.
fn content_key(version: Version, unwrapped: &ContentKey) -> Result<&[u8; KEY], EncryptionError> {
    let bytes = unwrapped.as_bytes();
    let key = match version {
        Version::V1 { .. } => Some(bytes),
        Version::V2 | Version::V2_1 => bytes.strip_prefix(&prefix(version)),
    };
    key.and_then(|key| key.try_into().ok()).ok_or(EncryptionError::VersionMismatch)
}

impl From<EncryptionError> for CodecError {
    fn from(error: EncryptionError) -> Self {
        let temporary = error.is_temporary();
        Self::encryption(error, temporary)
    }
}

impl<C: Codec> Encrypted<C> {
    /// Encrypts what the inner codec wrote, as a text that `limited` makes.
    fn sealed(
        &self,
        value: &C::Value,
        limited: fn(usize, String) -> Result<MessageText, CodecError>,
    ) -> Step<'static, Result<MessageText, CodecError>> {
        let text = match self.codec.encode_any_size(value) {
            Ok(text) => text,
            Err(error) => return Step::Done(Err(error)),
        };
        let settings = Arc::clone(&self.settings);
        Step::Waiting(Box::pin(async move {
            let sealed = settings.seal(&text).await?;
            limited(text.len(), sealed)
        }))
    }
}

const NAME: &str = "encrypted text";

impl<C: Codec> MessageCodec for Encrypted<C> {
    type Value = C::Value;

    fn name(&self) -> &'static str {
        NAME
    }

    fn write(
        &self,
        value: Payload<'_, C::Value>,
    ) -> Step<'static, Result<MessageText, CodecError>> {
        self.sealed(value.as_ref(), |raw, text| {
            MessageText::new(text).map_err(|error| CodecError::of_text(NAME, raw, error))
        })
    }

    fn write_any_size(&self, value: &C::Value) -> Step<'static, Result<MessageText, CodecError>> {
        self.sealed(value, |_, text| MessageText::of_any_size(text).map_err(CodecError::Text))
    }

    fn read<'a>(&'a self, text: &'a MessageText) -> Step<'a, Result<C::Value, CodecError>> {
        Step::Waiting(Box::pin(async move {
            match self.settings.open(text).await? {
                Some(opened) => {
                    let opened = MessageText::of_any_size(opened)
                        .map_err(|_| CodecError::from(EncryptionError::NotText))?;
                    self.codec.decode(&opened)
                }
                None => self.codec.decode(text),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use serde_json::Value;

    use super::*;
    use crate::encryption::aes_key::AesKey;

    fn at_once<T>(future: impl Future<Output = T>) -> T {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("a key in this process has nothing to wait for"),
        }
    }

    /// What the Python SDK writes with the same random bytes.
    #[test]
    fn the_envelope_is_that_of_python() {
        let file = include_str!("../../tests/encryption/vectors.json");
        let file: Value = serde_json::from_str(file).unwrap();
        let key = AesKey::from_base64("local:key1", file["key"].as_str().unwrap()).unwrap();
        let expected = file["fixed"]["envelope"].as_str().unwrap();
        let mut expected: Value = serde_json::from_str(expected).unwrap();
        let text = MessageText::new(file["fixed"]["text"].as_str().unwrap()).unwrap();

        let random = |n: u8| (0..n).map(move |i| i.wrapping_mul(7).wrapping_add(n));
        let content_key: Vec<_> = random(32).collect();
        let nonce: Vec<_> = random(12).collect();
        let codec = Encrypted::new(key);
        let key = codec.settings.key.as_ref().unwrap();
        let (content_key, nonce) =
            (content_key.as_slice().try_into().unwrap(), nonce.try_into().unwrap());
        let sealed = at_once(codec.settings.seal_with(key, &text, content_key, nonce)).unwrap();
        let mut sealed: Value = serde_json::from_str(&sealed).unwrap();
        for envelope in [&mut sealed, &mut expected] {
            let library = envelope.pointer_mut("/EncryptionData/KeyWrappingMetadata").unwrap();
            assert!(library.take()["EncryptionLibrary"].is_string());
        }
        assert_eq!(sealed, expected);
    }
}
