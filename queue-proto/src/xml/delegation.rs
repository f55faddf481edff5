//! `<KeyInfo>` and `<UserDelegationKey>`.

use bytes::Bytes;

use crate::date::iso;
use crate::delegation::{DelegationKeyValue, DirectoryId, KeyInfo, UserDelegationKey};
use crate::xml::problem::XmlError;
use crate::xml::reader::Reader;
use crate::xml::writer::Writer;

/// Reads the body of Get User Delegation Key, as strictly as the service.
pub(crate) fn read_info(body: &[u8]) -> Result<KeyInfo, XmlError> {
    let mut reader = Reader::of_request(body);
    let root = reader.root("KeyInfo")?;
    let (mut start, mut expiry, mut tenant) = (None, None, None);
    while let Some(child) = reader.child(&root)? {
        match child.name() {
            "Start" => {
                let value = reader.checked(&child, "Start", iso::parse_request_seconds)?;
                reader.put(&mut start, "Start", value)?;
            }
            "Expiry" => {
                let value = reader.checked(&child, "Expiry", iso::parse_request_seconds)?;
                reader.put(&mut expiry, "Expiry", value)?;
            }
            "DelegatedUserTid" => {
                let value =
                    reader.checked(&child, "DelegatedUserTid", str::parse::<DirectoryId>)?;
                reader.put(&mut tenant, "DelegatedUserTid", value)?;
            }
            _ => reader.unknown(&child)?,
        }
    }
    let expiry = expiry.ok_or_else(|| root.missing("Expiry"))?;
    reader.finish()?;
    Ok(KeyInfo { start, expiry, delegated_user_tenant_id: tenant })
}

/// Writes the body of Get User Delegation Key.
pub(crate) fn write_info(info: &KeyInfo) -> Bytes {
    let mut out = Writer::request(224);
    out.open("KeyInfo");
    out.plain_if("Start", info.start.map(iso::seconds));
    out.plain("Expiry", iso::seconds(info.expiry));
    out.element_if(
        "DelegatedUserTid",
        info.delegated_user_tenant_id.as_ref().map(DirectoryId::as_str),
    );
    out.close("KeyInfo");
    out.finish()
}

/// Reads the answer to Get User Delegation Key.
pub(crate) fn read_key(body: &[u8]) -> Result<UserDelegationKey, XmlError> {
    let mut reader = Reader::of_answer(body);
    let root = reader.root("UserDelegationKey")?;
    let (mut object_id, mut tenant_id, mut user_tenant_id) = (None, None, None);
    let (mut start, mut expiry, mut service, mut version, mut value) =
        (None, None, None, None, None);
    while let Some(child) = reader.child(&root)? {
        match child.name() {
            "SignedOid" => {
                object_id = Some(reader.checked(&child, "SignedOid", str::parse::<DirectoryId>)?);
            }
            "SignedTid" => {
                tenant_id = Some(reader.checked(&child, "SignedTid", str::parse::<DirectoryId>)?);
            }
            "SignedStart" => {
                start = Some(reader.parse(&child, "SignedStart", iso::parse_answer_seconds)?);
            }
            "SignedExpiry" => {
                expiry = Some(reader.parse(&child, "SignedExpiry", iso::parse_answer_seconds)?);
            }
            "SignedService" => {
                service = Some(reader.parse(&child, "SignedService", service_letters)?);
            }
            "SignedVersion" => {
                version = Some(reader.parse(&child, "SignedVersion", |text| text.parse().ok())?);
            }
            "SignedDelegatedUserTid" => {
                user_tenant_id = Some(reader.checked(
                    &child,
                    "SignedDelegatedUserTid",
                    str::parse::<DirectoryId>,
                )?);
            }
            "Value" => {
                let read = |text: &str| DelegationKeyValue::new(text);
                value = Some(reader.checked(&child, "Value", read)?);
            }
            _ => reader.skip(&child)?,
        }
    }
    let missing = |name| root.missing(name);
    let key = UserDelegationKey {
        object_id: object_id.ok_or_else(|| missing("SignedOid"))?,
        tenant_id: tenant_id.ok_or_else(|| missing("SignedTid"))?,
        start: start.ok_or_else(|| missing("SignedStart"))?,
        expiry: expiry.ok_or_else(|| missing("SignedExpiry"))?,
        service: service.ok_or_else(|| missing("SignedService"))?,
        version: version.ok_or_else(|| missing("SignedVersion"))?,
        delegated_user_tenant_id: user_tenant_id,
        value: value.ok_or_else(|| missing("Value"))?,
    };
    reader.finish()?;
    Ok(key)
}

/// The service is `q`; more letters are taken as they come.
fn service_letters(text: &str) -> Option<String> {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
    (plain && (1..=16).contains(&text.len())).then(|| text.to_owned())
}

/// Writes the answer to Get User Delegation Key.
pub(crate) fn write_key(key: &UserDelegationKey) -> Bytes {
    let mut out = Writer::response(512);
    out.open("UserDelegationKey");
    out.element("SignedOid", key.object_id.as_str());
    out.element("SignedTid", key.tenant_id.as_str());
    out.plain("SignedStart", iso::seconds(key.start));
    out.plain("SignedExpiry", iso::seconds(key.expiry));
    out.element("SignedService", &key.service);
    out.plain("SignedVersion", key.version);
    out.element_if(
        "SignedDelegatedUserTid",
        key.delegated_user_tenant_id.as_ref().map(DirectoryId::as_str),
    );
    out.element("Value", key.value.expose());
    out.close("UserDelegationKey");
    out.finish()
}
