//! [`Envelope`]: an encrypted text with all that is needed to decrypt it, as JSON.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    content::{IV, NONCE},
    error::{EncryptionError, shown},
};

const CONTENTS: &str = "EncryptedMessageContents";
const DATA: &str = "EncryptionData";
/// The size of the regions that blobs are encrypted in, which the field of a message says as well.
const REGION: u64 = 4 * 1024 * 1024;

/// A version of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1 { iv: [u8; IV] },
    V2,
    V2_1,
}

/// An encrypted text, and all but the key that opens it.
pub(super) struct Envelope {
    pub(super) version: Version,
    pub(super) key_id: String,
    pub(super) algorithm: String,
    pub(super) wrapped: Vec<u8>,
    pub(super) content: Vec<u8>,
}

impl Version {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::V1 { .. } => "1.0",
            Self::V2 => "2.0",
            Self::V2_1 => "2.1",
        }
    }
}

/// Writes version 2.
pub(super) fn write(key_id: &str, algorithm: &str, wrapped: &[u8], content: &[u8]) -> String {
    let library = concat!("Rust queue-client ", env!("CARGO_PKG_VERSION"));
    json!({
        CONTENTS: STANDARD.encode(content),
        DATA: {
            "WrappedContentKey": {
                "KeyId": key_id,
                "EncryptedKey": STANDARD.encode(wrapped),
                "Algorithm": algorithm,
            },
            "EncryptionAgent": { "Protocol": Version::V2.name(), "EncryptionAlgorithm": "AES_GCM_256" },
            "EncryptedRegionInfo": { "DataLength": REGION, "NonceLength": NONCE },
            "KeyWrappingMetadata": { "EncryptionLibrary": library },
        },
    })
    .to_string()
}

/// Reads an envelope: `None` for a text that is none.
pub(super) fn read(text: &str) -> Result<Option<Envelope>, EncryptionError> {
    if !text.trim_ascii_start().starts_with('{') {
        // In base64, as a queue client of .NET wraps all that it sends if it is told to.
        return match text.starts_with("ey") || text.starts_with("ew") {
            true => match STANDARD.decode(text.trim_ascii_end()).map(String::from_utf8) {
                Ok(Ok(inner)) => read_json(&inner),
                _ => Ok(None),
            },
            false => Ok(None),
        };
    }
    read_json(text)
}

fn read_json(text: &str) -> Result<Option<Envelope>, EncryptionError> {
    // Most of what is no envelope need not be parsed to find out.
    if !text.contains(CONTENTS) {
        return Ok(None);
    }
    let Ok(object) = serde_json::from_str::<Map<String, Value>>(text) else { return Ok(None) };
    let (Some(content), Some(data)) = (object.get(CONTENTS), object.get(DATA)) else {
        return Ok(None);
    };
    let content = bytes(Some(content), CONTENTS)?;
    let key = data.get("WrappedContentKey");
    let agent = data.get("EncryptionAgent");
    let key_id = string(key, "KeyId")?.to_owned();
    let algorithm = string(key, "Algorithm")?.to_owned();
    let wrapped = bytes(member(key, "EncryptedKey"), "EncryptedKey")?;
    let (version, cipher) = match string(agent, "Protocol")? {
        "1.0" => {
            let iv = bytes(data.get("ContentEncryptionIV"), "ContentEncryptionIV")?;
            let iv = iv.try_into().map_err(|_| EncryptionError::Malformed {
                field: "ContentEncryptionIV",
                rule: "does not have 16 bytes",
            })?;
            (Version::V1 { iv }, "AES_CBC_256")
        }
        "2.0" => (Version::V2, "AES_GCM_256"),
        "2.1" => (Version::V2_1, "AES_GCM_256"),
        other => return Err(EncryptionError::UnknownVersion { version: shown(other) }),
    };
    let said = string(agent, "EncryptionAlgorithm")?;
    if said != cipher {
        return Err(EncryptionError::UnknownAlgorithm { algorithm: shown(said) });
    }
    if !matches!(version, Version::V1 { .. }) {
        let length = member(data.get("EncryptedRegionInfo"), "NonceLength");
        if length.and_then(Value::as_u64) != Some(NONCE as u64) {
            return Err(EncryptionError::Malformed { field: "NonceLength", rule: "is not 12" });
        }
    }
    Ok(Some(Envelope { version, key_id, algorithm, wrapped, content }))
}

fn member<'a>(parent: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    parent?.get(name)
}

fn string<'a>(parent: Option<&'a Value>, field: &'static str) -> Result<&'a str, EncryptionError> {
    let value = member(parent, field).and_then(Value::as_str);
    value.ok_or(EncryptionError::Malformed { field, rule: "is missing, or no string" })
}

fn bytes(value: Option<&Value>, field: &'static str) -> Result<Vec<u8>, EncryptionError> {
    let text = value.and_then(Value::as_str);
    let text =
        text.ok_or(EncryptionError::Malformed { field, rule: "is missing, or no string" })?;
    STANDARD.decode(text).map_err(|_| EncryptionError::Malformed { field, rule: "is not base64" })
}
