//! `<SignedIdentifiers>`: stored access policies.

use std::time::SystemTime;

use bytes::Bytes;

use crate::acl::{AccessPolicy, PolicyId, PolicyPermission, SignedIdentifier, SignedIdentifiers};
use crate::date::iso;
use crate::xml::element::Element;
use crate::xml::problem::XmlError;
use crate::xml::reader::Reader;
use crate::xml::writer::Writer;

/// Reads the body of Set Queue ACL, as strictly as the service.
pub(crate) fn read_request(body: &[u8]) -> Result<SignedIdentifiers, XmlError> {
    read(Reader::of_request(body))
}

/// Reads the answer to Get Queue ACL.
pub(crate) fn read_answer(body: &[u8]) -> Result<SignedIdentifiers, XmlError> {
    read(Reader::of_answer(body))
}

fn read(mut reader: Reader<'_>) -> Result<SignedIdentifiers, XmlError> {
    let root = reader.root("SignedIdentifiers")?;
    let mut identifiers = SignedIdentifiers::new();
    while let Some(child) = reader.child(&root)? {
        if child.name() != "SignedIdentifier" {
            reader.unknown(&child)?;
            continue;
        }
        let identifier = read_identifier(&mut reader, &child)?;
        if let Err(error) = identifiers.push(identifier) {
            return reader.not_allowed(error.rule());
        }
    }
    reader.finish()?;
    Ok(identifiers)
}

fn read_identifier(
    reader: &mut Reader<'_>,
    identifier: &Element<'_>,
) -> Result<SignedIdentifier, XmlError> {
    let (mut id, mut policy) = (None, None);
    while let Some(child) = reader.child(identifier)? {
        match child.name() {
            "Id" => {
                // Shared access signatures name the policy by this text, blanks included.
                let value = reader.checked_exactly(&child, "Id", |text| PolicyId::new(text))?;
                reader.put(&mut id, "Id", value)?;
            }
            "AccessPolicy" => {
                let value = read_policy(reader, &child)?;
                reader.put(&mut policy, "AccessPolicy", value)?;
            }
            _ => reader.unknown(&child)?,
        }
    }
    let id = id.ok_or_else(|| identifier.missing("Id"))?;
    Ok(SignedIdentifier::new(id, policy.unwrap_or_default()))
}

fn read_policy(reader: &mut Reader<'_>, policy: &Element<'_>) -> Result<AccessPolicy, XmlError> {
    let (mut start, mut expiry, mut permission) = (None, None, None);
    while let Some(child) = reader.child(policy)? {
        match child.name() {
            "Start" => {
                let value = read_time(reader, &child, "Start")?;
                reader.put(&mut start, "Start", value)?;
            }
            "Expiry" => {
                let value = read_time(reader, &child, "Expiry")?;
                reader.put(&mut expiry, "Expiry", value)?;
            }
            "Permission" => {
                let value = if reader.is_request() {
                    let check = |text: &str| PolicyPermission::requested(text);
                    reader.checked(&child, "Permission", optional(check))?
                } else {
                    let check = |text: &str| PolicyPermission::received(text);
                    reader.checked(&child, "Permission", optional(check))?
                };
                reader.put(&mut permission, "Permission", value)?;
            }
            _ => reader.unknown(&child)?,
        }
    }
    Ok(AccessPolicy {
        start: start.flatten(),
        expiry: expiry.flatten(),
        permission: permission.flatten(),
    })
}

fn read_time(
    reader: &mut Reader<'_>,
    element: &Element<'_>,
    name: &'static str,
) -> Result<Option<SystemTime>, XmlError> {
    if reader.is_request() {
        return reader.checked(element, name, optional(iso::parse_request));
    }
    reader.parse(element, name, |text| match text {
        "" => Some(None),
        text => iso::parse_answer(text).map(Some),
    })
}

/// An empty element counts as an absent one: the old Python SDK writes it for a value that was not
/// given.
fn optional<T, E>(
    check: impl FnOnce(&str) -> Result<T, E>,
) -> impl FnOnce(&str) -> Result<Option<T>, E> {
    |text| if text.is_empty() { Ok(None) } else { check(text).map(Some) }
}

fn write_into(
    out: &mut Writer,
    identifiers: &SignedIdentifiers,
    time: impl Fn(SystemTime) -> String,
) {
    if identifiers.is_empty() {
        return out.raw("<SignedIdentifiers />");
    }
    out.open("SignedIdentifiers");
    for identifier in identifiers {
        out.open("SignedIdentifier");
        out.element("Id", identifier.id.as_str());
        // The service leaves out a policy that says nothing.
        let policy = &identifier.policy;
        if !policy.is_empty() {
            out.open("AccessPolicy");
            out.plain_if("Start", policy.start.map(&time));
            out.plain_if("Expiry", policy.expiry.map(&time));
            out.element_if("Permission", policy.permission.as_ref().map(PolicyPermission::as_str));
            out.close("AccessPolicy");
        }
        out.close("SignedIdentifier");
    }
    out.close("SignedIdentifiers");
}

/// Writes the body of Set Queue ACL.
pub(crate) fn write_request(identifiers: &SignedIdentifiers) -> Bytes {
    let mut out = Writer::request(64 + identifiers.len() * 256);
    // Whole seconds or seven digits: the service refuses fractions of other lengths.
    write_into(&mut out, identifiers, iso::short);
    out.finish()
}

/// Writes the answer to Get Queue ACL.
pub(crate) fn write_response(identifiers: &SignedIdentifiers) -> Bytes {
    let mut out = Writer::response(64 + identifiers.len() * 256);
    write_into(&mut out, identifiers, iso::ticks);
    out.finish()
}
