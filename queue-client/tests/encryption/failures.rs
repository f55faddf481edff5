//! What fails has an error of its own, which shows no secret.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use queue_client::{
    BoxFuture, MessageCodec, Payload,
    encryption::{
        ContentKey, Encrypted, EncryptionError, KeyEncryptionKey, KeyError, KeyResolver, KeyRing,
    },
};
use serde_json::{Value, json};

use crate::support::{FILE, field, key, open, other, reason, said, seal};

const SECRET: &str = "17 bottles for Ada";

/// An envelope of version 2 with a change.
async fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut envelope: Value =
        serde_json::from_str(&seal(&Encrypted::new(key()), SECRET).await).unwrap();
    change(&mut envelope);
    envelope.to_string()
}

macro_rules! fails {
    ($codec:expr, $envelope:expr, $pattern:pat) => {{
        let error = open(&$codec, &$envelope).await.unwrap_err();
        let (reason, temporary) = reason(&error);
        assert!(matches!(reason, $pattern), "{reason:?}");
        let said = said(&error);
        assert!(!said.contains("bottles") && !said.contains(field("key")), "{said}");
        temporary
    }};
}

#[tokio::test]
async fn each_failure_has_its_own_error() {
    use EncryptionError as E;

    let codec = Encrypted::new(key());
    let sealed = seal(&codec, SECRET).await;
    for plain in ["17 bottles", "{}", "{\"EncryptedMessageContents\":1}", "", "eyJ9", "ewog"] {
        fails!(codec, plain, E::NotEncrypted);
    }
    fails!(Encrypted::new(other("elsewhere")), sealed, E::UnknownKey { .. });
    fails!(Encrypted::new(other(field("key_id"))), sealed, E::WrongKey { .. });
    fails!(Encrypted::reader(KeyRing::new()), sealed, E::UnknownKey { .. });
    let versions = |version: &'static str| {
        changed(move |value| {
            value["EncryptionData"]["EncryptionAgent"]["Protocol"] = version.into();
        })
    };
    fails!(codec, versions("3.0").await, E::UnknownVersion { .. });
    fails!(codec, versions("2.1").await, E::VersionMismatch);
    fails!(codec, versions("1.0").await, E::Malformed { field: "ContentEncryptionIV", .. });
    let downgraded = changed(|value| {
        value["EncryptionData"]["EncryptionAgent"] =
            json!({ "Protocol": "1.0", "EncryptionAlgorithm": "AES_CBC_256" });
        value["EncryptionData"]["ContentEncryptionIV"] = "AAAAAAAAAAAAAAAAAAAAAA==".into();
    });
    fails!(codec, downgraded.await, E::VersionMismatch);
    let cipher = changed(|value| {
        value["EncryptionData"]["EncryptionAgent"]["EncryptionAlgorithm"] = "AES_CBC_256".into();
    });
    fails!(codec, cipher.await, E::UnknownAlgorithm { .. });
    let wrapping = changed(|value| {
        value["EncryptionData"]["WrappedContentKey"]["Algorithm"] = "A128KW\n".into();
    });
    fails!(codec, wrapping.await, E::Key { cause: KeyError::UnknownAlgorithm { .. }, .. });
    let short = changed(|value| value["EncryptedMessageContents"] = "AAAA".into());
    fails!(codec, short.await, E::Tampered);
    let no_base64 = changed(|value| value["EncryptedMessageContents"] = "AAA".into());
    fails!(codec, no_base64.await, E::Malformed { field: "EncryptedMessageContents", .. });
    let regions =
        changed(|value| value["EncryptionData"]["EncryptedRegionInfo"]["NonceLength"] = 16.into());
    fails!(codec, regions.await, E::Malformed { field: "NonceLength", .. });
    for field in ["KeyId", "EncryptedKey", "Algorithm"] {
        let missing = changed(|value| {
            value["EncryptionData"]["WrappedContentKey"].as_object_mut().unwrap().remove(field);
        });
        fails!(codec, missing.await, E::Malformed { .. });
    }

    let value = SECRET.to_owned();
    let reader = Encrypted::reader(KeyRing::new().with(key()));
    let error = reader.write(Payload::Borrowed(&value)).finish().await.unwrap_err();
    assert!(matches!(reason(&error).0, E::NoKey));
}

/// Whatever is changed: there is an error, or it changed nothing that counts.
#[tokio::test]
async fn a_changed_byte_is_noticed_anywhere() {
    let codec = Encrypted::new(key());
    let sealed = seal(&codec, SECRET).await;
    let library = sealed.find("EncryptionLibrary").unwrap();
    let (mut noticed, mut harmless) = (0, 0);
    for at in 0..sealed.len() {
        for to in [b'A', b'B', b'"', b'1', b' '] {
            let mut bytes = sealed.clone().into_bytes();
            if bytes[at] == to {
                continue;
            }
            bytes[at] = to;
            match open(&codec, &String::from_utf8(bytes).unwrap()).await {
                Ok(text) => {
                    assert_eq!(text, SECRET, "changed at {at}");
                    harmless += 1;
                }
                Err(error) => {
                    let said = said(&error);
                    assert!(!said.contains("bottles") && !said.contains(field("key")), "{said}");
                    noticed += 1;
                }
            }
        }
    }
    // What the names of two fields and of the library, and the size of regions, say does not count.
    assert!(noticed > 4 * harmless && library > 0, "{noticed} noticed, {harmless} harmless");
}

/// Each bit of what is encrypted, and of the wrapped key.
#[tokio::test]
async fn a_changed_bit_of_key_or_content_is_noticed() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    let codec = Encrypted::new(key());
    for place in ["/EncryptedMessageContents", "/EncryptionData/WrappedContentKey/EncryptedKey"] {
        let sealed: Value = serde_json::from_str(&seal(&codec, SECRET).await).unwrap();
        let bytes = STANDARD.decode(sealed.pointer(place).unwrap().as_str().unwrap()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let (mut bytes, mut changed) = (bytes.clone(), sealed.clone());
            bytes[bit / 8] ^= 1 << (bit % 8);
            *changed.pointer_mut(place).unwrap() = STANDARD.encode(bytes).into();
            fails!(
                codec,
                changed.to_string(),
                EncryptionError::Tampered | EncryptionError::WrongKey { .. }
            );
        }
    }
}

#[tokio::test]
async fn version_1_shows_nothing_when_it_was_changed() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    let sealed = FILE["fixed_1"]["envelope"].as_str().unwrap();
    let sealed: Value = serde_json::from_str(sealed).unwrap();
    let content = STANDARD.decode(sealed["EncryptedMessageContents"].as_str().unwrap()).unwrap();
    for size in [0, 15, 17] {
        let mut changed = sealed.clone();
        let mut content = content.clone();
        content.resize(size, 0);
        changed["EncryptedMessageContents"] = STANDARD.encode(content).into();
        fails!(Encrypted::new(key()), changed.to_string(), EncryptionError::Tampered);
    }
}

#[tokio::test]
async fn what_need_not_be_encrypted_is_read_as_it_is() {
    let codec = Encrypted::new(key()).required(false);
    for plain in ["17 bottles", "{\"EncryptedMessageContents\":1}", "eyJ9", ""] {
        assert_eq!(open(&codec, plain).await.unwrap(), plain);
    }
    // An envelope that cannot be opened is still none that is plain.
    let short = changed(|value| value["EncryptedMessageContents"] = "AAAA".into()).await;
    fails!(codec, short, EncryptionError::Tampered);
    let bare = changed(|value| {
        value["EncryptionData"].as_object_mut().unwrap().remove("WrappedContentKey");
    });
    fails!(codec, bare.await, EncryptionError::Malformed { .. });
}

/// A key in a vault, which can be away.
#[derive(Debug)]
struct Vault {
    away: Arc<AtomicBool>,
}

impl KeyResolver for Vault {
    fn resolve<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn KeyEncryptionKey>>, KeyError>> {
        Box::pin(async move {
            if self.away.load(Ordering::Relaxed) {
                return Err(KeyError::Unavailable("no route to the vault".into()));
            }
            // Always the same, whatever was asked for: for a mistake.
            let key: Arc<dyn KeyEncryptionKey> = Arc::new(key());
            Ok(id.starts_with("local").then_some(key))
        })
    }
}

#[tokio::test]
async fn a_resolver_goes_first_and_its_absence_is_temporary() {
    let away = Arc::new(AtomicBool::new(false));
    let codec = Encrypted::new(other("new")).resolver(Vault { away: Arc::clone(&away) });
    let old = seal(&Encrypted::new(key()), SECRET).await;
    let new = seal(&codec, SECRET).await;
    for sealed in [&old, &new] {
        assert_eq!(open(&codec, sealed).await.unwrap(), SECRET);
    }
    let mistaken = seal(&Encrypted::new(other("local:key2")), SECRET).await;
    assert!(!fails!(codec, mistaken, EncryptionError::UnknownKey { .. }));
    away.store(true, Ordering::Relaxed);
    let unavailable =
        fails!(codec, old, EncryptionError::Key { cause: KeyError::Unavailable(_), .. });
    assert!(unavailable);
}

#[test]
fn nothing_secret_is_in_a_debug_form() {
    let secret = ContentKey::new(b"17 bottles".to_vec());
    let shown = format!("{:?} {:#?} {secret:?}", Encrypted::new(key()), key());
    assert!(!shown.contains("bottles") && !shown.contains("49, 55"), "{shown}");
    assert!(!shown.contains("00, 01") && !shown.contains("1, 2, 3"), "{shown}");
    assert!(queue_client::encryption::AesKey::from_base64("x", "c2hvcnQ=").is_err());
}
