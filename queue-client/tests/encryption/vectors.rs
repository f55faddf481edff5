//! Known answers of the Python SDK.

use queue_client::encryption::{Encrypted, EncryptionError, KeyRing};
#[cfg(feature = "encryption-rsa")]
use queue_client::encryption::{KeyError, RsaKey};

use crate::support::{FILE, key, open, reason, seal};
#[cfg(feature = "encryption-rsa")]
use crate::support::{der, field};

#[cfg(feature = "encryption-rsa")]
fn ring() -> KeyRing {
    let rsa = RsaKey::from_pkcs8(field("rsa_key_id"), &der("rsa_private")).unwrap();
    KeyRing::new().with(key()).with(rsa)
}

#[cfg(not(feature = "encryption-rsa"))]
fn ring() -> KeyRing {
    KeyRing::new().with(key())
}

#[tokio::test]
async fn what_python_encrypted_is_read() {
    let codec = Encrypted::reader(ring());
    let mut read = 0;
    for vector in FILE["vectors"].as_array().unwrap() {
        if cfg!(not(feature = "encryption-rsa")) && vector["algorithm"] != "A256KW" {
            continue;
        }
        let opened = open(&codec, vector["envelope"].as_str().unwrap()).await;
        assert_eq!(opened.unwrap(), vector["text"].as_str().unwrap(), "{vector}");
        read += 1;
    }
    assert_eq!(read, if cfg!(feature = "encryption-rsa") { 24 } else { 18 });
    for known in ["fixed", "fixed_1"] {
        let opened = open(&codec, FILE[known]["envelope"].as_str().unwrap()).await;
        assert_eq!(opened.unwrap(), FILE[known]["text"].as_str().unwrap());
    }
}

#[tokio::test]
async fn version_1_can_be_turned_down_and_the_others_are_read() {
    let codec = Encrypted::new(key()).refuse_version_1();
    for vector in FILE["vectors"].as_array().unwrap() {
        if vector["algorithm"] != "A256KW" {
            continue;
        }
        let opened = open(&codec, vector["envelope"].as_str().unwrap()).await;
        match vector["version"].as_str().unwrap() {
            "1.0" => {
                let error = opened.unwrap_err();
                let (reason, temporary) = reason(&error);
                assert!(!temporary);
                assert!(
                    matches!(reason, EncryptionError::RefusedVersion { version: "1.0", .. }),
                    "{reason:?}"
                );
            }
            _ => assert_eq!(opened.unwrap(), vector["text"].as_str().unwrap()),
        }
    }
}

#[cfg(feature = "encryption-rsa")]
#[tokio::test]
async fn the_public_half_only_writes() {
    let id = field("rsa_key_id");
    for sha1 in [false, true] {
        let public = RsaKey::from_public_der(id, &der("rsa_public")).unwrap();
        let private = RsaKey::from_pkcs8(id, &der("rsa_private")).unwrap();
        let (public, private) =
            if sha1 { (public.with_sha1(), private.with_sha1()) } else { (public, private) };
        let sender = Encrypted::new(public);
        let sealed = seal(&sender, "17 bottles").await;
        let name = if sha1 { "\"RSA-OAEP\"" } else { "\"RSA-OAEP-256\"" };
        assert!(sealed.contains(name), "{sealed}");
        assert_eq!(open(&Encrypted::new(private), &sealed).await.unwrap(), "17 bottles");
        let error = open(&sender, &sealed).await.unwrap_err();
        assert!(
            matches!(reason(&error).0, EncryptionError::Key { cause: KeyError::WrapsOnly, .. }),
            "{error:?}"
        );
    }
    assert!(RsaKey::from_pkcs8(id, &der("rsa_public")).is_err());
    assert!(RsaKey::from_public_der(id, b"no key").is_err());
}

#[tokio::test]
async fn either_form_is_read_in_base64_too() {
    let dotnet = Encrypted::new(key()).in_base64();
    let sealed = seal(&dotnet, "17 bottles").await;
    assert!(sealed.starts_with("ey") && !sealed.contains('{'), "{sealed}");
    assert_eq!(open(&Encrypted::new(key()), &sealed).await.unwrap(), "17 bottles");
    let bare = seal(&Encrypted::new(key()), "17 bottles").await;
    assert_eq!(open(&dotnet, &bare).await.unwrap(), "17 bottles");
}
