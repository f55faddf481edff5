//! Settings as text, in the forms that the service has for them.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use queue_proto::header::META_PREFIX;
use queue_proto::ops::{
    GetQueueAclResponse, GetQueueMetadataResponse, GetServicePropertiesResponse,
};
use queue_proto::{
    Metadata, MetadataNames, OperationResponse, ServiceProperties, SignedIdentifiers,
};

/// A text that is not the setting it was stored as.
#[derive(Debug)]
pub(super) struct Damaged(&'static str);

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "what is stored as {} is something else", self.0)
    }
}

impl std::error::Error for Damaged {}

impl Damaged {
    pub(super) fn error(what: &'static str) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(
            0,
            rusqlite::types::Type::Text,
            Box::new(Self(what)),
        )
    }
}

/// One line for each item; values have no line breaks, since they travel as headers.
pub(super) fn metadata_text(metadata: &Metadata) -> String {
    metadata.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// Reads the items as a client reads them from an answer: what a client could set comes back as it
/// was, even if it would be refused today.
pub(super) fn read_metadata(text: &str) -> rusqlite::Result<Metadata> {
    let damaged = || Damaged::error("metadata");
    let mut response = GetQueueMetadataResponse::new(0, Metadata::new()).to_http();
    let names = text.lines().filter_map(|line| Some(line.split_once('=')?.0));
    if let Some(names) = MetadataNames::new(names) {
        response.extensions_mut().insert(names);
    }
    for line in text.split_terminator('\n') {
        let (name, value) = line.split_once('=').ok_or_else(damaged)?;
        let name = HeaderName::try_from(format!("{META_PREFIX}{name}")).map_err(|_| damaged())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| damaged())?;
        response.headers_mut().append(name, value);
    }
    let response = GetQueueMetadataResponse::from_http(response).map_err(|_| damaged())?;
    Ok(response.metadata)
}

/// The body of Get Queue ACL.
pub(super) fn policies_text(policies: &SignedIdentifiers) -> String {
    body(&GetQueueAclResponse::new(policies.clone()))
}

pub(super) fn read_policies(text: String) -> rusqlite::Result<SignedIdentifiers> {
    let response = read::<GetQueueAclResponse>(text);
    response.map(|response| response.identifiers).ok_or_else(|| Damaged::error("access policies"))
}

/// The body of Get Queue Service Properties.
pub(super) fn properties_text(properties: &ServiceProperties) -> String {
    body(&GetServicePropertiesResponse::new(properties.clone()))
}

pub(super) fn read_properties(text: String) -> rusqlite::Result<ServiceProperties> {
    let response = read::<GetServicePropertiesResponse>(text);
    response.map(|response| response.properties).ok_or_else(|| Damaged::error("properties"))
}

fn body(response: &impl OperationResponse) -> String {
    String::from_utf8_lossy(response.to_http().body()).into_owned()
}

fn read<R: OperationResponse>(text: String) -> Option<R> {
    R::from_http(Response::new(Bytes::from(text))).ok()
}
