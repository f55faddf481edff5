//! `<SignedIdentifiers>`: stored access policies.

use std::time::SystemTime;

use bytes::Bytes;

use crate::acl::{AccessPolicy, PolicyId, PolicyPermission, SignedIdentifier, SignedIdentifiers};
use crate::date;
use crate::xml::{Element, Reader, Writer, XmlError};

pub(crate) fn read(body: &[u8]) -> Result<SignedIdentifiers, XmlError> {
    let mut reader = Reader::new(body);
    let root = reader.root("SignedIdentifiers")?;
    let mut identifiers = SignedIdentifiers::new();
    while let Some(child) = reader.child(&root)? {
        if child.name() != "SignedIdentifier" {
            return Err(XmlError::unsupported(&child));
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
    let (mut id, mut policy) = (None, AccessPolicy::new());
    while let Some(child) = reader.child(identifier)? {
        match child.name() {
            "Id" => id = Some(reader.checked(&child, "Id", |text| PolicyId::new(text))?),
            "AccessPolicy" => policy = read_policy(reader, &child)?,
            _ => return Err(XmlError::unsupported(&child)),
        }
    }
    let id = id.ok_or_else(|| XmlError::missing("Id", identifier))?;
    Ok(SignedIdentifier::new(id, policy))
}

fn read_policy(reader: &mut Reader<'_>, policy: &Element<'_>) -> Result<AccessPolicy, XmlError> {
    let mut read = AccessPolicy::new();
    while let Some(child) = reader.child(policy)? {
        match child.name() {
            "Start" => read.start = reader.parse(&child, "Start", optional(date::parse_iso))?,
            "Expiry" => read.expiry = reader.parse(&child, "Expiry", optional(date::parse_iso))?,
            "Permission" => {
                let received = optional(PolicyPermission::received);
                read.permission = reader.parse(&child, "Permission", received)?;
            }
            _ => return Err(XmlError::unsupported(&child)),
        }
    }
    Ok(read)
}

/// An empty element counts as an absent one.
fn optional<T>(parse: impl FnOnce(&str) -> Option<T>) -> impl FnOnce(&str) -> Option<Option<T>> {
    |text| if text.is_empty() { Some(None) } else { parse(text).map(Some) }
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

pub(crate) fn write_request(identifiers: &SignedIdentifiers) -> Bytes {
    let mut out = Writer::request(64 + identifiers.len() * 256);
    // Whole seconds or seven digits: the service refuses fractions of other lengths.
    write_into(&mut out, identifiers, date::iso_short);
    out.finish()
}

pub(crate) fn write_response(identifiers: &SignedIdentifiers) -> Bytes {
    let mut out = Writer::response(64 + identifiers.len() * 256);
    write_into(&mut out, identifiers, date::iso_ticks);
    out.finish()
}
